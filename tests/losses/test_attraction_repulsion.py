from itertools import combinations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from graphcl.losses import AttractionRepulsionLoss
from tests.losses.checking import SIZES, assert_same, finite_gradients
from tests.losses.dense import embeddings, unit


@settings(deadline=None, max_examples=15)
@given(
    **SIZES,
    count=st.integers(2, 4),
    sharpness=st.sampled_from([0.0, 0.9, 30.0]),
    detach=st.booleans(),
    symmetric=st.booleans(),
)
def test_equals_the_dense_formula(
    n: int,
    width: int,
    tile: int | None,
    seed: int,
    count: int,
    sharpness: float,
    detach: bool,
    symmetric: bool,
) -> None:
    views = embeddings(*[n] * count, seed=seed, width=width)
    units = [unit(view) for view in views]

    def weigh(logits: torch.Tensor) -> torch.Tensor:
        weights = logits.softmax(-1)
        return weights.detach() if detach else weights

    attraction = []
    for a in range(count):
        others = [(units[a] - units[b]).square().sum(1) for b in range(count) if b != a]
        distances = torch.stack(others, 1)
        attraction.append((weigh(1.5 * distances) * distances).sum(1).mean())
    orders = list(combinations(range(count), 2))
    orders += [(b, a) for a, b in orders] if symmetric else []
    repulsion = []
    off = ~torch.eye(n, dtype=torch.bool)
    for a, b in orders:
        distances = (units[a][:, None] - units[b]).square().sum(2)[off].view(n, n - 1)
        repulsion.append(-(weigh(-sharpness * distances) * distances).sum(1).mean())
    reference = 2 * sum(attraction) / count + 0.7 * sum(repulsion) / len(orders)
    ours = AttractionRepulsionLoss(
        positive_sharpness=1.5,
        negative_sharpness=sharpness,
        positive_factor=2.0,
        negative_factor=0.7,
        detach=detach,
        symmetric=symmetric,
        tile=tile,
    )(views)
    # float64 distances of nearly equal rows: (x - y)^2 against 2 - 2 cos
    assert_same(ours, reference, views, tolerance=1e-9)


def test_one_item_is_attracted_only() -> None:
    views = embeddings(1, 1)
    loss_fn = AttractionRepulsionLoss()
    attraction, repulsion = loss_fn.terms(views)
    assert repulsion == 0
    assert_same(loss_fn(views), attraction, views)
    finite_gradients(loss_fn(views), views)


def test_arguments_are_checked() -> None:
    with pytest.raises(ValueError, match="negative_sharpness must be at least 0, got -1"):
        AttractionRepulsionLoss(negative_sharpness=-1)
    with pytest.raises(ValueError, match="views must be at least 2, got 1"):
        AttractionRepulsionLoss()(embeddings(3))
