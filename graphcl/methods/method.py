"""What every method offers: the hooks that `fit` calls, and embeddings."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, TypeVar

import torch
from torch import Tensor, nn
from torch_geometric.data import Batch, Data, HeteroData

from graphcl.arguments import check_whole
from graphcl.datasets import Kind, check_graph
from graphcl.methods.checks import check_kind, wrong_level
from graphcl.methods.kinds import kind_of
from graphcl.methods.signatures import check_names

Graph = TypeVar("Graph", Data, HeteroData)


class Method(nn.Module, ABC):
    """A complete recipe: how to embed a graph, and (where it learns) what to minimise.

    :func:`graphcl.training.fit` calls ``setup`` and ``prepare`` once; then in each epoch
    ``before_epoch``, ``loss``, the optimiser's step and ``after_step``, the last three for each
    mini-batch where there are any. Epochs count from 0. A subclass writes ``encode`` and, if it
    learns, ``loss``; the other hooks do nothing unless overridden.

    Everything that a resumed run needs (centroids, queues, generators) belongs into the
    ``state_dict``: parameters and buffers, or ``get_extra_state``. What ``setup`` computes from the
    data alone does not: ``setup`` runs again before a checkpoint is read.

    Args:
        num_features: Width of the node features, ``F``.
        **configuration: The subclass's arguments; shown by ``repr`` and compared when a checkpoint
            is read.

    Raises:
        TypeError: ``num_features`` is no whole number; an argument that the class does not have.
        ValueError: ``num_features`` below 1.

    Attributes:
        monitor: ``"loss"``: with a patience, stop when the training loss no longer falls. None: the
            loss says nothing about quality, so the number of epochs is fixed.
        trained: False: nothing to optimise, `fit` only calls ``setup``.
        levels: ``"node"`` (embeds a ``Data``), ``"graph"`` (embeds a list of ``Data``).
        heterogeneous: True: embeds one node type of a ``HeteroData``
            (:class:`graphcl.methods.HeterogeneousMethod`).
        clusters: True: it finds clusters by itself, as many as its argument ``num_clusters`` says
            (:meth:`assignment`).
        cost: Time and memory of a training step, or of embedding where nothing is trained, in the
            numbers of nodes N and edges E, the width d, F features; one line for the catalogue.
        version: Version of the mathematics. It goes up when results change, so that stored results
            and checkpoints of the former version are not taken for those of the new one.
        progress: Share of the training that is behind, from 0 to below 1; `fit` says so before
            each step. For what changes by schedule.

    Example:
        >>> class Doubled(Method):
        ...     trained = False
        ...
        ...     def encode(self, data):
        ...         return 2 * data.x
        >>> graph = Data(x=torch.ones(2, 1), edge_index=torch.empty(2, 0, dtype=torch.long))
        >>> Doubled(1).embed(graph)
        tensor([[2.],
                [2.]])
    """

    monitor: str | None = "loss"
    trained: ClassVar[bool] = True
    levels: ClassVar[frozenset[Kind]] = frozenset({"node"})
    heterogeneous: ClassVar[bool] = False
    clusters: ClassVar[bool] = False
    cost: ClassVar[str] = ""
    version: ClassVar[int] = 1
    progress: float = 0.0

    def __init__(self, num_features: int, **configuration: object) -> None:
        super().__init__()
        check_names(type(self), configuration)
        self.num_features = check_whole("num_features", num_features, least=1)
        self.configuration: dict[str, object] = {"num_features": num_features, **configuration}

    def setup(self, data: Any) -> None:
        """Prepare once, before the optimiser exists: leaders, meta-paths, k-means."""

    def prepare(self, data: Any) -> Any:
        """What ``before_epoch`` and ``loss`` get in the place of the data; by default the same.

        Called once, after ``setup``: for what a view needs and need not compute anew each time. The
        data are not modified. A user's own loader has batches that were not prepared.
        """
        return data

    def before_epoch(self, epoch: int, data: Any) -> None:
        """Prepare one epoch (from 0): clusterings, targets, annealing."""

    def loss(self, data: Any) -> Tensor:
        """What to minimise, a scalar; ``TypeError`` where the method has nothing to train.

        In a mini-batch only the seeds (:func:`graphcl.sampling.num_seeds`), which come first, are
        anchors and candidates; the other nodes serve to compute their rows.
        """
        raise TypeError(f"{type(self).__name__} has no loss: it is not trained")

    def after_step(self) -> None:
        """Follow the optimiser's step: momentum teacher, queue."""

    def parameter_groups(self) -> list[dict[str, Any]]:
        """Groups as torch optimisers take them, with a learning rate of their own where needed."""
        return [{"params": [p for p in self.parameters() if p.requires_grad]}]

    def assignment(self, data: Any, *, batch_size: int | None = None) -> Tensor:
        """The cluster of each node, ``[N]``; ``TypeError`` where the method has no clusters.

        As :meth:`embed`: without gradient, deterministic, modes as they were, also for a graph
        that was not trained on.

        Args:
            data: As for :meth:`embed`.
            batch_size: As for :meth:`embed`.
        """
        raise TypeError(
            f"{type(self).__name__} has no clusters of its own: cluster its embeddings, as "
            "graphcl.evaluation.cluster_embeddings does"
        )

    @abstractmethod
    def encode(self, data: Any) -> Tensor:
        """The rows that :meth:`embed` returns; ``data`` is a ``Batch`` at graph level."""

    def encode_in_blocks(self, data: Any, batch_size: int) -> Tensor:
        """The rows of :meth:`encode` for a single graph, ``batch_size`` of them at a time.

        ``ValueError`` unless a subclass has a way to do it.
        """
        raise ValueError(
            f"{type(self).__name__}.embed has no batch_size for a single graph: it embeds the "
            "whole graph at once"
        )

    def embed(
        self, data: Data | HeteroData | Sequence[Data], *, batch_size: int | None = None
    ) -> Tensor:
        """Embed every node of a graph (of its target type), or every graph of a list.

        In eval mode, without gradient and deterministic; the training mode of all modules stays as
        it was. Graphs that were not trained on are fine. The data may lie on another device than
        the method.

        Args:
            data: A graph with N nodes, or a list of B graphs.
            batch_size: Rows to compute at a time, at least 1, to save memory: nodes, layer by layer
                and with all their neighbours (nothing is sampled), or graphs. The result is the
                same up to rounding. None: all at once.

        Returns:
            ``[N, d]`` or ``[B, d]``, on the method's device.

        Raises:
            TypeError: Neither a graph nor a list of graphs.
            ValueError: A kind of graph or a level that the method does not have, features of the
                wrong width, broken data (:func:`graphcl.datasets.check_graph`), a result that is
                not finite; a ``batch_size`` below 1, or where the method has no way to use it.
        """
        if batch_size is not None:
            batch_size = check_whole("batch_size", batch_size, least=1)
        check_graph(data)
        self.check_data(data)
        modes = [(module, module.training) for module in self.modules()]
        self.eval()
        try:
            with torch.no_grad():
                rows = self._embed(data, batch_size)
        finally:
            for module, training in modes:
                module.training = training
        if not bool(torch.isfinite(rows).all()):
            raise ValueError(
                f"{type(self).__name__}.embed gave NaN or infinite values: were the weights "
                "spoiled in training, or are the features too large?"
            )
        return rows.detach()

    def _embed(self, data: Data | HeteroData | Sequence[Data], batch_size: int | None) -> Tensor:
        if isinstance(data, Data | HeteroData):
            graph = self._here(data)
            single = not isinstance(data, Batch)
            if batch_size is not None and single:
                return self.encode_in_blocks(graph, batch_size)
            if batch_size is None:
                return self.encode(graph)
            data = graph.to_data_list()
        size = len(data) if batch_size is None else batch_size
        parts = [
            self.encode(self._here(Batch.from_data_list(list(data[start : start + size]))))
            for start in range(0, len(data), size)
        ]
        return torch.cat(parts)

    def _here(self, graph: Graph) -> Graph:
        """The graph on the device of the method."""
        tensor = next(self.parameters(), None)
        if tensor is None or all(edges.device == tensor.device for edges in _edges(graph)):
            return graph
        return copy.copy(graph).to(tensor.device)  # PyG moves in place

    def check_data(self, data: Any) -> None:
        """Raise ``ValueError`` where these data are none that the method was built for."""
        check_kind(type(self).__name__, data, heterogeneous=False)
        self.check_level(data)
        self.check_width(data if isinstance(data, Data) else data[0])

    def check_level(self, data: Any) -> None:
        """Raise ``ValueError`` where the method cannot embed data of this level."""
        level = "graph" if kind_of(data) == "graph" else "node"
        if level not in self.levels:
            raise ValueError(wrong_level(type(self).__name__, self.levels, level))

    def check_width(self, data: Data) -> None:
        """Raise ``ValueError`` for sparse features, or of another width than the method is for."""
        if data.x.layout != torch.strided:
            raise ValueError(
                f"data.x must be dense, got a {data.x.layout} tensor; data.x.to_dense() makes one"
            )
        if data.x.size(1) != self.num_features:
            raise ValueError(
                f"data.x must have {self.num_features} columns, as many as "
                f"{type(self).__name__} was built for, got {data.x.size(1)}"
            )

    def extra_repr(self) -> str:
        """The configuration, for ``repr``."""
        return ", ".join(f"{name}={value!r}" for name, value in self.configuration.items())


def _edges(graph: Data | HeteroData) -> list[Tensor]:
    """The edge indices of all edge types."""
    return [store["edge_index"] for store in graph.edge_stores]
