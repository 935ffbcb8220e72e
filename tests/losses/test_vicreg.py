import pytest
import torch
from hypothesis import given, settings

from graphcl.losses import VICRegLoss
from tests.losses.checking import SIZES, assert_same, finite_gradients
from tests.losses.dense import embeddings


@settings(deadline=None, max_examples=30)
@given(n=SIZES["n"], width=SIZES["width"], seed=SIZES["seed"])
def test_equals_the_loops(n: int, width: int, seed: int) -> None:
    z1, z2 = embeddings(n, n, seed=seed, width=width)
    spread, crossing = z1.new_zeros(()), z1.new_zeros(())
    for z in (z1, z2):
        for k in range(width):
            deviation = (z[:, k].var() + 1e-4).sqrt()
            spread = spread + (1 - deviation).relu() / width / 2
            for m in range(width):
                if m != k:
                    a, b = z[:, k] - z[:, k].mean(), z[:, m] - z[:, m].mean()
                    crossing = crossing + ((a * b).sum() / (n - 1)).square() / width
    reference = 3 * (z1 - z2).square().mean() + 2 * spread + 0.5 * crossing
    ours = VICRegLoss(invariance=3.0, variance=2.0, covariance=0.5)(z1, z2)
    assert_same(ours, reference, [z1, z2])


def test_collapsed_rows() -> None:
    z = torch.ones(4, 3, dtype=torch.float64, requires_grad=True)
    loss = VICRegLoss()(z, z)
    torch.testing.assert_close(loss, torch.tensor(25 * 0.99, dtype=torch.float64))
    finite_gradients(loss, [z])


def test_bad_input_is_refused() -> None:
    (z,) = embeddings(1)
    with pytest.raises(ValueError, match="z1 needs at least 2 rows, got 1"):
        VICRegLoss()(z, z)
    with pytest.raises(ValueError, match="variance must be at least 0, got -1"):
        VICRegLoss(variance=-1)
