import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from graphcl.losses import BarlowTwinsLoss
from tests.losses.checking import SIZES, assert_same, finite_gradients
from tests.losses.dense import embeddings


@settings(deadline=None, max_examples=30)
@given(
    n=SIZES["n"],
    width=SIZES["width"],
    seed=SIZES["seed"],
    redundancy=st.sampled_from([None, 0.0, 0.0051, 2.0]),
)
def test_equals_the_loops(n: int, width: int, seed: int, redundancy: float | None) -> None:
    z1, z2 = embeddings(n, n, seed=seed, width=width)
    factor = 1 / width if redundancy is None else redundancy
    reference = z1.new_zeros(())
    for k in range(width):
        for m in range(width):
            a, b = z1[:, k] - z1[:, k].mean(), z2[:, m] - z2[:, m].mean()
            deviations = [(x.square().mean() + 1e-5).sqrt() for x in (a, b)]
            correlation = (a * b).mean() / (deviations[0] * deviations[1])
            term = (1 - correlation).square() if k == m else factor * correlation.square()
            reference = reference + term
    assert_same(BarlowTwinsLoss(redundancy)(z1, z2), reference, [z1, z2])


def test_it_is_batch_normalisation_and_a_product() -> None:
    """As the authors write it."""
    z1, z2 = embeddings(7, 7)
    norm = torch.nn.BatchNorm1d(5, affine=False).double()
    matrix = BarlowTwinsLoss().cross_correlation(z1, z2)
    torch.testing.assert_close(matrix, norm(z1).T @ norm(z2) / 7)


def test_constant_columns() -> None:
    z = torch.ones(4, 3, dtype=torch.float64, requires_grad=True)
    loss = BarlowTwinsLoss()(z, z)
    assert loss == 3
    finite_gradients(loss, [z])


def test_bad_input_is_refused() -> None:
    (z,) = embeddings(1)
    with pytest.raises(ValueError, match="z1 needs at least 2 rows, got 1"):
        BarlowTwinsLoss()(z, z)
    with pytest.raises(TypeError, match=r"z1 must be a torch\.Tensor, got list"):
        BarlowTwinsLoss(None)([1.0], z)
    with pytest.raises(ValueError, match="redundancy must be at least 0, got -1"):
        BarlowTwinsLoss(-1)
