"""Features of fixed size from a network's controllability, without any training."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from scipy import sparse
from scipy.sparse.csgraph import connected_components, shortest_path
from torch import Tensor

from graphcl.arguments import check_seed, check_whole
from graphcl.control.arrays import (
    Array,
    Edges,
    Ints,
    adjacency,
    like,
    read_edges,
    read_undirected,
)
from graphcl.control.gramian import integral
from graphcl.control.gramian_figures import AMBIGUOUS, ZERO
from graphcl.control.node_controllability import NODE_METRICS, node_controllability

LEADER_COUNTS = (1, 2, 5, 9)
LEADER_SHARES = (0.02, 0.05, 0.1, 0.2, 0.3)
FIGURES = ("trace", "rank", "largest", "smallest", "distinct")
SUMMARIES = ("largest", "smallest", "mean")
LEAST_NODES = 10
NUM_GRAPH_FEATURES = (len(LEADER_COUNTS) + len(LEADER_SHARES)) * len(FIGURES) * len(SUMMARIES)


def graph_control_features(
    edges: Edges, *, num_nodes: int | None = None, draws: int = 30, seed: int = 0
) -> Any:
    """CTRL: what random leaders control in a graph, as 135 numbers (corrected).

    For 1, 2, 5, 9 and floor(2, 5, 10, 20, 30 % of N) + 1 leaders, sets of leaders are drawn. Of
    each set: trace, rank, largest and smallest eigenvalue of the leader-follower Gramian, and the
    number of different distance-to-leader vectors; of the sets of one size the largest, smallest
    and mean value. A graph of fewer than 10 nodes is chained to copies of itself (the last node of
    one to the first of the next); a disconnected one gets a further node next to all.

    The published code pairs rows of A in random order with rows of B in sorted order, which is the
    system of no network (its traces are off by a third); here both are in the same order, so that
    the numbers are not those of that code. Eigenvalues below 1e-8 of the largest count as 0, where
    the code writes 1e-4.

    Source: Said, Ahmad, Abbas, Shabbir and Koutsoukos, "Network controllability perspectives on
    graph representation", IEEE TKDE 2023 (code: Anwar-Said/ControlPyEmb).

    Args:
        edges: `[2, E]` tensor or array, or a SciPy matrix; both directions of every edge.
        num_nodes: number of nodes N, at least 1; a matrix tells it itself.
        draws: sets of leaders of each size.
        seed: of the sets.

    Returns:
        `[135]` float64: by number of leaders, figure and summary. A tensor if `edges` is one, else
        an array.

    Raises:
        TypeError: if edges are no whole numbers.
        ValueError: if they are of a wrong shape, a direction is missing, or there is no node.

    Example:
        >>> path = np.array([[0, 1, 1, 2], [1, 0, 2, 1]])
        >>> graph_control_features(path, num_nodes=3).shape
        (135,)
    """
    check_whole("draws", draws, least=1)
    generator = np.random.default_rng(check_seed(seed))
    listed = read_undirected(read_edges(edges, num_nodes))
    if listed.num_nodes == 0:
        raise ValueError("num_nodes must be at least 1, got 0")
    matrix = _large_and_connected(adjacency(listed))
    nodes = matrix.shape[0]
    between = shortest_path(matrix, unweighted=True).astype(np.int64)
    adjacent = torch.from_numpy(matrix.toarray())
    counts = [*LEADER_COUNTS, *(int(share * nodes) + 1 for share in LEADER_SHARES)]
    features = []
    for count in counts:
        order = np.argsort(generator.random((draws, nodes)), axis=1)
        leaders = np.sort(order[:, :count], axis=1)
        followers = np.sort(order[:, count:], axis=1)
        found = [*_figures(adjacent, leaders, followers), _distinct(between, leaders)]
        for values in found:
            features += [values.max(), values.min(), values.mean()]
    return like(edges, np.array(features, dtype=np.float64))


def node_control_features(
    edges: Edges, *, weights: Array | None = None, num_nodes: int | None = None
) -> Any:
    """What every node controls alone: average (discrete, continuous) and modal controllability.

    Args:
        edges: `[2, E]` tensor or array, or a SciPy matrix; both directions of every edge.
        weights: `[E]` positive, the same in both directions; default 1.
        num_nodes: number of nodes N; a matrix tells it itself.

    Returns:
        `[N, 3]` float64, the columns as in :func:`node_controllability`; a tensor if `edges` is
        one, else an array.

    Raises:
        TypeError: if edges are no whole numbers.
        ValueError: if an argument is of a wrong shape.

    Example:
        >>> star = np.array([[0, 1, 0, 2, 0, 3], [1, 0, 2, 0, 3, 0]])
        >>> node_control_features(star, num_nodes=4)[0].round(3).tolist()
        [1.672, 0.836, 0.598]
    """
    columns = [
        node_controllability(edges, metric=metric, weights=weights, num_nodes=num_nodes)
        for metric in NODE_METRICS
    ]
    if isinstance(edges, Tensor):
        return torch.stack(columns, dim=1)
    return np.stack(columns, axis=1)


def _large_and_connected(matrix: sparse.csr_array) -> sparse.csr_array:
    nodes = matrix.shape[0]
    if nodes < LEAST_NODES:
        copies = -(-LEAST_NODES // nodes)
        ends = np.arange(1, copies) * nodes
        chained = sparse.lil_array(sparse.block_diag([matrix] * copies))
        chained[ends - 1, ends] = chained[ends, ends - 1] = 1
        matrix = sparse.csr_array(chained)
    if connected_components(matrix, directed=False)[0] > 1:
        column = np.ones((matrix.shape[0], 1))
        blocks: Any = [[matrix, column], [column.T, None]]
        matrix = sparse.csr_array(sparse.block_array(blocks))
    return matrix


def _figures(adjacent: Tensor, leaders: Ints, followers: Ints) -> list[Any]:
    """Trace, rank, largest and smallest eigenvalue `[draws]` of the leader-follower Gramians."""
    rows, inputs = torch.from_numpy(followers), torch.from_numpy(leaders)
    drive = adjacent[rows[:, :, None], inputs[:, None, :]]
    inner = adjacent[rows[:, :, None], rows[:, None, :]]
    gramian = integral(inner - torch.diag_embed(adjacent.sum(1)[rows]), drive @ drive.mT, None)
    values = torch.linalg.eigvalsh(gramian)
    largest, smallest = values[:, -1:], values[:, 0]
    ranks = (values > ZERO * largest).sum(1).double()
    smallest = smallest.masked_fill(smallest < AMBIGUOUS[1] * largest[:, 0], 0.0)
    return [part.numpy() for part in (values.sum(1), ranks, largest[:, 0], smallest)]


def _distinct(between: Ints, leaders: Ints) -> Ints:
    """How many different vectors of distances to the leaders there are, `[draws]`."""
    # A random sum of a vector stands for it: two vectors share one with a chance below 2^-50.
    factors = np.random.default_rng(0).integers(2**64, size=leaders.shape[1], dtype=np.uint64)
    sums = between.astype(np.uint64)[:, leaders] @ (factors | np.uint64(1))
    sums.sort(axis=0)
    return 1 + (sums[1:] != sums[:-1]).sum(axis=0)
