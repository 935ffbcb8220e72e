"""Sums over clusters, hard and soft, against whole products."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from graphcl.clustering import cluster_sums


@settings(deadline=None, max_examples=30)
@given(n=st.integers(1, 12), k=st.integers(1, 5), seed=st.integers(0, 500), soft=st.booleans())
def test_sums_and_gradients(n: int, k: int, seed: int, soft: bool) -> None:
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(n, 3, generator=generator, dtype=torch.float64).requires_grad_()
    leaves = [x]
    if soft:
        given_ = torch.randn(n, k, generator=generator, dtype=torch.float64).softmax(1)
        shares = assignment = given_.requires_grad_()
        leaves.append(shares)
    else:
        assignment = torch.randint(k, (n,), generator=generator)
        shares = torch.nn.functional.one_hot(assignment, k).double()
    found = cluster_sums(x, assignment, k, products=True)
    expected = (
        shares.sum(0),
        torch.einsum("nk,nd->kd", shares, x),
        torch.einsum("nk,nd,ne->kde", shares, x, x),
    )
    assert found.products is not None
    parts = (found.count, found.total, found.products)
    weight = [torch.randn(p.shape, generator=generator, dtype=torch.float64) for p in parts]
    sums = []
    for values in (parts, expected):
        for one, other in zip(values, expected, strict=True):
            torch.testing.assert_close(one, other)
        sums.append(sum((w * v).sum() for w, v in zip(weight, values, strict=True)))
    for one, other in zip(*(torch.autograd.grad(s, leaves) for s in sums), strict=True):
        torch.testing.assert_close(one, other)


def test_sums_add_up() -> None:
    x, clusters = torch.randn(6, 2), torch.arange(6) % 2
    whole = cluster_sums(x, clusters, products=True)
    half = cluster_sums(x[:3], clusters[:3], products=True)
    rest = cluster_sums(x[3:], clusters[3:], products=True)
    for found, expected in ((half + rest, whole), (whole - rest, half)):
        torch.testing.assert_close(found.count, expected.count)
        torch.testing.assert_close(found.total, expected.total)
        torch.testing.assert_close(found.products, expected.products)
    assert (half + cluster_sums(x, clusters)).products is None


def test_failures() -> None:
    x = torch.randn(3, 2)
    with pytest.raises(ValueError, match="assignment is to 3 clusters, but num_clusters is 2"):
        cluster_sums(x, torch.tensor([0, 2, 1]), 2)
    with pytest.raises(ValueError, match="assignment must be of the 3 items"):
        cluster_sums(x, torch.tensor([0, 2]))
    with pytest.raises(TypeError, match=r"assignment must be a .*Tensor, got list"):
        cluster_sums(x, [0, 1, 2])  # type: ignore[arg-type]
