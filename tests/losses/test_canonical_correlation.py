import pytest
import torch
from hypothesis import given, settings

from graphcl.losses import CanonicalCorrelationLoss
from tests.losses.checking import SIZES, assert_same, finite_gradients
from tests.losses.dense import embeddings


@settings(deadline=None, max_examples=30)
@given(n=SIZES["n"], width=SIZES["width"], seed=SIZES["seed"])
def test_equals_the_loops(n: int, width: int, seed: int) -> None:
    z1, z2 = embeddings(n, n, seed=seed, width=width)
    first, second = ((z - z.mean(0)) / (z.std(0) + 1e-8) for z in (z1, z2))
    reference = z1.new_zeros(())
    for k in range(width):
        reference = reference - (first[:, k] * second[:, k]).sum() / n
        for m in range(width):
            for z in (first, second):
                correlation = (z[:, k] * z[:, m]).sum() / n
                reference = reference + 0.3 * (float(k == m) - correlation).square()
    assert_same(CanonicalCorrelationLoss(0.3)(z1, z2), reference, [z1, z2])


def test_constant_columns_count_as_zeros() -> None:
    z1, z2 = embeddings(6, 6, width=3)
    with torch.no_grad():
        z1[:, 0] = 5.0
    agreement, redundancy = CanonicalCorrelationLoss().terms(z1, z2)
    finite_gradients(redundancy - agreement, [z1, z2])
    without, _ = CanonicalCorrelationLoss().terms(z1[:, 1:], z2[:, 1:])
    torch.testing.assert_close(agreement, without)


def test_bad_input_is_refused() -> None:
    (z,) = embeddings(1)
    with pytest.raises(ValueError, match="z1 needs at least 2 rows, got 1"):
        CanonicalCorrelationLoss()(z, z)
    with pytest.raises(ValueError, match="decorrelation must be at least 0, got -1"):
        CanonicalCorrelationLoss(-1)
