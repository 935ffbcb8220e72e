"""Give graphs features that come from controllability."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor
from torch_geometric.data import Data
from torch_geometric.transforms import BaseTransform

from graphcl.arguments import check_seed, check_whole, unknown_name
from graphcl.augmentations.control_fields import set_field
from graphcl.augmentations.edges import check_data, edge_index_of
from graphcl.augmentations.fields import graph_boundaries, number_of_nodes
from graphcl.control import graph_control_features, node_control_features

LEVELS_OF_FEATURES = ("graph", "node")


class ControlFeatures(BaseTransform):
    """Add control features (CTRL): numbers that say what nodes or random leaders control.

    Level "graph": the field `control_features` `[1, 135]` of
    :func:`graphcl.control.graph_control_features`. Level "node": three more columns of `x` (or a
    new `x`), those of :func:`graphcl.control.node_control_features`. Graphs of a batch are taken
    one by one, O(N³) each: meant as `pre_transform`.

    Source: Said et al., "Network controllability perspectives on graph representation", IEEE TKDE
    2023.

    Args:
        level: "graph" or "node".
        draws: sets of leaders of each size, level "graph".
        seed: of the sets.

    Shapes:
        `Data` or `Batch` → the same with `control_features` `[1, 135]` (of a batch `[B, 135]`), or
        `x` `[N, F + 3]`. The input is not modified.

    Raises:
        TypeError: if an argument is of the wrong type, or, on use, the input no `Data` or `Batch`.
        ValueError: if an argument is out of range; on use, if the graph has no `edge_index`, does
            not tell its number of nodes, or a direction of an edge is missing.

    Example:
        >>> star = torch.tensor([[0, 1, 0, 2, 0, 3], [1, 0, 2, 0, 3, 0]])
        >>> ControlFeatures("node")(Data(edge_index=star, num_nodes=4)).x.shape
        torch.Size([4, 3])
    """

    def __init__(self, level: str = "graph", *, draws: int = 30, seed: int = 0) -> None:
        if level not in LEVELS_OF_FEATURES:
            raise ValueError(f"level: {unknown_name('level', level, LEVELS_OF_FEATURES)}")
        self.level = level
        self.draws = check_whole("draws", draws, least=1)
        self.seed = check_seed(seed)

    def forward(self, data: Data) -> Data:
        """Add features to a shallow copy (PyG's `__call__` makes it)."""
        check_data(data, "ControlFeatures")
        edge_index = edge_index_of(data, "ControlFeatures")
        num_nodes = number_of_nodes(data, "ControlFeatures")
        boundaries = graph_boundaries(data, num_nodes, "ControlFeatures").to(edge_index.device)
        graph = torch.searchsorted(boundaries, edge_index[0].contiguous(), right=True) - 1
        found = [
            self._features(edge_index[:, graph == number] - start, end - start)
            for number, (start, end) in enumerate(pairwise(boundaries.tolist()))
        ]
        rows = torch.cat(found).float()
        if self.level == "graph":
            set_field(data, "control_features", rows, torch.arange(len(boundaries)))
            return data
        x = data.get("x")
        if isinstance(x, Tensor):
            rows = torch.cat([x.reshape(num_nodes, -1), rows.to(x.dtype)], dim=1)
        set_field(data, "x", rows, boundaries)
        return data

    def _features(self, edge_index: Tensor, num_nodes: int) -> Tensor:
        if self.level == "node":
            per_node: Tensor = node_control_features(edge_index, num_nodes=num_nodes)
            return per_node
        whole: Tensor = graph_control_features(
            edge_index, num_nodes=num_nodes, draws=self.draws, seed=self.seed
        )
        return whole[None]

    def __repr__(self) -> str:
        return f"ControlFeatures({self.level!r}, draws={self.draws}, seed={self.seed})"
