"""The dimension of the controllable subspace, exactly."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from graphcl.arguments import unknown_name
from graphcl.control.arrays import (
    FAR,
    Array,
    EdgeList,
    Edges,
    Ints,
    adjacency,
    as_numpy,
    read_edges,
    read_leaders,
    read_undirected,
)
from graphcl.control.distances import search

PRIMES = (2**31 - 1, 2**31 - 19)
RANK_SYSTEMS = ("full", "leader_follower")


def controllability_rank(
    edges: Edges,
    leaders: Array | list[int],
    *,
    weights: Array | None = None,
    num_nodes: int | None = None,
    system: str = "full",
) -> int:
    """Rank of [B, LB, L²B, ...] for the weighted Laplacian L, in exact arithmetic.

    Powers of L are far too ill-conditioned for floating-point numbers (from about 15 nodes on).
    Here a basis of the controllable subspace grows by L times what is new, with elimination modulo
    two primes near 2^31; the larger of the two ranks is right but with a probability of about
    N / 2^62. O(r N (r + m)) for rank r: seconds for 1000 nodes.

    Args:
        edges: `[2, E]` tensor or array, or a SciPy matrix whose values are the weights; both
            directions of every edge. Self-loops do not matter, repetitions add up.
        leaders: `[m]` node ids or a mask `[N]`; B has their columns of the identity.
        weights: `[E]` positive, the same in both directions; default 1. Floating-point numbers
            are taken as the exact fractions that they are.
        num_nodes: number of nodes N; a matrix tells it itself.
        system: "full", or "leader_follower" for (L_f, L_fl), where leaders are inputs and do not
            count: m less.

    Returns:
        The rank.

    Raises:
        TypeError: if edges or leaders are no whole numbers.
        ValueError: if they are of a wrong shape or name no nodes, there is no leader, a direction
            of an edge is missing, weights are not positive or differ by direction, or `system`
            does not exist.

    Example:
        >>> cycle = np.array([[0, 1, 2, 3, 1, 2, 3, 0], [1, 2, 3, 0, 0, 1, 2, 3]])
        >>> controllability_rank(cycle, [0], num_nodes=4)  # nodes 1 and 3 always move together
        3
    """
    if system not in RANK_SYSTEMS:
        raise ValueError(f"system: {unknown_name('system', system, RANK_SYSTEMS)}")
    listed = read_undirected(read_edges(edges, num_nodes))
    slots = read_leaders(leaders, listed.num_nodes)
    if slots.ndim != 1:
        raise ValueError("leaders must be those of one graph, [m]: a rank is that of one system")
    given = _weights(listed, weights)
    reachable = int((search(adjacency(listed), slots[None, :]) < FAR).any(1).sum())
    rank = 0
    for prime in PRIMES:
        rank = max(rank, _rank_modulo(_laplacian(listed, given, prime), slots, prime, reachable))
        if rank == reachable:
            break
    return rank - len(slots) if system == "leader_follower" else rank


def generic_rank(edges: Edges, leaders: Array | list[int], *, num_nodes: int | None = None) -> int:
    """The rank for almost all edge weights: the number of nodes that some leader reaches.

    Args:
        edges: `[2, E]` tensor or array, or a SciPy matrix.
        leaders: `[m]` node ids or a mask `[N]`.
        num_nodes: number of nodes N; a matrix tells it itself.

    Raises:
        TypeError: if edges or leaders are no whole numbers.
        ValueError: if they are of a wrong shape or name no nodes, or there is no leader.

    Example:
        >>> generic_rank(np.array([[0, 1], [1, 0]]), [0], num_nodes=3)
        2
    """
    listed = read_edges(edges, num_nodes)
    slots = read_leaders(leaders, listed.num_nodes).reshape(1, -1)
    return int((search(adjacency(listed), slots) < FAR).any(1).sum())


def _weights(listed: EdgeList, weights: Array | None) -> list[int]:
    """Whole numbers in the ratios of the weights, of any size."""
    values: NDArray[Any] | None = listed.values if weights is None else as_numpy(weights)
    if values is None:
        return [1] * len(listed.source)
    if values.shape != listed.source.shape:
        raise ValueError(
            f"weights must have shape [{len(listed.source)}], got {list(values.shape)}"
        )
    if values.dtype.kind not in "biuf" or not bool(np.isfinite(values).all()):
        raise ValueError("weights must be finite numbers")
    if len(values) and not values.min() > 0:
        raise ValueError(f"weights must be above 0, got {values.min()}")
    nodes = (listed.num_nodes, listed.num_nodes)
    matrix = sparse.csr_array((values.astype(float), (listed.source, listed.target)), shape=nodes)
    if abs(matrix - matrix.T).max() > 0:
        raise ValueError("weights must be the same in both directions of an edge")
    fractions = [value.as_integer_ratio() for value in values.tolist()]
    common = max((bottom for _, bottom in fractions), default=1)  # powers of two
    return [top * (common // bottom) for top, bottom in fractions]


def _laplacian(listed: EdgeList, weights: list[int], prime: int) -> sparse.csr_array:
    proper = listed.source != listed.target
    source, target = listed.source[proper], listed.target[proper]
    given = np.array([weight % prime for weight in weights], dtype=np.int64)[proper]
    size = listed.num_nodes
    adjacent = sparse.csr_array((given, (source, target)), shape=(size, size))
    adjacent.sum_duplicates()
    degrees = np.bincount(source, minlength=size) * 0
    np.add.at(degrees, source, given)
    return sparse.csr_array(sparse.diags_array(degrees % prime, dtype=np.int64) - adjacent)


def _rank_modulo(matrix: sparse.csr_array, leaders: Ints, prime: int, most: int) -> int:
    """Dimension of the smallest space with the leaders' unit vectors that the matrix maps to it."""
    size = matrix.shape[0]
    basis = np.zeros((most, size), dtype=np.int64)  # in reduced row echelon form
    basis[np.arange(len(leaders)), leaders] = 1
    pivots = leaders.tolist()
    new = basis[: len(leaders)].copy()
    while len(new) and len(pivots) < most:
        images = _times(new, matrix, prime)
        found = []
        for image in images:
            rank = len(pivots)
            row = (image - _products(image[pivots], basis[:rank], prime)) % prime
            places = row.nonzero()[0]
            if len(places) == 0:
                continue
            pivot = int(places[0])
            row = row * pow(int(row[pivot]), -1, prime) % prime
            factors = basis[:rank, pivot]
            rows = factors.nonzero()[0]
            change = factors[rows, None] * row  # below 2^62
            change = basis[rows] - change % prime
            basis[rows] = np.where(change < 0, change + prime, change)
            basis[rank] = row
            pivots.append(pivot)
            found.append(row)
            if len(pivots) == most:
                break
        new = np.array(found, dtype=np.int64).reshape(-1, size)
    return len(pivots)


def _products(factors: Ints, rows: Ints, prime: int) -> Ints:
    """The sum of rows times factors, modulo a prime."""
    used = factors.nonzero()[0]
    return (factors[used, None] * rows[used] % prime).sum(0) % prime


def _times(rows: Ints, matrix: sparse.csr_array, prime: int) -> Ints:
    """Rows times a symmetric matrix, modulo a prime; halves of 16 bits keep sums below 2^63."""
    high, low = rows >> 16, rows & 0xFFFF
    upper = (matrix @ high.T) % prime
    return ((upper * 2**16 + matrix @ low.T) % prime).T
