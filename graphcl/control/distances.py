"""How far every node is from every leader."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import breadth_first_order

from graphcl.control.arrays import (
    FAR,
    Array,
    Edges,
    Ints,
    adjacency,
    like,
    read_edges,
    read_leaders,
)


def leader_distances(
    edges: Edges, leaders: Array | list[int], *, num_nodes: int | None = None
) -> Any:
    """Hop distances from the leaders to all nodes, along the edges.

    In a batch the graphs are apart, so that one search serves leader slot s of all of them: it
    begins at once in the s-th leader of every graph. SciPy searches breadth first, O(N + E) a slot.

    Source: Yazicioglu, Abbas and Egerstedt, "Graph distances and controllability of networks",
    IEEE TAC 2016.

    Args:
        edges: `[2, E]` tensor or array, or a SciPy matrix; for an undirected graph both directions
            of every edge. Self-loops and repetitions do not matter.
        leaders: `[m]` node ids or a mask `[N]`; for a batch `[B, S]` node ids (of the batch), one
            row a graph, -1 where a slot is empty.
        num_nodes: number of nodes N; a matrix tells it itself.

    Returns:
        `[N, m]`, or `[N, S]` int32: the distances, -1 where a leader does not reach a node, or the
        slot is empty in its graph. A tensor if `edges` is one, else an array.

    Raises:
        TypeError: if edges or leaders are no whole numbers.
        ValueError: if they are of a wrong shape or name no nodes, or there is no leader.

    Example:
        >>> path = np.array([[0, 1, 1, 2], [1, 0, 2, 1]])
        >>> leader_distances(path, [0, 2], num_nodes=4).tolist()
        [[0, 2], [1, 1], [2, 0], [-1, -1]]
    """
    listed = read_edges(edges, num_nodes)
    slots = read_leaders(leaders, listed.num_nodes)
    found = search(adjacency(listed), slots if slots.ndim == 2 else slots[None, :])
    return like(edges, np.where(found == FAR, -1, found).astype(np.int32))


def search(arcs: sparse.csr_array, slots: Ints) -> Ints:
    """Distances `[N, S]` from the leaders `[B, S]` (-1: none) along arcs, `FAR` where none leads.

    A node more a slot, which points to all leaders of the slot, makes a search from many nodes one
    from a single node.
    """
    nodes, width = arcs.shape[0], slots.shape[1]
    used = [slots[slots[:, s] >= 0, s] for s in range(width)]
    counts = np.array([len(leaders) for leaders in used])
    indices = np.concatenate([arcs.indices, *used]).astype(np.int32)
    indptr = np.concatenate([arcs.indptr, arcs.indptr[-1] + np.cumsum(counts)]).astype(np.int32)
    total = nodes + width
    graph = sparse.csr_matrix((np.ones(len(indices)), indices, indptr), shape=(total, total))
    distances = np.full((nodes, width), FAR, dtype=np.int64)
    for s in range(width):
        order, parents = breadth_first_order(graph, nodes + s, return_predecessors=True)
        distances[order[1:], s] = _depths(order, parents)[1:] - 1
    return distances


def _depths(order: NDArray[Any], parents: NDArray[Any]) -> Ints:
    """Depths of nodes in the order of a search: a level ends where the parents' level does."""
    place = np.empty(len(parents), dtype=np.int64)
    place[order] = np.arange(len(order))
    parent_place = place[parents[order[1:]]]  # never falls
    begins = [0, 1]
    while begins[-1] < len(order):
        begins.append(1 + int(np.searchsorted(parent_place, begins[-1])))
    sizes = np.diff(begins)
    return np.repeat(np.arange(len(sizes)), sizes)
