"""Normalised, masked and as edges: what encoders get."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch_geometric.nn import GCNConv

from graphcl.metapaths import as_edges, masked, mean_rows, normalized

NOTHING: Any = None


@st.composite
def weights(draw: st.DrawFn) -> Tensor:
    """Square matrices of small counts with empty rows and columns."""
    size = draw(st.integers(0, 7))
    rows = st.lists(st.integers(-3, 4), min_size=size, max_size=size)
    entries = draw(st.lists(rows, min_size=size, max_size=size))
    return torch.tensor(entries, dtype=torch.float64).reshape(size, size).clamp(min=0)


def dense_normalized(matrix: Tensor) -> Tensor:
    total = matrix.sum(1)
    scale = torch.where(total > 0, total**-0.5, 0.0)
    return scale[:, None] * matrix * scale[None, :]


@given(weights(), st.booleans())
def test_normalized(matrix: Tensor, binary: bool) -> None:
    expected = dense_normalized((matrix > 0).double() if binary else matrix)
    found = normalized(matrix.to_sparse_csr(), binary=binary)
    official = normalized(matrix.to_sparse_csr(), binary=binary, orientation="official")
    torch.testing.assert_close(found.to_dense(), expected)
    torch.testing.assert_close(official.to_dense(), expected.T)


@given(weights())
def test_mean_rows(matrix: Tensor) -> None:
    total = matrix.sum(1, keepdim=True)
    expected = matrix / total.where(total > 0, 1.0)
    torch.testing.assert_close(mean_rows(matrix.to_sparse_csr()).to_dense(), expected)


@given(weights(), st.sampled_from([0.0, 0.3, 0.5, 0.99, 1.0]), st.integers(0, 100))
def test_masked(matrix: Tensor, share: float, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    found = masked(matrix.to_sparse_csr(), share, generator=generator).to_dense()
    edges = (matrix > 0) & ~torch.eye(len(matrix), dtype=torch.bool)
    chosen = found > 0
    assert chosen.diagonal().all(), "every node has a self-loop"
    chosen = chosen & ~torch.eye(len(matrix), dtype=torch.bool)
    assert not (chosen & ~edges).any()
    assert int(edges.sum() - chosen.sum()) == int(share * int(edges.sum()))
    with_loops = chosen.double() + torch.eye(len(matrix), dtype=torch.float64)
    torch.testing.assert_close(found, dense_normalized(with_loops))
    generator.manual_seed(seed)
    official = masked(matrix.to_sparse_csr(), share, generator=generator, orientation="official")
    torch.testing.assert_close(official.to_dense(), found.T)


def test_masks_are_drawn_anew_and_each_way_by_itself() -> None:
    full = torch.ones(60, 60).to_sparse_csr()
    torch.manual_seed(0)
    first, second = (masked(full, 0.5).to_dense() > 0 for _ in range(2))
    assert not torch.equal(first, second)
    above = torch.ones(60, 60).triu(1).bool()
    for there, other in ((first, first.T), (first, second)):
        assert float((there & other)[above].float().mean()) == pytest.approx(0.25, abs=0.04)
    torch.manual_seed(0)
    assert torch.equal(masked(full, 0.5).to_dense() > 0, first)


def test_as_edges_is_read_by_pygs_convolution() -> None:
    matrix = torch.rand(5, 5).mul(torch.rand(5, 5) > 0.5)
    convolution = GCNConv(3, 2, normalize=False, add_self_loops=False, bias=False)
    x = torch.randn(5, 3)
    expected = matrix @ convolution.lin(x)
    torch.testing.assert_close(convolution(x, *as_edges(matrix.to_sparse_csr())), expected)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda m: normalized(m, orientation="row"), ValueError, "did you mean 'rows'"),
        (lambda m: masked(m, 1.5), ValueError, r"share must be in \[0, 1\], got 1.5"),
        (lambda m: masked(m, NOTHING), TypeError, "share must be a number, got None"),
        (lambda m: masked(m, 0.5, orientation="row"), ValueError, "did you mean 'rows'"),
        (lambda m: normalized(-m), ValueError, "adjacency must have finite entries of at least 0"),
        (lambda m: normalized(m.to_dense()), TypeError, "adjacency must be a torch sparse CSR"),
        (lambda m: as_edges(m.to_dense()), TypeError, "adjacency must be a torch sparse CSR"),
        (lambda m: mean_rows(m.to_dense()), TypeError, "adjacency must be a torch sparse CSR"),
    ],
)
def test_bad_arguments_are_refused(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call(torch.eye(3).to_sparse_csr())


def test_rectangles_have_rows_to_divide_but_no_symmetric_normalisation() -> None:
    rectangle = torch.ones(2, 3).to_sparse_csr()
    torch.testing.assert_close(mean_rows(rectangle).to_dense(), torch.full((2, 3), 1 / 3))
    with pytest.raises(ValueError, match=r"adjacency must be square .* got \[2, 3\]"):
        normalized(rectangle)
