"""Edges that must stay: without any of the others, distances, bound or reachability are kept."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import minimum_spanning_tree

from graphcl.control.arrays import (
    FAR,
    Array,
    Bools,
    EdgeList,
    Edges,
    Ints,
    adjacency,
    as_numpy,
    like,
    read_batch,
    read_distances,
    read_edges,
    read_leaders,
)
from graphcl.control.distances import search
from graphcl.control.pmi import PMISequence
from graphcl.control.pruning import superfluous
from graphcl.control.zero_forcing import ZeroForcing

_PREFERRED = np.int64(2**62)


def distance_backbone(
    edges: Edges,
    distances: Array,
    *,
    batch: Array | None = None,
    directed: bool = False,
) -> Any:
    """Edges that keep all distances from the leaders: one shortest-path tree a leader.

    All other edges may go together (rule R1). The trees overlap as far as they can: of several
    predecessors a node takes one whose edge is in a tree already, else one by an order of the
    edges that all leaders share. Edges that the union of the trees does not need go as well, until
    no single edge more could.

    Args:
        edges: `[2, E]` tensor or array, or a SciPy matrix.
        distances: `[N, m]` of :func:`leader_distances`.
        batch: `[N]` sorted, the graph of each node; only the order of edges depends on it, which
            is then that of each graph by itself.
        directed: if False, both directions of an edge stay.

    Returns:
        `[E]` bool, True for entries that must stay. A tensor if `edges` is one, else an array.

    Raises:
        TypeError: if edges or distances are no whole numbers.
        ValueError: if they are of a wrong shape.

    Example:
        >>> square = np.array([[0, 1, 1, 2, 2, 3, 3, 0], [1, 0, 2, 1, 3, 2, 0, 3]])
        >>> distances = np.array([[0], [1], [2], [1]])
        >>> int(distance_backbone(square, distances).sum())  # one way to node 2 suffices
        6
    """
    far = read_distances(distances)
    listed = read_edges(edges, len(far))
    order = _shared_order(batch, len(far))
    stays = _entries(listed, _parents(listed, far, order, None), directed)
    codes, place = np.unique(
        listed.source[stays] * len(far) + listed.target[stays], return_inverse=True
    )
    gone = superfluous(codes // len(far), codes % len(far), far, order, directed=directed)
    stays[stays] = ~gone[place]
    return like(edges, stays)


def sequence_backbone(
    edges: Edges,
    distances: Array,
    sequence: PMISequence,
    *,
    batch: Array | None = None,
    directed: bool = False,
) -> Any:
    """Edges that keep a sequence valid: one shortest path to the leader of every pivot.

    All other edges may go together, and the bound does not fall below the sequence's length
    (rule R2, the controllability backbone).

    Source: Ahmad, Abbas and Shabbir, "Controllability backbone in networks", CDC 2023,
    arXiv:2309.02649.

    Args:
        edges: `[2, E]` tensor or array, or a SciPy matrix.
        distances: `[N, m]` of :func:`leader_distances`.
        sequence: that of :func:`pmi_sequence` for these distances.
        batch: as in :func:`distance_backbone`.
        directed: if False, both directions of an edge stay.

    Returns:
        `[E]` bool, True for entries that must stay. A tensor if `edges` is one, else an array.

    Raises:
        TypeError: if edges or distances are no whole numbers.
        ValueError: if they are of a wrong shape.

    Example:
        >>> from graphcl.control import pmi_sequence
        >>> square = np.array([[0, 1, 1, 2, 2, 3, 3, 0], [1, 0, 2, 1, 3, 2, 0, 3]])
        >>> distances = np.array([[0], [1], [2], [1]])
        >>> kept = sequence_backbone(square, distances, pmi_sequence(distances))
        >>> square[:, kept & (square[0] < square[1])].tolist()
        [[0, 1], [1, 2]]
    """
    far = read_distances(distances)
    listed = read_edges(edges, len(far))
    pivots = as_numpy(sequence.nodes), as_numpy(sequence.columns)
    parents = _parents(listed, far, _shared_order(batch, len(far)), pivots)
    return like(edges, _entries(listed, parents, directed))


def forcing_backbone(edges: Edges, forcing: ZeroForcing, *, directed: bool = False) -> Any:
    """Edges along which nodes force each other: with them the derived set does not shrink (R4).

    Args:
        edges: `[2, E]` tensor or array, or a SciPy matrix.
        forcing: that of :func:`zero_forcing` for this graph.
        directed: if False, both directions of an edge stay.

    Returns:
        `[E]` bool, True for entries that must stay. A tensor if `edges` is one, else an array.

    Raises:
        TypeError: if edges are no whole numbers.
        ValueError: if they are of a wrong shape.

    Example:
        >>> from graphcl.control import zero_forcing
        >>> path = np.array([[0, 1, 1, 2], [1, 0, 2, 1]])
        >>> forcing_backbone(path, zero_forcing(path, [1], num_nodes=3)).tolist()
        [False, False, False, False]
    """
    derived = as_numpy(forcing.derived)
    listed = read_edges(edges, len(derived))
    parents = np.full((len(derived), 1), -1, dtype=np.int64)
    source, target = as_numpy(forcing.forces)
    parents[target, 0] = source
    return like(edges, _entries(listed, parents, directed))


def reachability_backbone(
    edges: Edges,
    leaders: Array | list[int],
    kept: Array,
    *,
    num_nodes: int | None = None,
    batch: Array | None = None,
    directed: bool = False,
) -> Any:
    """Edges that keep every node reachable that a leader reaches now (rule R5), few beyond `kept`.

    Args:
        edges: `[2, E]` tensor or array, or a SciPy matrix.
        leaders: `[m]` node ids or a mask `[N]`; or `[B, S]` of a batch, -1 where a slot is empty.
        kept: `[E]` bool, entries that stay anyway.
        num_nodes: number of nodes N; a matrix tells it itself.
        batch: as in :func:`distance_backbone`.
        directed: if False, both directions of an edge stay.

    Returns:
        `[E]` bool, `kept` and a spanning forest. A tensor if `edges` is one, else an array.

    Raises:
        TypeError: if edges or leaders are no whole numbers.
        ValueError: if they are of a wrong shape or name no nodes, or there is no leader.

    Example:
        >>> triangle = np.array([[0, 1, 1, 2, 2, 0], [1, 0, 2, 1, 0, 2]])
        >>> nothing = np.zeros(6, dtype=bool)
        >>> int(reachability_backbone(triangle, [0], nothing, num_nodes=3).sum())
        4
    """
    listed = read_edges(edges, num_nodes)
    slots = read_leaders(leaders, listed.num_nodes).reshape(1, -1)
    stays = as_numpy(kept).astype(bool)
    if stays.shape != listed.source.shape:
        raise ValueError(f"kept must have shape [{len(listed.source)}], got {list(stays.shape)}")
    used = slots[:, slots[0] >= 0]
    nearest = search(adjacency(listed), used.T.reshape(-1, 1)).min(1)
    size = (listed.num_nodes, listed.num_nodes)
    order = _shared_order(batch, listed.num_nodes)
    if directed:
        boost = np.where(stays, _PREFERRED, 0)
        parents = _parents(listed, nearest[:, None], order, None, boost)
        return like(edges, stays | _entries(listed, parents, directed))
    reached = (listed.source != listed.target) & (nearest[listed.source] < FAR)
    source, target = listed.source[reached], listed.target[reached]
    prices = np.where(stays[reached], 1.0, 2.0 + order[source] * order[target] * 2.0**-54)
    price = sparse.csr_array((prices, (source, target)), shape=size)
    price.sum_duplicates()
    tree = sparse.coo_array(minimum_spanning_tree(price))
    codes = np.unique(_codes(np.asarray(tree.row), np.asarray(tree.col), size[0]))
    own = _codes(listed.source, listed.target, size[0])
    return like(edges, stays | np.isin(own, codes))


def _codes(source: NDArray[Any], target: NDArray[Any], size: int) -> Ints:
    """One number for both directions of an edge."""
    low, high = np.minimum(source, target), np.maximum(source, target)
    return np.asarray(low.astype(np.int64) * size + high)


def _shared_order(batch: Array | None, num_nodes: int) -> Ints:
    """A pseudo-random number below 2^27 for each node, the same in a batch as in the graph alone.

    The finaliser of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).
    """
    graph, count = read_batch(batch, num_nodes)
    begins = np.searchsorted(graph, np.arange(count))
    numbers = (np.arange(num_nodes) - begins[graph] + 1).astype(np.uint64)
    numbers *= np.uint64(0x9E3779B97F4A7C15)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        numbers ^= numbers >> np.uint64(shift)
        numbers *= np.uint64(factor)
    return (numbers >> np.uint64(37)).astype(np.int64)


def _parents(
    listed: EdgeList,
    far: Ints,
    order: Ints,
    pivots: tuple[Ints, Ints] | None,
    boost: Ints | None = None,
) -> Ints:
    """The predecessor `[N, m]` of every node towards each leader; -1: none, or not needed.

    With pivots (nodes and columns) only their paths are needed.
    """
    proper = listed.source != listed.target
    by_target = np.argsort(listed.target[proper], kind="stable")
    source, target = listed.source[proper][by_target], listed.target[proper][by_target]
    first = np.flatnonzero(np.diff(target, prepend=-1))
    parents = np.full(far.shape, -1, dtype=np.int64)
    if len(first) == 0:
        return parents
    taste = order[source] * order[target]  # below 2^54
    taste += _shared(far, source, target) << 54
    if boost is not None:
        taste += boost[proper][by_target]
    used = np.zeros(len(source), dtype=bool)
    for p, column in enumerate(far.T):
        nearer = column[source] + 1 == column[target]
        keys = np.where(nearer, taste, -1)
        keys += np.where(nearer & used, _PREFERRED, 0)
        if pivots is not None:  # a pivot's own path is there anyway
            wanted = np.zeros(len(far), dtype=bool)
            wanted[pivots[0][pivots[1] == p]] = True
            keys += np.where(nearer & wanted[source], _PREFERRED // 2, 0)
        best = np.full(len(far), -2)
        best[target[first]] = np.maximum.reduceat(keys, first)
        chosen = nearer & (keys == best[target])
        found = np.full(len(far), -1, dtype=np.int64)
        found[target[chosen]] = source[chosen]
        if pivots is not None:
            found = np.where(_on_paths(found, pivots[0][pivots[1] == p]), found, -1)
        parents[:, p] = found
        used |= (found[target] == source) | (found[source] == target)
    return parents


def _shared(far: Ints, source: Ints, target: Ints) -> Ints:
    """For how many leaders an edge is on a shortest path, up to 63."""
    count = np.zeros(len(source), dtype=np.int64)
    for column in far.T:
        count += (abs(column[source] - column[target]) == 1) & (column[source] < FAR)
    return np.minimum(count, 63)


def _on_paths(parents: Ints, nodes: Ints) -> Bools:
    """Which nodes are on the way from some nodes to the root."""
    marked = np.zeros(len(parents), dtype=bool)
    while len(nodes):
        marked[nodes] = True
        nodes = np.unique(parents[nodes])
        nodes = nodes[nodes >= 0]
        nodes = nodes[~marked[nodes]]
    return marked


def _entries(listed: EdgeList, parents: Ints, directed: bool) -> Bools:
    """Entries `[E]` that lead from a node's parent to it, or, unless directed, back."""
    stays = np.zeros(len(listed.source), dtype=bool)
    for column in parents.T:
        stays |= column[listed.target] == listed.source
        if not directed:
            stays |= column[listed.source] == listed.target
    return stays
