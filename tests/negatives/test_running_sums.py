"""Running sums are those of the rows as last seen, however they came there."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from graphcl.clustering import cluster_sums
from graphcl.contrast import unit_rows
from graphcl.negatives import RunningSums


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 500), soft=st.booleans(), steps=st.integers(0, 6))
def test_the_rest_is_what_the_others_sum_to(seed: int, soft: bool, steps: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    memory = RunningSums(10, 3, products=True)
    known = torch.zeros(10, 3)
    seen = torch.zeros(10, dtype=torch.bool)

    def clusters() -> torch.Tensor:
        if soft:
            return torch.rand(10, 4, generator=generator).softmax(1)
        return torch.randint(4, (10,), generator=generator)

    current = clusters()
    memory.assign(current, 4)
    for step in range(steps):
        batch = torch.randperm(10, generator=generator)[: 1 + step]
        z = torch.randn(len(batch), 3, generator=generator)
        moved = clusters()[batch] if step % 2 else None
        memory.update(batch, z, moved)
        if moved is not None:
            current[batch] = moved
        known[batch], seen[batch] = unit_rows(z), True
        if step == 3:
            current = clusters()
            memory.assign(current, 4)
    batch = torch.randperm(10, generator=generator)[:4]
    others = seen.clone()
    others[batch] = False
    rest = memory.rest(batch)
    if not others.any():
        assert not rest.total.abs().gt(1e-6).any()
        return
    size = len(rest.count)
    expected = cluster_sums(known[others].double(), current[others], size, products=True)
    torch.testing.assert_close(rest.count, expected.count, atol=1e-6, rtol=0)
    torch.testing.assert_close(rest.total, expected.total, atol=1e-6, rtol=0)
    torch.testing.assert_close(rest.products, expected.products, atol=1e-6, rtol=0)


def test_all_of_it_is_saved() -> None:
    memory = RunningSums(5, 2)
    memory.assign(torch.tensor([0, 3, 1, 1, 0]))
    memory.update(torch.tensor([0, 1, 4]), torch.randn(3, 2))
    again = RunningSums(5, 2)
    again.load_state_dict(memory.state_dict())
    batch = torch.tensor([4, 2])
    for one, other in zip(
        (memory.rest(batch).count, memory.rest(batch).total),
        (again.rest(batch).count, again.rest(batch).total),
        strict=True,
    ):
        assert torch.equal(one, other)


def test_failures() -> None:
    memory = RunningSums(5, 2)
    with pytest.raises(ValueError, match="width must be at least 1, got 0"):
        RunningSums(5, 0)
    with pytest.raises(ValueError, match="assignment must be of the 5 items"):
        memory.assign(torch.zeros(4, dtype=torch.int64))
    with pytest.raises(ValueError, match=r"z must have shape \[1, 2\], got \[1, 3\]"):
        memory.update(torch.tensor([0]), torch.ones(1, 3))
    with pytest.raises(ValueError, match="items must be distinct"):
        memory.rest(torch.tensor([1, 1]))
    with pytest.raises(ValueError, match="items must be from 0 to 4, got 1 to 5"):
        memory.rest(torch.tensor([1, 5]))
    with pytest.raises(ValueError, match="items must be int64"):
        memory.rest(torch.tensor([1.0]))
