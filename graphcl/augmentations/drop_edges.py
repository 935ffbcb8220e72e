"""Drop edges at random."""

from __future__ import annotations

import torch
from torch import Tensor
from torch_geometric.data import Data
from torch_geometric.transforms import BaseTransform

from graphcl.augmentations.edges import (
    check_data,
    check_undirected,
    edge_index_of,
    keep_edges,
)
from graphcl.augmentations.fields import number_of_nodes
from graphcl.augmentations.randomness import RandomSource, check_probability, scramble


class DropEdges(BaseTransform):
    """Drop every edge with probability `p`, together with all that is attached to it.

    Source: Rong et al., "DropEdge", ICLR 2020, arXiv:1907.10903; as a view of contrastive
    learning: Zhu et al., "Deep Graph Contrastive Representation Learning" (GRACE), 2020,
    arXiv:2006.04131, section 3.2.2.

    Args:
        p: probability in [0, 1] that an edge is dropped.
        undirected: if True, the two directions of an edge share their fate and the graph stays
            undirected; parallel edges between the same two nodes fall together as well, a
            self-loop is an edge like any other. If False, each entry of `edge_index` falls by
            itself: for directed graphs, and what GRACE's own code does.
        seed: seed of this transform's own random numbers. Give two views two seeds, or they are
            the same view.
        generator: generator to draw from, instead of a seed. With neither, torch's global
            generator. In the workers of a `DataLoader` all three differ by worker and epoch.

    Shapes:
        `Data` or `Batch` with `edge_index` `[2, E]` → the same with `[2, E']`, E' ≤ E, in the
        same order. Fields with one row an edge follow (tensors, arrays and lists; in a `Batch`
        tensors), all others are kept. The input is not modified.

    Raises:
        TypeError: if `p` or `seed` is no number, or, on use, the input is no `Data` or `Batch`.
        ValueError: if `p` is outside [0, 1]; on use, if the graph has no `edge_index`, does not
            tell its number of nodes (`x` or `num_nodes`), or `undirected` is True and some edge has
            no counterpart in the other direction.

    Example:
        >>> graph = Data(x=torch.ones(3, 1), edge_index=torch.tensor([[0, 1, 1, 2], [1, 0, 2, 1]]))
        >>> view = DropEdges(0.5, seed=1)(graph)
        >>> view.is_undirected(), graph.num_edges
        (True, 4)
    """

    def __init__(
        self,
        p: float,
        *,
        undirected: bool = True,
        seed: int | None = None,
        generator: torch.Generator | None = None,
    ) -> None:
        self.p = check_probability(p)
        self.undirected = undirected
        self._random = RandomSource(seed=seed, generator=generator)

    def forward(self, data: Data) -> Data:
        """Drop edges of a shallow copy (PyG's `__call__` makes it)."""
        check_data(data, "DropEdges")
        edge_index = edge_index_of(data, "DropEdges")
        if self.undirected:
            kept = self._keep_pairs(edge_index, number_of_nodes(data, "DropEdges"))
        else:
            kept = self._random.uniform(edge_index.size(1), device=edge_index.device) >= self.p
        return keep_edges(data, kept)

    def _keep_pairs(self, edge_index: Tensor, num_nodes: int) -> Tensor:
        """Which entries `[E]` stay, the same for both directions, in one pass and without sorting.

        Each node gets a random 63-bit number r. Both directions of an edge (i, j) see r_i + r_j,
        whose scrambled bits are the uniform number of the edge.
        """
        numbers = self._random.integers(num_nodes, device=edge_index.device)
        at_source = numbers.index_select(0, edge_index[0])
        at_target = numbers.index_select(0, edge_index[1])
        check_undirected(at_source, at_target, "DropEdges")
        sums = at_source + at_target
        if self.p == 1:
            return torch.zeros_like(sums, dtype=torch.bool)
        return scramble(sums) >= int(self.p * 2.0**63)

    def __repr__(self) -> str:
        return f"DropEdges({self.p}, undirected={self.undirected}{self._random.arguments()})"
