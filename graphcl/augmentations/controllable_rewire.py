"""Exchange edges for others with which the leaders control as much."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor
from torch_geometric.data import Data

from graphcl.augmentations.added_edges import (
    NewEdges,
    append_edges,
    check_attributes,
    rules_for,
)
from graphcl.augmentations.control_fields import LEVELS, forget_preparation
from graphcl.augmentations.controllable import ControllableView, ControlledGraph
from graphcl.augmentations.edges import keep_edges
from graphcl.augmentations.substitutions import Substitutions, draw_substitutions


class ControllableRewire(ControllableView):
    """Exchange a share of the edges for new ones, such that a measure of control is kept.

    As many edges go that may go (:class:`ControllableDropEdges`) as safe new ones come
    (:class:`ControllableAddEdges`): the number of edges stays the same. Both at once keep what
    each keeps alone. In mode "distance", where too few edges may go, further ones move one end to
    another node that is as far from every leader.

    Source: Ahmad et al. (CGCL), ACC 2024, arXiv:2403.04923.

    Args:
        ratio: number of edges to exchange over the number of edges, in [0, 1].
        attributes: the rule for what new edges get in fields with one row an edge ("refuse",
            "zeros", "ones", "mean", "sample"), for all or as `{field: rule}`, see
            :class:`AddEdges`.
        options: `mode`, `leaders`, `num_leaders`, `keep_reachable`, `directed`, `seed` and
            `generator`, as in :class:`ControllableDropEdges`.

    Shapes:
        `Data` or `Batch` with `edge_index` `[2, E]` → the same shape: in each graph the old edges
        that stay, in their order, then the new ones. The input is not modified.

    Raises:
        TypeError: as :class:`ControllableDropEdges`.
        ValueError: as :class:`ControllableAddEdges`.

    Example:
        >>> square = torch.tensor([[0, 1, 1, 2, 2, 3, 3, 0], [1, 0, 2, 1, 3, 2, 0, 3]])
        >>> graph = Data(edge_index=square, num_nodes=4)
        >>> view = ControllableRewire(0.25, leaders=torch.tensor([0]), seed=0)(graph)
        >>> view.edge_index[:, view.edge_index[0] < view.edge_index[1]].tolist()
        [[0, 2, 0, 1], [1, 3, 3, 3]]
    """

    def __init__(
        self, ratio: float, *, attributes: str | Mapping[str, str] = "refuse", **options: Any
    ) -> None:
        super().__init__(ratio, **options)
        self.attributes = check_attributes(attributes)

    def forward(self, data: Data) -> Data:
        """Exchange edges of a shallow copy (PyG's `__call__` makes it)."""
        graph = self._open(data)
        new, owner = self._draw(graph, torch.minimum(self._wanted(graph), graph.num_free))
        count = len(graph.num_edges)
        changed = owner.bincount(minlength=count)
        dropped = self._choose(graph, changed)
        missing = self._wanted(graph) - changed
        if self._prepare.mode == "distance" and bool((missing > 0).any()):
            moved = self._substitute(graph, missing, ~dropped, new, owner)
            dropped = dropped | moved.dropped
            owner, order = torch.cat([owner, moved.graph]).sort(stable=True)
            new = torch.cat([new, moved.new], dim=1)[:, order]
            changed = owner.bincount(minlength=count)
        forget_preparation(data)
        rules = rules_for(data, int(graph.boundaries[-1]), self.attributes, type(self).__name__)
        keep_edges(data, ~dropped)
        added = NewEdges.from_one_way(new, owner, undirected=not self._prepare.directed)
        append_edges(data, added, rules, graph.graph[~dropped], count, self._random)
        return self._close(graph, changed)

    def _substitute(
        self, graph: ControlledGraph, counts: Tensor, kept: Tensor, new: Tensor, owner: Tensor
    ) -> Substitutions:
        """Further edges, of those kept, one end of which moves; none to where a new one comes."""
        numbering = self._numbering(graph)
        taken = torch.cat([self._taken_in(graph), numbering.encode(new, owner)])
        return draw_substitutions(
            graph.data.edge_index,
            graph.graph,
            graph.data[LEVELS],
            kept,
            counts,
            taken,
            numbering,
            self._random,
        )
