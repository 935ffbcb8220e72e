"""Graph Barlow Twins: two corrupted views whose features correlate one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor

from graphcl.arguments import check_whole
from graphcl.methods.checks import Rates
from graphcl.methods.contrast_choice import Choice, ContrastChoice
from graphcl.methods.corrupted_views import CorruptedViews, warmed_training
from graphcl.methods.corruption import CorruptedView
from graphcl.methods.published import BY_MODULARITY, PublishedSettings
from graphcl.nn import GCNEncoder

AUTHORS_LOSS: Mapping[str, Any] = {"name": "barlow-twins", "redundancy": None}


class GraphBarlowTwins(CorruptedViews):
    """Two corrupted views whose features correlate one by one, without negatives (G-BT).

    Each step corrupts the graph twice over and encodes both views: GCN, batch normalisation, PReLU,
    GCN; there is no projector. With C = Z1' Z2 / N of the standardised columns of both views, the
    loss (:class:`graphcl.losses.BarlowTwinsLoss`) pulls the correlations towards the identity ::

        sum over k of (1 - C_kk)^2 + 1 / d * sum over k != l of C_kl^2

    Features are compared, not nodes: there are no negatives, so there is no ``negatives`` to
    choose, and the cost is O(N d^2). The embedding is the encoder's output on the uncorrupted
    graph.

    What differs from the authors' code: columns are standardised by the biased variance plus 1e-5
    (theirs by the unbiased deviation plus 1e-15, so that no correlation reaches 1).

    Source: Bielak et al., arXiv 2106.02466, and the authors' code, pbielak/graph-barlow-twins.

    Args:
        num_features: Width of the features, ``F``.
        width: Width of the embedding, ``d``; the layer before is twice as wide.
        drop_edges: Probability of losing an edge, for both views or for each.
        mask_features: Probability of zeroing a feature column, for both views or for each.
        temperature: Divisor of the cosine, for another ``loss`` that has one.
        loss: A loss of two views by name, or a mapping with ``name`` and its parameters
            (:class:`graphcl.methods.ContrastChoice`): of features ``barlow-twins``, ``vicreg``,
            ``canonical-correlation``; those of nodes contrast all of them alike.
        **options: ``undirected`` and ``normalize_features``, as in :class:`Grace`.

    Raises:
        TypeError: An argument of the wrong type.
        ValueError: An argument out of range.

    Example:
        >>> import torch
        >>> from torch_geometric.data import Data
        >>> graph = Data(x=torch.eye(3), edge_index=torch.tensor([[0, 1], [1, 0]]))
        >>> method = GraphBarlowTwins(3, width=4)
        >>> method.loss(graph).shape, method.embed(graph).shape
        (torch.Size([]), torch.Size([3, 4]))
    """

    cost = "no pairs: O(E d + N d^2) time, O(N d) memory"

    def __init__(
        self,
        num_features: int,
        *,
        width: int = 256,
        drop_edges: Rates = (0.5, 0.5),
        mask_features: Rates = (0.1, 0.1),
        temperature: float = 0.5,
        loss: Choice = AUTHORS_LOSS,
        **options: bool,
    ) -> None:
        super().__init__(
            num_features,
            width=check_whole("width", width, least=1),
            drop_edges=drop_edges,
            mask_features=mask_features,
            temperature=temperature,
            loss=loss,
            **options,
        )
        self.objective = ContrastChoice(loss, temperature=temperature)
        self.encoder = GCNEncoder(
            num_features,
            [2 * width, width],
            activation="prelu",
            last_activation=False,
            batch_norm=0.01,
        )

    def compare(self, views: Sequence[CorruptedView], features: Tensor) -> Tensor:
        """The loss of the encoder's rows of both views."""
        first, second = (view.encode(self.encoder, features) for view in views)
        value: Tensor = self.objective(first, second)
        return value


EPOCHS = 4000


def _published(
    dataset: str,
    width: int,
    learning_rate: float,
    mask: float,
    drop: float,
    epochs: int = EPOCHS,
    source: str = "the authors' configuration of 4000 epochs, pbielak/graph-barlow-twins "
    "train_transductive.yaml (rates that the authors chose by test accuracy)",
) -> PublishedSettings:
    rates = {"drop_edges": (drop, drop), "mask_features": (mask, mask)}
    return PublishedSettings(
        dataset, source, {"width": width, **rates}, warmed_training(epochs, learning_rate)
    )


DEFAULT_TRAINING = warmed_training(EPOCHS, 5e-4)
_FALLBACK = "fallback, the authors give none: their row for WikiCS, epochs "
SETTINGS = (
    _published("Photo", 256, 1e-4, 0.3, 0.1),
    _published("Computers", 128, 5e-4, 0.1, 0.4),
    _published("CS", 256, 1e-5, 0.2, 0.5),
    _published("Cora", 256, 5e-4, 0.1, 0.5, 100, _FALLBACK + BY_MODULARITY),
    _published("CiteSeer", 256, 5e-4, 0.1, 0.5, 100, _FALLBACK + BY_MODULARITY),
    _published("PubMed", 256, 5e-4, 0.1, 0.5, 100, _FALLBACK + "as on Cora"),
)
