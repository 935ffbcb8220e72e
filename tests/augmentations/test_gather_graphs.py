"""Graphs of some batches as a new batch."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch_geometric.data import Batch, Data

from graphcl.augmentations import DropEdges, DropNodes, NoiseFeatures, OneOf, RandomWalkSubgraph
from graphcl.augmentations.gather_graphs import gather_graphs


def graph(seed: int) -> Data:
    generator = torch.Generator().manual_seed(seed)
    nodes = int(torch.randint(1, 6, (), generator=generator))
    edges = torch.randint(nodes, (2, int(torch.randint(0, 9, (), generator=generator))))
    return Data(
        x=torch.rand(nodes, 2, generator=generator),
        edge_index=edges,
        edge_attr=torch.rand(edges.size(1), 3, generator=generator),
        y=torch.tensor([seed]),
    )


def same(one: Batch, other: Batch) -> None:
    assert set(one.keys()) == set(other.keys())
    for key in one.keys():  # noqa: SIM118
        assert torch.equal(one[key], other[key]), key
    for first, second in zip(one.to_data_list(), other.to_data_list(), strict=True):
        for key in first.keys():  # noqa: SIM118
            assert torch.equal(first[key], second[key]), key
    assert one.num_graphs == other.num_graphs


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.integers(1, 4), min_size=1, max_size=3),
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3)), min_size=1, max_size=6),
)
def test_as_pyg_collates_them(sizes: list[int], chosen: list[tuple[int, int]]) -> None:
    graphs = [[graph(10 * b + i) for i in range(size)] for b, size in enumerate(sizes)]
    batches = [Batch.from_data_list(part) for part in graphs]
    picks = [(b % len(sizes), i % sizes[b % len(sizes)]) for b, i in chosen]
    source, place = torch.tensor(picks).T
    found = gather_graphs(batches, source, place)
    assert found is not None
    same(found, Batch.from_data_list([graphs[b][i] for b, i in picks]))


@pytest.mark.parametrize("field", ["names", "face", "my_index", "late", "num_nodes"])
def test_other_fields_are_left_to_pyg(field: str) -> None:
    graphs = [graph(0), graph(1)]
    for one in graphs:
        if field == "names":
            one.names = ["a"]
        elif field == "num_nodes":
            one.num_nodes = len(one.x)
        elif field != "late":
            one[field] = torch.zeros(3, 1, dtype=torch.int64)
    batch = Batch.from_data_list(graphs)
    if field == "late":
        batch.late = torch.zeros(2)
    assert gather_graphs([batch], torch.tensor([0]), torch.tensor([1])) is None


def test_both_ways_of_one_of_give_the_same_views() -> None:
    graphs = [graph(seed) for seed in range(12)]
    views = []
    for name in (None, [["a"]]):
        for one in graphs:
            if name is not None:
                one.name = name
        change = OneOf(
            [
                DropNodes(0.3, seed=1),
                DropEdges(0.3, undirected=False, seed=2),
                RandomWalkSubgraph(share=0.5, seed=3),
                NoiseFeatures(0.5, seed=4),
            ],
            seed=0,
        )
        views.append(change(Batch.from_data_list(graphs)))
    del views[1].name
    for first, second in zip(views[0].to_data_list(), views[1].to_data_list(), strict=True):
        for key in first.keys():  # noqa: SIM118
            assert torch.equal(first[key], second[key]), key
