import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from graphcl.losses import BiasedTripletLoss
from tests.losses.checking import SIZES, assert_same
from tests.losses.dense import embeddings, unit


@settings(deadline=None, max_examples=40)
@given(n=SIZES["n"], width=SIZES["width"], seed=SIZES["seed"], prior=st.sampled_from([0, 0.1, 0.8]))
def test_equals_the_dense_formula(n: int, width: int, seed: int, prior: float) -> None:
    z1, z2 = embeddings(n, n, seed=seed, width=width)
    rows = torch.cat([unit(z1), unit(z2)])
    squared = (rows[:, None] - rows).square().sum(2)
    other = torch.arange(2 * n).roll(n)
    positive = squared[torch.arange(2 * n), other]
    negative = ~(torch.eye(2 * n, dtype=torch.bool) | torch.eye(2 * n, dtype=torch.bool)[other])
    rest = (squared * negative).sum(1) - prior * (2 * n - 2) * positive
    loss_fn = BiasedTripletLoss(prior)
    reference = positive - rest / (1 - prior)
    assert_same(loss_fn(z1, z2), reference.mean(), [z1, z2])
    torch.testing.assert_close(loss_fn.per_anchor(z1, z2), reference)


def test_one_item_has_its_positive_only() -> None:
    z1, z2 = embeddings(1, 1)
    reference = (unit(z1) - unit(z2)).square().sum()
    assert_same(BiasedTripletLoss()(z1, z2), reference, [z1, z2])


@pytest.mark.parametrize("prior", [-0.1, 1.0])
def test_the_prior_is_checked(prior: float) -> None:
    with pytest.raises(ValueError, match=f"class_prior must be from 0 to below 1, got {prior}"):
        BiasedTripletLoss(prior)
