"""The longest sequence, exactly: a dynamic programme over a lattice, for many graphs at once.

Followers are told apart by their ranks, `[n, m]`: rank r in column p is the r-th smallest finite
distance to leader p within the graph, and the number of such distances, K_p, where the leader does
not reach the node. A point t of the lattice [0..K_1] x ... x [0..K_m] stands for the followers that
are left, those with ranks >= t everywhere. A step along column p takes away those of rank t_p, and
is worth one pivot if there are any:

    F(t) = max over p with t_p < K_p of F(t + e_p) + [some follower of t has rank t_p in column p]
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from graphcl.control.arrays import Ints, ranges, starts_of

_AT_ONCE = 2**20  # points


@dataclass(frozen=True)
class Steps:
    """Steps along columns, which every graph takes in its own order.

    Attributes:
        graph: `[T]` whose step it is.
        number: `[T]` which step of the graph.
        column: `[T]` leader column.
        rank: `[T]` the rank that the step takes away.
    """

    graph: Ints
    number: Ints
    column: Ints
    rank: Ints


def longest_steps(ranks: Ints, graph: Ints, sizes: Ints, chosen: Ints) -> list[Steps]:
    """Steps of a longest sequence of each chosen graph.

    Args:
        ranks: `[n, m]` ranks of the followers, sorted by graph.
        graph: `[n]` their graphs.
        sizes: `[G, m]` the numbers K_p.
        chosen: the graphs to go through.
    """
    if len(chosen) == 0:
        return []
    points = np.prod(sizes[chosen] + 1, axis=1)
    begins = starts_of(np.bincount(graph, minlength=len(sizes)))
    parts = np.cumsum(points) // _AT_ONCE
    found = []
    for part in np.unique(parts):
        group = chosen[parts == part]
        rows = ranges(begins[group], np.diff(begins)[group])
        found.append(_longest_steps(ranks[rows], graph[rows], sizes, group))
    return found


def _longest_steps(ranks: Ints, graph: Ints, sizes: Ints, group: Ints) -> Steps:
    sizes = sizes[group]
    shapes = sizes + 1
    strides = np.flip(np.cumprod(np.flip(shapes, 1), axis=1), 1) // shapes
    begins = starts_of(np.prod(shapes, axis=1))
    place = np.searchsorted(group, graph)
    corner = (ranks * strides[place]).sum(1) + begins[:-1][place]
    left = np.bincount(corner, minlength=int(begins[-1])).astype(np.int32)
    for shape, start, end in zip(shapes, begins[:-1], begins[1:], strict=True):
        _sum_beyond(left[start:end].reshape(shape))

    point = np.arange(len(left))
    owner = np.repeat(np.arange(len(group)), np.diff(begins))
    within = point - begins[owner]
    following = np.empty((len(left), sizes.shape[1]), dtype=np.int32)
    level = np.zeros(len(left), dtype=np.int64)
    for p in range(sizes.shape[1]):
        rank = within // strides[owner, p] % shapes[owner, p]
        level += rank
        following[:, p] = point + np.where(rank < sizes[owner, p], strides[owner, p], 0)
    gain = left[:, None] > left[following]
    longest = _fill(following, gain, level)

    steps: list[tuple[Ints, ...]] = []
    at, who = begins[:-1].copy(), np.arange(len(group))
    while True:
        going = longest[at] > 0
        at, who = at[going], who[going]
        if len(at) == 0:
            break
        onward = following[at]
        worth = np.where(onward == at[:, None], -1, longest[onward] + gain[at])
        column = worth.argmax(1)
        rank = (at - begins[who]) // strides[who, column] % shapes[who, column]
        steps.append((group[who], np.full(len(who), len(steps)), column, rank))
        at = following[at, column].astype(np.int64)
    if not steps:
        empty = np.zeros(0, dtype=np.int64)
        return Steps(empty, empty, empty, empty)
    return Steps(*(np.concatenate(part) for part in zip(*steps, strict=True)))


def _sum_beyond(counts: NDArray[Any]) -> None:
    """Replace the count at each point by the sum over all points that are >= in every column."""
    for p in range(counts.ndim):
        backwards = np.flip(counts, p)
        np.cumsum(backwards, axis=p, out=backwards)


def _fill(following: NDArray[Any], gain: NDArray[Any], level: Ints) -> NDArray[Any]:
    """F at all points; points of one level (sum of ranks) only ask those of the next."""
    small = level.astype(np.int16) if level.max(initial=0) < 2**15 else level
    order = np.argsort(small, kind="stable")
    begins = starts_of(np.bincount(level))
    longest = np.zeros(len(level), dtype=np.int32)
    for start, end in zip(begins[-2::-1], begins[:0:-1], strict=True):
        points = order[start:end]
        # where a column ends, a point asks itself: 0 so far, and nothing to gain
        longest[points] = (longest[following[points]] + gain[points]).max(1)
    return longest
