"""Meta-path graphs as products of relations: counts of path instances, and who is reached."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import sparse
from torch import Tensor
from torch_geometric.data import HeteroData

from graphcl.metapaths.metapath import EdgeType, MetaPath
from graphcl.metapaths.relations import incidences, to_torch
from graphcl.metapaths.sizes import (
    DEFAULT_MAX_ENTRIES,
    check_max_entries,
    most_entries,
    too_large,
    walk_counts,
)

ENTRIES_AT_ONCE = 1_000_000  # of a block of rows: temporary arrays stay near the caches
_CHEAP = 8.0  # times the non-zeros of two factors: multiplications that are no burden


def count_paths(
    data: HeteroData,
    path: str | Sequence[str] | Sequence[EdgeType] | MetaPath,
    *,
    coalesce: bool = True,
    max_entries: int | None = DEFAULT_MAX_ENTRIES,
) -> Tensor:
    """Count the instances of a meta-path between any two nodes.

    The product of the path's relations; paths that return to their start are counted, on the
    diagonal. The cheapest product of neighbours in the chain comes first. Counts are exact up to
    2^24, and correctly rounded to float32 above.

    Args:
        data: The graph.
        path: The meta-path, in any form that `MetaPath.parse` takes.
        coalesce: Whether parallel edges of a relation are one edge; False counts every one, as
            PyG's `AddMetaPaths(weighted=True)` does.
        max_entries: Most non-zeros that a product may have by the bound known before it is
            computed; None: any number.

    Returns:
        Counts `[N, M]` from the path's start type to its end type: torch CSR, float32, int64
        indices, sorted, on the device of the graph's edges.

    Raises:
        ValueError: The path does not exist in the graph.
        PathTooLarge: A product would exceed `max_entries`.

    Example:
        >>> from graphcl.datasets import load
        >>> data, _ = load("countries")
        >>> count_paths(data, "country-language-country").shape
        torch.Size([244, 244])
    """
    path = MetaPath.parse(path, data)
    chain = incidences(data, path, coalesce=coalesce)
    counts = multiply(chain, path, max_entries).astype(np.float32)
    return to_torch(counts, device_of(data, path))


def reach(
    data: HeteroData,
    path: str | Sequence[str] | Sequence[EdgeType] | MetaPath,
    position: int,
    *,
    max_entries: int | None = DEFAULT_MAX_ENTRIES,
) -> Tensor:
    """Which nodes the instances of a meta-path can be at, at one position: its contexts.

    Yu et al., "Heterogeneous graph contrastive learning with meta-path contexts", SDM 2023 (MEOW):
    the nodes in between are what a meta-path graph forgets. Every position counts, also those on
    the way back of a symmetric path; the rest of the path need not exist.

    Args:
        data: The graph.
        path: The meta-path, in any form that `MetaPath.parse` takes.
        position: 1 (after the first step) to the length of the path.
        max_entries: As for `count_paths`.

    Returns:
        Ones `[N, N_q]` from the start type to the type at the position: torch CSR, float32, int64
        indices, sorted.

    Raises:
        ValueError: The path or the position does not exist.
        PathTooLarge: A product would exceed `max_entries`.

    Example:
        >>> from graphcl.datasets import load
        >>> data, _ = load("countries")
        >>> reach(data, "country-language-country", 1).values().unique()
        tensor([1.])
    """
    path = MetaPath.parse(path, data).prefix(position)
    chain = incidences(data, path, coalesce=True, exact=False)
    matrix = multiply(chain, path, max_entries)
    matrix.data.fill(1)
    return to_torch(matrix, device_of(data, path))


def device_of(data: HeteroData, path: MetaPath) -> torch.device:
    """Where the edges of a path are."""
    return data[path.edge_types[0]].edge_index.device


def multiply(
    chain: Sequence[sparse.csr_matrix], path: MetaPath, max_entries: int | None
) -> sparse.csr_matrix:
    """The product of a chain, sorted; the cheapest product of two neighbours first.

    Raises:
        PathTooLarge: A product may have more than `max_entries` non-zeros.
    """
    limit = check_max_entries(max_entries)
    left = list(chain)
    types = list(path.node_types)
    while len(left) > 1:
        at = min(range(len(left) - 1), key=lambda i: multiplications(left[i], left[i + 1]))
        entries = most_entries(left[at], left[at + 1])
        if limit is not None and entries > limit:
            whole = len(left) == 2
            part = "it" if whole else f"its part from {types[at]} to {types[at + 2]}"
            raise too_large(path, part, entries, limit)
        left[at : at + 2] = [left[at] @ left[at + 1]]
        del types[at + 1]
    left[0].sort_indices()
    return left[0]


def shortened(
    chain: Sequence[sparse.csr_matrix], *, least: int, growth: float = _CHEAP
) -> list[sparse.csr_matrix]:
    """Multiply neighbours in a chain where that is cheap, which makes later work less.

    Args:
        chain: The matrices.
        least: Stop at this number of them.
        growth: A product is cheap if it takes no more than this many times as many multiplications
            as its two factors have non-zeros. Its non-zeros are then no more either.
    """
    left = list(chain)
    while len(left) > least:
        costs = [
            multiplications(a, b) / max(growth * (a.nnz + b.nnz), 1) for a, b in pairwise(left)
        ]
        at = int(np.argmin(costs))
        if costs[at] > 1:
            break
        left[at : at + 2] = [left[at] @ left[at + 1]]
    return left


def multiplications(left: sparse.csr_matrix, right: sparse.csr_matrix) -> int:
    """How many products of two numbers `left @ right` takes."""
    return int(np.diff(right.indptr)[left.indices].sum(dtype=np.int64))


def row_blocks(
    chain: Sequence[sparse.csr_matrix], *, entries_at_once: int = ENTRIES_AT_ONCE
) -> Iterator[tuple[int, sparse.csr_matrix]]:
    """Compute a product block of rows by block of rows.

    Args:
        chain: The matrices.
        entries_at_once: Most non-zeros of a block, at any step; single rows may have more.

    Yields:
        The number of the first row, and the rows, sorted.
    """
    bounds = [
        np.minimum(walks, matrix.shape[1])
        for walks, matrix in zip(walk_counts(chain), chain, strict=True)
    ]
    for start, stop in blocks(np.maximum.reduce(bounds), entries_at_once):
        block = chain[0][start:stop]
        for matrix in chain[1:]:
            block = block @ matrix
        block.sort_indices()
        yield start, block


def blocks(sizes: NDArray[Any], limit: float) -> Iterator[tuple[int, int]]:
    """Cut consecutive rows where the sum of their sizes would exceed a limit: start and stop.

    There is a block, if an empty one, also where there are no rows.
    """
    if not len(sizes):
        yield 0, 0
    ends = np.cumsum(sizes)
    start = 0
    while start < len(sizes):
        before = ends[start - 1] if start else 0.0
        stop = max(start + 1, int(np.searchsorted(ends, before + limit, side="right")))
        yield start, stop
        start = stop


def diagonal(chain: Sequence[sparse.csr_matrix]) -> NDArray[np.float64]:
    """The diagonal of a product, `[N]`, without the product: rows meet columns in the middle."""
    if len(chain) == 1:
        return chain[0].diagonal()
    middle = (len(chain) + 1) // 2
    forward = list(chain[:middle])
    backward = [matrix.T.tocsr() for matrix in reversed(chain[middle:])]
    size = forward[0].shape[0]
    result = np.empty(size)
    bounds = [
        np.minimum(walks, matrix.shape[1])
        for half in (forward, backward)
        for walks, matrix in zip(walk_counts(half), half, strict=True)
    ]
    for start, stop in blocks(np.maximum.reduce(bounds), ENTRIES_AT_ONCE):
        halves = []
        for half in (forward, backward):
            block = half[0][start:stop]
            for matrix in half[1:]:
                block = block @ matrix
            halves.append(block)
        result[start:stop] = np.asarray(halves[0].multiply(halves[1]).sum(axis=1)).ravel()
    return result
