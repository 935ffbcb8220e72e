"""Two corrupted views of a graph, encoded and compared without negatives."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn
from torch_geometric.data import Data

from graphcl.methods.checks import Rates, check_flag, check_rates
from graphcl.methods.corruption import CorruptedView, Corruption
from graphcl.methods.encoder_features import EncoderFeatures
from graphcl.methods.method import Method
from graphcl.nn import GCNEncoder
from graphcl.sampling import num_seeds
from graphcl.training import TrainingSettings


class CorruptedViews(Method):
    """Drop edges and feature columns twice over, and compare the views (not used by itself).

    The form that BGRL, Graph Barlow Twins and CCA-SSG share. A subclass makes ``encoder`` and says
    by :meth:`compare` what its loss is. The embedding is the encoder's output on the uncorrupted
    graph.

    Args:
        num_features: Width of the features, ``F``.
        drop_edges: Probability of losing an edge, for both views or for each.
        mask_features: Probability of zeroing a feature column, for both views or for each.
        undirected: As in :class:`Grace`.
        normalize_features: As in :class:`Grace`.
        **configuration: What else determines the method.

    Raises:
        ValueError: An argument out of range.
    """

    monitor: str | None = None  # the authors train for a fixed number of epochs
    encoder: nn.Module

    def __init__(
        self,
        num_features: int,
        *,
        drop_edges: Rates,
        mask_features: Rates,
        undirected: bool = False,
        normalize_features: bool = True,
        **configuration: object,
    ) -> None:
        edge_rates = check_rates("drop_edges", drop_edges)
        feature_rates = check_rates("mask_features", mask_features)
        super().__init__(
            num_features,
            drop_edges=edge_rates,
            mask_features=feature_rates,
            undirected=check_flag("undirected", undirected),
            normalize_features=check_flag("normalize_features", normalize_features),
            **configuration,
        )
        self.features = EncoderFeatures(normalize=normalize_features)
        self._corruptions = [
            Corruption(drop, mask, undirected=undirected)
            for drop, mask in zip(edge_rates, feature_rates, strict=True)
        ]

    @abstractmethod
    def compare(self, views: Sequence[CorruptedView], features: Tensor) -> Tensor:
        """The loss of two views, a scalar."""

    def setup(self, data: Data) -> None:
        """Keep the least entry of the features, which mini-batches need to be normalised alike."""
        self.check_width(data)
        self.features.setup(data)

    def loss(self, data: Data) -> Tensor:
        """The loss of two fresh views of the graph, or of a batch's seeds, a scalar.

        Of a single node it is 0: nothing can be normalised over the nodes.
        """
        self.check_width(data)
        seeds = num_seeds(data)
        if (len(data.x) if seeds is None else seeds) < 2:
            return 0.0 * torch.stack([p.sum() for p in self.parameters()]).sum()
        views = [corrupt(data) for corrupt in self._corruptions]
        return self.compare(views, self.features.of(data))

    def encode(self, data: Data) -> Tensor:
        """The encoder's rows on the whole graph, ``[N, d]``."""
        return self.features.encode(self.encoder, data)

    def encode_in_blocks(self, data: Data, batch_size: int) -> Tensor:
        """The same, layer by layer."""
        encoder = cast(GCNEncoder, self.encoder)  # a subclass with another has a way of its own
        return self.features.encode_in_blocks(encoder, data, batch_size)


def warmed_training(epochs: int, learning_rate: float) -> TrainingSettings:
    """How both methods' authors train: AdamW, a tenth of the epochs to warm up, then a cosine."""
    return TrainingSettings(
        epochs=epochs,
        learning_rate=learning_rate,
        weight_decay=1e-5,
        optimizer="adamw",
        schedule="cosine",
        warmup=0.1,
    )
