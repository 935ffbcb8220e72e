from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from torch_geometric.data import Batch, Data, HeteroData
from torch_geometric.transforms import BaseTransform
from torch_geometric.utils import dropout_edge

from graphcl.augmentations import DropEdges, OneOf
from tests.augmentations.strategies import batches, graphs, probabilities, same, seeds


def entries(graph: Data) -> set[tuple[int, int]]:
    return set(map(tuple, graph.edge_index.t().tolist()))


def ring(num_nodes: int) -> Data:
    node = torch.arange(num_nodes)
    forward = torch.stack([node, (node + 1) % num_nodes])
    return Data(x=torch.ones(num_nodes, 1), edge_index=torch.cat([forward, forward.flip(0)], dim=1))


@settings(deadline=None)
@given(graphs(), probabilities, seeds)
def test_undirected_graphs_stay_undirected_and_attributes_follow(
    graph: Data, p: float, seed: int
) -> None:
    before = copy.deepcopy(graph)
    view = DropEdges(p, seed=seed)(graph)
    assert same(graph, before)
    assert entries(view) <= entries(graph)
    assert {(j, i) for i, j in entries(view)} == entries(view)
    # The end points and the place of each edge are its attributes here.
    assert torch.equal(view.edge_attr, view.edge_index.t().float())
    assert torch.equal(graph.edge_index[:, view.edge_weight.long()], view.edge_index)
    assert torch.all(view.edge_weight.diff() > 0)
    for key in ("x", "y", "train_mask", "name"):
        assert view[key] is graph[key]
    if p in (0, 1):
        assert view.num_edges == (graph.num_edges if p == 0 else 0)


@settings(deadline=None)
@given(graphs(undirected=False), probabilities, seeds)
def test_directed_entries_fall_one_by_one(graph: Data, p: float, seed: int) -> None:
    view = DropEdges(p, undirected=False, seed=seed)(graph)
    assert entries(view) <= entries(graph)
    assert torch.equal(view.edge_attr, view.edge_index.t().float())


@settings(deadline=None)
@given(batches(), probabilities, seeds)
def test_batches_come_apart_into_valid_graphs(batch: Batch, p: float, seed: int) -> None:
    before = [copy.deepcopy(graph) for graph in batch.to_data_list()]
    view = DropEdges(p, seed=seed)(batch)
    assert all(same(one, other) for one, other in zip(batch.to_data_list(), before, strict=True))
    apart = view.to_data_list()
    for graph, original in zip(apart, before, strict=True):
        assert entries(graph) <= entries(original)
        assert {(j, i) for i, j in entries(graph)} == entries(graph)
        assert torch.equal(graph.edge_attr, graph.edge_index.t().float())
        assert torch.equal(graph.x, original.x)
        assert torch.equal(graph.y, original.y)
    follow = ["edge_index"] if "edge_index_batch" in batch else None
    again = Batch.from_data_list(apart, follow_batch=follow)
    assert sorted(again.keys()) == sorted(view.keys())
    assert same(again, view)


@pytest.mark.parametrize("undirected", [True, False])
@pytest.mark.parametrize("p", [0.1, 0.5, 0.8])
def test_the_rate_is_p_and_edges_fall_independently(undirected: bool, p: float) -> None:
    graph = ring(50_000)
    view = DropEdges(p, undirected=undirected, seed=3)(graph)
    kept = view.num_edges / graph.num_edges
    assert kept == pytest.approx(1 - p, abs=0.01)
    # Neighbouring edges of the ring: both stay with probability (1 - p)^2.
    stays = torch.zeros(50_000, dtype=torch.bool)
    ahead = view.edge_index[:, (view.edge_index[1] - view.edge_index[0]) % 50_000 == 1]
    stays[ahead[0]] = True
    both = (stays & stays.roll(1)).float().mean()
    assert float(both) == pytest.approx((1 - p) ** 2, abs=0.012)


def test_four_edges_of_a_square_are_independent() -> None:
    # Their keys are sums of node numbers, hence linearly dependent: the scrambling must break that.
    square = ring(4)
    batch = Batch.from_data_list([square] * 20_000)
    counts = DropEdges(0.5, seed=0)(batch)._slice_dict["edge_index"].diff() // 2
    observed = torch.bincount(counts, minlength=5) / 20_000
    assert torch.allclose(observed, torch.tensor([1, 4, 6, 4, 1]) / 16, atol=0.012)


def test_it_drops_as_many_as_pyg() -> None:
    graph = ring(2_000)
    torch.manual_seed(0)
    ours = [DropEdges(0.3)(graph).num_edges for _ in range(50)]
    theirs = [
        dropout_edge(graph.edge_index, p=0.3, force_undirected=True)[0].size(1) for _ in range(50)
    ]
    assert np.mean(ours) == pytest.approx(np.mean(theirs), rel=0.02)
    assert np.std(ours) == pytest.approx(np.std(theirs), rel=0.5)


def test_the_global_generator_governs_by_default() -> None:
    transform, graph = DropEdges(0.5), ring(100)
    torch.manual_seed(1)
    first, second = transform(graph), transform(graph)
    state = torch.get_rng_state()
    third = transform(graph)
    torch.manual_seed(1)
    assert torch.equal(transform(graph).edge_index, first.edge_index)
    torch.set_rng_state(state)
    assert torch.equal(transform(graph).edge_index, third.edge_index)
    assert not torch.equal(first.edge_index, second.edge_index)


def test_parallel_edges_fall_together_and_self_loops_alone() -> None:
    edge_index = torch.tensor([[0, 1, 0, 1, 0, 1], [1, 0, 1, 0, 0, 1]])
    graph = Data(edge_index=edge_index, num_nodes=2)
    outcomes = {
        tuple(DropEdges(0.5, seed=seed)(graph).edge_index.t().reshape(-1).tolist())
        for seed in range(99)
    }
    assert len(outcomes) == 8  # the four parallel entries, and each self-loop by itself


def test_edge_fields_of_every_kind_follow() -> None:
    graph = ring(5)
    graph.edge_names = [f"edge {i}" for i in range(10)]
    graph.edge_array = np.arange(10)
    graph.edge_label_index = graph.edge_index.clone()
    graph.kind = torch.arange(10)
    graph.note = torch.arange(7)
    view = DropEdges(0.5, seed=2)(graph)
    assert 0 < view.num_edges < 10
    assert view.edge_names == [f"edge {i}" for i in view.kind.tolist()]
    assert view.edge_array.tolist() == view.kind.tolist()
    assert torch.equal(view.edge_label_index, view.edge_index)
    assert torch.equal(view.note, graph.note)


def test_lists_of_a_batch_follow_graph_by_graph() -> None:
    graphs = [ring(3), ring(4)]
    for graph in graphs:
        graph.edge_names = [f"{i} to {j}" for i, j in graph.edge_index.t().tolist()]
        graph.edge_array = graph.edge_index[0].numpy()
    for view in DropEdges(0.5, seed=2)(Batch.from_data_list(graphs)).to_data_list():
        assert view.edge_names == [f"{i} to {j}" for i, j in view.edge_index.t().tolist()]
        assert view.edge_array.tolist() == view.edge_index[0].tolist()


def test_a_label_of_a_graph_with_one_entry_is_no_edge_field() -> None:
    graph = Data(x=torch.ones(2, 1), edge_index=torch.tensor([[0], [0]]), y=torch.tensor([1]))
    assert DropEdges(1.0)(graph).y.tolist() == [1]


def test_fields_of_a_batch_are_judged_graph_by_graph() -> None:
    def loops(count: int) -> Data:
        edge_index = torch.arange(count).repeat(2, 1)
        return Data(
            x=torch.ones(3, 1), edge_index=edge_index, kind=edge_index[0], y=torch.tensor([count])
        )

    view = DropEdges(1.0)(Batch.from_data_list([loops(2), loops(0)]))  # two edges, two labels
    assert view.y.tolist() == [2, 0]
    assert view.kind.tolist() == []
    single = DropEdges(1.0)(Batch.from_data_list([loops(1), loops(1)]))  # one of all in each graph
    assert single.y.tolist() == [1, 1]
    assert [graph.num_edges for graph in single.to_data_list()] == [0, 0]


@pytest.mark.parametrize("transform", [DropEdges(1.0), OneOf([DropEdges(1.0)])])
def test_the_number_of_nodes_is_never_guessed_from_the_edges(transform: BaseTransform) -> None:
    graph = Data(edge_index=torch.tensor([[0, 3], [3, 0]]), y=torch.ones(5))
    with pytest.raises(ValueError, match=r"the graph has neither x nor num_nodes.*set num_nodes"):
        transform(graph)
    graph.num_nodes = 5
    assert transform(graph).num_nodes == 5
    graph.x = torch.ones(4, 1)
    with pytest.raises(ValueError, match="x has 4 rows, but num_nodes is 5"):
        transform(graph)


@pytest.mark.filterwarnings("ignore:Unable to accurately infer")
def test_a_batch_does_not_hide_a_guess() -> None:
    graph = Data(edge_index=torch.tensor([[0, 3], [3, 0]]))
    with pytest.raises(ValueError, match="set num_nodes of each graph before batching"):
        DropEdges(0.5)(Batch.from_data_list([graph, graph]))
    graph.num_nodes = 6
    view = DropEdges(0.5)(Batch.from_data_list([graph, graph]))
    assert [part.num_nodes for part in view.to_data_list()] == [6, 6]


def test_a_graph_without_edges() -> None:
    graph = Data(x=torch.ones(1, 1), edge_index=torch.empty(2, 0, dtype=torch.int64))
    assert DropEdges(0.5)(graph).num_edges == 0


def test_directed_graphs_are_refused() -> None:
    graph = Data(x=torch.ones(3, 1), edge_index=torch.tensor([[0, 1, 1], [1, 0, 2]]))
    with pytest.raises(ValueError, match=r"every edge in both directions.*undirected=False"):
        DropEdges(0.2)(graph)


@settings(max_examples=200, deadline=None)
@given(graphs(undirected=False), seeds)
def test_directed_is_recognised(graph: Data, seed: int) -> None:
    transform = DropEdges(0.5, seed=seed)
    if {(j, i) for i, j in entries(graph)} == entries(graph):
        transform(graph)
    else:
        with pytest.raises(ValueError, match="both directions"):
            transform(graph)


@pytest.mark.parametrize("p", [-0.1, 1.5, float("nan")])
def test_p_outside_the_unit_interval(p: float) -> None:
    with pytest.raises(ValueError, match=rf"p must be in \[0, 1\], got {p}"):
        DropEdges(p)


def test_wrong_types_are_named() -> None:
    with pytest.raises(TypeError, match=r"p must be a number in \[0, 1\], got '0.5'"):
        DropEdges("0.5")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="Data or a Batch of Data, got list"):
        DropEdges(0.5)([ring(3)])
    with pytest.raises(TypeError, match="got HeteroData"):
        DropEdges(0.5)(HeteroData())
    with pytest.raises(ValueError, match=r"needs data\.edge_index"):
        DropEdges(0.5)(Data(x=torch.ones(2, 1)))
    with pytest.raises(ValueError, match=r"shape \[2, edges\], got torch.int64 of shape \[3, 2\]"):
        DropEdges(0.5)(Data(x=torch.ones(2, 1), edge_index=torch.zeros(3, 2, dtype=torch.int64)))
    with pytest.raises(
        ValueError, match="values from 0 to 2, but with 2 nodes they must be from 0 to 1"
    ):
        DropEdges(0.5)(Data(x=torch.ones(2, 1), edge_index=torch.tensor([[0, 2], [2, 0]])))


def test_repr() -> None:
    assert repr(DropEdges(0.2)) == "DropEdges(0.2, undirected=True)"
    assert (
        repr(DropEdges(0.2, undirected=False, seed=4)) == "DropEdges(0.2, undirected=False, seed=4)"
    )
    assert "generator=..." in repr(DropEdges(0.2, generator=torch.Generator()))
