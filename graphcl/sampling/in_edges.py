"""The edges of a graph by target: what a sampler looks up for many nodes at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from torch import Tensor

Integers = NDArray[Any]


@dataclass(frozen=True)
class InEdges:
    """The incoming edges of every node, one after the other.

    Attributes:
        starts: Those of node v lie at places ``starts[v]`` to ``starts[v + 1] - 1``, ``[N + 1]``.
        source: Where the edge at a place comes from, ``[E]``.
        edge: Which column of ``edge_index`` it is, ``[E]``.
    """

    starts: Integers
    source: Integers
    edge: Integers

    def all_of(self, nodes: Integers) -> tuple[Integers, Integers]:
        """All incoming edges of some nodes.

        Args:
            nodes: ``[n]``.

        Returns:
            Their places, and for each the position in ``nodes`` that it leads to, both ``[e]``.
        """
        first = self.starts[nodes]
        degree = self.starts[nodes + 1] - first
        return _ranges(first, degree), np.repeat(np.arange(len(nodes)), degree)

    def some_of(
        self, nodes: Integers, count: int, random: np.random.Generator
    ) -> tuple[Integers, Integers]:
        """For each node at most ``count`` incoming edges, without replacement, all equally likely.

        Floyd's algorithm for all nodes at once (Bentley and Floyd, "A sample of brilliance",
        Communications of the ACM 30, 1987): time and memory do not depend on the degrees.

        Args:
            nodes: ``[n]``.
            count: At least 1.
            random: What to draw from.

        Returns:
            As :meth:`all_of`.
        """
        first = self.starts[nodes]
        degree = self.starts[nodes + 1] - first
        few = (degree <= count).nonzero()[0]
        many = (degree > count).nonzero()[0]
        chosen = np.empty((len(many), count), dtype=np.int64)
        for step in range(count):
            # A new place among the first `last + 1`; one that is taken already stands for `last`.
            last = degree[many] - count + step
            drawn = (random.random(len(many)) * (last + 1)).astype(np.int64)
            taken = (chosen[:, :step] == drawn[:, None]).any(axis=1)
            chosen[:, step] = np.where(taken, last, drawn)
        chosen += first[many, None]
        places = np.concatenate([_ranges(first[few], degree[few]), chosen.reshape(-1)])
        owner = np.concatenate([np.repeat(few, degree[few]), np.repeat(many, count)])
        return places, owner


def find_in_edges(edge_index: Tensor, num_nodes: int) -> InEdges:
    """Sort the edges of a graph by target; parallel edges and self-loops are edges like others.

    Args:
        edge_index: ``[2, E]``, every entry from 0 to N - 1.
        num_nodes: Number of nodes ``N``.
    """
    source, target = edge_index.detach().cpu().numpy()
    num_edges = source.size
    small = max(num_edges, num_nodes) < np.iinfo(np.int32).max
    index = np.int32 if small else np.int64
    # SciPy's change from rows to columns is a counting sort, twenty times as fast as argsort:
    # of a matrix with one row an edge, the column is its target.
    by_edge = sparse.csr_array(
        (
            np.ones(num_edges, dtype=np.int8),
            target.astype(index),
            np.arange(num_edges + 1, dtype=index),
        ),
        shape=(num_edges, num_nodes),
    )
    by_target = by_edge.tocsc()
    edge = by_target.indices
    return InEdges(by_target.indptr.astype(np.int64), source.astype(index)[edge], edge)


def _ranges(first: Integers, length: Integers) -> Integers:
    """``first[i], first[i] + 1, ...``, ``length[i]`` numbers, for one i after the other."""
    ends = np.cumsum(length)
    total = int(ends[-1]) if len(ends) else 0
    return np.repeat(first - ends + length, length) + np.arange(total)
