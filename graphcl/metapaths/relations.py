"""Relations of a graph as sparse matrices, and their missing reverses."""

from __future__ import annotations

import copy
import warnings

import numpy as np
import torch
from scipy import sparse
from torch import Tensor
from torch_geometric.data import HeteroData

from graphcl.metapaths.metapath import EdgeType, MetaPath, check_heterogeneous


def incidences(
    data: HeteroData, path: MetaPath, *, coalesce: bool, exact: bool = True
) -> list[sparse.csr_matrix]:
    """The matrices of the steps of a path, sources in rows.

    Args:
        data: The graph.
        path: A path of this graph.
        coalesce: Whether parallel edges are one; else an entry counts them.
        exact: Whether the values of products matter: float64, in which counts are exact up to 2^53
            (sums of many float32 drift); else float32, which takes less memory.
    """
    found: dict[EdgeType, sparse.csr_matrix] = {}
    for step in path.edge_types:
        if step not in found:
            matrix = incidence(data, step, coalesce=coalesce)
            found[step] = matrix if exact else matrix.astype(np.float32)
    return [found[step] for step in path.edge_types]


def incidence(data: HeteroData, edge_type: EdgeType, *, coalesce: bool) -> sparse.csr_matrix:
    """One relation as a matrix `[N_source, N_target]`, float64, sorted, without duplicates.

    Raises:
        ValueError: The edges are not stored as `edge_index`, or name nodes that do not exist.
    """
    source, _, end = edge_type
    shape = num_nodes(data, source), num_nodes(data, end)
    edge_index = data[edge_type].get("edge_index")
    if not isinstance(edge_index, Tensor):
        raise ValueError(f"edge type {edge_type} has no edge_index (`[2, E]`)")
    if edge_index.dim() != 2 or edge_index.size(0) != 2 or edge_index.is_floating_point():
        raise ValueError(
            f"edge_index of {edge_type} must be whole numbers of shape [2, E], got "
            f"{edge_index.dtype} {list(edge_index.shape)}"
        )
    row, column = edge_index.cpu().numpy()
    for kind, numbers, size in ((source, row, shape[0]), (end, column, shape[1])):
        if numbers.size and (numbers.min() < 0 or numbers.max() >= size):
            wrong = numbers.min() if numbers.min() < 0 else numbers.max()
            raise ValueError(
                f"edge_index of {edge_type} names node {wrong} of type {kind!r}, which has "
                f"{size} nodes"
            )
    ones = np.ones(row.size)
    matrix = sparse.coo_matrix((ones, (row, column)), shape=shape).tocsr()  # adds duplicates
    matrix.sort_indices()
    if coalesce:
        matrix.data.fill(1)
    return matrix


def num_nodes(data: HeteroData, node_type: str) -> int:
    """Number of nodes of a type.

    Raises:
        ValueError: The graph does not say.
    """
    with warnings.catch_warnings():
        # PyG guesses from the edges, with a warning; nodes without edges would be lost.
        warnings.simplefilter("error", UserWarning)
        try:
            number = data[node_type].num_nodes
        except UserWarning:
            number = None
    if number is None:
        raise ValueError(
            f"node type {node_type!r} has neither features x nor num_nodes: set "
            f"data[{node_type!r}].num_nodes"
        )
    return int(number)


def add_reverse_relations(data: HeteroData) -> HeteroData:
    """Add the opposite direction of every relation that lacks one.

    The reverse of `(a, r, b)` is `(b, "rev_r", a)`, as in PyG's `ToUndirected(merge=False)`, with
    the edges' attributes. A relation has its reverse already if some relation from b to a holds the
    same edges the other way round, whatever its name; a symmetric relation is its own reverse.

    Args:
        data: The graph, which is not changed.

    Returns:
        The graph with more edge types; its tensors are shared, but for the new edges.

    Raises:
        TypeError: `data` is no `HeteroData`.
        ValueError: The name of a reverse is taken by other edges.

    Example:
        >>> data = HeteroData()
        >>> data["paper"].num_nodes, data["author"].num_nodes = 2, 1
        >>> data["paper", "to", "author"].edge_index = torch.tensor([[0, 1], [0, 0]])
        >>> add_reverse_relations(data)["author", "rev_to", "paper"].edge_index
        tensor([[0, 0],
                [0, 1]])
    """
    check_heterogeneous(data)
    matrices = {step: incidence(data, step, coalesce=False) for step in data.edge_types}
    result = copy.copy(data)
    for (source, relation, end), matrix in matrices.items():
        back = matrix.T.tocsr()
        opposite = [m for s, m in matrices.items() if (s[0], s[2]) == (end, source)]
        if any(_equal(back, other) for other in opposite):
            continue
        reverse = end, f"rev_{relation}", source
        if reverse in matrices:
            raise ValueError(
                f"edge type {reverse} exists, but does not hold the edges of "
                f"{(source, relation, end)} the other way round: rename it"
            )
        for key, value in data[source, relation, end].items():
            is_index = key == "edge_index"
            result[reverse][key] = value.flip(0) if is_index else copy.copy(value)
    return result


def to_torch(matrix: sparse.csr_matrix, device: torch.device | None = None) -> Tensor:
    """A SciPy matrix as a torch CSR tensor with int64 indices; the values are shared."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # CSR "is in beta state"
        return torch.sparse_csr_tensor(
            torch.from_numpy(matrix.indptr.astype(np.int64)),
            torch.from_numpy(matrix.indices.astype(np.int64)),
            torch.from_numpy(matrix.data),
            size=matrix.shape,
            check_invariants=False,
        ).to(device)


def to_scipy(name: str, matrix: Tensor) -> sparse.csr_matrix:
    """A torch CSR tensor as a SciPy matrix, sorted; the values are shared where possible.

    Raises:
        TypeError: It is no two-dimensional CSR tensor of floating-point numbers.
    """
    check_csr(name, matrix)
    shape = matrix.size(0), matrix.size(1)
    kind = np.int32 if max(*shape, matrix.values().numel()) < 2**31 else np.int64
    result = sparse.csr_matrix(
        (
            matrix.values().detach().cpu().numpy(),
            matrix.col_indices().cpu().numpy().astype(kind),
            matrix.crow_indices().cpu().numpy().astype(kind),
        ),
        shape=shape,
    )
    if not result.has_sorted_indices:
        result = result.sorted_indices()
    return result


def check_csr(name: str, matrix: Tensor) -> None:
    """Refuse what is no two-dimensional CSR tensor of floating-point numbers.

    Raises:
        TypeError: Saying what was given.
    """
    if not isinstance(matrix, Tensor) or matrix.layout != torch.sparse_csr:
        given = matrix.layout if isinstance(matrix, Tensor) else type(matrix).__name__
        raise TypeError(f"{name} must be a torch sparse CSR tensor, got {given}")
    if matrix.dim() != 2 or not matrix.is_floating_point():
        raise TypeError(
            f"{name} must be a matrix of floating-point numbers, got {matrix.dtype} "
            f"{list(matrix.shape)}"
        )


def check_square(name: str, matrix: Tensor) -> None:
    """Refuse a CSR tensor whose rows and columns are not the same nodes.

    Raises:
        TypeError: It is no CSR tensor.
        ValueError: It is not square.
    """
    check_csr(name, matrix)
    if matrix.size(0) != matrix.size(1):
        raise ValueError(
            f"{name} must be square (its path starts and ends at the same node type), got "
            f"{list(matrix.shape)}"
        )


def check_weights(name: str, matrix: Tensor) -> None:
    """Refuse a CSR tensor with a negative, infinite or undefined entry.

    Raises:
        ValueError: Naming it.
    """
    values = matrix.values()
    wrong = values[~((values >= 0) & (values < torch.inf))]
    if wrong.numel():
        raise ValueError(f"{name} must have finite entries of at least 0, got {float(wrong[0])}")


def _equal(first: sparse.csr_matrix, second: sparse.csr_matrix) -> bool:
    """Whether two sorted matrices of one shape are the same."""
    return all(
        np.array_equal(getattr(first, part), getattr(second, part))
        for part in ("indptr", "indices", "data")
    )
