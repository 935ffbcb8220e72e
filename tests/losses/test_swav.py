import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from graphcl.clustering import sinkhorn_assignment
from graphcl.losses import SwAVLoss
from tests.losses.checking import SIZES, assert_same, finite_gradients
from tests.losses.dense import embeddings, unit


@settings(deadline=None, max_examples=30)
@given(
    n=SIZES["n"],
    width=SIZES["width"],
    seed=SIZES["seed"],
    prototypes=st.integers(1, 12),
    iterations=st.sampled_from([0, 1, 3]),
    crops=st.integers(2, 4),
)
def test_equals_the_dense_formula(
    n: int, width: int, seed: int, prototypes: int, iterations: int, crops: int
) -> None:
    *views, centres = embeddings(*[n] * crops, prototypes, seed=seed, width=width)
    scores = [unit(view) @ unit(centres).T for view in views]
    reference = centres.new_zeros(())
    for a in range(2):
        codes = sinkhorn_assignment(scores[a], temperature=0.2, iterations=iterations).detach()
        for v in range(crops):
            if v != a:
                logs = (scores[v] / 0.3).log_softmax(1)
                reference = reference - (codes * logs).sum(1).mean() / 2 / (crops - 1)
    loss_fn = SwAVLoss(0.3, sinkhorn_temperature=0.2, iterations=iterations)
    assert_same(loss_fn(views, prototypes=centres), reference, [*views, centres])


def test_a_single_prototype_says_nothing() -> None:
    z1, z2, centre = embeddings(4, 4, 1)
    loss = SwAVLoss()([z1, z2], prototypes=centre)
    assert loss == 0
    assert all(not g.any() for g in finite_gradients(loss, [z1, z2, centre]))


def test_a_queue_joins_the_assignment() -> None:
    """Fewer rows than prototypes: past rows decide which prototypes are still free."""
    z, centres, queue = (x.detach() for x in embeddings(2, 6, 30))
    loss_fn = SwAVLoss()
    codes = loss_fn.codes(z, centres, queue=queue)
    whole = loss_fn.codes(torch.cat([z, queue]), centres)
    assert torch.equal(codes, whole[:2])
    assert not torch.allclose(codes, loss_fn.codes(z, centres))
    empty = loss_fn([z, z], prototypes=centres, queue=queue[:0])
    assert empty == loss_fn([z, z], prototypes=centres)


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32])
def test_sharp_assignments_do_not_overflow(dtype: torch.dtype) -> None:
    """exp(1 / 0.005) is infinite in float32."""
    z1, z2, centres = (z.detach().to(dtype).requires_grad_() for z in embeddings(8, 8, 3))
    loss = SwAVLoss(0.01, sinkhorn_temperature=0.005)([z1, z2], prototypes=centres)
    finite_gradients(loss, [z1, z2, centres])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda f, z, c: f([z], prototypes=c), "views must be at least 2, got 1"),
        (lambda f, z, c: f([z, z[:2]], prototypes=c), r"views\[0\] and views\[1\] need the same"),
        (lambda f, z, c: f([z, z], prototypes=c[:, :2]), r"prototypes must have shape \[N, 5\]"),
        (lambda f, z, c: f([z, z], prototypes=c, assigning=(2,)), "assigning must be from 0 to 1"),
        (lambda f, z, c: f([z, z], prototypes=c, assigning=()), "assigning must name at least one"),
        (
            lambda f, z, c: f([z, z], prototypes=c, queue=z[:, :2]),
            r"queue must have shape \[N, 5\]",
        ),
    ],
)
def test_bad_input_is_refused(call, message: str) -> None:  # type: ignore[no-untyped-def]
    z, centres = embeddings(3, 4)
    with pytest.raises(ValueError, match=message):
        call(SwAVLoss(), z, centres)
