from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from torch_geometric.data import Batch, Data
from torch_geometric.utils import subgraph

from graphcl.augmentations import DropNodes
from tests.augmentations.strategies import batches, graphs, probabilities, same, seeds


def path(num_nodes: int) -> Data:
    node = torch.arange(num_nodes - 1)
    forward = torch.stack([node, node + 1])
    return Data(
        x=torch.arange(float(num_nodes)).reshape(-1, 1),
        edge_index=torch.cat([forward, forward.flip(0)], dim=1),
    )


@settings(deadline=None)
@given(graphs(undirected=False), probabilities, seeds)
def test_the_view_is_the_subgraph_that_pyg_induces(graph: Data, p: float, seed: int) -> None:
    before = copy.deepcopy(graph)
    view = DropNodes(p, seed=seed)(graph)
    assert same(graph, before)
    expected = graph.subgraph(view.n_id)
    for key in ("x", "edge_index", "edge_attr", "edge_weight", "train_mask"):
        assert torch.equal(view[key], expected[key]), key
    assert torch.equal(view.y, graph.y)
    assert view.name == "mine"
    assert view.num_nodes >= 1
    if p in (0, 1):
        assert view.num_nodes == (graph.num_nodes if p == 0 else 1)


@settings(deadline=None)
@given(graphs(undirected=False), probabilities, seeds)
def test_isolating_drops_the_same_nodes_and_keeps_all_rows(
    graph: Data, p: float, seed: int
) -> None:
    before = copy.deepcopy(graph)
    kept = DropNodes(p, seed=seed)(graph).n_id
    view = DropNodes(p, remove=False, seed=seed)(graph)
    assert same(graph, before)
    edge_index, edge_attr = subgraph(
        kept, graph.edge_index, graph.edge_attr, num_nodes=len(graph.x)
    )
    assert torch.equal(view.edge_index, edge_index)
    assert torch.equal(view.edge_attr, edge_attr)
    assert view.x is graph.x
    assert view.train_mask is graph.train_mask
    assert "n_id" not in view


@settings(deadline=None)
@given(batches(undirected=False), probabilities, seeds)
def test_batches_come_apart_into_induced_subgraphs(batch: Batch, p: float, seed: int) -> None:
    before = [copy.deepcopy(graph) for graph in batch.to_data_list()]
    view = DropNodes(p, seed=seed)(batch)
    assert all(same(one, other) for one, other in zip(batch.to_data_list(), before, strict=True))
    apart = view.to_data_list()
    for graph, original in zip(apart, before, strict=True):
        assert graph.num_nodes >= 1
        expected = original.subgraph(graph.n_id)
        assert torch.equal(graph.y, original.y)
        for key in ("x", "edge_index", "edge_attr", "edge_weight", "train_mask"):
            assert torch.equal(graph[key], expected[key]), key
        assert graph.name == original.name
    follow = ["edge_index"] if "edge_index_batch" in batch else None
    again = Batch.from_data_list(apart, follow_batch=follow)
    assert sorted(again.keys()) == sorted(view.keys())
    assert same(again, view)
    twice = DropNodes(0.5, seed=1)(view)  # all that a batch records is right for a second transform
    for graph, original in zip(twice.to_data_list(), before, strict=True):
        assert torch.equal(graph.x, original.x[graph.n_id])
        assert torch.equal(graph.edge_index, original.subgraph(graph.n_id).edge_index)


@settings(deadline=None)
@given(batches(), seeds)
def test_isolating_in_batches(batch: Batch, seed: int) -> None:
    view = DropNodes(0.5, remove=False, seed=seed)(batch)
    removed = DropNodes(0.5, seed=seed)(batch).to_data_list()
    for graph, other, original in zip(
        view.to_data_list(), removed, batch.to_data_list(), strict=True
    ):
        assert torch.equal(graph.x, original.x)
        edge_index, _ = subgraph(other.n_id, original.edge_index, num_nodes=len(original.x))
        assert torch.equal(graph.edge_index, edge_index)


@pytest.mark.parametrize("p", [0.1, 0.5, 0.8])
def test_the_rate_is_p_and_nodes_fall_independently(p: float) -> None:
    kept = torch.zeros(50_000)
    kept[DropNodes(p, seed=3)(path(50_000)).n_id] = 1
    assert float(kept.mean()) == pytest.approx(1 - p, abs=0.01)
    assert float((kept * kept.roll(1)).mean()) == pytest.approx((1 - p) ** 2, abs=0.012)


def test_the_last_node_of_each_graph_is_drawn_fairly() -> None:
    view = DropNodes(1.0, seed=0)(Batch.from_data_list([path(4)] * 4000))
    assert view.num_nodes == 4000
    assert view.ptr.tolist() == list(range(4001))
    assert torch.allclose(view.n_id.bincount() / 4000, torch.full((4,), 0.25), atol=0.03)


def test_followed_nodes_and_declared_sizes_of_a_batch() -> None:
    parts = [path(3), path(1), path(5)]
    for part in parts:
        part.num_nodes = len(part.x)
    batch = Batch.from_data_list(parts, follow_batch=["x"])
    view = DropNodes(0.5, seed=4)(batch)
    apart = view.to_data_list()
    assert [part.num_nodes for part in apart] == [len(part.x) for part in apart]
    assert [part.num_nodes for part in batch.to_data_list()] == [3, 1, 5]
    assert same(Batch.from_data_list(apart, follow_batch=["x"]), view)
    bare = Batch.from_data_list(
        [Data(edge_index=part.edge_index, num_nodes=part.num_nodes) for part in parts]
    )
    assert [part.num_nodes for part in DropNodes(0.5, seed=4)(bare).to_data_list()] == [
        part.num_nodes for part in apart
    ]


def test_node_fields_of_every_kind_follow() -> None:
    def named(num_nodes: int) -> Data:
        graph = path(num_nodes)
        graph.names = [f"node {i}" for i in range(num_nodes)]
        graph.array = np.arange(num_nodes)
        graph.kind = torch.arange(num_nodes)
        graph.note = torch.arange(3)
        return graph

    view = DropNodes(0.5, seed=2)(named(9))
    assert 0 < view.num_nodes < 9
    batch = DropNodes(0.5, seed=2)(Batch.from_data_list([named(5), named(8)]))
    for graph in (view, *batch.to_data_list()):
        assert graph.kind.tolist() == graph.n_id.tolist() == graph.array.tolist()
        assert graph.names == [f"node {i}" for i in graph.n_id.tolist()]
        assert graph.note.tolist() == [0, 1, 2]


def test_batches_made_by_hand() -> None:
    graph = path(6)
    batch = Batch(x=graph.x, edge_index=graph.edge_index, batch=torch.tensor([0, 0, 0, 1, 1, 1]))
    view = DropNodes(1.0, seed=0)(batch)
    assert view.batch.tolist() == [0, 1]
    assert view.n_id.tolist() == [int(view.x[0]), int(view.x[1]) - 3]
    batch.batch = torch.tensor([0, 1, 0, 1, 0, 1])
    with pytest.raises(ValueError, match="one entry for each node, in sorted order"):
        DropNodes(0.5)(batch)


def test_a_sampled_batch_keeps_its_seeds_first() -> None:
    graph = path(10)
    graph.n_id, graph.input_id, graph.batch_size = torch.arange(10) + 50, torch.arange(4) + 7, 4
    view = DropNodes(0.5, seed=3)(graph)
    assert view.n_id.tolist() == [int(value) + 50 for value in view.x]
    assert view.batch_size == int((view.n_id < 54).sum())
    assert view.input_id.tolist() == (view.n_id[: view.batch_size] - 43).tolist()


def test_a_graph_of_one_node_and_one_without_edges() -> None:
    alone = Data(x=torch.ones(1, 2), edge_index=torch.tensor([[0], [0]]))
    assert DropNodes(1.0)(alone).num_edges == 1
    assert DropNodes(1.0, remove=False)(alone).num_edges == 1
    bare = Data(x=torch.ones(5, 2), edge_index=torch.empty(2, 0, dtype=torch.int64))
    assert DropNodes(1.0)(bare).num_nodes == 1
    empty = Data(x=torch.ones(0, 2), edge_index=torch.empty(2, 0, dtype=torch.int64))
    assert DropNodes(0.5)(empty).num_nodes == 0
    assert DropNodes(0.5)(Batch.from_data_list([alone, empty, bare])).ptr[:3].tolist() == [0, 1, 1]


def test_fields_that_point_at_nodes_are_refused() -> None:
    graph = path(3)
    graph.edge_label_index = graph.edge_index[:, :1]
    with pytest.raises(ValueError, match=r"cannot follow edge_label_index.*delete it"):
        DropNodes(0.1)(graph)
    assert DropNodes(0.1, remove=False)(graph).edge_label_index is graph.edge_label_index


def test_bad_input() -> None:
    with pytest.raises(ValueError, match=r"p must be in \[0, 1\], got 1.5"):
        DropNodes(1.5)
    with pytest.raises(TypeError, match="DropNodes takes a Data or a Batch of Data, got str"):
        DropNodes(0.5)("graph")
    with pytest.raises(ValueError, match=r"DropNodes needs data\.edge_index"):
        DropNodes(0.5)(Data(x=torch.ones(2, 1)))
    with pytest.raises(ValueError, match="DropNodes cannot tell the number of nodes"):
        DropNodes(0.5)(Data(edge_index=path(3).edge_index))


def test_repr() -> None:
    assert repr(DropNodes(0.2)) == "DropNodes(0.2, remove=True)"
    assert repr(DropNodes(0.2, remove=False, seed=4)) == "DropNodes(0.2, remove=False, seed=4)"
