"""Random graphs and slow, obvious computations to compare with."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

Ints = NDArray[np.int64]


@st.composite
def networks(
    draw: st.DrawFn, *, max_nodes: int = 8, max_leaders: int = 3, directed: bool = False
) -> tuple[Ints, Ints, int]:
    """Edges `[2, E]` (both directions unless directed), leaders `[m]` and the number of nodes."""
    num_nodes = draw(st.integers(1, max_nodes))
    order = itertools.permutations if directed else itertools.combinations
    possible = list(order(range(num_nodes), 2))
    chosen = draw(st.lists(st.sampled_from(possible), unique=True)) if possible else []
    one_way = np.array(sorted(chosen), dtype=np.int64).reshape(-1, 2).T
    edges = one_way if directed else np.concatenate([one_way, one_way[::-1]], axis=1)
    nodes = st.integers(0, num_nodes - 1)
    leaders = draw(st.lists(nodes, min_size=1, max_size=min(max_leaders, num_nodes), unique=True))
    return edges, np.array(leaders), num_nodes


def slow_distances(edges: Ints, leaders: Ints, num_nodes: int) -> Ints:
    distances = np.full((num_nodes, len(leaders)), -1)
    for p, leader in enumerate(leaders):
        front, step = {int(leader)}, 0
        while front:
            distances[sorted(front), p] = step
            ahead = {int(j) for i, j in edges.T if int(i) in front}
            front, step = {j for j in ahead if distances[j, p] < 0}, step + 1
    return distances


def longest_sequence(distances: Ints) -> int:
    """By trying all pivots (`[N, m]`, -1 unreachable)."""
    far = np.where(distances < 0, 10**6, distances)

    def longest(left: frozenset[int]) -> int:
        best = 0
        for p in range(far.shape[1]):
            values = {far[v, p] for v in left if far[v, p] < 10**6}
            if values:
                smallest = min(values)
                rest = frozenset(v for v in left if far[v, p] > smallest)
                best = max(best, 1 + longest(rest))
        return best

    return longest(frozenset(range(len(far))))


def is_pmi(distances: Ints, sequence: Any) -> bool:
    far = np.where(distances < 0, 10**6, distances)
    pivots = list(zip(sequence.nodes, sequence.columns, strict=True))
    return all(
        far[v, p] < 10**6 and all(far[v, p] < far[later, p] for later, _ in pivots[i + 1 :])
        for i, (v, p) in enumerate(pivots)
    )


def float_rank(edges: Ints, leaders: Ints, num_nodes: int, weights: Ints) -> int:
    """By fractions, for small graphs."""
    from fractions import Fraction

    laplacian = np.zeros((num_nodes, num_nodes), dtype=np.int64)
    for (i, j), w in zip(edges.T, weights, strict=True):
        laplacian[i, j] -= w
        laplacian[i, i] += w
    block = np.eye(num_nodes, dtype=np.int64)[:, leaders].astype(object)
    blocks = [block]
    for _ in range(num_nodes - 1):
        block = laplacian.astype(object) @ block
        blocks.append(block)
    rows = [[Fraction(int(x)) for x in row] for row in np.concatenate(blocks, axis=1).T]
    rank = 0
    for column in range(num_nodes):
        pivot = next((k for k in range(rank, len(rows)) if rows[k][column] != 0), None)
        if pivot is None:
            continue
        rows[rank], rows[pivot] = rows[pivot], rows[rank]
        for k in range(rank + 1, len(rows)):
            factor = rows[k][column] / rows[rank][column]
            if factor:
                rows[k] = [a - factor * b for a, b in zip(rows[k], rows[rank], strict=True)]
        rank += 1
    return rank
