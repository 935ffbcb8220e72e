"""Add random edges."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor
from torch_geometric.data import Data
from torch_geometric.transforms import BaseTransform

from graphcl.arguments import unknown_name
from graphcl.augmentations.edges import check_data, check_undirected, edge_index_of
from graphcl.augmentations.fields import (
    cumulative,
    fields_by_kind,
    graph_boundaries,
    is_collated,
    number_of_nodes,
    set_boundaries,
)
from graphcl.augmentations.new_edges import EdgeNumbers, draw_new_edges
from graphcl.augmentations.randomness import RandomSource, check_probability

RULES = ("refuse", "zeros", "ones", "mean", "sample")


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
        self.attributes = attributes if isinstance(attributes, str) else dict(attributes)
        for rule in [attributes] if isinstance(attributes, str) else attributes.values():
            if rule not in RULES:
                raise ValueError(f"attributes: {unknown_name('rule', rule, RULES)}")
        self._random = RandomSource(seed=seed, generator=generator)

    def forward(self, data: Data) -> Data:
        """Add edges to a shallow copy (PyG's `__call__` makes it)."""
        check_data(data, "AddEdges")
        edge_index = edge_index_of(data, "AddEdges")
        num_nodes = number_of_nodes(data, "AddEdges")
        boundaries = graph_boundaries(data, num_nodes, "AddEdges").to(edge_index.device)
        rules = self._rules(data, num_nodes)
        if self.undirected:
            numbers = self._random.integers(num_nodes, device=edge_index.device)
            check_undirected(numbers[edge_index[0]], numbers[edge_index[1]], "AddEdges")
        graph = _graph_of_edges(edge_index, boundaries)
        new, graph_of_new, pair = self._draw(edge_index, graph, boundaries)

        donors = pair
        if "sample" in rules.values():
            donors = self._donors(graph, graph_of_new, pair, len(boundaries) - 1)
        rows = {
            key: _new_rows(data[key], rule, graph, graph_of_new, donors)
            for key, rule in rules.items()
        }
        for key, added in rows.items():
            data[key] = torch.cat([data[key], added])
        data.edge_index = torch.cat([edge_index, new], dim=1)
        if is_collated(data):
            _sort_by_graph(data, list(rows), graph, graph_of_new, len(boundaries) - 1)
        return data

    def _rules(self, data: Data, num_nodes: int) -> dict[str, str]:
        """The rule for each edge field; refuses those without one, and those that no rule fits."""
        _, keys = fields_by_kind(data, num_nodes)
        fields = [key for key in keys if key != "edge_index"]
        given = self.attributes
        rules = {
            key: given if isinstance(given, str) else given.get(key, "refuse") for key in fields
        }
        refused = [key for key, rule in rules.items() if rule == "refuse"]
        if refused:
            raise ValueError(
                f"AddEdges does not know which {' and '.join(refused)} new edges get: give the "
                f"rule 'zeros', 'ones', 'mean' or 'sample', as attributes={{{refused[0]!r}: "
                "'zeros'}, or delete the field first"
            )
        for key, rule in rules.items():
            value = data[key]
            if not isinstance(value, Tensor) or data.__cat_dim__(key, value) != 0:
                raise ValueError(
                    f"AddEdges cannot extend {key} ({type(value).__name__}): the rules are for "
                    "tensors with one row an edge; delete the field first"
                )
            if rule == "mean" and not (value.is_floating_point() or value.is_complex()):
                raise ValueError(
                    f"AddEdges: the mean of {key} needs floating-point numbers, got {value.dtype}"
                )
        return rules

    def _draw(
        self, edge_index: Tensor, graph: Tensor, boundaries: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """New entries of `edge_index`, their graphs, and which edge each is a direction of."""
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
        pair = torch.arange(new.size(1), device=new.device)
        if self.undirected:
            back = (new[0] != new[1]).nonzero().squeeze(1)
            new = torch.cat([new, new[:, back].flip(0)], dim=1)
            pair = torch.cat([pair, back])
            graph_of_new = graph_of_new[pair]
        return new, graph_of_new, pair

    def _donors(self, graph: Tensor, graph_of_new: Tensor, pair: Tensor, count: int) -> Tensor:
        """For each new entry a random old one of its graph, the same for both directions."""
        numbers = self._random.integers(len(pair), device=pair.device)[pair]
        entries = graph.bincount(minlength=count)
        by_graph = graph.argsort(stable=True) if count > 1 else None
        places = cumulative(entries)[:-1][graph_of_new] + numbers % entries[graph_of_new]
        return places if by_graph is None else by_graph[places]

    def __repr__(self) -> str:
        return (
            f"AddEdges({self.p}, undirected={self.undirected}, self_loops={self.self_loops}, "
            f"attributes={self.attributes!r}{self._random.arguments()})"
        )


def _graph_of_edges(edge_index: Tensor, boundaries: Tensor) -> Tensor:
    """Which graph each edge is in, `[E]`."""
    if len(boundaries) == 2:
        return torch.zeros_like(edge_index[0])
    graphs = torch.arange(len(boundaries) - 1, device=boundaries.device)
    graph_of_node = graphs.repeat_interleave(boundaries.diff())
    graph = graph_of_node[edge_index[0]]
    if not torch.equal(graph, graph_of_node[edge_index[1]]):
        raise ValueError("AddEdges: edge_index has edges from one graph of the batch to another")
    return graph


def _new_rows(
    value: Tensor, rule: str, graph: Tensor, graph_of_new: Tensor, donors: Tensor
) -> Tensor:
    """Rows of an edge field for the new edges, `[K, ...]`."""
    if rule == "sample":
        return value[donors]
    shape = (len(graph_of_new), *value.shape[1:])
    if rule == "mean":
        count = int(graph.max()) + 1 if len(graph) else 0
        sums = value.new_zeros(count, *shape[1:]).index_add(0, graph, value)
        entries = graph.bincount().reshape(-1, *[1] * (value.dim() - 1))
        return (sums / entries)[graph_of_new]
    return value.new_zeros(shape) if rule == "zeros" else value.new_ones(shape)


def _sort_by_graph(
    data: Data, keys: list[str], graph: Tensor, graph_of_new: Tensor, count: int
) -> None:
    """Move the new edges of a batch, last so far, to the end of their graphs."""
    old, new = (cumulative(part.bincount(minlength=count)) for part in (graph, graph_of_new))
    by_graph = graph_of_new.argsort(stable=True)
    order = graph.new_empty(len(graph) + len(graph_of_new))
    order[torch.arange(len(graph), device=graph.device) + new[graph]] = torch.arange(
        len(graph), device=graph.device
    )
    rank = torch.arange(len(by_graph), device=graph.device)
    order[rank + old[graph_of_new[by_graph] + 1]] = by_graph + len(graph)
    for key in keys:
        data[key] = data[key].index_select(0, order.to(data[key].device))
    data.edge_index = data.edge_index[:, order]
    set_boundaries(data, ["edge_index", *keys], old + new)
