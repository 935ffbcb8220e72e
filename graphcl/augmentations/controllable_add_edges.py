"""Add edges with which the leaders control as much."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch_geometric.data import Data

from graphcl.augmentations.added_edges import (
    NewEdges,
    append_edges,
    check_attributes,
    rules_for,
)
from graphcl.augmentations.control_fields import forget_preparation
from graphcl.augmentations.controllable import ControllableView


class ControllableAddEdges(ControllableView):
    """Add random edges, a share of the edges, such that a measure of control is kept.

    In mode "distance" no distance from a leader changes (ends differ by one step at most, for
    every leader), in mode "bound" no pivot of the sequence comes nearer than it needs to be, in
    mode "zero_forcing" no node that forces gets a white neighbour. Leaders, preparation and the
    field `control_ratio` are those of :class:`ControllableDropEdges`; pairs of nodes are sampled,
    so that a graph with very few safe pairs may get fewer.

    Source: Ahmad et al. (CGCL), ACC 2024, arXiv:2403.04923.

    Args:
        ratio: number of new edges over the number of edges, in [0, 1].
        attributes: the rule for what new edges get in fields with one row an edge ("refuse",
            "zeros", "ones", "mean", "sample"), for all or as `{field: rule}`, see
            :class:`AddEdges`.
        options: `mode`, `leaders`, `num_leaders`, `keep_reachable`, `directed`, `seed` and
            `generator`, as in :class:`ControllableDropEdges`.

    Shapes:
        `Data` or `Batch` with `edge_index` `[2, E]` → the same with `[2, E + K]`: in each graph the
        old edges in their order, then the new ones. The input is not modified.

    Raises:
        TypeError: as :class:`ControllableDropEdges`.
        ValueError: as :class:`ControllableDropEdges`; if a rule does not exist; on use, if the
            graph has an edge field without a rule that fits.

    Example:
        >>> import torch
        >>> star = torch.tensor([[0, 1, 0, 2, 0, 3], [1, 0, 2, 0, 3, 0]])
        >>> graph = Data(edge_index=star, num_nodes=4)
        >>> view = ControllableAddEdges(1.0, leaders=torch.tensor([0]), seed=0)(graph)
        >>> view.num_edges, view.control_ratio.tolist()  # leaves are equally far from the hub
        (12, [1.0])
    """

    def __init__(
        self, ratio: float, *, attributes: str | Mapping[str, str] = "refuse", **options: Any
    ) -> None:
        super().__init__(ratio, **options)
        self.attributes = check_attributes(attributes)

    def forward(self, data: Data) -> Data:
        """Add edges to a shallow copy (PyG's `__call__` makes it)."""
        graph = self._open(data)
        new, owner = self._draw(graph, self._wanted(graph))
        forget_preparation(data)
        rules = rules_for(data, int(graph.boundaries[-1]), self.attributes, type(self).__name__)
        added = NewEdges.from_one_way(new, owner, undirected=not self._prepare.directed)
        count = len(graph.num_edges)
        append_edges(data, added, rules, graph.graph, count, self._random)
        return self._close(graph, owner.bincount(minlength=count))
