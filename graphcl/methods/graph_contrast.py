"""Two views of each graph, every graph against all others."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn
from torch_geometric.data import Batch, Data

from graphcl.arguments import unknown_name
from graphcl.methods.contrast_choice import Choice
from graphcl.methods.graph_encoding import GraphEncoding, batch_of, graphs_of
from graphcl.nn import GINEncoder, Projector, reset_linear, sum_readout

VIEWS = ("original", "two")


class ProjectedContrast(GraphEncoding):
    """Contrast two projected rows of each graph of a batch (not used by itself).

    A subclass makes either two graphs of each graph (:meth:`pair`) or two rows of it
    (:meth:`rows`). The projector is Linear-ReLU-Linear, as wide as the embedding; linear layers
    begin with Xavier weights and biases of zero.

    Args:
        num_features: Width of the features, ``F``.
        width: Width of each of the encoder's layers, ``d``.
        layers: Number of layers, ``L``; the embedding is ``L d`` wide.
        temperature: Divisor of the cosine, above 0.
        loss: A loss of two views by name, or a mapping with ``name`` and its parameters.
        negatives: A negative strategy, likewise; None: all negatives alike.
        **configuration: What else determines the method.

    Raises:
        ValueError: An argument outside its range.
    """

    def __init__(
        self,
        num_features: int,
        *,
        width: int = 32,
        layers: int = 3,
        temperature: float = 0.2,
        loss: Choice = "nt-xent",
        negatives: Choice | None = None,
        **configuration: object,
    ) -> None:
        super().__init__(
            num_features,
            width=width,
            layers=layers,
            temperature=temperature,
            loss=loss,
            negatives=negatives,
            **configuration,
        )
        self.projector = Projector(self.encoder.out_width, activation="relu")
        self.biased: nn.ModuleList | None = None
        if self.objective.needs == "difficulty":
            second = GINEncoder(num_features, width=width, layers=layers)
            projector = Projector(second.out_width, activation="relu")
            self.biased = nn.ModuleList([second, projector])
        reset_linear(self)

    def ready(self, batch: Batch) -> Batch:
        """The batch with what its views need; by default as it is."""
        return batch

    def pair(self, batch: Batch) -> tuple[Batch, Batch]:
        """The graphs of both sides, in their order; by default the same."""
        return batch, batch

    def rows(
        self, encoder: nn.Module, projector: nn.Module, pair: tuple[Batch, Batch]
    ) -> tuple[Tensor, Tensor]:
        """The rows of both sides, ``[B, L d]`` each."""
        return projected(encoder, projector, pair[0]), projected(encoder, projector, pair[1])

    def setup(self, data: Batch | Sequence[Data]) -> None:
        """Refuse a single graph, and graphs of another width, before any work."""
        graphs = graphs_of(data)
        if len(graphs) < 2:
            raise ValueError(
                f"data must be at least 2 graphs, as {type(self).__name__} contrasts each with the "
                f"others, got {len(graphs)}"
            )
        super().setup(graphs)

    def loss(self, data: Batch | Sequence[Data]) -> Tensor:
        """The contrast of fresh views of the graphs, a scalar.

        ``ValueError`` for a batch of one graph.
        """
        batch = batch_of(data)
        if batch.num_graphs < 2:
            raise ValueError(
                f"a batch of {type(self).__name__} must have at least 2 graphs, each is contrasted "
                f"with the others, got {batch.num_graphs}; batch_size must be at least 2"
            )
        batch = self.ready(batch)
        pair = self.pair(batch)
        first, second = self.rows(self.encoder, self.projector, pair)
        biased = None
        if self.biased is not None:
            encoder, projector = self.biased
            biased = self.rows(encoder, projector, pair)
        value: Tensor = self.objective(first, second, biased=biased, nodes=batch.get("input_id"))
        return value


class GraphContrast(ProjectedContrast):
    """Encode, project and contrast two views of each graph of a batch (not used by itself).

    A subclass says by :meth:`view` how a view is made.

    Args:
        num_features: Width of the features, ``F``.
        views: ``"original"``: the graph as it is against a view of it; ``"two"``: two views.
        **options: ``width`` and ``layers`` of the encoder (by default 3 layers of 32),
            ``temperature`` (0.2), ``loss`` and ``negatives``, as in :class:`GraphEncoding`, and
            what else determines the method.

    Raises:
        TypeError: An argument of the wrong type.
        ValueError: An argument outside its range.

    Example:
        >>> import torch
        >>> class Brighter(GraphContrast):
        ...     def view(self, batch):
        ...         return batch.clone().update({"x": 2 * batch.x})
        >>> edges = torch.tensor([[0, 1], [1, 0]])
        >>> graphs = [Data(x=torch.rand(4, 3), edge_index=edges) for _ in range(5)]
        >>> Brighter(3, width=4, layers=2).loss(graphs).shape
        torch.Size([])
    """

    def __init__(self, num_features: int, *, views: str = "original", **options: Any) -> None:
        if views not in VIEWS:
            raise ValueError(f"views: {unknown_name('choice', views, VIEWS)}")
        super().__init__(num_features, views=views, **options)
        self.views = views

    @abstractmethod
    def view(self, batch: Batch) -> Batch:
        """A fresh view of each graph, in their order."""

    def pair(self, batch: Batch) -> tuple[Batch, Batch]:
        """The graphs, or views of them, and views of them."""
        return batch if self.views == "original" else self.view(batch), self.view(batch)


def projected(encoder: nn.Module, projector: nn.Module, batch: Batch) -> Tensor:
    """One row a graph: the projected sum of its nodes' rows, ``[B, L d]``."""
    rows: Tensor = projector(sum_readout(encoder(batch.x, batch.edge_index), batch))
    return rows
