"""Take further edges out of shortest-path trees until every one that is left is needed."""

from __future__ import annotations

import numpy as np

from graphcl.control.arrays import Bools, Ints


def superfluous(source: Ints, target: Ints, far: Ints, order: Ints, *, directed: bool) -> Bools:
    """Entries that may all go, while every node keeps a predecessor towards every leader.

    An edge may go if all nodes whose predecessor it is have another one. In rounds those go that
    come first, in a pseudo-random order, among all that may go at their nodes: no two share one.

    Args:
        source: `[E]` where each entry begins; no self-loops, none twice.
        target: `[E]` where it ends; unless directed, both directions of every edge.
        far: `[N, m]` distances.
        order: `[N]` the numbers that make the order of the edges.
        directed: whether each entry is an edge of its own.

    Returns:
        `[E]` bool.
    """
    size = len(far)
    nearer = np.stack([column[source] + 1 == column[target] for column in far.T], axis=1)
    counts = np.stack(
        [np.bincount(target[role], minlength=size) for role in nearer.T], axis=1
    ).astype(np.int64)
    low, high = (source, target) if directed else np.sort(np.stack([source, target]), axis=0)
    gone = np.zeros(len(source), dtype=bool)
    left = np.flatnonzero(_may_go(nearer, counts[target]))
    while len(left):
        # edges of both directions, numbered by their place in the order
        by_order = np.lexsort([high[left], low[left], order[source[left]] * order[target[left]]])
        left = left[by_order]
        new = np.diff(low[left] * size + high[left], prepend=-1) != 0
        rank = np.cumsum(new) - 1
        roles = nearer[left]
        may_go = _everywhere(_may_go(roles, counts[target[left]]), rank)
        if not directed:
            may_go &= np.bincount(rank)[rank] == 2
        left, rank, roles = left[may_go], rank[may_go], roles[may_go]
        first = np.full(far.shape, len(source))
        for p, role in enumerate(roles.T):
            np.minimum.at(first[:, p], target[left[role]], rank[role])
        wins = _everywhere((~roles | (first[target[left]] == rank[:, None])).all(1), rank)
        going = left[wins]
        gone[going] = True
        for p, role in enumerate(nearer[going].T):
            np.subtract.at(counts[:, p], target[going[role]], 1)
        left = left[~wins]
    return gone


def _may_go(roles: Bools, counts: Ints) -> Bools:
    return np.asarray((~roles | (counts >= 2)).all(1))


def _everywhere(holds: Bools, rank: Ints) -> Bools:
    """Whether something holds for all entries of an edge."""
    fails = np.bincount(rank, weights=~holds)
    return np.asarray(fails[rank] == 0)
