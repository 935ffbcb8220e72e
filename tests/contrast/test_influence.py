"""Influence weights against powers of whole matrices."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from graphcl.contrast import Influence, normalize_rows


def dense(index: Tensor, n: int, hops: int, cumulative: bool) -> Tensor:
    step = torch.eye(n, dtype=torch.float64)
    step[index[0], index[1]] = 1
    step = step / step.sum(1, keepdim=True)
    powers = [torch.linalg.matrix_power(step, r) for r in range(1, hops + 1)]
    return torch.stack(powers).sum(0) if cumulative else powers[-1]


@settings(deadline=None, max_examples=40)
@given(
    n=st.integers(1, 9),
    hops=st.integers(1, 4),
    cumulative=st.booleans(),
    seed=st.integers(0, 500),
    itself=st.booleans(),
)
def test_it_is_the_sum_of_the_powers(
    n: int, hops: int, cumulative: bool, seed: int, itself: bool
) -> None:
    generator = torch.Generator().manual_seed(seed)
    index = torch.randint(n, (2, 2 * n), generator=generator)
    whole = dense(index, n, hops, cumulative)
    listed = Influence(index, n, hops=hops, cumulative=cumulative)
    hidden = Influence(index, n, hops=hops, cumulative=cumulative, most_pairs=0)
    assert listed.index is not None
    assert hidden.index is None
    found = torch.zeros(n, n, dtype=torch.float64)
    found[listed.index[0], listed.index[1]] = listed.weight
    torch.testing.assert_close(found, whole)
    torch.testing.assert_close(hidden.own, whole.diagonal())
    x = torch.randn(n, 3, generator=generator, dtype=torch.float64).requires_grad_()
    torch.testing.assert_close(hidden.spread(x), whole @ x)
    assert torch.autograd.gradcheck(hidden.spread, x)

    rows = normalize_rows(x)
    bound, some = hidden.log_sums(rows, rows, 0.5, itself=itself)
    weight = whole if itself else whole - torch.diag(whole.diagonal())
    exact = (weight * (rows @ rows.T / 0.5).exp()).sum(1)
    assert torch.equal(some, weight.sum(1) > 1e-6)
    assert bool((bound[some].exp() <= exact[some] + 1e-9).all())


def test_in_single_precision() -> None:
    x = torch.randn(3, 2, requires_grad=True)
    spread = Influence(torch.tensor([[0, 1], [1, 0]]), 3, hops=2).spread(x)
    spread.sum().backward()
    assert spread.dtype == torch.float32
    assert x.grad is not None


def test_failures() -> None:
    index = torch.tensor([[0], [1]])
    with pytest.raises(ValueError, match="hops must be at least 1, got 0"):
        Influence(index, 2, hops=0)
    with pytest.raises(ValueError, match="edge_index holds the index 1, allowed are 0 to 0"):
        Influence(index, 1)
    with pytest.raises(TypeError, match="edge_index must have dtype int64"):
        Influence(index.float(), 2)
    assert repr(Influence(index, 2)) == "Influence(2 nodes, hops=1, 3 pairs)"
    assert repr(Influence(index, 2, most_pairs=1)) == "Influence(2 nodes, hops=1, not listed)"
