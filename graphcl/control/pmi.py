"""Pseudo-monotonically increasing sequences: a lower bound on what leaders control."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from graphcl.arguments import check_whole, unknown_name
from graphcl.control.arrays import (
    FAR,
    Array,
    Bools,
    Ints,
    like,
    read_batch,
    read_distances,
)
from graphcl.control.greedy_sequence import greedy_steps
from graphcl.control.lattice import Steps, longest_steps

PMI_METHODS = ("auto", "exact", "greedy")
MAX_STATES = 10**6
_NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True)
class PMISequence:
    """Sequences of pivots, one a graph.

    Attributes:
        nodes: `[k]` pivot nodes, one graph's after the other's, in the order of the sequence.
        columns: `[k]` the leader column of each.
        bounds: `[G]` length of each graph's sequence; G is 1 without a batch.
        exact: `[G]` whether no sequence is longer.
    """

    nodes: Any
    columns: Any
    bounds: Any
    exact: Any

    @property
    def bound(self) -> int:
        """The length, where there is one graph.

        Raises:
            ValueError: if there are more.
        """
        if len(self.bounds) != 1:
            raise ValueError(f"one bound of {len(self.bounds)} graphs: use bounds")
        return int(self.bounds[0])


def pmi_sequence(
    distances: Array,
    *,
    batch: Array | None = None,
    method: Literal["auto", "exact", "greedy"] = "auto",
    max_states: int = MAX_STATES,
) -> PMISequence:
    """A longest pseudo-monotonically increasing sequence of distance-to-leader vectors.

    A sequence of pivots (v_1, p_1), ..., (v_k, p_k) with finite d(v_i, p_i) < d(v_j, p_i) for all
    j > i. Its length is a lower bound on the dimension of the controllable subspace, leaders
    included, for all positive edge weights, with Laplacian or adjacency dynamics. It begins with
    the leaders themselves; nodes that no leader reaches are left out.

    Source: Yazicioglu, Abbas and Egerstedt, IEEE TAC 2016; the greedy rule: Shabbir, Abbas,
    Yazicioglu and Koutsoukos, IEEE TAC 2023, arXiv:1909.03565.

    Args:
        distances: `[N, m]` of :func:`leader_distances`, -1 where unreachable.
        batch: `[N]` sorted, the graph of each node; None: one graph.
        method: "exact" (dynamic programme over prod(K_p + 1) states, K_p the number of different
            distances to leader p), "greedy" (next the group that the fewest nodes share), or
            "auto": exact for graphs with up to `max_states` states, else greedy.
        max_states: the limit of "auto".

    Returns:
        The sequences; tensors if `distances` is one, else arrays.

    Raises:
        TypeError: if distances are no whole numbers.
        ValueError: if an argument is of a wrong shape or out of range, or `method` does not exist.

    Example:
        >>> star = np.array([[0], [1], [1], [1]])  # distances to the hub
        >>> sequence = pmi_sequence(star)
        >>> sequence.bound, sequence.nodes.tolist(), sequence.columns.tolist()
        (2, [0, 1], [0, 0])
    """
    if method not in PMI_METHODS:
        raise ValueError(f"method: {unknown_name('method', method, PMI_METHODS)}")
    check_whole("max_states", max_states, least=0)
    far = read_distances(distances)
    graph, count = read_batch(batch, len(far))
    leads = (far == 0).any(1)
    followers = (~leads & (far < FAR).any(1)).nonzero()[0]
    ranks, sizes = _rank(far[followers], graph[followers], count)
    exact = _solved_exactly(sizes, method, max_states)
    steps = longest_steps(ranks, graph[followers], sizes, exact.nonzero()[0])
    steps += greedy_steps(ranks, graph[followers], sizes, (~exact).nonzero()[0])
    nodes, columns = _pivots(ranks, graph[followers], sizes, steps)

    # leader by leader first: nothing else is as near to a leader as itself
    leaders, own = (far == 0).nonzero()
    whose = np.concatenate([graph[leaders], graph[followers[nodes]]])
    order = np.lexsort([np.concatenate([own, np.full(len(nodes), far.shape[1])]), whose])
    return PMISequence(
        nodes=like(distances, np.concatenate([leaders, followers[nodes]])[order]),
        columns=like(distances, np.concatenate([own, columns])[order]),
        bounds=like(distances, np.bincount(whose, minlength=count)),
        exact=like(distances, exact),
    )


def _rank(far: Ints, graph: Ints, count: int) -> tuple[Ints, Ints]:
    """Ranks `[n, m]` of distances among those of the graph and column, and how many there are."""
    finite = far < FAR
    most = int(far.max(where=finite, initial=0)) + 1
    ranks = np.empty_like(far)
    sizes = np.zeros((count, far.shape[1]), dtype=np.int64)
    for p in range(far.shape[1]):
        there = np.zeros((count, most), dtype=bool)
        there[graph[finite[:, p]], far[finite[:, p], p]] = True
        sizes[:, p] = there.sum(1)
        rank = np.cumsum(there, axis=1) - 1
        ranks[:, p] = np.where(
            finite[:, p], rank[graph, np.minimum(far[:, p], most - 1)], sizes[graph, p]
        )
    return ranks, sizes


def _solved_exactly(sizes: Ints, method: str, max_states: int) -> Bools:
    if method != "auto":
        return np.full(len(sizes), method == "exact")
    states = np.exp(np.log(sizes + 1.0).sum(1))  # a product could overflow
    return (states < max_states + 0.5) | ((sizes > 0).sum(1) <= 1)


def _pivots(ranks: Ints, graph: Ints, sizes: Ints, steps: list[Steps]) -> tuple[Ints, Ints]:
    """Which follower each step has as its pivot, and the column; steps that find nobody have none.

    A follower leaves with the first of the steps that take away its ranks.
    """
    count, width = sizes.shape
    when = np.full((count, width, int(sizes.max(initial=0)) + 1), _NEVER)
    for part in steps:  # of different graphs
        when[part.graph, part.column, part.rank] = part.number
    leaves = when[graph[:, None], np.arange(width), ranks].min(1, initial=_NEVER)
    gone = (leaves < _NEVER).nonzero()[0]
    longest = max((int(part.number.max(initial=0)) for part in steps), default=0) + 1
    key = graph[gone] * longest + leaves[gone]
    keys, first = np.unique(key, return_index=True)
    column = np.zeros(count * longest, dtype=np.int64)
    for part in steps:
        column[part.graph * longest + part.number] = part.column
    return gone[first], column[keys]
