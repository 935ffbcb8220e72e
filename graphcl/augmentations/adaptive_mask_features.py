"""Mask feature columns at random, unimportant ones more often."""

from __future__ import annotations

import torch
from torch import Tensor
from torch_geometric.data import Data
from torch_geometric.transforms import BaseTransform

from graphcl.augmentations.adaptive import (
    check_centrality,
    check_cutoff,
    feature_mask_probabilities,
)
from graphcl.augmentations.edges import check_data
from graphcl.augmentations.fields import number_of_nodes
from graphcl.augmentations.randomness import RandomSource, check_probability
from graphcl.prepared import Prepared


class AdaptiveMaskFeatures(BaseTransform):
    """Set feature columns to zero, the less often the more central the nodes are that have them.

    The probabilities are those of :func:`feature_mask_probabilities`. They are computed once for a
    graph and remembered until another one comes, or its tensors are written to. All nodes of a
    graph share one mask; each graph of a `Batch` gets a mask of its own.

    Source: Zhu et al., "Graph contrastive learning with adaptive augmentation" (GCA), WWW 2021,
    arXiv:2010.14945, section 3.2.2.

    Args:
        p: mean probability, before the cutoff, in [0, 1].
        centrality: "degree", "pagerank", "eigenvector" or "lazy_walk", see
            :func:`node_centrality`; or a tensor `[N]` of numbers above 0 for the nodes of the graph
            or batch.
        cutoff: largest probability of any column, in [0, 1].
        binary: a node has a feature if it is not 0. False, for dense features: it has it by its
            absolute value.
        seed: seed of this transform's own random numbers. Give two views two seeds, or they are
            the same view.
        generator: generator to draw from, instead of a seed. With neither, torch's global
            generator. In the workers of a `DataLoader` all three differ by worker and epoch.

    Shapes:
        `Data` or `Batch` with `x` `[N, F]` and `edge_index` `[2, E]` → the same with a new `x`
        `[N, F]`. The input is not modified.

    Raises:
        TypeError: if an argument is of the wrong type, or, on use, the input no `Data` or `Batch`.
        ValueError: if an argument is out of range; on use, as :func:`feature_mask_probabilities`.

    Example:
        >>> star = Data(edge_index=torch.tensor([[0, 0, 1, 2], [1, 2, 0, 0]]), num_nodes=3)
        >>> star.x = torch.tensor([[1.0, 0.0, 1.0], [0.0, 1.0, 1.0], [0.0, 0.0, 0.0]])
        >>> AdaptiveMaskFeatures(0.5, cutoff=1.0, seed=0)(star).x
        tensor([[1., 0., 1.],
                [0., 0., 1.],
                [0., 0., 0.]])
    """

    def __init__(
        self,
        p: float,
        *,
        centrality: str | Tensor = "degree",
        cutoff: float = 0.7,
        binary: bool = True,
        seed: int | None = None,
        generator: torch.Generator | None = None,
    ) -> None:
        self.p = check_probability(p)
        self.centrality = check_centrality(centrality)
        self.cutoff = check_cutoff(cutoff)
        self.binary = binary
        self._random = RandomSource(seed=seed, generator=generator)
        self._prepared = Prepared[Tensor]()

    def forward(self, data: Data) -> Data:
        """Mask features of a shallow copy (PyG's `__call__` makes it)."""
        check_data(data, "AdaptiveMaskFeatures")
        x, batch = data.get("x"), data.get("batch")
        num_nodes = number_of_nodes(data, "AdaptiveMaskFeatures")
        probabilities = self._prepared.get(
            (x, data.get("edge_index"), batch, num_nodes, self.centrality),
            lambda: feature_mask_probabilities(
                data,
                self.p,
                centrality=self.centrality,
                cutoff=self.cutoff,
                binary=self.binary,
            ),
        )
        masks = self._random.uniform(*probabilities.shape, device=x.device) < probabilities
        # Not a product: that would keep an infinite value as NaN, and lose -0.0.
        data.x = x.masked_fill(masks[batch] if isinstance(batch, Tensor) else masks, 0)
        return data

    def __repr__(self) -> str:
        name = self.centrality if isinstance(self.centrality, str) else "..."
        return (
            f"AdaptiveMaskFeatures({self.p}, centrality={name!r}, cutoff={self.cutoff}, "
            f"binary={self.binary}{self._random.arguments()})"
        )
