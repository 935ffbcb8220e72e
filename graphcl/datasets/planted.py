"""Random graphs with planted classes, from toy size to tens of millions of edges."""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch_geometric.data import Data

from graphcl.arguments import check_whole

Integers = NDArray[np.int64]

_ROWS_AT_ONCE = 65_536


def planted_partition(
    num_nodes: int,
    *,
    num_classes: int,
    average_degree: float,
    homophily: float,
    num_features: int,
    feature_signal: float,
    seed: int,
) -> Data:
    """Draw a graph whose edges and features both carry hidden classes of equal size.

    The number of edges is fixed, and so is how many of them join equals; given these numbers all
    graphs are equally likely (Condon and Karp, "Algorithms for graph partitioning on the planted
    partition model", 2001, conditioned on the numbers of edges). Classes are in random order.

    Args:
        num_nodes: number of nodes N, at least 1.
        num_classes: number of classes, from 1 to N; their sizes differ by one at most.
        average_degree: mean number of neighbours; the graph gets `round(N * average_degree / 2)`
            undirected edges, each counted twice in `edge_index`.
        homophily: share of edges that join two nodes of one class, in [0, 1].
        num_features: number of features F, at least 1.
        feature_signal: distance of the class means from the origin (random directions) in units of
            the noise's standard deviation, 0 or more. The features are the means plus that noise.
        seed: seed, 0 or more; the same arguments give the same graph.

    Returns:
        `Data` with `x` `[N, F]` float32, `edge_index` `[2, E]` (both directions, sorted by row, no
        self-loops, no duplicates) and `y` `[N]`.

    Raises:
        TypeError: if a count or the seed is no integer.
        ValueError: if an argument is out of range, or if there are fewer pairs of nodes inside (or
            between) classes than edges are asked for.

    Example:
        >>> planted_partition(100, num_classes=4, average_degree=6.0, homophily=0.8,
        ...                   num_features=8, feature_signal=1.0, seed=0)
        Data(x=[100, 8], edge_index=[2, 600], y=[100])
    """
    check_whole("num_nodes", num_nodes, least=1)
    check_whole("num_classes", num_classes, least=1)
    check_whole("num_features", num_features, least=1)
    check_whole("seed", seed, least=0)
    if num_classes > num_nodes:
        raise ValueError(f"num_classes must be from 1 to num_nodes={num_nodes}, got {num_classes}")
    if not (math.isfinite(average_degree) and average_degree >= 0):
        raise ValueError(f"average_degree must be 0 or more, got {average_degree}")
    if not 0 <= homophily <= 1:
        raise ValueError(f"homophily must be in [0, 1], got {homophily}")
    if not (math.isfinite(feature_signal) and feature_signal >= 0):
        raise ValueError(f"feature_signal must be 0 or more, got {feature_signal}")

    random = np.random.default_rng(seed)
    # Nodes are numbered by class first and shuffled at the end: class c holds ends[c-1]..ends[c]-1.
    sizes = np.full(num_classes, num_nodes // num_classes, dtype=np.int64)
    sizes[: num_nodes % num_classes] += 1
    ends = np.cumsum(sizes)

    edges = round(num_nodes * average_degree / 2)
    inside = round(edges * homophily)
    pairs_inside = sizes * (sizes - 1) // 2
    pairs_between = sizes * (num_nodes - ends)
    for count, pairs, where in (
        (inside, pairs_inside, "inside"),
        (edges - inside, pairs_between, "between"),
    ):
        if count > pairs.sum():
            raise ValueError(
                f"average_degree={average_degree} and homophily={homophily} ask for {count} edges "
                f"{where} classes, but there are {pairs.sum()} such pairs of nodes"
            )
    ends_of_edges = np.concatenate(
        [
            _pairs_inside(
                _distinct(random, pairs_inside.sum(), inside), pairs_inside, ends - sizes
            ),
            _pairs_between(
                _distinct(random, pairs_between.sum(), edges - inside),
                pairs_between,
                ends - sizes,
                ends,
            ),
        ],
        axis=1,
    )
    shuffled = random.permutation(num_nodes)
    labels = np.empty(num_nodes, dtype=np.int64)
    labels[shuffled] = np.repeat(np.arange(num_classes), sizes)
    edge_index = _both_directions(shuffled[ends_of_edges], num_nodes)
    features = _features(random, labels, num_classes, num_features, feature_signal)
    return Data(
        x=torch.from_numpy(features),
        edge_index=torch.from_numpy(edge_index),
        y=torch.from_numpy(labels),
    )


def _distinct(random: np.random.Generator, total: int, count: int) -> Integers:
    """`count` different integers below `total`, sorted, every set equally likely."""
    if count > total // 2:  # cheaper to draw the ones that are left out
        kept = np.ones(total, dtype=bool)
        kept[_distinct(random, total, total - count)] = False
        return kept.nonzero()[0]
    drawn = np.empty(0, dtype=np.int64)
    while len(drawn) < count:
        lacking = count - len(drawn)
        drawn = np.append(drawn, random.integers(total, size=lacking + lacking // 8))
        drawn.sort()  # np.unique hashes whole numbers, fifty times slower than this sort
        drawn = drawn[np.diff(drawn, prepend=-1) > 0]
    surplus = random.choice(len(drawn), len(drawn) - count, replace=False)
    return np.delete(drawn, surplus)


def _pairs_inside(rank: Integers, pairs: Integers, starts: Integers) -> Integers:
    """The pairs of nodes `[2, P]` at places `rank` in the list of all pairs inside classes."""
    before = np.cumsum(pairs) - pairs
    group = np.searchsorted(before, rank, side="right") - 1
    rank = rank - before[group]
    # Within a class the pairs are (1,0) (2,0) (2,1) (3,0) ...: `high` starts at high*(high-1)/2.
    high = ((1 + np.sqrt(1 + 8 * rank.astype(np.float64))) / 2).astype(np.int64)
    high -= high * (high - 1) // 2 > rank  # the square root may be off by one for large ranks
    high += high * (high + 1) // 2 <= rank
    low = rank - high * (high - 1) // 2
    return np.stack([low, high]) + starts[group]


def _pairs_between(rank: Integers, pairs: Integers, starts: Integers, ends: Integers) -> Integers:
    """The pairs of nodes `[2, P]` at places `rank` in the list of all pairs across classes."""
    before = np.cumsum(pairs) - pairs
    group = np.searchsorted(before, rank, side="right") - 1
    partners = ends[-1] - ends[group]  # all nodes of later classes
    low, high = np.divmod(rank - before[group], partners)
    return np.stack([low + starts[group], high + ends[group]])


def _both_directions(pairs: Integers, num_nodes: int) -> Integers:
    """Undirected pairs `[2, P]` as a sorted edge index `[2, 2P]`."""
    key = np.concatenate([pairs[0] * num_nodes + pairs[1], pairs[1] * num_nodes + pairs[0]])
    key.sort()
    edge_index = np.empty((2, len(key)), dtype=np.int64)
    np.divmod(key, num_nodes, out=(edge_index[0], edge_index[1]))
    return edge_index


def _features(
    random: np.random.Generator,
    labels: Integers,
    num_classes: int,
    num_features: int,
    feature_signal: float,
) -> NDArray[np.float32]:
    means = random.standard_normal((num_classes, num_features))
    means *= feature_signal / np.linalg.norm(means, axis=1, keepdims=True)
    features = random.standard_normal((len(labels), num_features), dtype=np.float32)
    for start in range(0, len(labels), _ROWS_AT_ONCE):  # so that there is no second [N, F] array
        rows = slice(start, start + _ROWS_AT_ONCE)
        features[rows] += means.astype(np.float32)[labels[rows]]
    return features
