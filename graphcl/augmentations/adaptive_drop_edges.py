"""Drop edges at random, unimportant ones more often."""

from __future__ import annotations

import torch
from torch import Tensor
from torch_geometric.data import Data
from torch_geometric.transforms import BaseTransform

from graphcl.augmentations.adaptive import (
    check_centrality,
    check_cutoff,
    edge_drop_probabilities,
)
from graphcl.augmentations.edges import check_data, edge_index_of, keep_edges
from graphcl.augmentations.fields import number_of_nodes
from graphcl.augmentations.randomness import RandomSource, check_probability, scramble
from graphcl.prepared import Prepared


class AdaptiveDropEdges(BaseTransform):
    """Drop every edge with a probability that is the lower, the more central its ends are.

    The probabilities are those of :func:`edge_drop_probabilities`. They are computed once for a
    graph and remembered until another one comes, or `edge_index` is written to.

    Source: Zhu et al., "Graph contrastive learning with adaptive augmentation" (GCA), WWW 2021,
    arXiv:2010.14945, section 3.2.1.

    Args:
        p: mean probability, before the cutoff, in [0, 1].
        centrality: "degree", "pagerank", "eigenvector" or "lazy_walk", see
            :func:`node_centrality`; or a tensor `[N]` of numbers above 0 for the nodes of the graph
            or batch.
        cutoff: largest probability of any edge, in [0, 1].
        undirected: if True, the two directions of an edge share their fate, and so do parallel
            edges. If False, each entry of `edge_index` falls by itself, and the node that it points
            to decides: for directed graphs, and what GCA's own code does.
        seed: seed of this transform's own random numbers. Give two views two seeds, or they are
            the same view.
        generator: generator to draw from, instead of a seed. With neither, torch's global
            generator. In the workers of a `DataLoader` all three differ by worker and epoch.

    Shapes:
        `Data` or `Batch` with `edge_index` `[2, E]` → the same with `[2, E']`, E' ≤ E; all else as
        in :class:`DropEdges`. Each graph of a `Batch` has its own scale. The input is not modified.

    Raises:
        TypeError: if an argument is of the wrong type, or, on use, the input no `Data` or `Batch`.
        ValueError: if an argument is out of range; on use, as :func:`edge_drop_probabilities`.

    Example:
        >>> edges = torch.tensor([[0, 0, 0, 1, 2, 3, 1, 2], [1, 2, 3, 0, 0, 0, 2, 1]])
        >>> kite = Data(edge_index=edges, num_nodes=4)  # a triangle, and node 3 hangs on node 0
        >>> AdaptiveDropEdges(0.6, cutoff=1.0, seed=0)(kite).edge_index.tolist()
        [[0, 0, 1, 2], [1, 2, 0, 0]]
    """

    def __init__(
        self,
        p: float,
        *,
        centrality: str | Tensor = "degree",
        cutoff: float = 0.7,
        undirected: bool = True,
        seed: int | None = None,
        generator: torch.Generator | None = None,
    ) -> None:
        self.p = check_probability(p)
        self.centrality = check_centrality(centrality)
        self.cutoff = check_cutoff(cutoff)
        self.undirected = undirected
        self._random = RandomSource(seed=seed, generator=generator)
        self._prepared = Prepared[Tensor]()

    def forward(self, data: Data) -> Data:
        """Drop edges of a shallow copy (PyG's `__call__` makes it)."""
        check_data(data, "AdaptiveDropEdges")
        edge_index = edge_index_of(data, "AdaptiveDropEdges")
        num_nodes = number_of_nodes(data, "AdaptiveDropEdges")
        probabilities = self._prepared.get(
            (edge_index, data.get("batch"), num_nodes, self.centrality),
            lambda: edge_drop_probabilities(
                data,
                self.p,
                centrality=self.centrality,
                cutoff=self.cutoff,
                undirected=self.undirected,
            ),
        )
        return keep_edges(data, self._draw(edge_index, num_nodes) >= probabilities)

    def _draw(self, edge_index: Tensor, num_nodes: int) -> Tensor:
        """Uniform numbers `[E]` in [0, 1), one for both directions if undirected."""
        if not self.undirected:
            return self._random.uniform(edge_index.size(1), device=edge_index.device)
        numbers = self._random.integers(num_nodes, device=edge_index.device)
        source, target = edge_index
        sums = numbers.index_select(0, source) + numbers.index_select(0, target)
        return (scramble(sums) >> 10).double() * 2.0**-53

    def __repr__(self) -> str:
        name = self.centrality if isinstance(self.centrality, str) else "..."
        return (
            f"AdaptiveDropEdges({self.p}, centrality={name!r}, cutoff={self.cutoff}, "
            f"undirected={self.undirected}{self._random.arguments()})"
        )
