"""Keep some nodes of a graph or batch, with everything that belongs to them."""

from __future__ import annotations

import torch
from torch import Tensor
from torch_geometric.data import Batch, Data

from graphcl.augmentations.edges import edge_index_of, keep_edges
from graphcl.augmentations.fields import (
    cumulative,
    fields_by_kind,
    graph_boundaries,
    is_collated,
    select_rows,
    set_boundaries,
)


def keep_nodes(data: Data, kept: Tensor, transform: str) -> Data:
    """Drop all nodes but those marked, in place of a shallow copy, with their edges and fields.

    The nodes that stay keep their order and are numbered anew, each graph of a batch from 0. Their
    numbers in the input, within their graph, are the field `n_id`, unless the graph has one: then
    that is kept, so that it always refers to the first graph. Tensors of the input are never
    written to. In a mini-batch of a neighbour sampler, `batch_size` and `input_id` follow.

    Args:
        data: a shallow copy of the graph or batch; its fields are replaced.
        kept: `[N]` bool, True for the nodes that stay; at least one in each graph that has any.
        transform: whose call it is, for messages.

    Returns:
        `data`.

    Raises:
        ValueError: as `edge_index_of`; or if another field holds node numbers, as by PyG's
            convention all with "index" in their name do: some might point at dropped nodes.
    """
    edge_index = edge_index_of(data, transform)
    _refuse_other_indices(data, transform)
    boundaries = graph_boundaries(data, kept.numel(), transform)
    number_nodes(data, boundaries)
    node_fields, _ = fields_by_kind(data, kept.numel())
    before = cumulative(kept)
    numbers = before[:-1].masked_fill(~kept, -1)
    sources, targets = (numbers.index_select(0, row) for row in edge_index)
    data.edge_index = torch.stack([sources, targets])
    keep_edges(data, (sources | targets) >= 0)

    chosen = kept.nonzero().squeeze(1)
    for key in node_fields:
        data[key] = select_rows(data, key, chosen, boundaries)
    if "num_nodes" in data:
        data.num_nodes = chosen.numel()
    if not isinstance(data, Batch) and "batch_size" in data:
        if "input_id" in data:
            data.input_id = data.input_id[kept[: data.batch_size].to(data.input_id.device)]
        data.batch_size = int(before[data.batch_size])
    _set_batch(data, node_fields, before[boundaries])
    return data


def number_nodes(data: Data, boundaries: Tensor) -> None:
    """Give a shallow copy the field `n_id`, each graph's nodes counted from 0, unless it has one.

    Args:
        data: a shallow copy of the graph or batch.
        boundaries: `[B + 1]` where the nodes of each graph begin.
    """
    if "n_id" in data:
        return
    starts, sizes = boundaries[:-1], boundaries.diff()
    rows = torch.arange(int(boundaries[-1]), device=boundaries.device)
    data.n_id = rows - starts.repeat_interleave(sizes)
    if is_collated(data):
        data._slice_dict = {**data._slice_dict, "n_id": boundaries.cpu()}
        data._inc_dict = {**data._inc_dict, "n_id": torch.zeros_like(starts).cpu()}


def renumbers_nodes(transform: object) -> bool:
    """Whether a transform, or one of those that it applies, leaves the field `n_id`."""
    inner = getattr(transform, "transforms", ())
    return getattr(transform, "renumbers_nodes", False) or any(map(renumbers_nodes, inner))


def _set_batch(data: Data, node_fields: list[str], boundaries: Tensor) -> None:
    """What a batch says about its graphs' nodes: `ptr`, slices, increments and sizes."""
    if not isinstance(data, Batch):
        return
    if "ptr" in data:
        data.ptr = boundaries
    if not is_collated(data):
        return
    data._inc_dict = {**data._inc_dict, "edge_index": boundaries[:-1].cpu()}
    set_boundaries(data, node_fields, boundaries)
    if hasattr(data._store, "_num_nodes"):
        data._store._num_nodes = boundaries.diff().tolist()


def _refuse_other_indices(data: Data, transform: str) -> None:
    made = {"edge_index", "edge_index_batch", "edge_index_ptr"}
    others = [
        key
        for key in data.keys()  # noqa: SIM118 (no mapping)
        if key not in made and ("index" in key or key in ("face", "adj", "adj_t"))
    ]
    if others:
        raise ValueError(
            f"{transform} numbers the nodes anew and cannot follow {', '.join(others)}, which may "
            "point at dropped nodes; delete it from the graph first"
        )
