"""What HeCo computes once for a graph: features, meta-path graphs, neighbours to draw from."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence

import torch
from torch import Tensor
from torch_geometric.data import HeteroData

from graphcl.arguments import check_whole, listed, unknown_name
from graphcl.metapaths import EdgeType, FixedMatrix, as_edges, normalized

Neighbours = int | Mapping[str | EdgeType, int] | None


def read_neighbours(data: HeteroData, target: str, neighbours: Neighbours) -> dict[EdgeType, int]:
    """The relations of the schema view, and how many neighbours to draw of each.

    Args:
        data: The graph.
        target: The target type.
        neighbours: A number for each source type or edge type; a single number for all relations
            that lead from another type to the target; None: their mean number of neighbours.

    Raises:
        TypeError: Neither numbers by name, nor a number, nor None.
        ValueError: A name that no relation to the target has, or no relation at all.

    Example:
        >>> data = HeteroData()
        >>> data["paper"].num_nodes, data["author"].num_nodes = 3, 2
        >>> data["author", "wrote", "paper"].edge_index = torch.tensor([[0, 1, 1], [0, 0, 2]])
        >>> read_neighbours(data, "paper", None)
        {('author', 'wrote', 'paper'): 2}
        >>> read_neighbours(data, "paper", {"author": 5})
        {('author', 'wrote', 'paper'): 5}
    """
    inwards: list[EdgeType] = [step for step in data.edge_types if step[2] == target]
    if isinstance(neighbours, Mapping):
        return {step: count for name, count in neighbours.items() for step in _named(name, inwards)}
    others = [step for step in inwards if step[0] != target]
    if not others:
        raise ValueError(
            f"the schema view needs edges from another type to {target!r}, the graph has "
            f"{listed([str(step) for step in data.edge_types]) or 'no edges'}; "
            "add_reverse_relations(data) adds the opposite direction of each"
        )
    if neighbours is not None:
        count = check_whole("neighbours", neighbours, least=1)
        return dict.fromkeys(others, count)
    return {step: _mean_degree(data[step].edge_index[1]) for step in others}


def check_neighbours(neighbours: Neighbours, target: str) -> dict[EdgeType, int]:
    """The relations of the schema view, looked up before, with numbers of at least 1."""
    known = isinstance(neighbours, Mapping) and all(
        isinstance(step, tuple | list) and len(step) == 3 for step in neighbours
    )
    if not isinstance(neighbours, Mapping) or not known:
        raise TypeError(
            "neighbours must give a number for each edge type (source, relation, target), got "
            f"{neighbours!r}; create_method looks types and numbers up in the graph"
        )
    if not neighbours:
        raise ValueError("neighbours must name at least one relation, got none")
    result: dict[EdgeType, int] = {}
    for step, count in neighbours.items():
        source, relation, end = tuple(step)
        if end != target:
            raise ValueError(
                f"relations in neighbours must lead to {target!r}, got {(source, relation, end)}"
            )
        result[source, relation, end] = check_whole("neighbours", count, least=1)
    return result


def check_feature_types(
    feature_types: Sequence[str] | None, known: Mapping[str, object]
) -> tuple[str, ...] | None:
    """The node types whose features are read, each once; None: all.

    Raises:
        TypeError: No list of names.
        ValueError: An unknown node type.
    """
    if feature_types is None:
        return None
    if isinstance(feature_types, str) or not isinstance(feature_types, Sequence):
        raise TypeError(
            f"feature_types must be a list of node types such as ['paper'], got {feature_types!r}"
        )
    for kind in feature_types:
        if kind not in known:
            raise ValueError(unknown_name("node type in feature_types", kind, known))
    return tuple(dict.fromkeys(feature_types))


def _named(name: str | EdgeType, inwards: Sequence[EdgeType]) -> list[EdgeType]:
    if isinstance(name, str):
        found = [step for step in inwards if step[0] == name]
    else:
        found = [step for step in inwards if step == tuple(name)]
    if not found:
        known = dict.fromkeys(kind for step in inwards for kind in (step[0], str(step)))
        raise ValueError(unknown_name("relation to the target in neighbours", name, known))
    return found


def _mean_degree(ends: Tensor) -> int:
    """Mean number of edges of the nodes that have any, rounded; 1 without edges."""
    return max(round(ends.numel() / max(ends.unique().numel(), 1)), 1)


def with_self_loops(reached: Sequence[Tensor]) -> list[Tensor]:
    """Give nodes that no meta-path leaves a self-loop in all of them: they keep their own rows.

    Args:
        reached: Where each path leads, ``[N, N]``, sparse CSR of ones.
    """
    degrees = torch.stack([matrix.crow_indices().diff() for matrix in reached])
    alone = (degrees == 0).all(0).nonzero().squeeze(1)
    if alone.numel() == 0:
        return list(reached)
    return [_with_loops(matrix, alone) for matrix in reached]


def _with_loops(matrix: Tensor, nodes: Tensor) -> Tensor:
    index, _ = as_edges(matrix)
    return csr_of_ones(torch.cat([index.flip(0), nodes.expand(2, -1)], dim=1), matrix.shape)


def csr_of_ones(index: Tensor, shape: Sequence[int]) -> Tensor:
    """A sparse CSR matrix of ones at the places ``index`` ``[2, E]``; repeated ones count once."""
    row, column = index
    keys = (row * shape[1] + column).unique()
    starts = torch.zeros(shape[0] + 1, dtype=torch.int64, device=index.device)
    starts[1:] = torch.bincount(keys // max(shape[1], 1), minlength=shape[0]).cumsum(0)
    with warnings.catch_warnings():  # torch announces once that CSR is in beta
        warnings.filterwarnings("ignore", message="Sparse", category=UserWarning)
        return torch.sparse_csr_tensor(
            starts,
            keys % max(shape[1], 1),
            torch.ones(keys.numel(), device=index.device),
            (shape[0], shape[1]),
            check_invariants=False,
        )


def adjacencies(reached: Iterable[Tensor]) -> tuple[FixedMatrix, ...]:
    """``D^-1/2 A D^-1/2`` of each matrix."""
    return tuple(FixedMatrix(normalized(matrix, binary=True)) for matrix in reached)


def neighbours_by_target(data: HeteroData, edge_type: EdgeType) -> Tensor:
    """For each target the sources of a relation: ``[N, M]``, sparse CSR, parallel edges once."""
    source, _, target = edge_type
    shape = (int(data[target].num_nodes), int(data[source].num_nodes))
    return csr_of_ones(data[edge_type].edge_index.flip(0), shape)
