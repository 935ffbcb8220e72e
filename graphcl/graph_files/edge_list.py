"""From the edges of a file to those of a graph: repeated ones, loops, directions, weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from graphcl.arguments import plural

Integers = NDArray[np.int64]
Numbers = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class EdgeList:
    """The edges as a file lists them.

    Attributes:
        source: `[E]`, numbers of nodes.
        target: `[E]`.
        weight: `[E]`, None where the file has none.
        place: Where the edge of a number stands, for messages: "edges.csv, line 3".
    """

    source: Integers
    target: Integers
    weight: Numbers | None
    place: Callable[[int], str]


@dataclass(frozen=True, eq=False)
class TidyEdges:
    """The edges as a graph has them.

    Attributes:
        edge_index: `[2, E]`, sorted by source and target, without repetition and self-loops.
        edge_weight: `[E]` float32, or None where all are 1.
        notes: What was merged or left out.
    """

    edge_index: Tensor
    edge_weight: Tensor | None
    notes: tuple[str, ...]


def tidy_edges(edges: EdgeList, num_nodes: int, *, directed: bool) -> TidyEdges:
    """Make the edges of a graph from those of a file.

    Self-loops and edges of weight 0 are left out (encoders add self-loops of their own). An edge
    that is listed several times counts once, and its weights are added. An undirected edge that is
    listed in both directions is one edge with the mean of both weights, and the result has it in
    both directions.

    Args:
        edges: The edges of the file.
        num_nodes: Number of nodes.
        directed: Whether the direction of an edge means something.

    Raises:
        ValueError: A weight that is negative or not finite.
    """
    notes = []
    source, target, weight = edges.source, edges.target, edges.weight
    if weight is not None:
        _check_weights(weight, edges.place)
    loops = source == target
    if loops.any():
        notes.append(f"{plural(int(loops.sum()), 'self-loop')} left out (encoders add their own)")
    kept = ~loops
    if weight is not None:
        empty = kept & (weight == 0)
        if empty.any():
            notes.append(f"{plural(int(empty.sum()), 'edge')} of weight 0 left out")
        kept &= ~empty
        weight = weight[kept]
    source, target = source[kept], target[kept]
    if directed:
        key, total, repeated = _merge(source * num_nodes + target, weight)
        ends = np.divmod(key, num_nodes)
    else:
        ends, total, repeated, differing = _undirected(source, target, weight, num_nodes)
        if differing:
            notes.append(
                f"{plural(differing, 'undirected edge')} listed in both directions with different "
                "weights: the mean is taken"
            )
    if repeated:
        rule = "" if weight is None else ", their weights added"
        notes.append(f"{plural(repeated, 'duplicate edge')} merged{rule}")
    edge_weight = None
    if total is not None and not (total == 1).all():
        edge_weight = torch.from_numpy(total.astype(np.float32))
    return TidyEdges(torch.from_numpy(np.stack(ends)), edge_weight, tuple(notes))


def _undirected(
    source: Integers, target: Integers, weight: Numbers | None, num_nodes: int
) -> tuple[tuple[Integers, Integers], Numbers | None, int, int]:
    """Both directions of every pair, their weights, how many were repeated and contradictory."""
    # Each direction is merged by itself; what is listed both ways is no repetition.
    key, total, repeated = _merge(source * num_nodes + target, weight)
    low, high = np.divmod(key, num_nodes)
    pair = np.minimum(low, high) * num_nodes + np.maximum(low, high)
    pairs, place, listed = np.unique(pair, return_inverse=True, return_counts=True)
    weights, differing = None, 0
    if total is not None:
        sums = np.bincount(place, total, minlength=len(pairs))
        squares = np.bincount(place, total**2, minlength=len(pairs))
        weights = sums / listed
        differing = int((squares / listed - weights**2 > 1e-12 * weights**2).sum())
    first, second = np.divmod(pairs, num_nodes)
    ends = np.concatenate([[first, second], [second, first]], axis=1)
    order = np.lexsort((ends[1], ends[0]))
    both = None if weights is None else np.concatenate([weights, weights])[order]
    return (ends[0][order], ends[1][order]), both, repeated, differing


def _merge(key: Integers, weight: Numbers | None) -> tuple[Integers, Numbers | None, int]:
    """Distinct keys in order, the sums of their weights, and how many keys were too many."""
    if weight is None:
        distinct = np.unique(key)
        return distinct, None, len(key) - len(distinct)
    distinct, place = np.unique(key, return_inverse=True)
    total = np.bincount(place, weight, minlength=len(distinct)).astype(np.float64)
    return distinct, total, len(key) - len(distinct)


def _check_weights(weight: Numbers, place: Callable[[int], str]) -> None:
    largest = float(np.finfo(np.float32).max)
    for wrong, what in (
        (~np.isfinite(weight), "finite"),
        (weight < 0, "at least 0"),
        (weight > largest, f"at most {largest:.1e}"),
    ):
        if wrong.any():
            first = int(wrong.argmax())
            raise ValueError(
                f"{place(first)}: the weight of an edge must be {what}, got {weight[first]:g}"
            )
