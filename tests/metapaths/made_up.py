"""Graphs to compose meta-paths on: one made by hand, and random ones."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from hypothesis import strategies as st
from torch import Tensor
from torch_geometric.data import HeteroData

from graphcl.metapaths import EdgeType, MetaPath

TARGETS = 8


def made_up() -> HeteroData:
    """Four types; items 6 and 7 have no edges; places have no features; nothing is stored."""
    data = HeteroData()
    data["item"].x = torch.arange(TARGETS * 2.0).reshape(TARGETS, 2)
    data["item"].y = torch.tensor([0, 0, 1, 1, 0, 1, 0, 1])
    data["tag"].x = torch.eye(3)
    data["maker"].x = torch.ones(4, 5)
    data["place"].num_nodes = 2
    edges = {
        ("item", "has", "tag"): [(0, 0), (1, 0), (2, 0), (2, 1), (3, 1), (4, 2), (5, 1)],
        ("item", "by", "maker"): [(0, 0), (1, 1), (2, 1), (3, 2), (4, 0), (4, 1), (5, 3)],
        ("maker", "in", "place"): [(0, 0), (1, 0), (2, 1)],
        ("item", "stored", "place"): [],
        ("item", "cites", "item"): [(0, 1), (1, 2), (3, 3), (4, 0)],
    }
    for edge_type, pairs in edges.items():
        data[edge_type].edge_index = torch.tensor(pairs, dtype=torch.int64).reshape(-1, 2).T
        if edge_type[0] != edge_type[2]:
            source, relation, end = edge_type
            data[end, f"rev_{relation}", source].edge_index = data[edge_type].edge_index.flip(0)
    return data


PATHS = {
    2: "item-tag-item",
    3: "item-tag-item-[cites]-item",
    4: "item-maker-place-maker-item",
    5: "item-[cites]-item-maker-place-maker-item",
}


def dense(data: HeteroData, edge_type: EdgeType, *, coalesce: bool) -> Tensor:
    """A relation as a dense matrix, float64."""
    source, _, end = edge_type
    matrix = torch.zeros(data[source].num_nodes, data[end].num_nodes, dtype=torch.float64)
    for row, column in data[edge_type].edge_index.T.tolist():
        matrix[row, column] = 1 if coalesce else matrix[row, column] + 1
    return matrix


def dense_counts(data: HeteroData, path: MetaPath, *, coalesce: bool = True) -> Tensor:
    """Instances of a path as a product of dense matrices, float64."""
    product = torch.eye(data[path.start].num_nodes, dtype=torch.float64)
    for step in path.edge_types:
        product = product @ dense(data, step, coalesce=coalesce)
    return product


def dense_pathsim(counts: Tensor) -> Tensor:
    own = counts.diagonal()
    return 2 * counts / (own[:, None] + own[None, :]).clamp(min=1)


RELATIONS: Sequence[EdgeType] = (
    ("a", "to", "b"),
    ("b", "to", "a"),
    ("b", "over", "c"),
    ("c", "under", "b"),
    ("a", "next", "a"),
    ("c", "back", "a"),
)


@st.composite
def graphs(draw: st.DrawFn, *, least_nodes: int = 0) -> HeteroData:
    """Three node types and six relations with parallel edges, which are no reverses."""
    data = HeteroData()
    sizes = {kind: draw(st.integers(least_nodes, 7)) for kind in "abc"}
    for kind, size in sizes.items():
        data[kind].num_nodes = size
    generator = torch.Generator().manual_seed(draw(st.integers(0, 2**32)))
    for source, relation, end in RELATIONS:
        number = draw(st.integers(0, 20)) if sizes[source] and sizes[end] else 0
        ends = [
            torch.randint(max(sizes[kind], 1), (number,), generator=generator)
            for kind in (source, end)
        ]
        data[source, relation, end].edge_index = torch.stack(ends)
    return data


@st.composite
def paths(draw: st.DrawFn, *, returns: bool = False) -> MetaPath:
    """A path of up to five steps from a; one that ends there as well, if it `returns`."""
    steps: list[EdgeType] = []
    here = "a"
    for _ in range(draw(st.integers(1, 4 if returns else 5))):
        steps.append(draw(st.sampled_from([step for step in RELATIONS if step[0] == here])))
        here = steps[-1][2]
    if returns and here != "a":
        steps.append((here, "to" if here == "b" else "back", "a"))
    return MetaPath(tuple(steps))


def renumbered(data: HeteroData, order: Tensor) -> HeteroData:
    """The same graph, where node i of type a is the former node `order[i]`."""
    place = torch.empty_like(order)
    place[order] = torch.arange(len(order))
    result = HeteroData()
    for kind in data.node_types:
        result[kind].num_nodes = data[kind].num_nodes
    for source, relation, end in data.edge_types:
        row, column = data[source, relation, end].edge_index
        row = place[row] if source == "a" else row
        column = place[column] if end == "a" else column
        result[source, relation, end].edge_index = torch.stack([row, column])
    return result
