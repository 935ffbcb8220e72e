"""What graph-level methods share: a GIN encoder, and sums over the nodes of each graph."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor
from torch_geometric.data import Batch, Data

from graphcl.methods.contrast_choice import Choice, ContrastChoice
from graphcl.methods.method import Method
from graphcl.methods.published import PublishedSettings
from graphcl.nn import GINEncoder, sum_readout
from graphcl.training import TrainingSettings

TU_TRAINING = TrainingSettings(epochs=20, learning_rate=0.01, batch_size=128)
"""How the codes of GraphCL, SimGRACE and JOAO, and InfoGraph's mostly, train on the TU sets."""


class GraphEncoding(Method):
    """Embed graphs by the sums of their nodes' rows in all layers of a GIN, side by side.

    The form that InfoGraph, GraphCL and SimGRACE share (not used by itself).

    Args:
        num_features: Width of the features, ``F``.
        width: Width of each layer, ``d``.
        layers: Number of layers, ``L``; the embedding is ``L d`` wide.
        temperature: Divisor of the cosine, above 0, where the loss has one.
        loss: A loss of two views by name, or a mapping with ``name`` and its parameters
            (:class:`graphcl.methods.ContrastChoice`).
        negatives: A negative strategy, likewise; None: all negatives alike.
        **configuration: The subclass's other arguments.

    Raises:
        TypeError: An argument of the wrong type.
        ValueError: An argument outside its range.

    Example:
        >>> import torch
        >>> class Sums(GraphEncoding):
        ...     '''What a GIN makes of graphs untrained.'''
        >>> options = {"temperature": 0.2, "loss": "nt-xent", "negatives": None}
        >>> graph = Data(x=torch.ones(2, 3), edge_index=torch.tensor([[0, 1], [1, 0]]))
        >>> Sums(3, width=4, layers=2, **options).embed([graph, graph]).shape
        torch.Size([2, 8])
    """

    cost = (
        "the encoder, O(E d) time and O(N d) memory of a batch of B graphs, and O(B^2 d) for "
        "pairs of graphs"
    )
    monitor: str | None = None  # the authors train for a fixed number of epochs
    levels = frozenset({"graph"})

    def __init__(
        self,
        num_features: int,
        *,
        width: int,
        layers: int,
        temperature: float,
        loss: Choice,
        negatives: Choice | None,
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
        self.objective = ContrastChoice(loss, negatives, temperature=temperature)
        self.encoder = GINEncoder(num_features, width=width, layers=layers)

    def setup(self, data: Batch | Sequence[Data]) -> None:
        """Refuse graphs of another width before any work."""
        graphs = graphs_of(data)
        self.check_width(graphs[0])
        self.objective.setup(graphs)

    def prepare(self, data: Batch | Sequence[Data]) -> list[Data]:
        """The graphs without what is not used: collating them takes longer than a step."""
        return [Data(x=graph.x, edge_index=graph.edge_index) for graph in graphs_of(data)]

    def before_epoch(self, epoch: int, data: Batch | Sequence[Data]) -> None:
        """Find what the negatives need to know of the present embeddings."""
        self.objective.before_epoch(epoch, graphs_of(data), self.embed)

    def encode(self, data: Batch) -> Tensor:
        """Sums of the rows of each graph, ``[B, L d]``."""
        return sum_readout(self.encoder(data.x, data.edge_index), data)


def graphs_of(data: Batch | Sequence[Data]) -> list[Data]:
    """The graphs of a batch, or of a list, as a list."""
    return data.to_data_list() if isinstance(data, Batch) else list(data)


def batch_of(data: Batch | Sequence[Data]) -> Batch:
    """All graphs as one batch."""
    return data if isinstance(data, Batch) else Batch.from_data_list(list(data))


def tu_settings(source: str) -> tuple[PublishedSettings, ...]:
    """The defaults of a method as the settings of the TU sets, where its authors have one row."""
    names = ("MUTAG", "PTC_MR", "PROTEINS", "NCI1", "IMDB-BINARY", "IMDB-MULTI")
    return tuple(PublishedSettings(name, source) for name in names)
