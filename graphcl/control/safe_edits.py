"""Which single edges may go, and which pairs of nodes may be joined."""

from __future__ import annotations

from typing import Any

import numpy as np

from graphcl.control.arrays import (
    FAR,
    Array,
    Edges,
    Ints,
    adjacency,
    as_numpy,
    like,
    read_batch,
    read_distances,
    read_edges,
)
from graphcl.control.pmi import PMISequence
from graphcl.control.zero_forcing import ZeroForcing


def predecessor_counts(edges: Edges, distances: Array) -> Any:
    """How many neighbours of each node are one step nearer to each leader.

    Args:
        edges: `[2, E]` tensor or array, or a SciPy matrix; parallel edges count once.
        distances: `[N, m]` of :func:`leader_distances`.

    Returns:
        `[N, m]` int64; a tensor if `edges` is one, else an array.

    Raises:
        TypeError: if edges or distances are no whole numbers.
        ValueError: if they are of a wrong shape.

    Example:
        >>> square = np.array([[0, 1, 1, 2, 2, 3, 3, 0], [1, 0, 2, 1, 3, 2, 0, 3]])
        >>> predecessor_counts(square, np.array([[0], [1], [2], [1]])).tolist()
        [[0], [1], [2], [1]]
    """
    far = read_distances(distances)
    return like(edges, _predecessors(edges, far))


def _predecessors(edges: Edges, far: Ints) -> Ints:
    arcs = adjacency(read_edges(edges, len(far)))
    source = np.repeat(np.arange(len(far)), np.diff(arcs.indptr))
    counts = np.empty(far.shape, dtype=np.int64)
    for p, column in enumerate(far.T):
        nearer = column[source] + 1 == column[arcs.indices]
        counts[:, p] = np.bincount(arcs.indices[nearer], minlength=len(far))
    return counts


def safe_deletions(edges: Edges, distances: Array, *, directed: bool = False) -> Any:
    """Edges each of which alone may go without changing any distance from a leader (rule R1b).

    An edge may go if its farther end has another neighbour one step nearer, for every leader to
    which its ends are not equally far. Together such edges may not go: see
    :func:`distance_backbone`.

    Args:
        edges: `[2, E]` tensor or array, or a SciPy matrix; no parallel edges.
        distances: `[N, m]` of :func:`leader_distances`.
        directed: if False, both directions of an edge go together.

    Returns:
        `[E]` bool; a tensor if `edges` is one, else an array.

    Raises:
        TypeError: if edges or distances are no whole numbers.
        ValueError: if they are of a wrong shape.

    Example:
        >>> square = np.array([[0, 1, 1, 2, 2, 3, 3, 0], [1, 0, 2, 1, 3, 2, 0, 3]])
        >>> safe_deletions(square, np.array([[0], [1], [2], [1]])).tolist()
        [False, False, True, True, True, True, False, False]
    """
    far = read_distances(distances)
    listed = read_edges(edges, len(far))
    spare = _predecessors(edges, far) >= 2
    ways = [(listed.source, listed.target)]
    if not directed:
        ways.append((listed.target, listed.source))
    safe = np.ones(len(listed.source), dtype=bool)
    for start, end in ways:
        for p, column in enumerate(far.T):
            safe &= (column[start] + 1 != column[end]) | spare[end, p]
    return like(edges, safe)


def truncated_distances(
    distances: Array, sequence: PMISequence, *, batch: Array | None = None
) -> Any:
    """Distances as far as a sequence needs them: min(d, r + 1), r the leader's farthest pivot.

    r is -1 for a leader that is no pivot's. All pairs that :func:`safe_additions` accepts for these
    may be joined, and all edges outside :func:`sequence_backbone` go, at the same time: the bound
    does not fall below the sequence's length (rule R3).

    Args:
        distances: `[N, m]` of :func:`leader_distances`.
        sequence: that of :func:`pmi_sequence` for these distances.
        batch: `[N]` sorted, the graph of each node; None: one graph.

    Returns:
        `[N, m]` int32; a tensor if `distances` is one, else an array.

    Raises:
        TypeError: if distances are no whole numbers.
        ValueError: if they are of a wrong shape.

    Example:
        >>> from graphcl.control import pmi_sequence
        >>> star = np.array([[0, -1], [1, -1], [-1, 0], [-1, 1]])
        >>> truncated_distances(star, pmi_sequence(star)).tolist()
        [[0, 2], [1, 2], [2, 0], [2, 1]]
    """
    far = read_distances(distances)
    graph, count = read_batch(batch, len(far))
    reach = np.full((count, far.shape[1]), -1, dtype=np.int64)
    nodes, columns = as_numpy(sequence.nodes), as_numpy(sequence.columns)
    np.maximum.at(reach, (graph[nodes], columns), far[nodes, columns])
    return like(distances, np.minimum(far, reach[graph] + 1).astype(np.int32))


def safe_additions(levels: Array, pairs: Array, *, directed: bool = False) -> Any:
    """Pairs of nodes that may be joined, all of them together, without shortening anything.

    With the distances themselves as levels all distances stay as they are (rule R1a), with
    :func:`truncated_distances` the bound does not fall (R3): levels of the two ends differ by one
    at most. Unreachable ends may be joined to one another, never to reachable ones.

    Args:
        levels: `[N, m]` distances, -1 where unreachable.
        pairs: `[2, K]` node ids.
        directed: if True, an edge from the first to the second node only: it may lead back to
            lower levels.

    Returns:
        `[K]` bool; a tensor if `pairs` is one, else an array.

    Raises:
        TypeError: if levels or pairs are no whole numbers.
        ValueError: if they are of a wrong shape.

    Example:
        >>> path = np.array([[0], [1], [2]])
        >>> safe_additions(path, np.array([[0, 0], [1, 2]])).tolist()
        [True, False]
    """
    far = read_distances(levels, np.int32)  # half the memory to gather
    listed = read_edges(pairs, len(far))
    near = np.ones(len(listed.source), dtype=bool)
    for column in far.T:  # one leader at a time fits into the cache
        column = np.ascontiguousarray(column)
        step = column[listed.target] - column[listed.source]
        near &= step <= 1 if directed else abs(step) <= 1
    return like(pairs, near)


def safe_forcing_additions(forcing: ZeroForcing, pairs: Array, *, directed: bool = False) -> Any:
    """Pairs of nodes that may be joined, all together, without shrinking the derived set (R4).

    When a node forces another one, all its other neighbours must have turned black before.

    Args:
        forcing: that of :func:`zero_forcing`.
        pairs: `[2, K]` node ids.
        directed: if True, an edge from the first to the second node only.

    Returns:
        `[K]` bool; a tensor if `pairs` is one, else an array.

    Raises:
        TypeError: if pairs are no whole numbers.
        ValueError: if they are of a wrong shape.

    Example:
        >>> from graphcl.control import zero_forcing
        >>> path = np.array([[0, 1, 1, 2], [1, 0, 2, 1]])
        >>> forcing = zero_forcing(path, [0], num_nodes=3)
        >>> safe_forcing_additions(forcing, np.array([[0], [2]])).tolist()
        [False]
    """
    turned, forced = (
        np.where(part < 0, FAR, part)
        for part in (as_numpy(forcing.turned), as_numpy(forcing.forced))
    )
    listed = read_edges(pairs, len(turned))
    safe = (forced[listed.source] == FAR) | (turned[listed.target] < forced[listed.source])
    if not directed:
        safe &= (forced[listed.target] == FAR) | (turned[listed.source] < forced[listed.target])
    return like(pairs, safe)
