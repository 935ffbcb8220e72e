"""What belongs to the nodes of a graph, what to its edges, and how to take a part of both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch_geometric.data import Batch, Data


@dataclass(frozen=True)
class Fields:
    """The fields of a graph, by what they have one row for.

    Attributes:
        num_nodes: Number of nodes ``N``.
        node: Keys of fields with one row a node.
        edge: Keys of fields with one row an edge, without ``edge_index``.
        other: Keys of all others, which every part shares.
    """

    num_nodes: int
    node: tuple[str, ...]
    edge: tuple[str, ...]
    other: tuple[str, ...]

    def part(self, data: Data, nodes: Tensor, edges: Tensor, edge_index: Tensor) -> Data:
        """A graph of some nodes and edges, with all that belongs to them.

        Args:
            data: The whole graph.
            nodes: Which nodes, ``[n]``.
            edges: Which edges, ``[e]``.
            edge_index: The edges in the numbers of the part, ``[2, e]``.
        """
        values: dict[str, Any] = {"edge_index": edge_index.to(data.edge_index.device)}
        for keys, chosen in ((self.node, nodes), (self.edge, edges)):
            for key in keys:
                values[key] = _take(data[key], chosen, data.__cat_dim__(key, data[key]))
        for key in self.other:
            values[key] = data[key]
        return Data(**values, num_nodes=nodes.numel(), n_id=nodes, e_id=edges)


def find_fields(data: Data) -> Fields:
    """Check a graph that is to be sampled, and sort its fields.

    Raises:
        TypeError: No single ``Data``.
        ValueError: An unknown number of nodes, missing or broken edges, sparse fields.
    """
    if not isinstance(data, Data) or isinstance(data, Batch):
        raise TypeError(f"data must be one graph, a Data, got {type(data).__name__}")
    num_nodes = _num_nodes(data)
    _check_edges(data.get("edge_index"), num_nodes)
    kinds: dict[str, list[str]] = {"node": [], "edge": [], "other": []}
    for key in sorted(data.keys()):  # PyG's order changes from process to process
        if key in ("edge_index", "num_nodes"):
            continue
        value = data[key]
        if isinstance(value, Tensor) and value.layout != torch.strided:
            raise ValueError(
                f"data.{key} is sparse ({value.layout}); only dense fields can be sampled: "
                f"use data.{key}.to_dense()"
            )
        kind = "node" if data.is_node_attr(key) else "edge" if data.is_edge_attr(key) else "other"
        kinds[kind].append(key)
    return Fields(num_nodes, *(tuple(kinds[kind]) for kind in ("node", "edge", "other")))


def _num_nodes(data: Data) -> int:
    """The number of nodes, where the graph says so: edges do not show isolated ones."""
    if "num_nodes" in data:
        return int(data["num_nodes"])
    x = data.get("x")
    if x is None:
        raise ValueError(
            "the number of nodes is unknown: the graph has no features data.x. Set data.num_nodes "
            "(the largest number in edge_index may miss isolated nodes)"
        )
    return len(x)


def _check_edges(edge_index: Any, num_nodes: int) -> None:
    if not isinstance(edge_index, Tensor):
        raise ValueError("data.edge_index is missing: there is nothing to sample along")
    if (
        edge_index.dim() != 2
        or edge_index.size(0) != 2
        or edge_index.dtype not in (torch.int32, torch.int64)
    ):
        raise ValueError(
            "data.edge_index must hold whole numbers in shape [2, edges], got "
            f"{edge_index.dtype} in shape {list(edge_index.shape)}"
        )
    if edge_index.numel():
        smallest, largest = (int(limit) for limit in edge_index.aminmax())
        if smallest < 0 or largest >= num_nodes:
            raise ValueError(
                f"data.edge_index has values from {smallest} to {largest}; with {num_nodes} nodes "
                f"they must be from 0 to {num_nodes - 1}"
            )


def _take(value: Any, chosen: Tensor, dim: int) -> Any:
    if isinstance(value, Tensor):
        return value.index_select(dim, chosen.to(value.device))
    if isinstance(value, np.ndarray):
        return value.take(chosen.numpy(), axis=dim)
    return [value[position] for position in chosen.tolist()]
