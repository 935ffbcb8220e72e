import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from graphcl.contrast import MemoryQueue
from graphcl.losses import SimilarityDistillationLoss
from tests.losses.checking import SIZES, assert_same, finite_gradients
from tests.losses.dense import embeddings, unit


@settings(deadline=None, max_examples=20)
@given(
    **SIZES,
    size=st.integers(1, 9),
    teacher_temperature=st.sampled_from([0.02, 0.5]),
    student_temperature=st.sampled_from([0.02, 0.3]),
)
def test_equals_the_divergence(
    n: int,
    width: int,
    tile: int | None,
    seed: int,
    size: int,
    teacher_temperature: float,
    student_temperature: float,
) -> None:
    student, teacher, queue = embeddings(n, n, size, seed=seed, width=width)
    target = (unit(teacher) @ unit(queue).T / teacher_temperature).log_softmax(1).detach()
    logs = (unit(student) @ unit(queue.detach()).T / student_temperature).log_softmax(1)
    reference = (target.exp() * (target - logs)).sum(1)
    options = (teacher_temperature, student_temperature)
    ours = SimilarityDistillationLoss(*options, tile=tile)(student, teacher, queue=queue)
    assert_same(ours, reference.mean(), [student])
    assert torch.autograd.grad(ours, [teacher, queue], allow_unused=True) == (None, None)
    rows = SimilarityDistillationLoss(*options, reduction="none")(student, teacher, queue=queue)
    torch.testing.assert_close(rows, reference)
    total = SimilarityDistillationLoss(*options, reduction="sum")(student, teacher, queue=queue)
    torch.testing.assert_close(total, reference.sum())


def test_one_row_in_the_queue_says_nothing() -> None:
    student, teacher, queue = embeddings(4, 4, 1)
    loss = SimilarityDistillationLoss()(student, teacher, queue=queue)
    torch.testing.assert_close(loss, torch.zeros_like(loss), rtol=0, atol=1e-12)
    (gradient,) = finite_gradients(loss, [student])
    torch.testing.assert_close(gradient, torch.zeros_like(gradient), rtol=0, atol=1e-10)


def test_a_memory_queue_from_the_first_step_on() -> None:
    student, teacher = embeddings(3, 3)
    memory = MemoryQueue(5, 5).double()
    loss_fn = SimilarityDistillationLoss(0.1, 0.1)
    loss = loss_fn(student, teacher, queue=memory.block())
    assert loss == 0
    finite_gradients(loss, [student])
    memory.enqueue(teacher)
    assert loss_fn(student, teacher, queue=memory.block()) > 0


def test_arguments_are_checked() -> None:
    with pytest.raises(ValueError, match="student_temperature must be above 0, got 0"):
        SimilarityDistillationLoss(0.1, 0.0)
    with pytest.raises(ValueError, match="reduction must be one of mean, sum, none, got 'max'"):
        SimilarityDistillationLoss(reduction="max")
    student, teacher, queue = embeddings(3, 2, 4)
    with pytest.raises(ValueError, match="student and teacher need the same shape"):
        SimilarityDistillationLoss()(student, teacher, queue=queue)
    with pytest.raises(ValueError, match=r"queue must have shape \[N, 5\]"):
        SimilarityDistillationLoss()(student, student, queue=queue[:, :2])
