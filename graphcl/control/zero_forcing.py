"""Zero forcing: a colouring game whose end bounds what leaders control."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from graphcl.control.arrays import (
    Array,
    Edges,
    adjacency,
    like,
    ranges,
    read_edges,
    read_leaders,
)


@dataclass(frozen=True)
class ZeroForcing:
    """How the colour spreads.

    Attributes:
        derived: `[N]` bool, the nodes that are black at the end, leaders included.
        forces: `[2, k]` which node forces which, in the order of the rounds.
        turned: `[N]` the round in which a node turns black: leaders 0, -1 for those that never do.
        forced: `[N]` the round in which a node forces another one, -1 for those that never do.
    """

    derived: Any
    forces: Any
    turned: Any
    forced: Any

    @property
    def bound(self) -> int:
        """The number of black nodes at the end."""
        return int(self.derived.sum())


def zero_forcing(
    edges: Edges, leaders: Array | list[int], *, num_nodes: int | None = None
) -> ZeroForcing:
    """Let a black node with exactly one white neighbour colour it, until nothing changes.

    Leaders are black at first. The number of black nodes at the end is a lower bound on the
    dimension of the strongly structurally controllable subspace, leaders included. All nodes that
    can force do so in the same round; whatever the order, the end is the same.

    Source: Monshizadeh, Zhang and Camlibel, "Zero forcing sets and controllability of dynamical
    systems defined on graphs", IEEE TAC 2014.

    Args:
        edges: `[2, E]` tensor or array, or a SciPy matrix; both directions of an undirected edge.
            In a directed graph a node forces along its outgoing edges.
        leaders: `[m]` node ids or a mask `[N]`; or `[B, S]` of a batch, -1 where a slot is empty.
        num_nodes: number of nodes N; a matrix tells it itself.

    Returns:
        Tensors if `edges` is one, else arrays.

    Raises:
        TypeError: if edges or leaders are no whole numbers.
        ValueError: if they are of a wrong shape or name no nodes, or there is no leader.

    Example:
        >>> path = np.array([[0, 1, 1, 2], [1, 0, 2, 1]])
        >>> forcing = zero_forcing(path, [0], num_nodes=3)
        >>> forcing.bound, forcing.forces.tolist(), forcing.turned.tolist()
        (3, [[0, 1], [1, 2]], [0, 1, 2])
    """
    listed = read_edges(edges, num_nodes)
    starting = read_leaders(leaders, listed.num_nodes).ravel()
    starting = starting[starting >= 0]
    arcs = adjacency(listed)
    backwards = arcs.T.tocsr()
    turned = np.full(listed.num_nodes, -1, dtype=np.int64)
    forced = turned.copy()
    turned[starting] = 0
    # how many white nodes follow each node, and the sum of their numbers: of one, its number
    white = np.ones(listed.num_nodes)
    white[starting] = 0
    numbers = np.arange(listed.num_nodes)
    count = (arcs @ white).astype(np.int64)
    total = (arcs @ (white * numbers)).astype(np.int64)

    ready, forces = np.sort(starting), [np.zeros((2, 0), dtype=np.int64)]
    for number in range(1, listed.num_nodes + 1):
        ready = ready[count[ready] == 1]
        if len(ready) == 0:
            break
        new, first = np.unique(total[ready], return_index=True)
        forces.append(np.stack([ready[first], new]))
        forced[ready[first]] = turned[new] = number
        degrees = backwards.indptr[new + 1] - backwards.indptr[new]
        before = backwards.indices[ranges(backwards.indptr[new].astype(np.int64), degrees)]
        np.subtract.at(count, before, 1)
        np.subtract.at(total, before, np.repeat(new, degrees))
        touched = np.unique(np.concatenate([before, new]))
        ready = touched[turned[touched] >= 0]
    return ZeroForcing(
        derived=like(edges, turned >= 0),
        forces=like(edges, np.concatenate(forces, axis=1)),
        turned=like(edges, turned),
        forced=like(edges, forced),
    )
