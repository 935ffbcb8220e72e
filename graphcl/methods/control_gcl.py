"""Graph contrastive learning with views that keep what leaders control."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch_geometric.data import Batch, Data

from graphcl.methods.checks import check_share
from graphcl.methods.control_views import ControlViews
from graphcl.methods.graph_contrast import GraphContrast
from graphcl.methods.graph_encoding import TU_TRAINING, batch_of

DEFAULT_TRAINING = TU_TRAINING


class ControlGCL(GraphContrast):
    """Contrast graphs with views whose network leaders control as much (after CGCL).

    A graph is the coupling of a network that is driven at a few leaders. Its views lose, gain or
    exchange edges in such a way that a bound on what the leaders control does not fall
    (:class:`graphcl.augmentations.ControllableDropEdges`); leaders are drawn once, before training.
    A GIN with sums over the nodes and a projector embed the graphs, the loss is NT-Xent. The
    embedding is the sum over the unchanged graph, before the projector. Where no edge may change
    (trees, mode ``distance``) a view is the graph itself.

    The authors' code and hyper-parameters are not published; encoder and training here are those of
    GraphCL (:class:`GraphCL`).

    Source: Ahmad, Said, Shabbir, Abbas and Koutsoukos, "Control-based graph embeddings with data
    augmentation for contrastive learning" (CGCL), ACC 2024, https://arxiv.org/abs/2403.04923.

    Args:
        num_features: Width of the features, ``F``.
        mode: What views keep: ``"distance"`` (distances from the leaders), ``"bound"`` (the
            distance-based bound) or ``"zero_forcing"`` (the size of the derived set).
        operation: ``"drop"``, ``"add"`` or ``"rewire"``.
        ratio: Share of the edges that change, from 0 to 1, where as many may.
        leaders: ``"random"``, ``"degree"``, ``"peripheral"`` or ``"greedy"``, see
            :func:`graphcl.control.select_leaders`.
        num_leaders: How many in each graph: a number, a share of the nodes, or None: a tenth of
            them, from 1 to 5.
        **options: ``width``, ``layers``, ``views``, ``temperature``, ``loss`` and ``negatives``, as
            in :class:`GraphContrast`.

    Raises:
        ValueError: An argument outside its range. On use, a graph in which an edge lacks its other
            direction.

    Example:
        >>> import torch
        >>> square = torch.tensor([[0, 1, 1, 2, 2, 3, 3, 0], [1, 0, 2, 1, 3, 2, 0, 3]])
        >>> graphs = [Data(x=torch.rand(4, 3), edge_index=square) for _ in range(5)]
        >>> method = ControlGCL(3, mode="bound", ratio=0.25, width=4, layers=2)
        >>> method.loss(graphs).shape, method.embed(graphs).shape
        (torch.Size([]), torch.Size([5, 8]))
    """

    def __init__(
        self,
        num_features: int,
        *,
        mode: str = "distance",
        operation: str = "drop",
        ratio: float = 0.2,
        leaders: str = "random",
        num_leaders: int | float | None = None,
        **options: Any,
    ) -> None:
        check_share("ratio", ratio)
        control = ControlViews(
            mode=mode, operation=operation, leaders=leaders, num_leaders=num_leaders
        )
        super().__init__(
            num_features,
            **options,
            mode=mode,
            operation=operation,
            ratio=ratio,
            leaders=leaders,
            num_leaders=num_leaders,
        )
        self._control = control
        self._change = control.make(ratio)

    def prepare(self, data: Batch | Sequence[Data]) -> list[Data]:
        """The graphs with their leaders, and which edges may change."""
        graphs: list[Data] = self._control.prepare(batch_of(super().prepare(data))).to_data_list()
        return graphs

    def ready(self, batch: Batch) -> Batch:
        """The batch with its leaders, also where it comes from a loader of the user's."""
        return self._control.prepare(batch)

    def view(self, batch: Batch) -> Batch:
        """Every graph with some of its edges changed."""
        changed: Batch = self._change(batch)
        return changed
