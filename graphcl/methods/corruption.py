"""Corrupt a graph: fewer edges, fewer feature columns; what GRACE and its kin contrast."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch_geometric.data import Data

from graphcl.augmentations import DropEdges, MaskFeatures
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
        # The transform draws on a single row: masking a column is multiplying it, which sparse
        # features allow as well.
        row = Data(x=torch.ones(1, data.x.size(1), dtype=data.x.dtype, device=data.x.device))
        return CorruptedView(
            edge_index=edges.edge_index,
            edge_weight=edges.get("edge_weight"),
            column_scale=self._mask_features(row).x[0],
            hop_sizes=data.get("num_sampled_nodes"),
            seeds=num_seeds(data),
        )

    def change_edges(self, data: Data) -> Data:
        """The graph with fewer edges, features left out."""
        bare = Data(edge_index=data.edge_index, num_nodes=data.x.size(0))
        if "edge_weight" in data:
            bare.edge_weight = data.edge_weight
        sampled = "num_sampled_nodes" in data
        changed: Data = (self._drop_entries if sampled else self._drop_edges)(bare)
        return changed
