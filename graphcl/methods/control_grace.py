"""GRACE with views that keep what leaders control."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch_geometric.data import Data

from graphcl.methods.control_views import ControlViews
from graphcl.methods.corruption import Corruption
from graphcl.methods.grace import Grace


class ControlGrace(Grace):
    """GRACE, but views keep what a few leaders control in the graph.

    Instead of edges falling at random, a share of those edges changes without which the leaders
    control as much (:class:`graphcl.augmentations.ControllableDropEdges`). The leaders are drawn
    once, before training, and both views have the same. All else is GRACE. Mini-batches need both
    directions of their edges (:class:`graphcl.sampling.NodeBatches`); each is prepared anew.

    Source: the views of Ahmad et al. (CGCL), ACC 2024, https://arxiv.org/abs/2403.04923, at node
    level; the rest of Zhu et al. (GRACE), https://arxiv.org/abs/2006.04131.

    Args:
        num_features: Width of the features, ``F``.
        mode: What views keep: ``"distance"`` (distances from the leaders), ``"bound"`` (the
            distance-based bound) or ``"zero_forcing"`` (the size of the derived set).
        operation: ``"drop"``, ``"add"`` or ``"rewire"``.
        leaders: A strategy of :func:`graphcl.control.select_leaders`.
        num_leaders: How many: a number, a share of the nodes, or None: a tenth of them, from 1 to
            5.
        **options: As in :class:`Grace`; ``drop_edges`` are the shares of edges that change in view
            1 and 2.

    Raises:
        ValueError: An argument outside its range. On use, an edge that lacks its other direction.

    Example:
        >>> import torch
        >>> square = torch.tensor([[0, 1, 1, 2, 2, 3, 3, 0], [1, 0, 2, 1, 3, 2, 0, 3]])
        >>> method = ControlGrace(4, width=4)
        >>> method.loss(Data(x=torch.eye(4), edge_index=square)).shape
        torch.Size([])
    """

    def __init__(
        self,
        num_features: int,
        *,
        mode: str = "distance",
        operation: str = "drop",
        leaders: str = "random",
        num_leaders: int | float | None = None,
        **options: Any,
    ) -> None:
        control = ControlViews(
            mode=mode, operation=operation, leaders=leaders, num_leaders=num_leaders
        )
        super().__init__(num_features, **options)
        self.configuration |= {
            "mode": mode,
            "operation": operation,
            "leaders": leaders,
            "num_leaders": num_leaders,
        }
        self._control = control
        self.corruptions = [
            ControlledCorruption(control.make(ratio), ratio, mask)
            for ratio, mask in zip(self.edge_rates, self.feature_rates, strict=True)
        ]

    def prepare(self, data: Data) -> Data:
        """The graph with its leaders, and which edges may change."""
        return self._control.prepare(data)


class ControlledCorruption(Corruption):
    """As its base class, but edges change in a way that keeps what leaders control.

    Args:
        change: Changes the edges of a prepared graph.
        ratio: The share of edges that it changes.
        mask_features: Probability of zeroing a feature column.
    """

    def __init__(self, change: Callable[[Data], Data], ratio: float, mask_features: float) -> None:
        super().__init__(ratio, mask_features, undirected=True)
        self._change = change

    def change_edges(self, data: Data) -> Data:
        """The graph with other edges, features left out."""
        bare = Data(edge_index=data.edge_index, num_nodes=data.x.size(0))
        for key, value in data:
            if key.startswith("control_") or key == "edge_weight":
                bare[key] = value
        return self._change(bare)
