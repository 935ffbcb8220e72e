"""Normalised adjacency matrices of meta-path graphs, and the forms in which encoders read them."""

from __future__ import annotations

import warnings

import torch
from scipy import sparse
from torch import Tensor

from graphcl.arguments import check_number, unknown_name
from graphcl.metapaths.relations import check_csr, check_square, check_weights

ORIENTATIONS = ("rows", "official")


def normalized(adjacency: Tensor, *, orientation: str = "rows", binary: bool = False) -> Tensor:
    """Normalise a meta-path graph as graph convolutions read it: `D^-1/2 K D^-1/2`.

    D holds the row sums of K. Filtering by `top_neighbours` leaves K asymmetric; then it matters
    which way it is read. Row i aggregates from the neighbours that node i kept; the official code
    of MEOW (`normalize_adj`) has the transpose, where i aggregates from the nodes that kept i, and
    nodes that nobody kept receive nothing.

    Args:
        adjacency: Weights K `[N, N]`, CSR, at least 0.
        orientation: "rows", or "official" for the transpose.
        binary: Take every entry as 1.

    Returns:
        CSR `[N, N]`. Rows without entries stay so.

    Raises:
        TypeError: `adjacency` is no CSR tensor of floating-point numbers.
        ValueError: It is not square, has a negative or infinite entry, or `orientation` is unknown.

    Example:
        >>> normalized(torch.tensor([[1.0, 1.0], [0.0, 4.0]]).to_sparse_csr()).to_dense()
        tensor([[0.5000, 0.3536],
                [0.0000, 1.0000]])
    """
    if orientation not in ORIENTATIONS:
        raise ValueError(unknown_name("orientation", orientation, ORIENTATIONS))
    check_square("adjacency", adjacency)
    check_weights("adjacency", adjacency)
    values = adjacency.values()
    if binary:
        values = (values > 0).to(values.dtype)
    starts = adjacency.crow_indices()
    scale = inverse_root(_row_sums(starts, values))
    weights = from_parts(starts, adjacency.col_indices(), values, adjacency.shape)
    result = scaled(weights, rows=scale, columns=scale)
    return result if orientation == "rows" else transposed(result)


def mean_rows(adjacency: Tensor) -> Tensor:
    """Divide each row by its sum: `D^-1 K`; rows without entries stay so.

    Args:
        adjacency: Weights K `[N, M]`, CSR, such as those of `reach`.

    Raises:
        TypeError: `adjacency` is no CSR tensor of floating-point numbers.

    Example:
        >>> mean_rows(torch.tensor([[1.0, 3.0], [0.0, 0.0]]).to_sparse_csr()).to_dense()
        tensor([[0.2500, 0.7500],
                [0.0000, 0.0000]])
    """
    check_csr("adjacency", adjacency)
    return scaled(adjacency, rows=inverse(_row_sums(adjacency.crow_indices(), adjacency.values())))


def masked(
    adjacency: Tensor,
    share: float,
    *,
    generator: torch.Generator | None = None,
    orientation: str = "rows",
) -> Tensor:
    """Draw a normalised meta-path graph that lacks a share of its edges: MEOW's masked view.

    The diagonal is dropped, the rest taken as 1, `floor(share * E)` of these E entries are removed
    at random, (i, j) independently of (j, i), every node gets a self-loop, and the whole is
    normalised.

    Args:
        adjacency: Weights `[N, N]`, CSR, such as those of `top_neighbours`.
        share: Share of the entries to remove, in [0, 1].
        generator: Where to draw from; None: torch's global generator.
        orientation: As for `normalized`.

    Returns:
        CSR `[N, N]`, sorted.

    Raises:
        TypeError: `adjacency` is no CSR tensor of floating-point numbers, or `share` no number.
        ValueError: It is not square, `share` is not in [0, 1], or `orientation` unknown.

    Example:
        >>> triangle = torch.ones(3, 3).to_sparse_csr()
        >>> masked(triangle, 1.0).to_dense().diagonal()
        tensor([1., 1., 1.])
    """
    if not 0 <= check_number("share", share) <= 1:
        raise ValueError(f"share must be in [0, 1], got {share}")
    check_square("adjacency", adjacency)
    size, device = adjacency.size(0), adjacency.device
    degrees, column = adjacency.crow_indices().diff(), adjacency.col_indices()
    row = torch.arange(size, device=device).repeat_interleave(degrees)
    keys = (row * size + column)[(row != column) & (adjacency.values() != 0)]
    removed = int(share * keys.numel())
    where = device if generator is None else generator.device
    order = torch.randperm(keys.numel(), generator=generator, device=where).to(device)
    staying = torch.ones_like(keys, dtype=torch.bool)
    staying[order[:removed]] = False
    loops = torch.arange(size, device=device) * (size + 1)
    keys = torch.cat([keys[staying], loops]).sort().values
    row, column = keys // max(size, 1), keys % max(size, 1)
    starts = torch.zeros(size + 1, dtype=torch.int64, device=device)
    starts[1:] = torch.bincount(row, minlength=size).cumsum(0)
    values = torch.ones(keys.numel(), dtype=adjacency.dtype, device=device)
    graph = from_parts(starts, column, values, adjacency.shape)
    return normalized(graph, orientation=orientation)


def as_edges(adjacency: Tensor) -> tuple[Tensor, Tensor]:
    """A matrix as edges of PyG: row i aggregates from its columns, which are the edges' sources.

    Args:
        adjacency: `[N, M]`, CSR.

    Returns:
        `edge_index` `[2, E]` (column, row) and `edge_weight` `[E]`, so that
        `GCNConv(..., normalize=False, bias=False)` computes `adjacency @ (x W)`.

    Raises:
        TypeError: `adjacency` is no CSR tensor of floating-point numbers.

    Example:
        >>> as_edges(torch.tensor([[0.0, 0.5], [0.0, 0.0]]).to_sparse_csr())
        (tensor([[1],
                [0]]), tensor([0.5000]))
    """
    check_csr("adjacency", adjacency)
    rows = torch.arange(adjacency.size(0), device=adjacency.device)
    row = rows.repeat_interleave(adjacency.crow_indices().diff())
    return torch.stack([adjacency.col_indices(), row]), adjacency.values()


def transposed(matrix: Tensor) -> Tensor:
    """The transpose of a CSR tensor as a sorted CSR tensor."""
    # SciPy counts where torch sorts
    parts = (matrix.values(), matrix.col_indices(), matrix.crow_indices())
    arrays = tuple(part.detach().cpu().numpy() for part in parts)
    turned = sparse.csr_array(arrays, shape=(matrix.size(0), matrix.size(1))).T.tocsr()
    turned.sort_indices()
    starts, columns, values = (
        torch.from_numpy(part).to(matrix.device)
        for part in (turned.indptr, turned.indices, turned.data)
    )
    return from_parts(starts.long(), columns.long(), values, torch.Size(turned.shape))


def from_parts(starts: Tensor, columns: Tensor, values: Tensor, shape: torch.Size) -> Tensor:
    """A CSR tensor, without torch's remark that they are in beta state."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return torch.sparse_csr_tensor(starts, columns, values, size=shape, check_invariants=False)


def scaled(matrix: Tensor, *, rows: Tensor | None = None, columns: Tensor | None = None) -> Tensor:
    """A CSR tensor with its rows and columns multiplied by numbers, `[N]` and `[M]`."""
    starts, column, values = matrix.crow_indices(), matrix.col_indices(), matrix.values()
    if rows is not None:
        values = values * rows.repeat_interleave(starts.diff())
    if columns is not None:
        values = values * columns[column]
    return from_parts(starts, column, values, matrix.shape)


def inverse(total: Tensor) -> Tensor:
    """`1 / total`, and 0 where the total is 0."""
    return torch.where(total > 0, 1 / total, torch.zeros_like(total))


def inverse_root(total: Tensor) -> Tensor:
    """`total^-1/2`, and 0 where the total is 0."""
    return torch.where(total > 0, total.rsqrt(), torch.zeros_like(total))


def _row_sums(starts: Tensor, values: Tensor) -> Tensor:
    """Sums of the rows of a CSR matrix, `[N]`."""
    return torch.segment_reduce(values, "sum", offsets=starts, initial=0)
