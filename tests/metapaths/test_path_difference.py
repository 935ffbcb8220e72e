"""A masked path as the whole less what is missing equals the masked matrix."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch_geometric.data import HeteroData

from graphcl.metapaths import MetaPath, PathDifference, PathOperator, count_paths, masked
from tests.metapaths.made_up import PATHS, graphs, made_up, paths


@given(graphs(), paths(returns=True), st.floats(0, 1), st.integers(0, 99))
def test_it_equals_the_masked_matrix(
    data: HeteroData, path: MetaPath, share: float, seed: int
) -> None:
    counts = count_paths(data, path)
    kept = masked(counts, share, generator=torch.Generator().manual_seed(seed))
    whole = PathOperator(data, path, normalize="none")
    difference = PathDifference(whole, counts, kept)
    x = torch.randn(counts.size(1), 3)
    torch.testing.assert_close(difference @ x, kept.to_dense() @ x, rtol=1e-4, atol=1e-4)
    assert difference.num_entries == whole.num_entries + difference.missing.num_entries


@pytest.mark.parametrize("written", PATHS.values())
def test_gradients(written: str) -> None:
    data = made_up()
    counts = count_paths(data, written)
    whole = PathOperator(data, written, normalize="none")
    operator = PathDifference(whole, counts, masked(counts, 0.3)).to(torch.float64)
    x = torch.randn(8, 2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: operator @ x, x)


def test_sizes_must_agree() -> None:
    data = made_up()
    written = next(iter(PATHS.values()))
    counts = count_paths(data, written)
    other = torch.eye(3).to_sparse_csr()
    with pytest.raises(ValueError, match=r"kept must have shape \[8, 8\], as the whole path"):
        PathDifference(PathOperator(data, written, normalize="none"), counts, other)
