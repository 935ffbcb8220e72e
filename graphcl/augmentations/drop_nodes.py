"""Drop nodes at random."""

from __future__ import annotations

import torch
from torch import Tensor
from torch_geometric.data import Data
from torch_geometric.transforms import BaseTransform

from graphcl.augmentations.edges import check_data, edge_index_of, keep_edges
from graphcl.augmentations.fields import graph_boundaries
from graphcl.augmentations.nodes import keep_nodes
from graphcl.augmentations.randomness import RandomSource, check_probability


class DropNodes(BaseTransform):
    """Drop every node with probability `p`, together with its edges and all that is attached.

    Every graph keeps at least one node: where all would fall, one of them stays.

    Source: You et al., "Graph Contrastive Learning with Augmentations" (GraphCL), NeurIPS 2020,
    arXiv:2010.13902, section 3.1. The authors' code isolates the nodes instead (`remove=False`)
    and always takes the same number of nodes.

    Args:
        p: probability in [0, 1] that a node is dropped.
        remove: if True, dropped nodes are gone and the others are numbered anew. The field `n_id`
            has their numbers in the input (each graph of a batch counts from 0), and
            `common_nodes` finds the rows that two views have in common. If False, dropped nodes
            only lose their edges, self-loops included: all rows and their features stay. The same
            seed drops the same nodes either way.
        seed: seed of this transform's own random numbers. Give two views two seeds, or they are
            the same view.
        generator: generator to draw from, instead of a seed. With neither, torch's global
            generator. In the workers of a `DataLoader` all three differ by worker and epoch.

    Shapes:
        `Data` or `Batch` with N nodes and `edge_index` `[2, E]` → the same with N' ≤ N nodes and
        `edge_index` `[2, E']`, both in the same order. Fields with one row a node (masks too) or
        one row an edge follow, all others are kept. The input is not modified.

    Raises:
        TypeError: if `p` or `seed` is no number, or, on use, the input is no `Data` or `Batch`.
        ValueError: if `p` is outside [0, 1]; on use, if the graph has no `edge_index`, does not
            tell its number of nodes (`x` or `num_nodes`), or, with `remove`, has another field of
            node numbers ("index" in its name, as `edge_label_index`).

    Example:
        >>> edge_index = torch.tensor([[0, 1, 1, 2, 2, 3], [1, 0, 2, 1, 3, 2]])
        >>> graph = Data(x=torch.arange(4.0).reshape(4, 1), edge_index=edge_index)
        >>> view = DropNodes(0.3, seed=1)(graph)
        >>> view.n_id, view.edge_index
        (tensor([0, 2, 3]), tensor([[1, 2],
                [2, 1]]))
        >>> DropNodes(0.3, remove=False, seed=1)(graph).edge_index
        tensor([[2, 3],
                [3, 2]])
    """

    def __init__(
        self,
        p: float,
        *,
        remove: bool = True,
        seed: int | None = None,
        generator: torch.Generator | None = None,
    ) -> None:
        self.p = check_probability(p)
        self.remove = remove
        self.renumbers_nodes = remove
        self._random = RandomSource(seed=seed, generator=generator)

    def forward(self, data: Data) -> Data:
        """Drop nodes of a shallow copy (PyG's `__call__` makes it)."""
        check_data(data, "DropNodes")
        edge_index = edge_index_of(data, "DropNodes")
        kept = self._draw(data, edge_index.device)
        if self.remove:
            return keep_nodes(data, kept, "DropNodes")
        return keep_edges(data, kept[edge_index[0]] & kept[edge_index[1]])

    def _draw(self, data: Data, device: torch.device) -> Tensor:
        """Which nodes stay, `[N]`."""
        num_nodes = data.num_nodes or 0
        numbers = self._random.uniform(num_nodes, device=device)
        kept = numbers >= self.p
        boundaries = graph_boundaries(data, num_nodes, "DropNodes").to(device)
        sizes = boundaries.diff()
        graph = torch.arange(len(sizes), device=device).repeat_interleave(sizes)
        staying = torch.zeros_like(sizes).index_add_(0, graph, kept.long())
        if bool((staying[sizes > 0] == 0).any()):
            largest = numbers.new_zeros(len(sizes)).scatter_reduce_(0, graph, numbers, "amax")
            kept |= (staying[graph] == 0) & (numbers == largest[graph])
        return kept

    def __repr__(self) -> str:
        return f"DropNodes({self.p}, remove={self.remove}{self._random.arguments()})"
