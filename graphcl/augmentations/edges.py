"""Keep some edges of a graph or batch, with everything that belongs to them."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch_geometric.data import Data

from graphcl.augmentations.fields import (
    cumulative,
    fields_by_kind,
    is_collated,
    number_of_nodes,
    select_rows,
    set_boundaries,
)


def check_data(data: Any, transform: str) -> None:
    """Raise a `TypeError` unless `data` is a homogeneous graph or batch."""
    if not isinstance(data, Data):
        raise TypeError(f"{transform} takes a Data or a Batch of Data, got {type(data).__name__}")


def edge_index_of(data: Data, transform: str) -> Tensor:
    """The edge index of a graph.

    Raises:
        ValueError: if it is missing, not int64 of shape `[2, E]`, its values are no nodes, or
            nothing else tells the number of nodes.
    """
    edge_index = data.get("edge_index")
    if not isinstance(edge_index, Tensor):
        raise ValueError(f"{transform} needs data.edge_index, but the graph has none")
    if edge_index.dim() != 2 or edge_index.size(0) != 2 or edge_index.dtype != torch.int64:
        raise ValueError(
            f"{transform}: edge_index must be torch.int64 of shape [2, edges], "
            f"got {edge_index.dtype} of shape {list(edge_index.shape)}"
        )
    num_nodes = number_of_nodes(data, transform)
    if edge_index.numel() > 0:
        smallest, largest = (int(limit) for limit in edge_index.aminmax())
        if smallest < 0 or largest >= num_nodes:
            raise ValueError(
                f"{transform}: edge_index has values from {smallest} to {largest}, "
                f"but with {num_nodes} nodes they must be from 0 to {num_nodes - 1}"
            )
    return edge_index


def check_undirected(at_source: Tensor, at_target: Tensor, transform: str) -> None:
    """Raise a `ValueError` unless every edge is there in both directions, without sorting.

    Each node has a random 63-bit number r. The graph is undirected if the sum of
    r_i r_j (r_j - r_i) over all entries (i, j) vanishes: the two directions cancel, and what is
    left over in a directed graph is a polynomial, zero with vanishing probability.

    Args:
        at_source: `[E]` random int64 numbers of the edges' sources.
        at_target: `[E]` those of their targets.
        transform: whose check it is, for the message.
    """
    excess = (at_target - at_source).mul_(at_source).mul_(at_target).sum()
    if int(excess) != 0:  # all arithmetic is modulo 2^64
        raise ValueError(
            f"{transform}(undirected=True) needs every edge in both directions, but this graph is "
            "directed; use undirected=False, or torch_geometric.transforms.ToUndirected first"
        )


def keep_edges(data: Data, kept: Tensor) -> Data:
    """Drop all edges but those marked, in place of a shallow copy, and their attributes with them.

    Tensors of the input are never written to. A `Batch` gets new slices, so that `to_data_list`
    gives the graphs with the edges that are left.

    Args:
        data: a shallow copy of the graph or batch; its fields are replaced.
        kept: `[E]` bool, True for the edges that stay.

    Returns:
        `data`.
    """
    _, keys = fields_by_kind(data, number_of_nodes(data, "keep_edges"))
    boundaries = edge_boundaries(data)
    chosen = kept.nonzero().squeeze(1)  # once, and several times faster than masks
    for key in keys:
        data[key] = select_rows(data, key, chosen, boundaries)
    if is_collated(data):
        set_boundaries(data, keys, cumulative(kept)[boundaries.to(kept.device)])
    return data


def edge_boundaries(data: Data) -> Tensor:
    """Where the edges of each graph begin, `[B + 1]`; one graph is a batch of one."""
    if is_collated(data) and "edge_index" in data._slice_dict:
        slices: Tensor = data._slice_dict["edge_index"]
        return slices
    return torch.tensor([0, data.edge_index.size(1)])
