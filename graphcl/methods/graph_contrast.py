"""Two views of each graph, every graph against all others."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

from torch import Tensor, nn
from torch_geometric.data import Batch, Data

from graphcl.arguments import unknown_name
from graphcl.methods.contrast_choice import Choice
from graphcl.methods.graph_encoding import GraphEncoding, batch_of
from graphcl.nn import GINEncoder, Projector, reset_linear, sum_readout

VIEWS = ("original", "two")


class GraphContrast(GraphEncoding):
    """Encode, project and contrast two views of each graph of a batch (not used by itself).

    A subclass says by :meth:`view` how a view is made. The projector is Linear-ReLU-Linear, as wide
    as the embedding; linear layers begin with Xavier weights and biases of zero.

    Args:
        num_features: Width of the features, ``F``.
        width: Width of each of the encoder's layers, ``d``.
        layers: Number of layers, ``L``; the embedding is ``L d`` wide.
        views: ``"original"``: the graph as it is against a view of it; ``"two"``: two views.
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
        views: str = "original",
        temperature: float = 0.2,
        loss: Choice = "nt-xent",
        negatives: Choice | None = None,
        **configuration: object,
    ) -> None:
        if views not in VIEWS:
            raise ValueError(f"views: {unknown_name('choice', views, VIEWS)}")
        super().__init__(
            num_features,
            width=width,
            layers=layers,
            temperature=temperature,
            loss=loss,
            negatives=negatives,
            views=views,
            **configuration,
        )
        self.views = views
        self.projector = Projector(self.encoder.out_width, activation="relu")
        self.biased: nn.ModuleList | None = None
        if self.objective.needs == "difficulty":
            second = GINEncoder(num_features, width=width, layers=layers)
            projector = Projector(second.out_width, activation="relu")
            self.biased = nn.ModuleList([second, projector])
        reset_linear(self)

    @abstractmethod
    def view(self, batch: Batch) -> Batch:
        """A fresh view of each graph, in their order."""

    def ready(self, batch: Batch) -> Batch:
        """The batch with what its views need; by default as it is."""
        return batch

    def loss(self, data: Batch | Sequence[Data]) -> Tensor:
        """The contrast of fresh views of the graphs, a scalar."""
        batch = self.ready(batch_of(data))
        pair = [batch if self.views == "original" else self.view(batch), self.view(batch)]
        first, second = (_rows(self.encoder, self.projector, view) for view in pair)
        biased = None
        if self.biased is not None:
            encoder, projector = self.biased
            biased = tuple(_rows(encoder, projector, view) for view in pair)
        value: Tensor = self.objective(first, second, biased=biased, nodes=batch.get("input_id"))
        return value


def _rows(encoder: nn.Module, projector: nn.Module, view: Batch) -> Tensor:
    rows: Tensor = projector(sum_readout(encoder(view.x, view.edge_index), view))
    return rows
