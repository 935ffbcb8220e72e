"""Choosing the nodes at which a network is driven."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import shortest_path

from graphcl.arguments import check_number, check_seed, check_whole, unknown_name
from graphcl.control.arrays import (
    FAR,
    Array,
    Edges,
    Ints,
    adjacency,
    like,
    read_batch,
    read_edges,
    starts_of,
)
from graphcl.control.distances import search
from graphcl.control.pmi import pmi_sequence

LARGEST_FOR_GREEDY = 2000


def number_of_leaders(num_nodes: int, count: int | float | None = None) -> int:
    """How many leaders a graph gets.

    Args:
        num_nodes: number of nodes N, at least 1.
        count: a whole number, at most N are taken; a share of the nodes, above 0 and at most 1; or
            None: a tenth of the nodes, at least 1 and at most 5.

    Raises:
        TypeError: if `count` is no number.
        ValueError: if it is no whole number from 1 on and no share.

    Example:
        >>> number_of_leaders(30), number_of_leaders(30, 0.5), number_of_leaders(3, 4)
        (3, 15, 3)
    """
    if count is None:
        return max(1, min(5, round(0.1 * num_nodes)))
    if isinstance(count, float):
        if not 0 < check_number("count", count) <= 1:
            raise ValueError(f"count as a share must be above 0 and at most 1, got {count}")
        return max(1, round(count * num_nodes))
    return max(1, min(check_whole("count", count, least=1), num_nodes))


def select_leaders(
    edges: Edges,
    *,
    strategy: str = "random",
    count: int | float | None = None,
    num_nodes: int | None = None,
    batch: Array | None = None,
    seed: int = 0,
) -> Any:
    """Choose leaders in a graph, or in every graph of a batch.

    Args:
        edges: `[2, E]` tensor or array, or a SciPy matrix; both directions of an undirected edge.
        strategy: - "random": uniformly;
            - "degree": the nodes with most neighbours;
            - "peripheral": the node farthest from the first one, then always the node farthest
              from all leaders so far; unreachable nodes are the farthest;
            - "greedy": always the node that makes the greedy bound (:func:`pmi_sequence`) largest;
              O(N² m²), for graphs with up to 2000 nodes.

            Where several nodes are as good, the first.
        count: how many in each graph, see :func:`number_of_leaders`.
        num_nodes: number of nodes N; a matrix tells it itself.
        batch: `[N]` sorted, the graph of each node; None: one graph.
        seed: for "random".

    Returns:
        `[m]` node ids int64, in the order of choice; with a batch `[B, S]`, -1 where a graph has
        fewer than the others. A tensor if `edges` is one, else an array.

    Raises:
        TypeError: if edges or `count` are no numbers.
        ValueError: if a graph has no nodes, or an argument is of a wrong shape, out of range, or
            no strategy.

    Example:
        >>> star = np.array([[0, 1, 0, 2, 0, 3], [1, 0, 2, 0, 3, 0]])
        >>> select_leaders(star, strategy="degree", count=1, num_nodes=4)
        array([0])
    """
    if strategy not in LEADER_STRATEGIES:
        raise ValueError(f"strategy: {unknown_name('strategy', strategy, LEADER_STRATEGIES)}")
    listed = read_edges(edges, num_nodes)
    graph, graphs = read_batch(batch, listed.num_nodes)
    sizes = np.bincount(graph, minlength=graphs)
    if graphs == 0 or sizes.min() == 0:
        raise ValueError("leaders are nodes, but a graph has none")
    counts = np.array([number_of_leaders(int(size), count) for size in sizes])
    chosen = LEADER_STRATEGIES[strategy](
        adjacency(listed), graph, sizes, counts, np.random.default_rng(check_seed(seed))
    )
    return like(edges, chosen[0] if batch is None else chosen)


def _first_by(key: Ints, graph: Ints, counts: Ints) -> Ints:
    """The `counts[g]` nodes of each graph with the smallest keys, `[B, S]`."""
    order = np.lexsort([key, graph])
    place = np.arange(len(graph)) - starts_of(np.bincount(graph))[graph]
    taken = place < counts[graph]
    chosen = np.full((len(counts), int(counts.max())), -1, dtype=np.int64)
    chosen[graph[taken], place[taken]] = order[taken]
    return chosen


def _random(
    arcs: sparse.csr_array, graph: Ints, sizes: Ints, counts: Ints, generator: np.random.Generator
) -> Ints:
    return _first_by(generator.permutation(len(graph)), graph, counts)


def _degree(
    arcs: sparse.csr_array, graph: Ints, sizes: Ints, counts: Ints, generator: np.random.Generator
) -> Ints:
    return _first_by(-np.diff(arcs.indptr).astype(np.int64), graph, counts)


def _peripheral(
    arcs: sparse.csr_array, graph: Ints, sizes: Ints, counts: Ints, generator: np.random.Generator
) -> Ints:
    starts = starts_of(sizes)[:-1]
    # an undirected walk: a directed graph has ends as well
    both = sparse.csr_array(arcs + arcs.T)
    chosen = np.full((len(counts), int(counts.max())), -1, dtype=np.int64)
    distance = search(both, starts[:, None])[:, 0]
    distance[distance == FAR] = -1  # the first leader is in the component of the first node
    for s in range(chosen.shape[1]):
        farthest = np.lexsort([-distance, graph])[starts]
        wanted = s < counts
        chosen[wanted, s] = farthest[wanted]
        nearer = search(both, farthest[:, None])[:, 0]
        distance = nearer if s == 0 else np.minimum(distance, nearer)
    return chosen


def _greedy(
    arcs: sparse.csr_array, graph: Ints, sizes: Ints, counts: Ints, generator: np.random.Generator
) -> Ints:
    if int(sizes.max()) > LARGEST_FOR_GREEDY:
        raise ValueError(
            f"strategy 'greedy' compares all nodes of a graph: up to {LARGEST_FOR_GREEDY} nodes, "
            f"got {sizes.max()}; use 'peripheral'"
        )
    begins = starts_of(sizes)
    chosen = np.full((len(counts), int(counts.max())), -1, dtype=np.int64)
    for number, (start, end) in enumerate(pairwise(begins.tolist())):
        between = shortest_path(arcs[start:end, start:end], unweighted=True)
        far = np.where(np.isinf(between), -1, between).astype(np.int64)
        taken: list[int] = []
        for _ in range(int(counts[number])):
            free = np.setdiff1d(np.arange(end - start), taken)
            taken.append(int(free[_bounds_with(far, taken, free).argmax()]))
        chosen[number, : len(taken)] = start + np.array(taken)
    return chosen


def _bounds_with(far: Ints, taken: list[int], candidates: Ints) -> Ints:
    """The greedy bound with each candidate as a further leader, in slices that fit the memory."""
    size, at_once = len(far), max(1, 10**6 // len(far))
    bounds = []
    for first in range(0, len(candidates), at_once):
        part = candidates[first : first + at_once]
        fixed = np.tile(far[taken].T, (len(part), 1))
        distances = np.concatenate([fixed, far[part].reshape(-1, 1)], axis=1)
        copies = np.repeat(np.arange(len(part)), size)
        bounds.append(pmi_sequence(distances, batch=copies, method="greedy").bounds)
    return np.concatenate(bounds)


_Choose = Callable[[sparse.csr_array, Ints, Ints, Ints, np.random.Generator], Ints]
LEADER_STRATEGIES: dict[str, _Choose] = {
    "random": _random,
    "degree": _degree,
    "peripheral": _peripheral,
    "greedy": _greedy,
}
"""How leaders are chosen, by name; see `select_leaders`."""
