"""PathSim: which nodes a meta-path joins most closely, and the best of them for each node."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from torch import Tensor
from torch_geometric.data import HeteroData

from graphcl.arguments import check_seed, check_whole, unknown_name
from graphcl.metapaths.composition import (
    ENTRIES_AT_ONCE,
    blocks,
    device_of,
    diagonal,
    row_blocks,
    shortened,
)
from graphcl.metapaths.metapath import EdgeType, MetaPath
from graphcl.metapaths.relations import check_square, check_weights, incidences, to_scipy, to_torch

TIES = ("index", "random", "all")

Chosen = NDArray[np.bool_]
_HALF = np.uint64(32)


def pathsim(counts: Tensor) -> Tensor:
    r"""Score how closely a meta-path joins nodes.

    Sun, Han, Yan, Yu and Wu, "PathSim: meta path-based top-k similarity search in heterogeneous
    information networks", VLDB 2011, definition 3:

    .. math:: S_{ij} = \frac{2 A_{ij}}{A_{ii} + A_{jj}}

    in [0, 1], 1 on the diagonal, for a symmetric meta-path. On others the denominator is at least 1
    and scores may exceed 1.

    Args:
        counts: Path counts A `[N, N]`, CSR.

    Returns:
        Scores at the places of the counts, CSR `[N, N]`.

    Raises:
        TypeError: `counts` is no CSR tensor of floating-point numbers.
        ValueError: It is not square.

    Example:
        >>> from graphcl.datasets import load
        >>> from graphcl.metapaths import count_paths
        >>> data, _ = load("countries")
        >>> float(pathsim(count_paths(data, "country-currency-country")).values().max())
        1.0
    """
    check_square("counts", counts)
    matrix = to_scipy("counts", counts)
    scores = _scores(matrix, matrix.diagonal(), 0)
    shape = matrix.shape
    return to_torch(
        sparse.csr_matrix((scores, matrix.indices, matrix.indptr), shape=shape), counts.device
    )


def top_neighbours(
    counts: Tensor, keep: int | None, *, ties: str = "index", seed: int = 0
) -> Tensor:
    """Keep the counts at the highest PathSim scores of each row.

    The node itself is first (where its count is above 0), whatever its score: on graphs where all
    scores are tied, such as papers that have one subject each, it would else be lost to the ties.
    Then come higher scores. Scores are compared in float32, and zero counts are never kept, so that
    a row may have fewer entries than `keep`.

    Args:
        counts: Path counts `[N, N]`, CSR, at least 0.
        keep: Most entries of a row, the node itself counted as one; None: all.
        ties: Which of equal scores stay at the cut: those of lower column ("index"), random ones
            ("random"), or all of them, and then more than `keep` ("all").
        seed: Seed of "random", 0 or more; the choice depends on it, the row and the column only.

    Returns:
        CSR `[N, N]` with the counts (not the scores) that are kept. In general not symmetric.

    Raises:
        TypeError: `counts` is no CSR tensor of floating-point numbers, or `keep` no whole number.
        ValueError: `counts` is not square or has a negative or infinite entry, `keep` is below 1,
            or `ties` is unknown.

    Example:
        >>> from graphcl.datasets import load
        >>> from graphcl.metapaths import count_paths
        >>> data, _ = load("countries")
        >>> kept = top_neighbours(count_paths(data, "country-language-country"), 5)
        >>> int(kept.crow_indices().diff().max())
        5
    """
    _check_choice(keep, ties, seed)
    check_square("counts", counts)
    matrix = to_scipy("counts", counts)
    check_weights("counts", counts)
    if not matrix.data.all():
        matrix = matrix.copy()
        matrix.eliminate_zeros()
    own = matrix.diagonal()
    parts = [
        _kept(matrix[start:stop], own, start, keep, ties, seed)
        for start, stop in blocks(np.diff(matrix.indptr), ENTRIES_AT_ONCE)
    ]
    return to_torch(_stacked(parts), counts.device)


def top_neighbours_of_path(
    data: HeteroData,
    path: str | Sequence[str] | Sequence[EdgeType] | MetaPath,
    keep: int | None,
    *,
    coalesce: bool = True,
    ties: str = "index",
    seed: int = 0,
) -> Tensor:
    """The same as `top_neighbours(count_paths(data, path), keep)`, in less memory.

    Rows are composed and filtered in blocks, so that the counts that are not kept never lie in
    memory together: no more than `N * keep` entries, and one block.

    Args:
        data: The graph.
        path: A meta-path that starts and ends at one node type, in any form that `MetaPath.parse`
            takes.
        keep: As for `top_neighbours`.
        coalesce: As for `count_paths`.
        ties: As for `top_neighbours`.
        seed: As for `top_neighbours`.

    Returns:
        CSR `[N, N]` with the counts that are kept.

    Raises:
        TypeError: `keep` is no whole number.
        ValueError: The path does not exist in the graph or ends at another node type than it starts
            at; or as for `top_neighbours`.

    Example:
        >>> from graphcl.datasets import load
        >>> data, _ = load("countries")
        >>> kept = top_neighbours_of_path(data, "country-language-country", 5)
        >>> int(kept.crow_indices().diff().max())
        5
    """
    _check_choice(keep, ties, seed)
    path = MetaPath.parse(path, data)
    check_returns(path)
    chain = shortened(incidences(data, path, coalesce=coalesce), least=2)
    own = diagonal(chain).astype(np.float32)
    parts = [
        _kept(block.astype(np.float32), own, start, keep, ties, seed)
        for start, block in row_blocks(chain)
    ]
    return to_torch(_stacked(parts), device_of(data, path))


def check_returns(path: MetaPath) -> None:
    """Refuse a path that does not end where it starts.

    Raises:
        ValueError: Naming the path.
    """
    if path.start != path.end:
        raise ValueError(
            f"meta-path {path} must end at the node type where it starts, but leads from "
            f"{path.start!r} to {path.end!r}"
        )


def _scores(rows: sparse.csr_matrix, own: NDArray[Any], start: int) -> NDArray[Any]:
    """PathSim scores of a block of rows, the first of which is `start`."""
    degrees = np.diff(rows.indptr)
    denominator = np.repeat(own[start : start + rows.shape[0]], degrees)
    denominator += own[rows.indices]
    np.maximum(denominator, 1, out=denominator)
    return 2 * rows.data / denominator


def _kept(
    rows: sparse.csr_matrix,
    own: NDArray[Any],
    start: int,
    keep: int | None,
    ties: str,
    seed: int,
) -> sparse.csr_matrix:
    """The entries of a block of rows that `top_neighbours` keeps."""
    degrees = np.diff(rows.indptr)
    if keep is None or not (long := degrees > keep).any():
        return rows
    candidates = np.repeat(long, degrees)
    row = np.repeat(np.arange(len(degrees)), degrees)[candidates]
    column = rows.indices[candidates]
    score = _scores(rows, own, start).astype(np.float32, copy=False)[candidates]
    # One number an entry, smaller is better: the row, then the score upside down, self before all.
    key = ~score.view(np.uint32) & np.uint32(0x7FFFFFFF)
    key[column == row + start] = 0
    packed = (row.astype(np.uint64) << _HALF) | key
    starts = np.cumsum(degrees[long]) - degrees[long]
    last_kept = np.sort(packed)[starts + keep - 1]
    limit = np.repeat(last_kept, degrees[long])
    chosen = packed < limit
    tied = packed == limit
    if ties == "all":
        chosen |= tied
    else:
        free = keep - np.add.reduceat(chosen, starts, dtype=np.int64)
        at = np.flatnonzero(tied)  # by row, then by column
        places = _order(row[at] + start, column[at], seed) if ties == "random" else None
        chosen[at if places is None else at[places]] = _first(row[at], free, long)
    every = np.ones(rows.nnz, dtype=np.bool_)
    every[candidates] = chosen
    ends = np.concatenate([[0], np.cumsum(every)])[rows.indptr]
    return sparse.csr_matrix((rows.data[every], rows.indices[every], ends), shape=rows.shape)


def _stacked(parts: list[Any]) -> sparse.csr_matrix:
    """Blocks of rows as one matrix."""
    return sparse.vstack(parts, format="csr")


def _first(row: NDArray[np.int64], free: NDArray[np.int64], long: Chosen) -> Chosen:
    """Of entries sorted by row, the first few of each row: as many as are free."""
    number = np.bincount(row, minlength=len(long))[long]
    place = np.arange(len(row)) - np.repeat(np.cumsum(number) - number, number)
    return place < np.repeat(free, number)


def _order(row: NDArray[np.int64], column: NDArray[np.int32], seed: int) -> NDArray[np.int64]:
    """A random order within each row, which other rows and entries have no say in."""
    mixed = _scrambled(np.full(1, seed, dtype=np.uint64))
    mixed = _scrambled(mixed + row.astype(np.uint64))
    mixed = _scrambled(mixed + column.astype(np.uint64))
    return np.lexsort((mixed, row))


def _scrambled(numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """SplitMix64 (Steele, Lea and Flood, OOPSLA 2014): equal numbers stay equal."""
    mixed = numbers + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


def _check_choice(keep: int | None, ties: str, seed: int) -> None:
    if keep is not None:
        check_whole("keep", keep, least=1)
    if ties not in TIES:
        raise ValueError(unknown_name("ties", ties, TIES))
    check_seed(seed)
