"""Sparse matrices of a graph: its normalised adjacency and bag-of-words features."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import torch
from scipy import sparse
from torch import Tensor
from torch_geometric.nn.conv.gcn_conv import gcn_norm


def normalized_adjacency(
    edge_index: Tensor,
    num_nodes: int,
    *,
    edge_weight: Tensor | None = None,
    dtype: torch.dtype = torch.float32,
) -> Tensor:
    """The matrix ``D^-1/2 (A + I) D^-1/2`` of a graph convolution, sparse.

    ``matrix @ x`` sends rows along the edges, from source to target. It is built once per pass and
    serves all layers; on a CPU the product is three times as fast as gathering and scattering rows.

    Source: Kipf and Welling, https://arxiv.org/abs/1609.02907, equation 2.

    Args:
        edge_index: ``[2, E]``. A node without edges keeps its self-loop.
        num_nodes: Number of nodes ``N``.
        edge_weight: One weight an edge, ``[E]``, at least 0; None: all 1.
        dtype: Type of the entries.

    Returns:
        ``[N, N]``, sparse CSR.

    Raises:
        ValueError: A weight that is negative or not finite, or weights of the wrong length.

    Example:
        >>> normalized_adjacency(torch.tensor([[0, 1], [1, 0]]), 3).to_dense()
        tensor([[0.5000, 0.5000, 0.0000],
                [0.5000, 0.5000, 0.0000],
                [0.0000, 0.0000, 1.0000]])
    """
    weight = _check_weights(edge_index, edge_weight, dtype)
    # Indices out of range do not get any further: gcn_norm refuses them.
    index, weight = gcn_norm(edge_index, weight, num_nodes, dtype=dtype)
    return _from_edges(index, weight, num_nodes)


def edge_matrix(
    edge_index: Tensor,
    num_nodes: int,
    *,
    edge_weight: Tensor | None = None,
    dtype: torch.dtype = torch.float32,
) -> Tensor:
    """The weights of the edges as a sparse matrix, as they are: those of a diffusion, say.

    As of :func:`normalized_adjacency`, ``matrix @ x`` sends rows from source to target.

    Args:
        edge_index: ``[2, E]``, from 0 to N - 1.
        num_nodes: Number of nodes ``N``.
        edge_weight: One weight an edge, ``[E]``, at least 0; None: all 1.
        dtype: Type of the entries.

    Returns:
        ``[N, N]``, sparse CSR.

    Raises:
        ValueError: A weight that is negative or not finite, or weights of the wrong length.

    Example:
        >>> weight = torch.tensor([0.5, 2.0])
        >>> edge_matrix(torch.tensor([[0, 1], [1, 1]]), 2, edge_weight=weight).to_dense()
        tensor([[0.0000, 0.0000],
                [0.5000, 2.0000]])
    """
    weight = _check_weights(edge_index, edge_weight, dtype)
    if weight is None:
        weight = torch.ones(edge_index.size(1), dtype=dtype, device=edge_index.device)
    return _from_edges(edge_index, weight, num_nodes)


def matrix_rows(matrix: Tensor, start: int, stop: int, num_columns: int | None = None) -> Tensor:
    """Some rows of a sparse matrix, without copying its entries.

    Args:
        matrix: ``[N, M]``, sparse CSR.
        start: The first row.
        stop: The row after the last.
        num_columns: Keep the first columns only; the rows have no entries in the others. None: all.

    Returns:
        ``[stop - start, num_columns]``, sparse CSR.

    Example:
        >>> matrix_rows(torch.eye(3).to_sparse_csr(), 1, 3).to_dense()
        tensor([[0., 1., 0.],
                [0., 0., 1.]])
    """
    ends = matrix.crow_indices()[start : stop + 1]
    first, last = int(ends[0]), int(ends[-1])
    return torch.sparse_csr_tensor(
        ends - first,
        matrix.col_indices()[first:last],
        matrix.values()[first:last],
        (stop - start, matrix.size(1) if num_columns is None else num_columns),
        check_invariants=False,
    )


def row_blocks(num_rows: int, batch_size: int) -> Iterator[slice]:
    """The rows from 0 to N - 1 in blocks.

    Example:
        >>> list(row_blocks(5, 2))
        [slice(0, 2, None), slice(2, 4, None), slice(4, 5, None)]
    """
    for start in range(0, num_rows, batch_size):
        yield slice(start, min(start + batch_size, num_rows))


def compress_features(x: Tensor, *, max_density: float = 0.05) -> Tensor:
    """Features as a sparse CSR matrix where that is the faster form, else unchanged.

    Bag-of-words features (Cora: 1.3 % non-zero) make the first layer of an encoder several times
    cheaper this way.

    Args:
        x: ``[N, F]``, dense.
        max_density: Share of non-zero entries up to which the sparse form is used.

    Returns:
        ``[N, F]``, sparse CSR or the given tensor.

    Example:
        >>> compress_features(torch.eye(100)).layout
        torch.sparse_csr
        >>> compress_features(torch.ones(2, 2)).layout
        torch.strided
    """
    if x.layout != torch.strided or int(x.count_nonzero()) > max_density * x.numel():
        return x
    return _quiet_csr(x)


def scale_columns(x: Tensor, scale: Tensor) -> Tensor:
    """Multiply every column by its factor; the form of ``x`` is kept.

    Args:
        x: ``[N, F]``, dense or sparse CSR.
        scale: ``[F]``.

    Returns:
        A new ``[N, F]``.

    Example:
        >>> scale_columns(torch.ones(2, 3), torch.tensor([1.0, 0.0, 2.0]))
        tensor([[1., 0., 2.],
                [1., 0., 2.]])
    """
    if x.layout == torch.strided:
        return x * scale
    column = x.col_indices()
    values = x.values() * scale[column]
    # The indices come from a valid matrix: no need to check them again.
    return torch.sparse_csr_tensor(
        x.crow_indices(), column, values, x.shape, check_invariants=False
    )


def _check_weights(
    edge_index: Tensor, edge_weight: Tensor | None, dtype: torch.dtype
) -> Tensor | None:
    if edge_weight is None:
        return None
    if edge_weight.shape != edge_index.shape[1:]:
        raise ValueError(
            f"edge_weight must have shape [{edge_index.size(1)}], got {list(edge_weight.shape)}"
        )
    if not bool(((edge_weight >= 0) & torch.isfinite(edge_weight)).all()):
        raise ValueError("edge_weight must be finite and at least 0")
    return edge_weight.to(dtype)


def _from_edges(index: Tensor, weight: Tensor | None, num_nodes: int) -> Tensor:
    """From source to target: the target is the row. Duplicate edges add up."""
    assert weight is not None
    if index.device.type == "cpu" and weight.dtype.itemsize >= 4 and not weight.requires_grad:
        return _count_rows(index, weight, num_nodes)
    matrix = torch.sparse_coo_tensor(
        index.flip(0), weight, (num_nodes, num_nodes), check_invariants=False
    )
    return _quiet_csr(matrix)


def _count_rows(index: Tensor, weight: Tensor, num_nodes: int) -> Tensor:
    """The same matrix by SciPy, which counts rows where torch sorts: four times as fast."""
    small = max(num_nodes, weight.numel()) < torch.iinfo(torch.int32).max
    source, target = index.to(torch.int32 if small else torch.int64).numpy()
    shape = (num_nodes, num_nodes)
    rows = sparse.coo_array((weight.detach().numpy(), (target, source)), shape=shape).tocsr()
    rows.sort_indices()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Sparse", category=UserWarning)
        return torch.sparse_csr_tensor(
            torch.from_numpy(rows.indptr).to(torch.int64),
            torch.from_numpy(rows.indices).to(torch.int64),
            torch.from_numpy(rows.data),
            shape,
            check_invariants=False,
        )


def _quiet_csr(matrix: Tensor) -> Tensor:
    with warnings.catch_warnings():  # torch announces once that CSR is in beta
        warnings.filterwarnings("ignore", message="Sparse", category=UserWarning)
        return matrix.to_sparse_csr()
