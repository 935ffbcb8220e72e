"""CCA-SSG: two corrupted views whose features agree and are uncorrelated."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch_geometric.data import Data

from graphcl.arguments import check_whole, unknown_name
from graphcl.methods.checks import Rates
from graphcl.methods.contrast_choice import Choice, ContrastChoice, split_choice
from graphcl.methods.corrupted_views import CorruptedViews
from graphcl.methods.corruption import CorruptedView
from graphcl.methods.published import PublishedSettings
from graphcl.nn import GCNEncoder, row_blocks
from graphcl.training import TrainingSettings

ENCODERS = ("gcn", "mlp")


class CCASSG(CorruptedViews):
    """Canonical correlation analysis of two corrupted views, without negatives (CCA-SSG).

    Each step drops edges and feature columns twice over and encodes both views; there is no
    projector. With Z~1 and Z~2 the rows [N, d] of both, each column standardised, the loss
    (:class:`graphcl.losses.CanonicalCorrelationLoss`) is ::

        - trace(Z~1' Z~2 / N) + decorrelation * sum over v = 1, 2 of |Z~v' Z~v / N - I|^2

    Features are compared, not nodes: there are no negatives, so there is no ``negatives`` to
    choose, and the cost is O(N d^2). The embedding is the encoder's output on the uncorrupted
    graph.

    Source: Zhang et al., NeurIPS 2021, arXiv 2106.12484, equation 5, and the authors' code,
    hengruizhang98/CCA-SSG.

    Args:
        num_features: Width of the features, ``F``.
        width: Width of the embedding and of the hidden layers, ``d``.
        layers: Number of layers, at least 1.
        encoder: "gcn" (graph convolutions, ReLU between) or "mlp" (linear layers, batch
            normalisation and ReLU between: the authors' choice on CS, where the graph is not used).
        decorrelation: The loss's factor, the authors' lambda, at least 0.
        drop_edges: Probability of losing an edge, for both views or for each.
        mask_features: Probability of zeroing a feature column, for both views or for each.
        temperature: Divisor of the cosine, for another ``loss`` that has one.
        loss: ``"canonical-correlation"``, or another loss of two views by name or as a mapping with
            ``name`` and its parameters, as in :class:`GraphBarlowTwins`; ``decorrelation`` is then
            not used.
        **options: ``undirected`` and ``normalize_features``, as in :class:`Grace`; the second is
            off by default.

    Raises:
        TypeError: An argument of the wrong type.
        ValueError: An argument out of range.

    Example:
        >>> from torch_geometric.data import Data
        >>> graph = Data(x=torch.eye(3), edge_index=torch.tensor([[0, 1], [1, 0]]))
        >>> method = CCASSG(3, width=4)
        >>> method.loss(graph).shape, method.embed(graph).shape
        (torch.Size([]), torch.Size([3, 4]))
    """

    cost = "no pairs: O(E d + N d^2) time, O(N d) memory"

    def __init__(
        self,
        num_features: int,
        *,
        width: int = 512,
        layers: int = 2,
        encoder: str = "gcn",
        decorrelation: float = 1e-3,
        drop_edges: Rates = 0.4,
        mask_features: Rates = 0.1,
        temperature: float = 0.5,
        loss: Choice = "canonical-correlation",
        normalize_features: bool = False,
        **options: bool,
    ) -> None:
        if encoder not in ENCODERS:
            raise ValueError(unknown_name("encoder", encoder, ENCODERS))
        widths = [check_whole("width", width, least=1)] * check_whole("layers", layers, least=1)
        super().__init__(
            num_features,
            width=width,
            layers=layers,
            encoder=encoder,
            decorrelation=decorrelation,
            drop_edges=drop_edges,
            mask_features=mask_features,
            temperature=temperature,
            loss=loss,
            normalize_features=normalize_features,
            **options,
        )
        name, parameters = split_choice("loss", loss)
        if name == "canonical-correlation":
            loss = {"name": name, "decorrelation": decorrelation, **parameters}
        self.objective = ContrastChoice(loss, temperature=temperature)
        self.encoder = (
            GCNEncoder(num_features, widths, last_activation=False)
            if encoder == "gcn"
            else _FeatureEncoder(num_features, widths)
        )

    def compare(self, views: Sequence[CorruptedView], features: Tensor) -> Tensor:
        """The loss of the encoder's rows of both views."""
        first, second = (view.encode(self.encoder, features) for view in views)
        value: Tensor = self.objective(first, second)
        return value

    def encode_in_blocks(self, data: Data, batch_size: int) -> Tensor:
        """The same, a block of rows at a time (in each layer)."""
        if isinstance(self.encoder, GCNEncoder):
            return super().encode_in_blocks(data, batch_size)
        prepare = self.features.of_rows(data)
        blocks = row_blocks(len(data.x), batch_size)
        rows = (data.x[block] for block in blocks)
        return torch.cat([self.encoder(x if prepare is None else prepare(x)) for x in rows])


class _FeatureEncoder(nn.Module):
    """Linear layers with batch normalisation and ReLU between; edges are taken and not used."""

    def __init__(self, num_features: int, widths: Sequence[int]) -> None:
        super().__init__()
        sizes = [num_features, *widths]
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(sizes))
        self.norms = nn.ModuleList(nn.BatchNorm1d(width) for width in widths[:-1])

    def forward(
        self,
        x: Tensor,
        edge_index: Tensor | None = None,
        edge_weight: Tensor | None = None,
        *,
        column_scale: Tensor | None = None,
        hop_sizes: Sequence[int] | None = None,
    ) -> Tensor:
        first = self.layers[0]
        weight: Tensor = first.get_parameter("weight")
        bias = first.get_parameter("bias")
        if column_scale is not None:  # the weights' columns are those of the features
            weight = weight * column_scale.to(weight)
        rows = x.to(weight.dtype) @ weight.T + bias
        if hop_sizes is not None:
            rows = rows[: hop_sizes[0]]
        for norm, layer in zip(self.norms, list(self.layers)[1:], strict=True):
            rows = layer(norm(rows).relu())
        return rows


DEFAULT_TRAINING = TrainingSettings(epochs=50, learning_rate=1e-3)
_AUTHORS = "the authors' configuration, hengruizhang98/CCA-SSG"
_CITATION = f"{_AUTHORS}; rows of the features sum to 1, as DGL's loader has it"


def _published(
    dataset: str, epochs: int, decorrelation: float, mask: float, drop: float, **others: object
) -> PublishedSettings:
    source = _CITATION if "normalize_features" in others else _AUTHORS
    rates = {"decorrelation": decorrelation, "mask_features": mask, "drop_edges": drop}
    training = TrainingSettings(epochs=epochs, learning_rate=1e-3)
    return PublishedSettings(dataset, source, {**rates, **others}, training)


SETTINGS = (
    _published("Cora", 50, 1e-3, 0.1, 0.4, normalize_features=True),
    _published("CiteSeer", 20, 5e-4, 0.0, 0.4, layers=1, normalize_features=True),
    _published("PubMed", 100, 1e-3, 0.3, 0.5, normalize_features=True),
    _published("Photo", 50, 1e-3, 0.2, 0.3),
    _published("Computers", 50, 5e-4, 0.1, 0.3),
    _published("CS", 50, 1e-3, 0.2, 0.2, encoder="mlp"),
)
