"""Centrality of the nodes of a graph, or of every graph of a batch."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
import torch
from numpy.typing import NDArray
from scipy.sparse.linalg import eigsh
from torch import Tensor
from torch_geometric.data import Data

from graphcl.arguments import check_whole, unknown_name
from graphcl.augmentations.edges import check_data, edge_index_of
from graphcl.augmentations.fields import graph_boundaries, number_of_nodes

Doubles = NDArray[np.float64]
Integers = NDArray[np.int64]

CENTRALITIES = ("degree", "pagerank", "eigenvector", "lazy_walk")
"""The measures that `node_centrality` knows."""

_DAMPING = 0.85
_TOLERANCE = 1e-10
_FLOOR = 1e-8
_POWER_STEPS = 1000


def node_centrality(data: Data, measure: str = "degree", *, steps: int = 200) -> Tensor:
    """How central each node is in its graph; edge weights do not count.

    Source: Zhu et al., "Graph contrastive learning with adaptive augmentation" (GCA), WWW 2021,
    arXiv:2010.14945, section 3.2, and the authors' code, CRIPAC-DIG/GCA. The code sizes its vectors
    by the largest node of an edge; ours have one entry for each node.

    Args:
        data: graph or batch.
        measure: one of

            - "degree": number of neighbours, whatever the direction of the edges; a self-loop
              counts once. At least 1, so that a logarithm can be taken.
            - "pagerank": PageRank with damping 0.85 along the edges; a node without outgoing edges
              jumps to any node of its graph. Sums to 1 in each graph, as in
              :func:`networkx.pagerank`.
            - "eigenvector": eigenvector of the largest eigenvalue of the undirected adjacency
              matrix, of length 1 in each graph, at least 1e-8. As in
              :func:`networkx.eigenvector_centrality`, if edges go both ways. In a graph of several
              components only those of the largest eigenvalue count.
            - "lazy_walk": what the authors' code calls PageRank, for parity: `steps` times
              x <- 0.15 x + 0.85 P^T x from 1, P the transition matrix along the edges. On
              undirected graphs it tends to the degree. At least 1e-8.
        steps: number of steps of "lazy_walk"; the authors take 200 for edges, 10 for features.

    Returns:
        `[N]` float64, above 0, on the device of `edge_index`.

    Raises:
        TypeError: if `data` is no `Data` or `Batch`.
        ValueError: if the measure is unknown, or the graph has no valid `edge_index` or does not
            tell its number of nodes (`x` or `num_nodes`).

    Example:
        >>> star = Data(edge_index=torch.tensor([[0, 0, 1, 2], [1, 2, 0, 0]]), num_nodes=3)
        >>> node_centrality(star, "degree").tolist()
        [2.0, 1.0, 1.0]
        >>> node_centrality(star, "pagerank").round(decimals=3)
        tensor([0.4860, 0.2570, 0.2570], dtype=torch.float64)
    """
    check_data(data, "node_centrality")
    if measure not in CENTRALITIES:
        raise ValueError(unknown_name("centrality", measure, CENTRALITIES))
    check_whole("steps", steps, least=1)
    edge_index = edge_index_of(data, "node_centrality")
    num_nodes = number_of_nodes(data, "node_centrality")
    boundaries = graph_boundaries(data, num_nodes, "node_centrality").cpu().numpy()
    graphs = np.repeat(np.arange(len(boundaries) - 1), np.diff(boundaries))
    row, column = edge_index.detach().cpu().numpy()
    ones = np.ones(len(row))
    # Entry (i, j) counts the edges from j to i, so that the product with a vector gathers.
    incoming = sp.csr_matrix((ones, (column, row)), shape=(num_nodes, num_nodes))
    if measure == "pagerank":
        values = _pagerank(incoming, graphs)
    elif measure == "lazy_walk":
        values = _lazy_walk(incoming, steps)
    else:
        both = incoming + incoming.T
        both.data[:] = 1.0  # an edge is there, or not
        if measure == "degree":
            values = np.maximum(np.asarray(both.sum(axis=1)).ravel(), 1.0)
        else:
            values = _eigenvector(sp.csr_matrix(both), boundaries, graphs)
    return torch.from_numpy(values).to(edge_index.device)


def _transition(incoming: sp.csr_matrix) -> tuple[sp.csr_matrix, Doubles]:
    """P^T, and which nodes have no outgoing edge."""
    degrees = np.asarray(incoming.sum(axis=0)).ravel()
    stuck = degrees == 0
    return sp.csr_matrix(incoming @ sp.diags(1 / np.where(stuck, 1.0, degrees))), stuck


def _pagerank(incoming: sp.csr_matrix, graphs: Integers) -> Doubles:
    transition, stuck = _transition(incoming)
    sizes = np.bincount(graphs)
    start = 1.0 / sizes[graphs] if len(graphs) else np.zeros(0)
    values = start
    # The error shrinks by the damping in each step.
    for _ in range(int(np.ceil(np.log(_TOLERANCE) / np.log(_DAMPING)))):
        lost = np.bincount(graphs, weights=values * stuck)
        values = start * (_DAMPING * lost[graphs] + 1 - _DAMPING) + _DAMPING * (transition @ values)
    return values


def _lazy_walk(incoming: sp.csr_matrix, steps: int) -> Doubles:
    transition, _ = _transition(incoming)
    values = np.ones(incoming.shape[0])
    for _ in range(steps):
        values = (1 - _DAMPING) * values + _DAMPING * (transition @ values)
    return np.maximum(values, _FLOOR)


def _eigenvector(adjacency: sp.csr_matrix, boundaries: Integers, graphs: Integers) -> Doubles:
    """Power iteration on A + I for all graphs at once, Lanczos where that is too slow."""
    size = adjacency.shape[0]
    values = 1 / np.sqrt(np.bincount(graphs)[graphs]) if size else np.zeros(0)
    change = np.zeros(size)
    for _ in range(_POWER_STEPS):
        following = adjacency @ values + values
        following /= np.sqrt(np.bincount(graphs, weights=following**2))[graphs]
        change = np.abs(following - values)
        values = following
        if size == 0 or change.max() < _TOLERANCE:
            break
    for graph in np.unique(graphs[change >= _TOLERANCE]):
        nodes = slice(boundaries[graph], boundaries[graph + 1])
        part = adjacency[nodes, nodes] + sp.identity(boundaries[graph + 1] - boundaries[graph])
        _, vectors = eigsh(part, k=1, which="LA", v0=values[nodes])
        values[nodes] = np.abs(vectors[:, 0])
    return np.maximum(values, _FLOOR)
