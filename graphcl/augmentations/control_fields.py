"""What a preparation stores in a graph, and whether it still belongs to the graph.

All are tensors that collate: names without "index", numbers of nodes and edges within the graph.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch_geometric.data import Data

from graphcl.augmentations.edges import edge_boundaries
from graphcl.augmentations.fields import cumulative, graph_boundaries, is_collated
from graphcl.control import ZeroForcing, safe_additions, safe_forcing_additions

LEADER = "control_node_leader"
LEVELS = "control_node_levels"
FREE = "control_edge_free"
TOTALS = "control_totals"
CHECK = "control_check"
RATIO = "control_ratio"
PREPARED = (LEVELS, FREE, TOTALS, CHECK)
MODES = ("distance", "bound", "zero_forcing")


def is_prepared(data: Data) -> bool:
    """Whether a graph or batch has all that a preparation stores."""
    return all(key in data for key in (LEADER, *PREPARED))


def set_field(data: Data, key: str, value: Tensor, boundaries: Tensor) -> None:
    """Set a field of a graph, or of a batch together with where each graph's rows begin."""
    data[key] = value
    if is_collated(data):
        graphs = torch.zeros(len(boundaries) - 1, dtype=torch.int64)
        data._slice_dict = {**data._slice_dict, key: boundaries.cpu()}
        data._inc_dict = {**data._inc_dict, key: graphs}


def forget_preparation(data: Data) -> None:
    """Delete what holds for the prepared graph only; its leaders stay."""
    for key in PREPARED:
        if key in data:
            del data[key]
    if is_collated(data):
        slices, steps = dict(data._slice_dict), dict(data._inc_dict)
        for key in PREPARED:
            slices.pop(key, None)
            steps.pop(key, None)
        data._slice_dict, data._inc_dict = slices, steps


def leaders_of(data: Data, boundaries: Tensor) -> Tensor:
    """The leaders `[B, S]` that a graph or batch has, empty slots -1.

    Raises:
        ValueError: if a graph has none.
    """
    slot = data[LEADER]
    nodes = (slot >= 0).nonzero().squeeze(1)
    graph = torch.searchsorted(boundaries, nodes, right=True) - 1
    width = int(slot.max()) + 1 if slot.numel() else 0
    found = slot.new_full((len(boundaries) - 1, width), -1)
    found[graph, slot[nodes]] = nodes
    if width == 0 or not bool((found >= 0).any(1).all()):
        raise ValueError(
            f"{LEADER} marks no leader in some graph: were its leaders dropped? Prepare it anew"
        )
    return found


def settings_code(mode: str, keep_reachable: bool, directed: bool) -> int:
    """One number for what a preparation was made for."""
    return MODES.index(mode) + 3 * keep_reachable + 6 * directed


def described(code: int) -> str:
    """What a number of `settings_code` stands for."""
    return (
        f"mode={MODES[code % 3]!r}, keep_reachable={bool(code // 3 % 2)}, "
        f"directed={bool(code // 6)}"
    )


def fingerprints(data: Data, num_nodes: int) -> Tensor:
    """A number for each graph, `[B]`, that its nodes, edges and leaders in their order decide."""
    edge_index, slot = data.edge_index, data[LEADER]
    boundaries = graph_boundaries(data, num_nodes, "PrepareControl").to(edge_index.device)
    of_edges = edge_boundaries(data).to(edge_index.device)
    count = len(boundaries) - 1
    source, target = edge_index
    place = torch.arange(edge_index.size(1), device=edge_index.device)
    if count > 1:
        graphs = torch.arange(count, device=edge_index.device)
        if len(of_edges) == count + 1:
            graph = graphs.repeat_interleave(of_edges.diff())
        else:  # made by hand, without slices
            graph = torch.searchsorted(boundaries, source, right=True) - 1
            of_edges = cumulative(graph.bincount(minlength=count))
        first = boundaries[graph]
        source, target, place = source - first, target - first, place - of_edges[graph]
    mixed = source * 0x2545F4914F6CDD1D
    mixed += target * -0x61C8864680B583EB
    mixed ^= place
    mixed *= -0x40A7B892E31B1A47
    mixed ^= mixed >> 31
    sums = mixed.new_zeros(count)
    if count > 1:
        sums.index_add_(0, graph, mixed)
    else:
        sums += mixed.sum()
    leaders = (slot >= 0).nonzero().squeeze(1)
    owner = torch.searchsorted(boundaries, leaders, right=True) - 1
    marks = (leaders - boundaries[owner] + 1) * 0x9E3779B97F4A7C1 + slot[leaders] * 0x5851F42D4C957F
    sums.index_add_(0, owner, marks * marks)
    return sums + boundaries.diff() * 0x14057B7EF767814F


def safe_pairs(levels: Tensor, pairs: Tensor, *, mode: str, directed: bool) -> Tensor:
    """Which pairs `[2, K]` of nodes may be joined, by the levels of a preparation."""
    if mode != "zero_forcing":
        return safe_additions(levels, pairs, directed=directed)
    turned, forced = levels[:, 0], levels[:, 1]
    none = torch.from_numpy(np.zeros((2, 0), dtype=np.int64))
    forcing = ZeroForcing(derived=turned >= 0, forces=none, turned=turned, forced=forced)
    return safe_forcing_additions(forcing, pairs, directed=directed)
