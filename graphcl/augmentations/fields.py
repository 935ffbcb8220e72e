"""Which fields of a graph or batch have one row a node or an edge, and choosing from them."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch_geometric.data import Batch, Data

# Fields with one row a node, by PyG's convention; `batch` tells it too, unless PyG guessed it.
_TELLS_NODES = ("x", "pos", "feat", "node_type", "n_id")


def number_of_nodes(data: Data, transform: str) -> int:
    """The number of nodes, where the graph tells it; PyG would guess it from the edges.

    Raises:
        ValueError: if nothing but `edge_index` tells it, or `x` and `num_nodes` disagree.
    """
    told = "num_nodes" in data or any(
        isinstance(data[key], Tensor | np.ndarray)
        for key in data.keys()  # noqa: SIM118 (no mapping)
        # A collated batch has `batch` even where each graph's size was a guess.
        if key in _TELLS_NODES or "node" in key or (key == "batch" and not is_collated(data))
    )
    if not told:
        whose = "the graphs of the batch have" if isinstance(data, Batch) else "the graph has"
        raise ValueError(
            f"{transform} cannot tell the number of nodes: {whose} neither x nor num_nodes, and "
            "edge_index knows nothing of isolated nodes; set num_nodes"
            + (" of each graph before batching" if isinstance(data, Batch) else "")
        )
    num_nodes = int(data.num_nodes or 0)
    x = data.get("x")
    if isinstance(x, Tensor) and x.dim() > 0 and x.size(0) != num_nodes:
        raise ValueError(f"{transform}: x has {x.size(0)} rows, but num_nodes is {num_nodes}")
    return num_nodes


def is_collated(data: Data) -> bool:
    """Whether the graph is a batch that `to_data_list` can take apart."""
    return isinstance(data, Batch) and hasattr(data, "_slice_dict")


def graph_boundaries(data: Data, num_nodes: int, transform: str) -> Tensor:
    """Where the nodes of each graph begin, `[B + 1]`; one graph is a batch of one.

    Raises:
        ValueError: if `batch` does not have one sorted entry a node.
    """
    batch = data.get("batch")
    if isinstance(data, Batch) and isinstance(data.get("ptr"), Tensor):
        return data.ptr
    if not isinstance(batch, Tensor):
        edge_index = data.get("edge_index")
        device = edge_index.device if isinstance(edge_index, Tensor) else None
        return torch.tensor([0, num_nodes], device=device)
    if batch.shape != (num_nodes,) or bool((batch.diff() < 0).any()):
        raise ValueError(f"{transform}: batch must have one entry for each node, in sorted order")
    return cumulative(batch.bincount())


def cumulative(counts: Tensor) -> Tensor:
    """Where each of `[B]` groups begins, and the end: `[B + 1]` int64."""
    return torch.cat([counts.new_zeros(1, dtype=torch.int64), counts.cumsum(0)])


def fields_by_kind(data: Data, num_nodes: int) -> tuple[list[str], list[str]]:
    """Names of the fields with one row a node, and of those with one row an edge.

    In a batch every graph by itself must agree, not only their sum. Where sizes leave it open (as
    many nodes as edges, or as many edges as graphs), a field belongs to the edges if its name has
    "edge" in it. What batching makes (`ptr`, and what `follow_batch` asks for) is neither.
    """
    collated = is_collated(data)
    slices = data._slice_dict if collated else {}
    whole = (torch.tensor([0, num_nodes]), torch.tensor([0, data.edge_index.size(1)]))
    apart = whole
    if collated and "edge_index" in slices:
        apart = (data.ptr.cpu(), slices["edge_index"])
    nodes, edges = [], []
    for key in sorted(data.keys()):  # PyG's order changes from process to process
        rows = None if _is_made_by_batching(data, key) else _boundaries(data, key)
        if rows is None:
            continue
        of_nodes, of_edges = apart if key in slices else whole
        fits_nodes, fits_edges = torch.equal(rows, of_nodes), torch.equal(rows, of_edges)
        one_each = bool((rows.diff() == 1).all())  # like a field with one row a graph
        if fits_edges and ("edge" in key or not (one_each or fits_nodes)):
            edges.append(key)
        elif fits_nodes:
            nodes.append(key)
    return nodes, edges


def _is_made_by_batching(data: Data, key: str) -> bool:
    followed, _, kind = key.rpartition("_")
    return key in ("ptr", "num_nodes") or (
        is_collated(data) and kind in ("batch", "ptr") and followed in data._slice_dict
    )


def _boundaries(data: Data, key: str) -> Tensor | None:
    """Where the rows of each graph begin in a field; None: it has no rows."""
    value = data[key]
    if is_collated(data) and key in data._slice_dict:
        slices = data._slice_dict[key]
        if isinstance(value, Tensor):
            return slices if isinstance(slices, Tensor) and slices.dim() == 1 else None
        lengths = [
            _length(graph_value, 0) for graph_value in value
        ]  # a list with one entry a graph
        if isinstance(value, list) and None not in lengths:
            return cumulative(torch.tensor(lengths, dtype=torch.int64))
        return None
    length = _length(value, data.__cat_dim__(key, value))
    return None if length is None else torch.tensor([0, length])


def _length(value: Any, dim: Any) -> int | None:
    if isinstance(value, Tensor | np.ndarray):
        return value.shape[dim] if value.ndim > 0 and isinstance(dim, int) else None
    return len(value) if isinstance(value, list | tuple) else None


def select_rows(data: Data, key: str, chosen: Tensor, boundaries: Tensor) -> Any:
    """The chosen rows of a field.

    Args:
        data: graph or batch.
        key: name of a field with one row a node, or one row an edge.
        chosen: sorted row numbers.
        boundaries: `[B + 1]` where each graph's rows begin, for lists of a batch.
    """
    value = data[key]
    if isinstance(value, list) and is_collated(data) and key in data._slice_dict:
        boundaries = boundaries.to(chosen.device)
        places = torch.searchsorted(chosen, boundaries).tolist()
        return [
            _select(entry, chosen[start:end] - boundaries[graph], 0)
            for graph, (entry, start, end) in enumerate(
                zip(value, places[:-1], places[1:], strict=True)
            )
        ]
    return _select(value, chosen, data.__cat_dim__(key, value))


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


def set_boundaries(data: Data, keys: list[str], boundaries: Tensor) -> None:
    """Tell a batch where each graph's rows of some fields begin, now that they have changed.

    `to_data_list` then gives the right graphs. The batch's own record is replaced, as it is shared
    with the batch that this one is a copy of. A graph, and a batch made by hand, have no record.
    """
    if not is_collated(data):
        return
    slices = dict(data._slice_dict)
    for key in keys:
        if key not in slices or not isinstance(data[key], Tensor):
            continue
        slices[key] = boundaries.cpu()
        if f"{key}_ptr" in data:  # there if the batch was made with `follow_batch`
            followed = boundaries.to(data[f"{key}_ptr"].device)
            data[f"{key}_ptr"] = followed
            graphs = torch.arange(len(followed) - 1, device=followed.device)
            data[f"{key}_batch"] = graphs.repeat_interleave(followed.diff())
    data._slice_dict = slices
