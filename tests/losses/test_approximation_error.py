"""The proven bound holds, and what is measured is what it says."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from graphcl.losses import PamCLoss
from tests.losses.dense import embeddings

ORDERS = ["first", "second", "second_exp"]


@settings(deadline=None, max_examples=40)
@given(
    n=st.integers(2, 20),
    k=st.integers(1, 4),
    seed=st.integers(0, 500),
    order=st.sampled_from(ORDERS),
    temperature=st.sampled_from([0.2, 1.0, 4.0]),
    spread=st.sampled_from([0.01, 0.3, 1.0]),
    soft=st.booleans(),
)
def test_no_error_is_above_the_bound(
    n: int, k: int, seed: int, order: str, temperature: float, spread: float, soft: bool
) -> None:
    (z,) = embeddings(n, seed=seed)
    generator = torch.Generator().manual_seed(seed)
    clusters = torch.randint(k, (n,), generator=generator)
    z = torch.eye(5, dtype=torch.float64)[clusters] + spread * z.detach()
    if soft:
        clusters = torch.rand(n, k, generator=generator, dtype=torch.float64)
        clusters = clusters / clusters.sum(1, keepdim=True)
    found = PamCLoss(temperature, order=order).error_bound(z, clusters, generator=generator)
    assert len(found.error) == n
    assert found.largest <= found.bound + 1e-9
    if order == "first":
        assert found.mean <= 1e-12
    assert found.bound <= 2 / temperature**2 * max(1, 1 / temperature)


def test_the_sample_is_drawn_by_the_generator() -> None:
    (z,) = embeddings(30)
    clusters = torch.arange(30) % 3
    found = [
        PamCLoss(0.5).error_bound(
            z, clusters, sample=5, generator=torch.Generator().manual_seed(seed)
        )
        for seed in (1, 1, 2)
    ]
    assert torch.equal(found[0].anchors, found[1].anchors)
    assert not torch.equal(found[0].anchors, found[2].anchors)
    whole = PamCLoss(0.5).error_bound(z, clusters)
    torch.testing.assert_close(found[0].error, whole.error[found[0].anchors])


def test_failures() -> None:
    (z,) = embeddings(4)
    clusters = torch.zeros(4, dtype=torch.int64)
    with pytest.raises(ValueError, match="order='official' approximates no sum over nodes"):
        PamCLoss(order="official").error_bound(z, clusters)
    with pytest.raises(ValueError, match="sample must be at least 1, got 0"):
        PamCLoss().error_bound(z, clusters, sample=0)
