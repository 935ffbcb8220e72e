"""What a node is like, from the edges around it: sparse and vectorised, for millions of edges."""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Numbers = NDArray[np.float64]
Integers = NDArray[np.int64]

_PRODUCTS_AT_ONCE = 20_000_000


def core_numbers(adjacency: sparse.csr_array) -> Integers:
    """The largest k such that a node belongs to a part in which all have k neighbours or more.

    Nodes of at most k neighbours are taken away, all at once, until none is left; then k rises.

    Source: Batagelj and Zaversnik, https://arxiv.org/abs/cs/0310049. As
    ``networkx.core_number``, which is its test.

    Args:
        adjacency: ``[N, N]``, symmetric, ones, without a diagonal.

    Returns:
        ``[N]``.

    Example:
        >>> triangle_and_tail = np.zeros((4, 4))
        >>> for a, b in [(0, 1), (1, 2), (2, 0), (2, 3)]:
        ...     triangle_and_tail[a, b] = triangle_and_tail[b, a] = 1
        >>> core_numbers(sparse.csr_array(triangle_and_tail)).tolist()
        [2, 2, 2, 1]
    """
    starts, neighbours = adjacency.indptr.astype(np.int64), adjacency.indices
    degree = np.diff(starts)
    core = np.zeros(len(degree), dtype=np.int64)
    alive = np.ones(len(degree), dtype=bool)
    left = np.arange(len(degree))
    k = 0
    while len(left):
        k = max(k, int(degree[left].min()))
        leaving = left[degree[left] <= k]
        while len(leaving):
            core[leaving] = k
            alive[leaving] = False
            met = neighbours[_rows(starts, leaving)]
            met = met[alive[met]]
            np.subtract.at(degree, met, 1)
            met = met[degree[met] <= k]
            leaving = np.unique(met)
        left = left[alive[left]]
    return core


def clustering_coefficients(adjacency: sparse.csr_array) -> Numbers:
    """The share of a node's pairs of neighbours that are neighbours themselves.

    Edges are directed from the lower to the higher degree, so that hubs have few of them and every
    triangle is found once. As ``networkx.clustering``, which is its test.

    Source: Watts and Strogatz, Collective dynamics of small-world networks, 1998; Schank and
    Wagner, Finding, counting and listing all triangles, 2005 (the order by degree).

    Args:
        adjacency: ``[N, N]``, symmetric, ones, without a diagonal.

    Returns:
        ``[N]``, from 0 to 1; 0 for nodes with fewer than two neighbours.
    """
    degree = adjacency.sum(axis=1)
    rank = np.empty(len(degree), dtype=np.int64)
    rank[np.lexsort((np.arange(len(degree)), degree))] = np.arange(len(degree))
    edges = adjacency.tocoo()
    up = rank[edges.row] < rank[edges.col]
    forward = sparse.csr_array(
        (np.ones(up.sum()), (edges.row[up], edges.col[up])), shape=adjacency.shape
    )
    backward = forward.T.tocsr()
    triangles = np.zeros(len(degree))
    # u -> v -> w with u -> w counts for u and w; u -> w <- v with u -> v counts for u and v.
    for other, ends in ((forward, (1,)), (backward, (0, 1))):
        for rows in _blocks(forward, other):
            found = (forward[rows] @ other).multiply(forward[rows]).tocsr()
            if 0 in ends:
                triangles[rows] += found.sum(axis=1)
            triangles += found.sum(axis=0)
    pairs = degree * (degree - 1) / 2
    return np.divide(triangles, pairs, out=np.zeros_like(triangles), where=pairs > 0)


def pagerank(adjacency: sparse.csr_array, *, damping: float = 0.85) -> Numbers:
    """PageRank along the edges, times N: 1 is the mean. As ``networkx.pagerank``, its test.

    Args:
        adjacency: ``[N, N]``, row to column, weights at least 0.
        damping: Chance to follow an edge rather than to jump to any node.

    Returns:
        ``[N]``, above 0.

    Example:
        >>> pagerank(sparse.csr_array(np.array([[0.0, 1.0], [1.0, 0.0]]))).tolist()
        [1.0, 1.0]
    """
    out = adjacency.sum(axis=1)
    walk = (sparse.diags_array(np.divide(1, out, out=np.zeros_like(out), where=out > 0))) @ (
        adjacency
    )
    walk = walk.T.tocsr()
    rank = np.ones(len(out))
    for _ in range(200):
        dangling = rank[out == 0].sum() / len(out)
        following = damping * (walk @ rank + dangling) + 1 - damping
        change = np.abs(following - rank).max()
        rank = following
        if change < 1e-10:
            break
    return rank


def _rows(starts: Integers, nodes: Integers) -> Integers:
    """Places of all entries of some rows of a CSR matrix."""
    counts = starts[nodes + 1] - starts[nodes]
    ends = np.cumsum(counts)
    return np.arange(counts.sum()) + np.repeat(starts[nodes] - ends + counts, counts)


def _blocks(first: sparse.csr_array, second: sparse.csr_array) -> list[slice]:
    """Blocks of rows whose products have a bounded number of terms."""
    work = np.cumsum(first @ np.diff(second.indptr).astype(np.float64))
    total = work[-1] if len(work) else 0
    limits = np.searchsorted(work, np.arange(_PRODUCTS_AT_ONCE, total, _PRODUCTS_AT_ONCE)) + 1
    bounds = np.unique(np.concatenate([[0], limits, [len(work)]]))
    return [slice(int(a), int(b)) for a, b in itertools.pairwise(bounds)]
