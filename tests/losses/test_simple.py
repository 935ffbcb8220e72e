import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from graphcl.contrast import Pairs
from graphcl.losses import SimpleContrastiveLoss
from graphcl.negatives import HardestNegatives, MixedNegatives, ProbableNegatives
from tests.losses.checking import SIZES, assert_same, finite_gradients, several_positives
from tests.losses.dense import dense_masks, embeddings, unit


@settings(deadline=None, max_examples=40)
@given(**SIZES, factor=st.sampled_from([0.0, 0.3, 2.0]), aligned=st.booleans())
def test_equals_the_dense_formula(
    n: int, width: int, tile: int | None, seed: int, factor: float, aligned: bool
) -> None:
    z1, z2 = embeddings(n, n, seed=seed, width=width)
    pairs = Pairs.aligned(n) if aligned else several_positives(n, seed)
    weight, excluded = dense_masks(pairs)
    s = unit(z1) @ unit(z2).T
    has = weight.sum(1) > 0
    pull = (weight * s).sum(1) / weight.sum(1).clamp(min=1e-300)
    push = (s * (~excluded & (weight == 0))).sum(1)
    reference = (factor * push - pull)[has].mean()
    ours = SimpleContrastiveLoss(factor, tile=tile)(z1, z2, pairs=pairs)
    assert_same(ours, reference, [z1, z2])


@settings(deadline=None, max_examples=30)
@given(**SIZES, threshold=st.sampled_from([-0.5, 0.0, 0.5, 2.0]))
def test_hardest_negatives_only(
    n: int, width: int, tile: int | None, seed: int, threshold: float
) -> None:
    z1, z2 = embeddings(n, n, seed=seed, width=width + 1)
    s = unit(z1) @ unit(z2).T
    kept = (s >= threshold) & ~torch.eye(n, dtype=torch.bool)
    reference = ((s * kept).sum(1) - s.diagonal()).mean()
    strategy = HardestNegatives(threshold=threshold)
    ours = SimpleContrastiveLoss(negatives=strategy, tile=tile)(z1, z2)
    assert_same(ours, reference, [z1, z2])


def test_nodes_against_graphs() -> None:
    z, g = embeddings(5, 2)
    pairs = Pairs.membership(torch.tensor([0, 0, 1, 1, 1]))
    s = unit(z) @ unit(g).T
    sign = torch.tensor([[-1.0, 1.0]] * 2 + [[1.0, -1.0]] * 3, dtype=torch.float64)
    assert_same(SimpleContrastiveLoss()(z, g, pairs=pairs), (s * sign).sum(1).mean(), [z, g])


def test_anchors_without_positives_do_not_count() -> None:
    z1, z2 = embeddings(3, 3)
    pairs = Pairs(3, 3, torch.tensor([[1], [1]]))
    s = unit(z1) @ unit(z2).T
    reference = s[1, 0] + s[1, 2] - s[1, 1]
    assert_same(SimpleContrastiveLoss()(z1, z2, pairs=pairs), reference, [z1, z2])
    nobody = Pairs(3, 3, torch.empty(2, 0, dtype=torch.int64))
    loss = SimpleContrastiveLoss()(z1, z2, pairs=nobody)
    assert loss == 0
    finite_gradients(loss, [z1, z2])


@pytest.mark.parametrize("strategy", [MixedNegatives(), ProbableNegatives("mix")])
def test_synthetic_negatives_are_refused(strategy: MixedNegatives | ProbableNegatives) -> None:
    with pytest.raises(ValueError, match=r"strategy of weights: .* adds synthetic negatives"):
        SimpleContrastiveLoss(negatives=strategy)
