"""A long sequence, quickly: take away the smallest group next, for many graphs at once."""

from __future__ import annotations

import numpy as np

from graphcl.control.arrays import Ints, ranges, starts_of
from graphcl.control.lattice import Steps

_NONE = np.iinfo(np.int64).max


def greedy_steps(ranks: Ints, graph: Ints, sizes: Ints, chosen: Ints) -> list[Steps]:
    """Steps of the greedy sequence of each chosen graph (arguments as in `longest_steps`).

    Among the columns, that whose smallest rank is shared by the fewest followers left is next, the
    first of several. Every follower is taken away once: O(n m) and a little for each step.
    """
    if len(chosen) == 0:
        return []
    width, most = sizes.shape[1], int(sizes.max(initial=0)) + 1
    columns = np.arange(width)
    cell = (graph[:, None] * width + columns) * most + ranks  # [n, m] of a table [G, m, most]
    counts = np.bincount(cell.ravel(), minlength=len(sizes) * width * most)
    members = np.argsort(cell.ravel(), kind="stable") // max(width, 1)
    begins = starts_of(counts)
    alive = np.ones(len(graph), dtype=bool)
    smallest = np.zeros_like(sizes)
    steps: list[tuple[Ints, ...]] = []
    active = chosen
    while True:
        base = (active[:, None] * width + columns) * most
        sharing = _advance(counts, base, smallest, sizes, active)
        going = sharing.min(axis=1, initial=_NONE) < _NONE
        active, base, sharing = active[going], base[going], sharing[going]
        if len(active) == 0:
            break
        column = sharing.argmin(1)
        rank = smallest[active, column]
        steps.append((active, np.full(len(active), len(steps)), column, rank))
        cells = base[np.arange(len(active)), column] + rank
        rows = members[ranges(begins[cells], begins[cells + 1] - begins[cells])]
        rows = rows[alive[rows]]
        alive[rows] = False
        np.subtract.at(counts, cell[rows].ravel(), 1)
    if not steps:
        return []
    return [Steps(*(np.concatenate(part) for part in zip(*steps, strict=True)))]


def _advance(counts: Ints, base: Ints, smallest: Ints, sizes: Ints, active: Ints) -> Ints:
    """Move each column to its smallest rank that is left; how many share it, `_NONE` at the end."""
    rank, size = smallest[active], sizes[active]
    while True:
        sharing = counts[base + rank]
        empty = (sharing == 0) & (rank < size)
        if not empty.any():
            break
        rank += empty
    smallest[active] = rank
    return np.where(rank < size, sharing, _NONE)
