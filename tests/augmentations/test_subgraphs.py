from __future__ import annotations

import copy
import random as python_random

import networkx as nx
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch_geometric.data import Batch, Data
from torch_geometric.utils import to_networkx

from graphcl.augmentations import RandomWalkSubgraph, TwoSubgraphs, common_nodes
from tests.augmentations.strategies import batches, graphs, same, seeds

FIELDS = ("x", "edge_index", "edge_attr", "edge_weight", "train_mask")
restarts = st.sampled_from([0.0, 0.2, 0.6])


def path(num_nodes: int) -> Data:
    node = torch.arange(num_nodes - 1)
    forward = torch.stack([node, node + 1])
    return Data(
        x=torch.arange(float(num_nodes)).reshape(-1, 1),
        edge_index=torch.cat([forward, forward.flip(0)], dim=1),
    )


def reachable(graph: Data) -> list[set[int]]:
    """The nodes that can be reached from each node, itself included."""
    whole = to_networkx(graph)
    return [{node} | nx.descendants(whole, node) for node in range(graph.num_nodes)]


def check_subgraph(graph: Data, view: Data, wanted: int) -> None:
    """An induced subgraph, all reached from one of its nodes, and not larger than wanted."""
    expected = graph.subgraph(view.n_id)
    assert all(torch.equal(view[key], expected[key]) for key in FIELDS if key in graph)
    assert 1 <= view.num_nodes <= wanted
    seeds = [node for node, found in enumerate(reachable(view)) if len(found) == view.num_nodes]
    assert seeds


@settings(deadline=None, max_examples=40)
@given(st.booleans(), st.data(), st.integers(1, 9), restarts, seeds)
def test_one_graph(
    undirected: bool, source: st.DataObject, wanted: int, restart: float, seed: int
) -> None:
    graph = source.draw(graphs(undirected=undirected))
    before = copy.deepcopy(graph)
    transform = RandomWalkSubgraph(wanted, restart=restart, seed=seed)
    view = transform(graph)
    assert same(graph, before)
    check_subgraph(graph, view, wanted)
    if view.num_nodes == 1 < wanted:  # only where there is nowhere to go
        assert any(reachable(graph)[node] == {node} for node in view.n_id.tolist())
    assert torch.equal(view.y, graph.y)
    again = RandomWalkSubgraph(wanted, restart=restart, seed=seed)(graph)
    assert same(again, view)


@settings(deadline=None, max_examples=30)
@given(batches(undirected=False), st.sampled_from([0.0, 0.3, 0.5, 1.0]), restarts, seeds)
def test_batches_come_apart_into_subgraphs(
    batch: Batch, share: float, restart: float, seed: int
) -> None:
    before = [copy.deepcopy(graph) for graph in batch.to_data_list()]
    view = RandomWalkSubgraph(share=share, restart=restart, seed=seed)(batch)
    assert all(same(one, other) for one, other in zip(batch.to_data_list(), before, strict=True))
    apart = view.to_data_list()
    for graph, original in zip(apart, before, strict=True):
        check_subgraph(original, graph, max(1, round(share * original.num_nodes)))
    follow = ["edge_index"] if "edge_index_batch" in batch else None
    assert same(Batch.from_data_list(apart, follow_batch=follow), view)


@pytest.mark.parametrize("restart", [0.0, 0.2, 0.7])
@pytest.mark.parametrize("patience", [3, 20])
def test_the_law_is_that_of_a_walker_who_takes_one_step_after_the_other(
    restart: float, patience: int
) -> None:
    edges = [(0, 1), (1, 2), (2, 0), (2, 3), (3, 4), (4, 5), (5, 6), (5, 7)]
    graph = Data(edge_index=torch.tensor([*edges, *[(j, i) for i, j in edges]]).t(), num_nodes=8)
    neighbours = [[j for i, j in graph.edge_index.t().tolist() if i == node] for node in range(8)]
    source, times, wanted = python_random.Random(0), 2500, 4
    expected = torch.zeros(8)
    for _ in range(times):
        node, seen = 2, {2}
        for _ in range(patience * wanted - 1):
            if len(seen) == wanted:
                break
            node = 2 if source.random() < restart else source.choice(neighbours[node])
            seen.add(node)
        expected[list(seen)] += 1
    walks = TwoSubgraphs(1, region=wanted, restart=restart, patience=patience, seed=0)._walker
    batch = Batch.from_data_list([graph] * times)
    kept = walks.nodes(batch, TwoSubgraphs(wanted, region=1).size, batch.ptr[:-1] + 2)
    seen_by_ours = kept.reshape(times, 8).sum(0)
    assert torch.allclose(seen_by_ours / times, expected / times, atol=0.05)


@pytest.mark.parametrize("restart", [0.0, 0.2])
def test_a_walk_sees_as_many_as_asked_for_or_its_whole_component(restart: float) -> None:
    pairs = torch.combinations(torch.arange(12)).t()
    pairs = pairs[:, (pairs < 4).sum(0) != 1]  # components of 4 and 8
    graph = Data(edge_index=torch.cat([pairs, pairs.flip(0)], dim=1), num_nodes=13)
    for wanted in (1, 3, 6, 12):
        view = RandomWalkSubgraph(wanted, restart=restart, seed=0)(
            Batch.from_data_list([graph] * 50)
        )
        for part in view.to_data_list():
            first = int(part.n_id[0])
            component = 4 if first < 4 else 8 if first < 12 else 1
            assert part.num_nodes == min(wanted, component)


def test_seeds_are_uniform() -> None:
    view = RandomWalkSubgraph(1, seed=0)(Batch.from_data_list([path(4)] * 2000))
    assert torch.allclose(view.n_id.bincount() / 2000, torch.full((4,), 0.25), atol=0.04)


def test_directed_graphs_can_be_walked_both_ways() -> None:
    chain = Data(edge_index=torch.tensor([[0, 1, 2], [1, 2, 3]]), num_nodes=4)
    sizes = {RandomWalkSubgraph(4, seed=seed)(chain).num_nodes for seed in range(30)}
    assert sizes == {1, 2, 3, 4}
    both = {RandomWalkSubgraph(4, both_ways=True, seed=seed)(chain).num_nodes for seed in range(30)}
    assert both == {4}


def test_degenerate_graphs() -> None:
    nothing = torch.empty(2, 0, dtype=torch.int64)
    isolated, empty = Data(edge_index=nothing, num_nodes=5), Data(edge_index=nothing, num_nodes=0)
    loop = Data(edge_index=torch.tensor([[0], [0]]), num_nodes=1)
    for restart in (0.0, 0.2, 1.0):
        transform = RandomWalkSubgraph(3, restart=restart, seed=0)
        assert transform(isolated).num_nodes == 1
        assert transform(loop).num_edges == 1
        assert transform(empty).num_nodes == 0
        view = transform(Batch.from_data_list([empty, path(4).clone().update({"num_nodes": 4})]))
        assert view.to_data_list()[0].num_nodes == 0
    assert RandomWalkSubgraph(3, restart=1.0)(path(4)).num_nodes == 1
    assert RandomWalkSubgraph(share=0.0)(path(4)).num_nodes == 1
    assert RandomWalkSubgraph(share=1.0, seed=0)(path(4)).num_nodes == 4


@settings(deadline=None, max_examples=30)
@given(
    batches(), st.integers(1, 4), st.integers(1, 6), st.sampled_from(["region", "centre"]), seeds
)
def test_two_subgraphs_of_one_region(
    batch: Batch, wanted: int, region: int, starts: str, seed: int
) -> None:
    before = copy.deepcopy(batch)
    options = {"region": region, "starts": starts, "seed": seed}
    centres = batch.ptr[1:] - 1
    views = TwoSubgraphs(wanted, **options)(batch, centres)
    assert same(batch, before)
    parts = zip(*(view.to_data_list() for view in views), batch.to_data_list(), strict=True)
    for first, second, graph in parts:
        centre = graph.num_nodes - 1
        size = min(region, len(reachable(graph)[centre]))
        for view in (first, second):
            check_subgraph(graph, view, min(wanted, size) if starts == "centre" else wanted)
            assert set(view.n_id.tolist()) <= reachable(graph)[centre]
            assert starts == "region" or centre in view.n_id.tolist()
        assert len(set(first.n_id.tolist()) | set(second.n_id.tolist())) <= size
    rows, others = common_nodes(*views)
    assert torch.equal(views[0].x[rows], views[1].x[others])


def test_two_subgraphs_differ_and_one_centre_is_a_number() -> None:
    transform = TwoSubgraphs(5, region=30, seed=0)
    pairs = [transform(path(200), centres=100) for _ in range(10)]
    assert sum(one.n_id.tolist() != two.n_id.tolist() for one, two in pairs) > 5
    assert all(abs(int(row) - 100) < 30 for pair in pairs for view in pair for row in view.n_id)
    drawn = {int(transform(path(200))[0].n_id[0]) // 100 for _ in range(12)}
    assert drawn == {0, 1}


def test_bad_arguments() -> None:
    for options in ({}, {"num_nodes": 3, "share": 0.5}):
        with pytest.raises(ValueError, match="give either num_nodes or share, got num_nodes="):
            RandomWalkSubgraph(**options)
    with pytest.raises(ValueError, match="num_nodes must be at least 1, got 0"):
        RandomWalkSubgraph(0)
    with pytest.raises(TypeError, match=r"num_nodes must be a whole number, got 0\.5"):
        RandomWalkSubgraph(0.5)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"share must be in \[0, 1\], got 2"):
        RandomWalkSubgraph(share=2)
    with pytest.raises(ValueError, match=r"restart must be in \[0, 1\], got -0\.1"):
        RandomWalkSubgraph(3, restart=-0.1)
    with pytest.raises(ValueError, match="patience must be at least 1, got 0"):
        RandomWalkSubgraph(3, patience=0)
    with pytest.raises(ValueError, match="region must be at least 1, got 0"):
        TwoSubgraphs(3, region=0)
    with pytest.raises(ValueError, match="unknown place 'center'; did you mean 'centre'"):
        TwoSubgraphs(3, region=5, starts="center")


def test_bad_graphs_and_centres() -> None:
    for transform in (RandomWalkSubgraph(3), TwoSubgraphs(3, region=5)):
        with pytest.raises(ValueError, match="cannot tell the number of nodes"):
            transform(Data(edge_index=path(3).edge_index))
        with pytest.raises(TypeError, match="takes a Data or a Batch of Data, got str"):
            transform("graph")
        with pytest.raises(ValueError, match=r"needs data\.edge_index"):
            transform(Data(x=torch.ones(2, 1)))
    two = Batch.from_data_list([path(3), path(3)])
    for centres in (0, [0, 1], [3, 0], [0, 6], [0, 1, 4], [0.0, 4.0]):
        with pytest.raises(ValueError, match=r"centres must be one node of each graph.*2 graphs"):
            TwoSubgraphs(3, region=5)(two, torch.tensor(centres))


def test_repr() -> None:
    assert (
        repr(RandomWalkSubgraph(share=0.2, seed=1))
        == "RandomWalkSubgraph(share=0.2, restart=0.2, both_ways=False, patience=20, seed=1)"
    )
    assert (
        repr(TwoSubgraphs(5, region=9))
        == "TwoSubgraphs(5, region=9, starts='region', restart=0.2, both_ways=False, patience=20)"
    )
