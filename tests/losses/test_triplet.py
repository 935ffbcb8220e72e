import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from graphcl.contrast import Pairs
from graphcl.losses import TripletMarginLoss
from tests.losses.checking import SIZES, assert_same, finite_gradients, single_positives
from tests.losses.dense import dense_masks, embeddings, unit


@settings(deadline=None, max_examples=40)
@given(**SIZES, margin=st.sampled_from([0.0, 0.5, 5.0]), aligned=st.booleans())
def test_equals_the_dense_formula(
    n: int, width: int, tile: int | None, seed: int, margin: float, aligned: bool
) -> None:
    z1, z2 = embeddings(n, n, seed=seed, width=width + 1)
    pairs = Pairs.aligned(n) if aligned else single_positives(n, seed)
    weight, excluded = dense_masks(pairs)
    s = unit(z1) @ unit(z2).T
    positive = (weight * s).sum(1, keepdim=True)
    negative = ~excluded & (weight == 0)
    hinge = (2 * (s - positive) + margin).relu()
    reference = (hinge * negative).sum() / negative.sum().clamp(min=1)
    ours = TripletMarginLoss(margin, tile=tile)(z1, z2, pairs=pairs)
    assert_same(ours, reference, [z1, z2])


def test_given_negatives() -> None:
    z1, z2, z3 = embeddings(4, 4, 4)
    a, p, m = unit(z1), unit(z2), unit(z3)
    reference = ((a - p).square().sum(1) - (a - m).square().sum(1) + 0.7).relu().mean()
    assert_same(TripletMarginLoss(0.7)(z1, z2, negatives=z3), reference, [z1, z2, z3])


def test_nodes_against_graphs() -> None:
    z, g = embeddings(5, 3)
    batch = torch.tensor([0, 0, 1, 2, 2])
    s = unit(z) @ unit(g).T
    own = torch.nn.functional.one_hot(batch, 3).bool()
    gap = 2 * (s - s[own][:, None]) + 1.0
    reference = gap[~own].relu().mean()
    assert_same(TripletMarginLoss()(z, g, pairs=Pairs.membership(batch)), reference, [z, g])


def test_without_negatives_it_is_zero() -> None:
    z1, z2 = embeddings(3, 3)
    everything = torch.ones(3, 3).nonzero().T
    loss = TripletMarginLoss()(z1, z2, pairs=Pairs.aligned(3, excluded=everything))
    assert loss == 0
    finite_gradients(loss, [z1, z2])


def test_what_has_no_meaning_is_refused() -> None:
    z1, z2 = embeddings(3, 3)
    with pytest.raises(ValueError, match="either negatives or pairs, not both"):
        TripletMarginLoss()(z1, z2, negatives=z2, pairs=Pairs.aligned(3))
    with pytest.raises(ValueError, match="exactly one positive for each anchor"):
        TripletMarginLoss()(z1, z2, pairs=Pairs.from_labels(torch.zeros(3).long()))
    with pytest.raises(ValueError, match="margin must be at least 0, got -1"):
        TripletMarginLoss(-1.0)
