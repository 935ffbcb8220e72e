"""NS4GC: two corrupted views; neighbours alike, few other nodes above a threshold."""

from __future__ import annotations

from torch import Tensor
from torch_geometric.data import Data

from graphcl.arguments import check_whole
from graphcl.contrast import Pairs, unit_rows
from graphcl.methods.checks import Rates
from graphcl.methods.contrast_choice import Choice
from graphcl.methods.node_contrast import NodeContrast, seed_nodes
from graphcl.methods.published import PublishedSettings
from graphcl.nn import GCNEncoder
from graphcl.sampling import num_seeds
from graphcl.training import TrainingSettings


class NS4GC(NodeContrast):
    """Contrast guided by a node similarity matrix, for rows that k-means clusters (NS4GC).

    Each step drops edges and feature columns twice over and encodes both views by graph
    convolutions, SELU between, without a projector. With the cosines s between the views and the
    edges E, the loss (:class:`graphcl.losses.NeighbourSparsityLoss`) aligns the two rows of a node
    and those of neighbours, and keeps the cosines of all other pairs below a threshold ::

        - mean over i of s_ii - mean over E of s_ij
        + mean over all other i != j of logistic((s_ij - threshold) / temperature)

    exactly, and without a matrix of N x N entries in memory. The embedding is the encoder's output
    on the uncorrupted graph, scaled to unit rows. In mini-batches the seeds are contrasted with
    each other, neighbours among them.

    Source: Liu et al., TKDE 2024, arXiv 2408.03765, and the authors' code, Cloudy1225/NS4GC.

    Args:
        num_features: Width of the features, ``F``.
        width: Width of the embedding, ``d``.
        hidden_width: Width of the layer before; None: there is no layer before.
        temperature: That of the loss: the authors' tau, above 0.
        drop_edges: Probability of losing an edge, for both views or for each.
        mask_features: Probability of zeroing a feature column, for both views or for each.
        undirected: As in :class:`Grace`.
        normalize_features: As in :class:`Grace`; off by default.
        loss: A loss of two views by name, or a mapping with ``name`` and its parameters
            (:class:`graphcl.methods.ContrastChoice`). One that takes pairs gets each node and its
            neighbours as positives.
        negatives: A negative strategy, likewise, for a loss that weighs negatives but needs no
            second encoder for it; None: all alike.

    Raises:
        TypeError: An argument of the wrong type.
        ValueError: An argument out of range.

    Example:
        >>> import torch
        >>> graph = Data(x=torch.eye(3), edge_index=torch.tensor([[0, 1], [1, 0]]))
        >>> method = NS4GC(3, width=4)
        >>> method.loss(graph).shape, method.embed(graph).shape
        (torch.Size([]), torch.Size([3, 4]))
    """

    def __init__(
        self,
        num_features: int,
        *,
        width: int = 64,
        hidden_width: int | None = 256,
        temperature: float = 0.1,
        drop_edges: Rates = (0.3, 0.3),
        mask_features: Rates = (0.2, 0.2),
        undirected: bool = False,
        normalize_features: bool = False,
        loss: Choice = "neighbour-sparsity",
        negatives: Choice | None = None,
    ) -> None:
        widths = [check_whole("width", width, least=1)]
        if hidden_width is not None:
            widths.insert(0, check_whole("hidden_width", hidden_width, least=1))
        super().__init__(
            num_features,
            width=width,
            hidden_width=hidden_width,
            temperature=temperature,
            drop_edges=drop_edges,
            mask_features=mask_features,
            undirected=undirected,
            normalize_features=normalize_features,
            loss=loss,
            negatives=negatives,
        )
        if self.objective.needs == "difficulty":
            raise ValueError(
                "negatives: difficulty needs a second encoder, which ns4gc has not; grace has one"
            )
        self.encoder = GCNEncoder(num_features, widths, activation="selu", last_activation=False)

    def loss(self, data: Data) -> Tensor:
        """The contrast of two fresh views of the graph, or of a batch's seeds, a scalar."""
        self.check_width(data)
        features = self.features.of(data)
        pairs = self.pairs_of(data)
        first, second = (view(data).encode(self.encoder, features) for view in self.corruptions)
        value: Tensor = self.objective(first, second, pairs=pairs, nodes=seed_nodes(data))
        return value

    def encode(self, data: Data) -> Tensor:
        """The encoder's rows on the whole graph, of unit length, ``[N, d]``."""
        return unit_rows(super().encode(data))

    def encode_in_blocks(self, data: Data, batch_size: int) -> Tensor:
        """The same, layer by layer."""
        return unit_rows(super().encode_in_blocks(data, batch_size))

    def positives(self, data: Data) -> Pairs | None:
        """Each node (or seed of a batch) and its neighbours; None: the loss takes no pairs."""
        if not self.objective.loss.takes_pairs:
            return None
        seeds = num_seeds(data)
        edges, size = data.edge_index, data.x.size(0)
        if seeds is not None:
            edges, size = edges[:, (edges < seeds).all(dim=0)], seeds
        return Pairs.from_edges(edges, size)


DEFAULT_TRAINING = TrainingSettings(epochs=200, learning_rate=1e-3, weight_decay=1e-5)
_AUTHORS = "the authors' configuration, params.txt of Cloudy1225/NS4GC"
_CITATION = f"{_AUTHORS}; rows of the features sum to 1, as DGL's loader has it"


def _published(
    dataset: str,
    widths: tuple[int | None, int],
    drop: tuple[float, float],
    mask: tuple[float, float],
    *,
    epochs: int = 200,
    learning_rate: float = 1e-3,
    weight_decay: float = 1e-5,
    **others: object,
) -> PublishedSettings:
    hidden_width, width = widths
    parameters = {
        "hidden_width": hidden_width,
        "width": width,
        "drop_edges": drop,
        "mask_features": mask,
        **others,
    }
    training = TrainingSettings(
        epochs=epochs, learning_rate=learning_rate, weight_decay=weight_decay
    )
    source = _CITATION if "normalize_features" in others else _AUTHORS
    return PublishedSettings(dataset, source, parameters, training)


def _loss(threshold: float) -> dict[str, object]:
    return {"name": "neighbour-sparsity", "threshold": threshold}


SETTINGS = (
    _published("Cora", (256, 64), (0.3, 0.3), (0.2, 0.2), normalize_features=True),
    _published(
        "CiteSeer",
        (None, 256),
        (0.6, 0.8),
        (0.0, 0.4),
        epochs=50,
        loss=_loss(0.5),
        normalize_features=True,
    ),
    _published("PubMed", (256, 256), (0.2, 0.6), (0.1, 0.0), normalize_features=True),
    _published("Photo", (256, 128), (0.8, 0.8), (0.0, 0.0)),
    _published(
        "Computers",
        (256, 128),
        (0.6, 0.8),
        (0.0, 0.1),
        epochs=400,
        learning_rate=1e-2,
        weight_decay=1e-6,
    ),
    _published("CS", (256, 64), (0.1, 0.3), (0.0, 0.7), temperature=0.08, loss=_loss(0.4)),
)
