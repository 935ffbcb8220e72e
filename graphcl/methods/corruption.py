"""Corrupt a graph: fewer edges, fewer feature columns; what GRACE and its kin contrast."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch_geometric.data import Data

from graphcl.augmentations import (
    AdaptiveDropEdges,
    DropEdges,
    MaskFeatures,
    feature_mask_probabilities,
    node_centrality,
)
from graphcl.prepared import Prepared
from graphcl.sampling import num_seeds


@dataclass(frozen=True)
class CorruptedView:
    """A corrupted view: what an encoder gets beside the features.

    Attributes:
        edge_index: What is left of the edges, ``[2, E']``.
        edge_weight: Their weights, ``[E']``, or None.
        column_scale: Factor of each feature column, 0 or 1, ``[F]``.
        hop_sizes: Of a batch of sampled neighbours, its ``num_sampled_nodes``; else None.
        seeds: Number of seeds of a batch; None: a whole graph.
    """

    edge_index: Tensor
    edge_weight: Tensor | None
    column_scale: Tensor
    hop_sizes: Sequence[int] | None
    seeds: int | None

    def encode(self, encoder: nn.Module, features: Tensor) -> Tensor:
        """Rows of the nodes, or of the seeds of a batch."""
        rows: Tensor = encoder(
            features,
            self.edge_index,
            self.edge_weight,
            column_scale=self.column_scale,
            hop_sizes=self.hop_sizes,
        )
        return rows[: self.seeds]


class Corruption:
    """Draws corrupted views.

    Args:
        drop_edges: Probability of losing an edge.
        mask_features: Probability of zeroing a feature column.
        undirected: Both directions of an edge fall together; not in a batch of sampled neighbours,
            as most of its edges are there in one direction only.
    """

    def __init__(self, drop_edges: float, mask_features: float, *, undirected: bool) -> None:
        self._drop_edges = DropEdges(drop_edges, undirected=undirected)
        self._drop_entries = DropEdges(drop_edges, undirected=False)
        self._mask_features = MaskFeatures(mask_features)

    def __call__(self, data: Data) -> CorruptedView:
        """A view of a graph or a batch, drawn anew."""
        edges = self.change_edges(data)
        return CorruptedView(
            edge_index=edges.edge_index,
            edge_weight=edges.get("edge_weight"),
            column_scale=self.mask_columns(data),
            hop_sizes=data.get("num_sampled_nodes"),
            seeds=num_seeds(data),
        )

    def change_edges(self, data: Data) -> Data:
        """The graph with fewer edges, features left out."""
        sampled = "num_sampled_nodes" in data
        changed: Data = (self._drop_entries if sampled else self._drop_edges)(_bare(data))
        return changed

    def mask_columns(self, data: Data) -> Tensor:
        """0 for each feature column that is lost, 1 for the others, ``[F]``."""
        # The transform draws on a single row: masking a column is multiplying it, which sparse
        # features allow as well.
        row = Data(x=torch.ones(1, data.x.size(1), dtype=data.x.dtype, device=data.x.device))
        scale: Tensor = self._mask_features(row).x[0]
        return scale


class AdaptiveCorruption(Corruption):
    """As its base class, but what matters little falls more often (GCA).

    Probabilities are those of :func:`graphcl.augmentations.edge_drop_probabilities` and
    :func:`graphcl.augmentations.feature_mask_probabilities`, found once for a graph. In a batch of
    the graph of :meth:`setup` centralities and features are that graph's; the scale of the edges'
    probabilities is the batch's own.

    Args:
        drop_edges: Mean probability of losing an edge, before it is cut off at 0.7.
        mask_features: Mean probability of zeroing a feature column, likewise.
        centrality: What matters: a measure of :func:`graphcl.augmentations.node_centrality`.
        undirected: As in the base class.
        binary_features: A node has a feature if that is not 0; False: by its absolute value.
    """

    def __init__(
        self,
        drop_edges: float,
        mask_features: float,
        *,
        centrality: str,
        undirected: bool,
        binary_features: bool,
    ) -> None:
        super().__init__(drop_edges, mask_features, undirected=undirected)
        self._rates = (drop_edges, mask_features)
        self._centrality = centrality
        self._undirected = undirected
        self._binary = binary_features
        self._adaptive = AdaptiveDropEdges(drop_edges, centrality=centrality, undirected=undirected)
        self._columns = Prepared[Tensor]()
        self._of_the_graph: tuple[Tensor, Tensor] | None = None

    def setup(self, data: Data) -> None:
        """Find what batches of this graph need: centralities and probabilities of the features."""
        self._columns = Prepared()
        centrality = node_centrality(data, self._centrality)
        self._of_the_graph = (centrality, self._of_columns(data))

    def change_edges(self, data: Data) -> Data:
        """The graph with fewer edges, features left out."""
        transform = self._adaptive
        if num_seeds(data) is not None:
            known = self._known(data)
            transform = AdaptiveDropEdges(
                self._rates[0],
                centrality=self._centrality if known is None else known[0][data.n_id],
                undirected=self._undirected and "num_sampled_nodes" not in data,
            )
        changed: Data = transform(_bare(data))
        return changed

    def mask_columns(self, data: Data) -> Tensor:
        """0 for each feature column that is lost, 1 for the others, ``[F]``."""
        known = self._known(data)
        probabilities = self._of_columns(data) if known is None else known[1]
        kept = torch.rand(len(probabilities), device=data.x.device) >= probabilities
        return kept.to(data.x.dtype)

    def _known(self, data: Data) -> tuple[Tensor, Tensor] | None:
        """What ``setup`` found, for a batch of that graph; None for a whole graph."""
        return self._of_the_graph if num_seeds(data) is not None and "n_id" in data else None

    def _of_columns(self, data: Data) -> Tensor:
        def find() -> Tensor:
            rows = feature_mask_probabilities(
                data, self._rates[1], centrality=self._centrality, binary=self._binary
            )
            return rows[0]

        return self._columns.get((data.x, data.edge_index), find)


def _bare(data: Data) -> Data:
    """The edges alone."""
    bare = Data(edge_index=data.edge_index, num_nodes=data.x.size(0))
    if "edge_weight" in data:
        bare.edge_weight = data.edge_weight
    return bare
