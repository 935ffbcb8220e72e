"""Add random edges."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor
from torch_geometric.data import Data
from torch_geometric.transforms import BaseTransform

from graphcl.augmentations.added_edges import (
    NewEdges,
    append_edges,
    check_attributes,
    graph_of_edges,
    rules_for,
)
from graphcl.augmentations.edges import check_data, check_undirected, edge_index_of
from graphcl.augmentations.fields import graph_boundaries, number_of_nodes
from graphcl.augmentations.new_edges import EdgeNumbers, draw_new_edges
from graphcl.augmentations.randomness import RandomSource, check_probability


class AddEdges(BaseTransform):
    """Add new random edges, a share `p` of the number of edges, uniformly among those not there.

    Every graph of a `Batch` gets round(p * its edges) new ones, none across graphs and none twice;
    a graph with fewer pairs left becomes complete.

    Source: You et al., "Graph Contrastive Learning with Augmentations" (GraphCL), NeurIPS 2020,
    arXiv:2010.13902, section 3.1 (edge perturbation; with `DropEdges` in a `Compose`).

    Args:
        p: number of new edges over the number of edges, in [0, 1].
        undirected: if True, both directions of an edge count as one and are added together, and
            the graph stays undirected. If False, each entry of `edge_index` counts.
        self_loops: whether new edges may go from a node to itself.
        attributes: the rule for what new edges get in the fields with one row an edge
            (`edge_attr`, `edge_weight`, ...), for all or as `{field: rule}`:

            - "refuse": raise an error if there is such a field;
            - "zeros", "ones": the same for all;
            - "mean": the mean over the edges of the graph (floating-point fields only);
            - "sample": the row of a random edge of the graph, the same edge in all fields.

            The two directions of a new edge get the same row.
        seed: seed of this transform's own random numbers. Give two views two seeds, or they are
            the same view.
        generator: generator to draw from, instead of a seed. With neither, torch's global
            generator. In the workers of a `DataLoader` all three differ by worker and epoch.

    Shapes:
        `Data` or `Batch` with `edge_index` `[2, E]` → the same with `[2, E + K]`: in each graph the
        old edges in their order, then the new ones. The input is not modified.

    Raises:
        TypeError: if `p` or `seed` is no number, or, on use, the input is no `Data` or `Batch`.
        ValueError: if `p` is outside [0, 1] or a rule does not exist; on use, if the graph has no
            `edge_index`, does not tell its number of nodes (`x` or `num_nodes`), has an edge field
            without a rule that fits, has edges from one graph of the batch to another, or
            `undirected` is True and some edge has no counterpart in the other direction.

    Example:
        >>> edge_index = torch.tensor([[0, 1, 1, 2, 2, 3], [1, 0, 2, 1, 3, 2]])
        >>> graph = Data(edge_index=edge_index, edge_weight=torch.ones(6), num_nodes=4)
        >>> view = AddEdges(0.4, attributes="mean", seed=0)(graph)
        >>> view.edge_index[:, 6:], view.edge_weight[6:]
        (tensor([[0, 2],
                [2, 0]]), tensor([1., 1.]))
    """

    def __init__(
        self,
        p: float,
        *,
        undirected: bool = True,
        self_loops: bool = False,
        attributes: str | Mapping[str, str] = "refuse",
        seed: int | None = None,
        generator: torch.Generator | None = None,
    ) -> None:
        self.p = check_probability(p)
        self.undirected = undirected
        self.self_loops = self_loops
        self.attributes = check_attributes(attributes)
        self._random = RandomSource(seed=seed, generator=generator)

    def forward(self, data: Data) -> Data:
        """Add edges to a shallow copy (PyG's `__call__` makes it)."""
        check_data(data, "AddEdges")
        edge_index = edge_index_of(data, "AddEdges")
        num_nodes = number_of_nodes(data, "AddEdges")
        boundaries = graph_boundaries(data, num_nodes, "AddEdges").to(edge_index.device)
        rules = rules_for(data, num_nodes, self.attributes, "AddEdges")
        if self.undirected:
            numbers = self._random.integers(num_nodes, device=edge_index.device)
            check_undirected(numbers[edge_index[0]], numbers[edge_index[1]], "AddEdges")
        graph = graph_of_edges(edge_index, boundaries, "AddEdges")
        new = self._draw(edge_index, graph, boundaries)
        return append_edges(data, new, rules, graph, len(boundaries) - 1, self._random)

    def _draw(self, edge_index: Tensor, graph: Tensor, boundaries: Tensor) -> NewEdges:
        counted = torch.ones_like(graph, dtype=torch.bool)
        if self.undirected:
            counted = edge_index[0] <= edge_index[1]
        one_way, graph_of_edge = edge_index[:, counted], graph[counted]
        edges = graph_of_edge.bincount(minlength=len(boundaries) - 1)
        counts = (edges.double() * self.p).round().long()
        numbering = EdgeNumbers(boundaries, self.undirected, self.self_loops)
        if not self.self_loops:
            proper = one_way[0] != one_way[1]
            one_way, graph_of_edge = one_way[:, proper], graph_of_edge[proper]
        taken = numbering.encode(one_way, graph_of_edge)
        new, graph_of_new = draw_new_edges(numbering, taken, counts, self._random)
        return NewEdges.from_one_way(new, graph_of_new, undirected=self.undirected)

    def __repr__(self) -> str:
        return (
            f"AddEdges({self.p}, undirected={self.undirected}, self_loops={self.self_loops}, "
            f"attributes={self.attributes!r}{self._random.arguments()})"
        )
