import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from graphcl.contrast import MemoryQueue
from graphcl.losses import InfoNCELoss


@settings(deadline=None, max_examples=40)
@given(size=st.integers(1, 7), batches=st.lists(st.integers(0, 10), max_size=6))
def test_it_holds_the_last_rows(size: int, batches: list[int]) -> None:
    """Also where a batch is larger than the queue."""
    queue = MemoryQueue(size, 3)
    seen = torch.empty(0, dtype=torch.int64)
    for count in batches:
        ids = torch.arange(len(seen), len(seen) + count)
        queue.enqueue(torch.ones(count, 3) * (ids + 1).unsqueeze(1), ids=ids)
        seen = torch.cat([seen, ids])
    block = queue.block()
    assert block.ids is not None
    assert sorted(block.ids.tolist()) == seen[-size:].tolist()
    expected = torch.full_like(block.candidates, 3**-0.5)
    torch.testing.assert_close(block.candidates, expected)


def test_rows_are_unit_rows_without_gradient() -> None:
    queue = MemoryQueue(4, 2)
    queue.enqueue(torch.tensor([[3.0, 4.0], [0.0, 0.0]], requires_grad=True))
    block = queue.block()
    assert not block.candidates.requires_grad
    torch.testing.assert_close(block.candidates, torch.tensor([[0.6, 0.8], [0.0, 0.0]]))
    assert block.ids is not None
    assert block.ids.tolist() == [-1, -1]
    queue.enqueue(torch.ones(4, 2))
    torch.testing.assert_close(block.candidates[0], torch.tensor([0.6, 0.8]))  # a copy


def test_an_empty_queue_is_no_queue() -> None:
    z1, z2 = torch.randn(3, 2), torch.randn(3, 2)
    queue = MemoryQueue(4, 2)
    assert InfoNCELoss()(z1, z2, queue=queue.block()) == InfoNCELoss()(z1, z2)


def test_it_resumes_bit_for_bit() -> None:
    generator = torch.Generator().manual_seed(0)
    batches = [torch.randn(3, 2, generator=generator) for _ in range(6)]
    whole, first, second = (MemoryQueue(5, 2) for _ in range(3))
    for batch in batches:
        whole.enqueue(batch)
    for batch in batches[:3]:
        first.enqueue(batch)
    second.load_state_dict(first.state_dict())
    for batch in batches[3:]:
        second.enqueue(batch)
    for name, value in whole.state_dict().items():
        assert torch.equal(value, second.state_dict()[name])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda q: MemoryQueue(0, 2), "size must be at least 1, got 0"),
        (lambda q: MemoryQueue(2, 0), "width must be at least 1, got 0"),
        (lambda q: q.enqueue(torch.ones(2, 3)), r"rows must have shape \[B, 2\], got \[2, 3\]"),
        (lambda q: q.enqueue(torch.ones(2)), r"rows must have shape \[B, 2\], got \[2\]"),
        (
            lambda q: q.enqueue(torch.ones(2, 2), ids=torch.arange(3)),
            r"ids must have shape \[2\], got \[3\]",
        ),
        (lambda q: q.enqueue(torch.full((1, 2), torch.nan)), "rows must be finite"),
    ],
)
def test_bad_input_is_refused(call, message: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match=message):
        call(MemoryQueue(4, 2))
