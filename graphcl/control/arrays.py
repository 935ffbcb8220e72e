"""What the functions of this folder take: edges and leaders as torch, NumPy or SciPy hold them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import sparse
from torch import Tensor

from graphcl.arguments import check_whole

Array: TypeAlias = Tensor | NDArray[Any]
Edges: TypeAlias = Tensor | NDArray[Any] | sparse.sparray | sparse.spmatrix
Ints: TypeAlias = NDArray[np.int64]
Bools: TypeAlias = NDArray[np.bool_]
Floats: TypeAlias = NDArray[np.float64]

FAR = 2**30
"""An unreachable node's distance inside this folder: above all others, and sums do not overflow."""


@dataclass(frozen=True)
class EdgeList:
    """Entries of an edge index, checked.

    Attributes:
        source: `[E]` where each entry begins.
        target: `[E]` where it ends.
        num_nodes: number of nodes N.
        values: `[E]` values of the sparse matrix that was given, if one was.
    """

    source: Ints
    target: Ints
    num_nodes: int
    values: NDArray[Any] | None = None


def read_edges(edges: Edges, num_nodes: int | None) -> EdgeList:
    """Check edges and bring them into one form.

    Args:
        edges: `[2, E]` whole numbers (tensor or array), or a square SciPy matrix whose stored
            entry (i, j) is the edge from i to j.
        num_nodes: number of nodes; a matrix tells it itself.

    Raises:
        TypeError: if `edges` is none of these, or holds no whole numbers.
        ValueError: if the shape is another, a node does not exist, or `num_nodes` is missing.
    """
    if isinstance(edges, sparse.sparray | sparse.spmatrix):
        matrix: Any = edges
        rows, columns = matrix.shape
        if rows != columns or num_nodes not in (None, rows):
            raise ValueError(
                f"edges must be a square matrix of num_nodes rows, got shape {[rows, columns]}"
                + ("" if num_nodes is None else f" and num_nodes {num_nodes}")
            )
        entries = sparse.coo_array(matrix)
        source, target = (np.asarray(part, dtype=np.int64) for part in entries.coords)
        return EdgeList(source, target, rows, entries.data)
    if not isinstance(edges, Tensor | np.ndarray):
        raise TypeError(
            f"edges must be a tensor, an array or a SciPy matrix, got {type(edges).__name__}"
        )
    array = as_numpy(edges)
    if array.ndim != 2 or len(array) != 2:
        raise ValueError(f"edges must have shape [2, edges], got {list(array.shape)}")
    if array.dtype.kind not in "iu":
        raise TypeError(f"edges must hold whole numbers, got {array.dtype}")
    if num_nodes is None:
        raise ValueError("num_nodes must be given: edges know nothing of isolated nodes")
    nodes = check_whole("num_nodes", num_nodes, least=0)
    if array.size and not 0 <= int(array.min()) <= int(array.max()) < nodes:
        raise ValueError(
            f"edges has values from {array.min()} to {array.max()}, "
            f"but with {nodes} nodes they must be from 0 to {nodes - 1}"
        )
    source, target = (np.ascontiguousarray(row, dtype=np.int64) for row in array)
    return EdgeList(source, target, nodes)


def adjacency(edges: EdgeList) -> sparse.csr_array:
    """Which nodes follow which, `[N, N]` of ones: no self-loops, no entry twice, rows sorted."""
    proper = edges.source != edges.target
    source, target = edges.source[proper], edges.target[proper]
    matrix = sparse.csr_array(
        (np.ones(len(source)), (source, target)), shape=(edges.num_nodes, edges.num_nodes)
    )
    matrix.sum_duplicates()
    matrix.data[:] = 1
    return matrix


def read_leaders(leaders: Array | list[int], num_nodes: int) -> Ints:
    """Check leaders.

    Args:
        leaders: `[m]` node ids, a boolean mask `[N]`, or `[B, S]` ids of the graphs of a batch in
            S slots, empty ones -1.
        num_nodes: number of nodes N.

    Returns:
        `[m]`, or `[B, S]`.

    Raises:
        TypeError: if they are no whole numbers or booleans.
        ValueError: if there is none, one twice, or one that is no node.
    """
    array = np.asarray(as_numpy(leaders) if isinstance(leaders, Tensor) else leaders)
    if array.dtype == np.bool_:
        if array.shape != (num_nodes,):
            raise ValueError(
                f"leaders as a mask must have shape [{num_nodes}], got {list(array.shape)}"
            )
        array = array.nonzero()[0]
    if array.size == 0:
        raise ValueError("leaders must be at least one node, got none")
    if array.dtype.kind not in "iu":
        raise TypeError(f"leaders must be whole numbers or a mask, got {array.dtype}")
    if array.ndim not in (1, 2):
        raise ValueError(f"leaders must have shape [m] or [graphs, m], got {list(array.shape)}")
    used = array if array.ndim == 1 else array[array >= 0]
    if array.ndim == 2 and not bool((array >= 0).any(1).all()):
        raise ValueError("leaders must be at least one node of every graph, got none for some")
    if int(used.min()) < 0 or int(used.max()) >= num_nodes:
        raise ValueError(
            f"leaders must be from 0 to {num_nodes - 1}, got {used.min()} to {used.max()}"
        )
    if len(np.unique(used)) != len(used):
        raise ValueError(f"leaders must be different nodes, got {array.tolist()}")
    return array.astype(np.int64)


def read_distances(distances: Array, kind: type[np.signedinteger[Any]] = np.int64) -> Ints:
    """Distances `[N, m]` with `FAR` instead of -1 where a leader does not reach a node.

    Raises:
        TypeError: if they are no whole numbers.
        ValueError: if they have another shape, or some are below -1.
    """
    array = as_numpy(distances)
    if array.ndim != 2:
        raise ValueError(f"distances must have shape [nodes, leaders], got {list(array.shape)}")
    if array.dtype.kind not in "iu":
        raise TypeError(f"distances must be whole numbers, got {array.dtype}")
    if array.size and int(array.min()) < -1:
        raise ValueError(f"distances must be -1 (unreachable) or more, got {array.min()}")
    far = array.astype(kind)
    far[far < 0] = FAR
    return far


def read_batch(batch: Array | None, num_nodes: int) -> tuple[Ints, int]:
    """The graph of each node `[N]`, and the number of graphs; without a batch all are in one.

    Raises:
        ValueError: if there is not one sorted entry a node.
    """
    if batch is None:
        return np.zeros(num_nodes, dtype=np.int64), 1
    array = as_numpy(batch).astype(np.int64)
    if array.shape != (num_nodes,) or bool((np.diff(array) < 0).any()):
        raise ValueError("batch must have one entry for each node, in sorted order")
    return array, int(array[-1]) + 1 if len(array) else 0


def read_undirected(edges: EdgeList) -> EdgeList:
    """The edges, if each is there in both directions.

    Raises:
        ValueError: if some is not.
    """
    there = adjacency(edges)
    if abs(there - there.T).sum() > 0:
        raise ValueError(
            "edges must hold every edge in both directions, but this graph is directed; use "
            "torch_geometric.utils.to_undirected first"
        )
    return edges


def as_numpy(values: Any) -> NDArray[Any]:
    """Values of a tensor or array as an array."""
    return values.detach().cpu().numpy() if isinstance(values, Tensor) else np.asarray(values)


def like(given: Any, values: NDArray[Any]) -> Any:
    """An array as a tensor on the device of what was given, if that was a tensor."""
    if isinstance(given, Tensor):
        return torch.from_numpy(np.ascontiguousarray(values)).to(given.device)
    return values


def starts_of(counts: NDArray[Any]) -> Ints:
    """Where each of several groups begins, and the end: `[B + 1]`."""
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)


def ranges(starts: Ints, counts: Ints) -> Ints:
    """All numbers of several ranges, one range after the other."""
    ends = np.cumsum(counts)
    total = int(ends[-1]) if len(ends) else 0
    return np.arange(total) + np.repeat(starts - (ends - counts), counts)
