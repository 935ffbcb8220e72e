"""Keep some edges of a graph or batch, with everything that belongs to them."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch_geometric.data import Batch, Data

# What PyG knows to tell the number of nodes when there are few edges left.
_TELLS_NODES = ("num_nodes", "x", "pos", "batch")


def check_data(data: Any, transform: str) -> None:
    """Raise a `TypeError` unless `data` is a homogeneous graph or batch."""
    if not isinstance(data, Data):
        raise TypeError(f"{transform} takes a Data or a Batch of Data, got {type(data).__name__}")


def edge_index_of(data: Data, transform: str) -> Tensor:
    """The edge index of a graph.

    Raises:
        ValueError: if it is missing, not int64 of shape `[2, E]`, or its values are no nodes.
    """
    edge_index = data.get("edge_index")
    if not isinstance(edge_index, Tensor):
        raise ValueError(f"{transform} needs data.edge_index, but the graph has none")
    if edge_index.dim() != 2 or edge_index.size(0) != 2 or edge_index.dtype != torch.int64:
        raise ValueError(
            f"{transform}: edge_index must be torch.int64 of shape [2, edges], "
            f"got {edge_index.dtype} of shape {list(edge_index.shape)}"
        )
    if edge_index.numel() > 0:
        smallest, largest = (int(limit) for limit in edge_index.aminmax())
        if smallest < 0 or largest >= data.num_nodes:
            raise ValueError(
                f"{transform}: edge_index has values from {smallest} to {largest}, "
                f"but with {data.num_nodes} nodes they must be from 0 to {data.num_nodes - 1}"
            )
    return edge_index


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
    num_nodes = data.num_nodes
    keys = [key for key in data.keys() if _belongs_to_edges(data, key)]  # noqa: SIM118 (no mapping)
    chosen = kept.nonzero().squeeze(1)  # once, and several times faster than masks
    for key in keys:
        data[key] = _select(data[key], chosen, data.__cat_dim__(key, data[key]))
    if not any(key in data for key in _TELLS_NODES):
        data.num_nodes = num_nodes  # it was only to be inferred from the edges
    if isinstance(data, Batch) and hasattr(data, "_slice_dict"):
        before = torch.cat([kept.new_zeros(1, dtype=torch.int64), kept.cumsum(0)]).cpu()
        slices = dict(data._slice_dict)  # the input keeps its own
        for key in keys:
            if key in slices:
                slices[key] = before[slices[key]]
                if f"{key}_ptr" in data:  # there if the batch was made with `follow_batch`
                    data[f"{key}_ptr"] = slices[key].to(kept.device)
        data._slice_dict = slices
    return data


def _belongs_to_edges(data: Data, key: str) -> bool:
    """Whether a field has one row an edge; its name decides where the sizes leave it open."""
    if key == "edge_index":
        return True
    slices = getattr(data, "_slice_dict", {})
    if isinstance(data, Batch) and key in slices:
        rows, edges = slices[key], slices["edge_index"]
        if not isinstance(data[key], Tensor) or not torch.equal(rows, edges):
            return False  # every graph by itself must agree, not only their sum
        one_each = bool((edges.diff() == 1).all())  # like a field with one row a graph
        as_many_nodes = "ptr" in data and torch.equal(edges, data.ptr.to(edges.device))
        return "edge" in key or not (one_each or as_many_nodes)
    if isinstance(data, Batch):
        followed, _, kind = key.rpartition("_")
        if kind == "batch" and followed in slices:
            return _belongs_to_edges(data, followed)
        if kind == "ptr" or key == "batch":
            return False
    return data.is_edge_attr(key) and ("edge" in key or data.num_edges > 1)


def _select(value: Any, chosen: Tensor, dim: int) -> Any:
    if isinstance(value, Tensor):
        chosen = chosen.to(value.device)
        if dim in (-1, 1) and value.dim() == 2 and len(value) == 2:
            # Edge indices: row by row, torch copies three times faster.
            return torch.stack([row.index_select(0, chosen) for row in value])
        return value.index_select(dim, chosen)
    if isinstance(value, np.ndarray):
        return value.take(chosen.cpu().numpy(), axis=dim)
    return type(value)(value[position] for position in chosen.tolist())
