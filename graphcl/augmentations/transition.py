"""Adjacency and transition matrices of a graph for diffusion, as PyG's `GDC` defines them."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
import torch
from numpy.typing import NDArray
from torch_geometric.data import Data

from graphcl.augmentations.edges import edge_index_of
from graphcl.augmentations.fields import number_of_nodes

Doubles = NDArray[np.float64]

NORMALIZATIONS = ("sym", "row", "col")


def adjacency_matrix(data: Data, *, self_loop_weight: float, transform: str) -> sp.csr_matrix:
    """The weighted adjacency matrix A, `[N, N]`; entry (i, j) is the edge from i to j.

    Parallel edges are summed. Self-loops of the given weight are added to those that are there.

    Raises:
        ValueError: if the graph has no valid `edge_index`, does not tell its number of nodes, or
            `edge_weight` is not of shape `[E]`, negative, NaN or infinite.
    """
    edge_index = edge_index_of(data, transform)
    num_nodes = number_of_nodes(data, transform)
    row, column = edge_index.detach().cpu().numpy()
    weights = _edge_weights(data, edge_index.size(1), transform)
    loops = np.arange(num_nodes) if self_loop_weight > 0 else np.arange(0)
    entries = np.concatenate([weights, np.full(len(loops), self_loop_weight)])
    places = (np.concatenate([row, loops]), np.concatenate([column, loops]))
    matrix = sp.csr_matrix((entries, places), shape=(num_nodes, num_nodes))
    matrix.eliminate_zeros()
    return matrix


def _edge_weights(data: Data, num_edges: int, transform: str) -> Doubles:
    weights = data.get("edge_weight")
    if weights is None:
        return np.ones(num_edges)
    if not isinstance(weights, torch.Tensor) or weights.shape != (num_edges,):
        what = list(weights.shape) if isinstance(weights, torch.Tensor) else type(weights).__name__
        raise ValueError(f"{transform}: edge_weight must be of shape [{num_edges}], got {what}")
    values: Doubles = weights.detach().cpu().double().numpy()
    if not (np.isfinite(values).all() and (values >= 0).all()):
        raise ValueError(
            f"{transform}: edge_weight must be finite and 0 or more, got values from "
            f"{values.min()} to {values.max()}"
        )
    return values


def strengths(matrix: sp.csr_matrix, normalization: str) -> Doubles:
    """What a normalization divides by: row sums for "row", else column sums, `[N]`."""
    axis = 1 if normalization == "row" else 0
    return np.asarray(matrix.sum(axis=axis), dtype=np.float64).ravel()


def normalized(matrix: sp.csr_matrix, normalization: str | None) -> sp.csr_matrix:
    """A D^-1 ("col"), D^-1 A ("row"), D^-1/2 A D^-1/2 ("sym"), or A itself (None).

    D holds the sums of columns; those of rows for "row". A node of sum 0 has an empty row or
    column.
    """
    if normalization is None:
        return matrix
    sums = strengths(matrix, normalization)
    exponent = -0.5 if normalization == "sym" else -1.0
    factors = np.zeros_like(sums)
    np.power(sums, exponent, out=factors, where=sums > 0)
    result = matrix.astype(np.float64)
    rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    # One product of the two factors: entries (i, j) and (j, i) must not differ by rounding.
    if normalization == "sym":
        result.data *= factors[rows] * factors[result.indices]
    else:
        result.data *= factors[rows if normalization == "row" else result.indices]
    result.eliminate_zeros()
    return result


def mean_one(sums: Doubles, boundaries: NDArray[np.int64]) -> Doubles:
    """Sums of nodes over their mean in each graph, `[N]`; nodes of sum 0 do not count."""
    graphs = np.repeat(np.arange(len(boundaries) - 1), np.diff(boundaries))
    count = np.bincount(graphs, weights=sums > 0, minlength=len(boundaries) - 1)
    total = np.bincount(graphs, weights=sums, minlength=len(boundaries) - 1)
    means = np.divide(total, count, out=np.ones(len(total)), where=count > 0)
    result: Doubles = sums / means[graphs]
    return result
