"""Put new edges into a graph or batch, with rows for all that is attached to edges."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch_geometric.data import Data

from graphcl.arguments import unknown_name
from graphcl.augmentations.fields import (
    cumulative,
    fields_by_kind,
    is_collated,
    set_boundaries,
)
from graphcl.augmentations.randomness import RandomSource

RULES = ("refuse", "zeros", "ones", "mean", "sample")


@dataclass(frozen=True)
class NewEdges:
    """New entries of an edge index.

    Attributes:
        edge_index: `[2, K]`.
        graph: `[K]` the graph of each.
        pair: `[K]` which edge each is a direction of: the number of its first direction.
    """

    edge_index: Tensor
    graph: Tensor
    pair: Tensor

    @classmethod
    def from_one_way(cls, edge_index: Tensor, graph: Tensor, *, undirected: bool) -> NewEdges:
        """Edges `[2, K']` given in one direction, with the other one if they are undirected."""
        pair = torch.arange(edge_index.size(1), device=edge_index.device)
        if undirected:
            back = (edge_index[0] != edge_index[1]).nonzero().squeeze(1)
            edge_index = torch.cat([edge_index, edge_index[:, back].flip(0)], dim=1)
            pair = torch.cat([pair, back])
        return cls(edge_index, graph[pair], pair)


def check_attributes(attributes: str | Mapping[str, str]) -> str | dict[str, str]:
    """Return rules for the attributes of new edges, one for all or one a field.

    Raises:
        ValueError: if a rule does not exist.
    """
    for rule in [attributes] if isinstance(attributes, str) else attributes.values():
        if rule not in RULES:
            raise ValueError(f"attributes: {unknown_name('rule', rule, RULES)}")
    return attributes if isinstance(attributes, str) else dict(attributes)


def rules_for(
    data: Data, num_nodes: int, given: str | Mapping[str, str], transform: str
) -> dict[str, str]:
    """The rule for each edge field.

    Raises:
        ValueError: if a field has no rule, or one that does not fit.
    """
    _, keys = fields_by_kind(data, num_nodes)
    fields = [key for key in keys if key != "edge_index"]
    rules = {key: given if isinstance(given, str) else given.get(key, "refuse") for key in fields}
    refused = [key for key, rule in rules.items() if rule == "refuse"]
    if refused:
        raise ValueError(
            f"{transform} does not know which {' and '.join(refused)} new edges get: give the "
            f"rule 'zeros', 'ones', 'mean' or 'sample', as attributes={{{refused[0]!r}: "
            "'zeros'}, or delete the field first"
        )
    for key, rule in rules.items():
        value = data[key]
        if not isinstance(value, Tensor) or data.__cat_dim__(key, value) != 0:
            raise ValueError(
                f"{transform} cannot extend {key} ({type(value).__name__}): the rules are for "
                "tensors with one row an edge; delete the field first"
            )
        if rule == "mean" and not (value.is_floating_point() or value.is_complex()):
            raise ValueError(
                f"{transform}: the mean of {key} needs floating-point numbers, got {value.dtype}"
            )
    return rules


def append_edges(
    data: Data,
    new: NewEdges,
    rules: Mapping[str, str],
    graph: Tensor,
    num_graphs: int,
    random: RandomSource,
) -> Data:
    """Put new edges behind the old ones of each graph, in place of a shallow copy.

    Args:
        data: a shallow copy of the graph or batch; its fields are replaced.
        new: the edges.
        rules: those of `rules_for`.
        graph: `[E]` the graph of each old entry.
        num_graphs: number of graphs.
        random: for the rule "sample".

    Returns:
        `data`.
    """
    donors = new.pair
    if "sample" in rules.values():
        donors = _donors(graph, new, num_graphs, random)
    rows = {key: _new_rows(data[key], rule, graph, new, donors) for key, rule in rules.items()}
    for key, added in rows.items():
        data[key] = torch.cat([data[key], added])
    data.edge_index = torch.cat([data.edge_index, new.edge_index], dim=1)
    if is_collated(data):
        _sort_by_graph(data, list(rows), graph, new.graph, num_graphs)
    return data


def graph_of_edges(edge_index: Tensor, boundaries: Tensor, transform: str) -> Tensor:
    """Which graph each edge is in, `[E]`.

    Raises:
        ValueError: if an edge leads from one graph to another.
    """
    if len(boundaries) == 2:
        return torch.zeros_like(edge_index[0])
    graphs = torch.arange(len(boundaries) - 1, device=boundaries.device)
    graph_of_node = graphs.repeat_interleave(boundaries.diff())
    graph = graph_of_node[edge_index[0]]
    if not torch.equal(graph, graph_of_node[edge_index[1]]):
        raise ValueError(
            f"{transform}: edge_index has edges from one graph of the batch to another"
        )
    return graph


def _donors(graph: Tensor, new: NewEdges, count: int, random: RandomSource) -> Tensor:
    """For each new entry a random old one of its graph, the same for both directions."""
    numbers = random.integers(len(new.pair), device=new.pair.device)[new.pair]
    entries = graph.bincount(minlength=count)
    by_graph = graph.argsort(stable=True) if count > 1 else None
    places = cumulative(entries)[:-1][new.graph] + numbers % entries[new.graph]
    return places if by_graph is None else by_graph[places]


def _new_rows(value: Tensor, rule: str, graph: Tensor, new: NewEdges, donors: Tensor) -> Tensor:
    """Rows of an edge field for the new edges, `[K, ...]`."""
    if rule == "sample":
        return value[donors]
    shape = (len(new.graph), *value.shape[1:])
    if rule == "mean":
        count = int(graph.max()) + 1 if len(graph) else 0
        sums = value.new_zeros(count, *shape[1:]).index_add(0, graph, value)
        entries = graph.bincount().reshape(-1, *[1] * (value.dim() - 1))
        return (sums / entries)[new.graph]
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
