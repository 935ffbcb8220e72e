import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from graphcl.losses import GroupOrderingLoss
from tests.losses.checking import SIZES, assert_same, finite_gradients
from tests.losses.dense import embeddings, unit


def permutation_of_the_network(values: Tensor, steepness: float) -> Tensor:
    """The whole n x n matrix of an odd-even sorting network with soft swaps, for one row."""
    size = len(values)
    matrix = torch.eye(size, dtype=values.dtype)
    for layer in range(size):
        for i in range(layer % 2, size - 1, 2):
            a, b = values[i], values[i + 1]
            keep = torch.atan(steepness * (b - a)) / torch.pi + 0.5
            values = values.clone()
            values[i], values[i + 1] = keep * a + (1 - keep) * b, (1 - keep) * a + keep * b
            left, right = matrix[:, i], matrix[:, i + 1]
            columns = list(matrix.unbind(1))
            columns[i] = keep * left + (1 - keep) * right
            columns[i + 1] = (1 - keep) * left + keep * right
            matrix = torch.stack(columns, 1)
    return matrix


@settings(deadline=None, max_examples=15)
@given(
    n=st.integers(2, 6),
    tile=SIZES["tile"],
    seed=SIZES["seed"],
    count=st.integers(2, 3),
    detach=st.booleans(),
    steepness=st.sampled_from([1.0, 20.0]),
)
def test_equals_the_dense_network(
    n: int, tile: int | None, seed: int, count: int, detach: bool, steepness: float
) -> None:
    views = embeddings(*[n] * count, seed=seed, width=4)
    topk = min(3, n - 1)
    units = [unit(view) for view in views]
    losses = []
    for a in range(count):
        others = [u.detach() if detach else u for u in units]
        for i in range(n):
            s = others[a] @ units[a][i]
            nearest = s[torch.arange(n) != i].sort().values[-topk:]
            positive = torch.stack([units[a][i] @ others[b][i] for b in range(count) if b != a])
            values = torch.cat([nearest, positive.sort().values])
            share = permutation_of_the_network(values, steepness)[:, topk:].sum(1)
            target = torch.zeros_like(share)
            target[topk:] = 1
            losses.append(torch.nn.functional.binary_cross_entropy(share.clamp(0, 1), target))
    reference = torch.stack(losses).mean()
    ours = GroupOrderingLoss(topk, steepness=steepness, detach=detach, tile=tile)(views)
    assert_same(ours, reference, views, tolerance=1e-8)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("steepness", [1.0, 1e4, 1e9])
def test_hard_swaps_keep_finite_gradients(steepness: float, dtype: torch.dtype) -> None:
    views = [z.detach().to(dtype).requires_grad_() for z in embeddings(6, 6)]
    finite_gradients(GroupOrderingLoss(3, steepness=steepness)(views), views)


def test_duplicated_rows() -> None:
    z = torch.ones(5, 3, dtype=torch.float64, requires_grad=True)
    finite_gradients(GroupOrderingLoss(4)([z, z]), [z])


def test_small_crops_are_anchors_but_no_positives() -> None:
    views = embeddings(5, 5, 5)
    loss_fn = GroupOrderingLoss(2)
    probability = loss_fn.positive_probability(views, anchor=2, num_positive_views=2)
    assert probability.shape == (5, 4)  # two nearest others, two views
    torch.testing.assert_close(probability.sum(1), torch.full((5,), 2.0, dtype=torch.float64))
    assert loss_fn.positive_probability(views, anchor=0, num_positive_views=2).shape == (5, 3)
    finite_gradients(loss_fn(views, num_positive_views=2), views)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda z: GroupOrderingLoss(3)([z, z]), "topk must be from 1 to 2, .* got 3"),
        (lambda z: GroupOrderingLoss(0), "topk must be at least 1, got 0"),
        (lambda z: GroupOrderingLoss(1, steepness=0.0), "steepness must be above 0, got 0"),
        (lambda z: GroupOrderingLoss(1)([z]), "views must be at least 2, got 1"),
        (
            lambda z: GroupOrderingLoss(1)([z, z], num_positive_views=1),
            "view 0 has no positive: num_positive_views=1",
        ),
        (
            lambda z: GroupOrderingLoss(1)([z, z], num_positive_views=3),
            "num_positive_views must be from 1 to 2, got 3",
        ),
    ],
)
def test_bad_input_is_refused(call, message: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match=message):
        call(embeddings(3)[0])


def test_one_item_has_no_nearest_other() -> None:
    (z,) = embeddings(1)
    with pytest.raises(ValueError, match=r"views\[0\] needs at least 2 rows, got 1"):
        GroupOrderingLoss(1)([z, z])
