from __future__ import annotations

import copy

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch_geometric.data import Batch, Data
from torch_geometric.utils import is_undirected

from graphcl.augmentations import AddEdges
from tests.augmentations.strategies import batches, graphs, probabilities, same, seeds

rules = st.sampled_from(["zeros", "ones", "mean", "sample"])


def entries(edge_index: torch.Tensor) -> list[tuple[int, int]]:
    return [(i, j) for i, j in edge_index.t().tolist()]


def path(num_nodes: int) -> Data:
    node = torch.arange(num_nodes - 1)
    forward = torch.stack([node, node + 1])
    return Data(edge_index=torch.cat([forward, forward.flip(0)], dim=1), num_nodes=num_nodes)


def expected_count(graph: Data, p: float, undirected: bool, self_loops: bool) -> int:
    """How many edges are added, an undirected one counting once, by listing all pairs."""
    n, edges = graph.num_nodes, entries(graph.edge_index)
    pairs = [(i, j) for i in range(n) for j in range(n) if self_loops or i != j]
    if undirected:
        pairs = [(i, j) for i, j in pairs if i <= j]
        edges = [(i, j) for i, j in edges if i <= j]
    return min(round(p * len(edges)), len(set(pairs) - set(edges)))


def check_view(
    graph: Data, view: Data, p: float, *, undirected: bool, self_loops: bool, rule: str
) -> None:
    old = graph.num_edges
    for key in ("edge_index", "edge_attr", "edge_weight"):
        dim = -1 if key == "edge_index" else 0
        assert torch.equal(view[key].narrow(dim, 0, old), graph[key])
    before, new = entries(graph.edge_index), entries(view.edge_index[:, old:])
    assert len(set(new)) == len(new)
    assert not set(new) & set(before)
    assert all(0 <= i < graph.num_nodes and 0 <= j < graph.num_nodes for i, j in new)
    if not self_loops:
        assert all(i != j for i, j in new)
    if undirected:
        assert {(j, i) for i, j in new} == set(new)
    once = [(i, j) for i, j in new if not undirected or i <= j]
    assert len(once) == expected_count(graph, p, undirected, self_loops)
    row_of = dict(zip(new, range(old, view.num_edges), strict=True))
    for (i, j), row in row_of.items():
        attribute, weight = view.edge_attr[row], view.edge_weight[row]
        if rule == "mean":
            assert torch.allclose(attribute, graph.edge_attr.mean(0))
            assert torch.allclose(weight, graph.edge_weight.mean())
        elif rule == "sample":  # all fields from the same old edge, whose place is its weight
            assert torch.equal(graph.edge_attr[int(weight)], attribute)
        else:
            assert {float(weight), *attribute.tolist()} == {0.0 if rule == "zeros" else 1.0}
        if undirected:
            assert torch.equal(view.edge_attr[row_of[j, i]], attribute)


@settings(deadline=None)
@given(st.data(), probabilities, st.booleans(), st.booleans(), rules, seeds)
def test_new_edges_are_new_and_as_many_as_asked_or_possible(
    source: st.DataObject, p: float, undirected: bool, self_loops: bool, rule: str, seed: int
) -> None:
    graph = source.draw(graphs(undirected=undirected))
    before = copy.deepcopy(graph)
    options = {"undirected": undirected, "self_loops": self_loops}
    transform = AddEdges(p, **options, attributes=rule, seed=seed)
    view = transform(graph)
    assert same(graph, before)
    check_view(graph, view, p, **options, rule=rule)
    for key in ("x", "y", "train_mask", "name"):
        assert view[key] is graph[key]
    assert same(AddEdges(p, **options, attributes=rule, seed=seed)(graph), view)


@settings(deadline=None)
@given(st.data(), probabilities, st.booleans(), st.booleans(), rules, seeds)
def test_batches_come_apart_into_valid_graphs(
    source: st.DataObject, p: float, undirected: bool, self_loops: bool, rule: str, seed: int
) -> None:
    batch = source.draw(batches(undirected=undirected))
    before = [copy.deepcopy(graph) for graph in batch.to_data_list()]
    options = {"undirected": undirected, "self_loops": self_loops}
    view = AddEdges(p, **options, attributes=rule, seed=seed)(batch)
    assert all(same(one, other) for one, other in zip(batch.to_data_list(), before, strict=True))
    apart = view.to_data_list()
    for graph, original in zip(apart, before, strict=True):
        check_view(original, graph, p, **options, rule=rule)
        assert torch.equal(graph.x, original.x)
        assert torch.equal(graph.y, original.y)
    follow = ["edge_index"] if "edge_index_batch" in batch else None
    assert same(Batch.from_data_list(apart, follow_batch=follow), view)


@pytest.mark.parametrize("undirected", [True, False])
@pytest.mark.parametrize("self_loops", [True, False])
@pytest.mark.parametrize("p", [0.25, 0.75])
def test_all_free_pairs_are_equally_likely(undirected: bool, self_loops: bool, p: float) -> None:
    graph, times = path(5), 1500
    view = AddEdges(p, undirected=undirected, self_loops=self_loops, seed=0)(
        Batch.from_data_list([graph] * times)
    )
    seen = torch.zeros(5, 5)
    for part in view.to_data_list():
        added = part.edge_index[:, graph.num_edges :]
        seen[added[0], added[1]] += 1
    free = torch.ones(5, 5)
    free[graph.edge_index[0], graph.edge_index[1]] = 0
    if not self_loops:
        free.fill_diagonal_(0)
    pairs = int(free.triu().sum() if undirected else free.sum())
    added = expected_count(graph, p, undirected, self_loops)
    assert torch.allclose(seen / times, free * added / pairs, atol=0.05)


def test_a_complete_graph_stays_as_it_is_and_an_almost_complete_one_becomes_complete() -> None:
    pairs = torch.combinations(torch.arange(30)).t()
    complete = Data(edge_index=torch.cat([pairs, pairs.flip(0)], dim=1), num_nodes=30)
    assert AddEdges(1.0)(complete).num_edges == 870
    assert AddEdges(1.0, undirected=False)(complete).num_edges == 870
    assert AddEdges(1.0, self_loops=True)(complete).num_edges == 900
    almost = Data(edge_index=torch.cat([pairs[:, 9:], pairs[:, 9:].flip(0)], dim=1), num_nodes=30)
    view = AddEdges(1.0)(almost)
    assert view.num_edges == 870
    assert set(entries(view.edge_index)) == set(entries(complete.edge_index))


def test_parallel_edges_and_graphs_without_edges_or_nodes() -> None:
    parallel = Data(edge_index=torch.tensor([[0, 1, 0, 1], [1, 0, 1, 0]]), num_nodes=3)
    view = AddEdges(1.0, seed=0)(parallel)
    assert view.num_edges == 8
    assert is_undirected(view.edge_index)
    nothing = torch.empty(2, 0, dtype=torch.int64)
    parts = [Data(edge_index=nothing, num_nodes=4), Data(edge_index=nothing, num_nodes=0), path(4)]
    view = AddEdges(1.0)(Batch.from_data_list(parts))
    assert [part.num_edges for part in view.to_data_list()] == [0, 0, 12]
    alone = Data(edge_index=torch.tensor([[0], [0]]), num_nodes=1)
    assert AddEdges(1.0, self_loops=True)(alone).num_edges == 1


def test_rules_by_field_and_gradients() -> None:
    graph = path(6)
    graph.edge_weight = torch.rand(10, requires_grad=True)
    graph.edge_type = torch.arange(10)
    rules = {"edge_weight": "mean", "edge_type": "sample"}
    view = AddEdges(0.4, attributes=rules, seed=0)(graph)
    assert view.num_edges == 14
    assert view.edge_type.dtype == torch.int64
    view.edge_weight[10:].sum().backward()
    assert torch.allclose(graph.edge_weight.grad, torch.full((10,), 0.4))


def test_batches_made_by_hand() -> None:
    edge_index = torch.tensor([[3, 0, 4, 1], [4, 1, 3, 0]])
    batch = Batch(edge_index=edge_index, num_nodes=6, batch=torch.tensor([0, 0, 0, 1, 1, 1]))
    batch.edge_weight = torch.tensor([1.0, 2.0, 1.0, 2.0])
    view = AddEdges(1.0, attributes="sample", seed=1)(batch)
    assert view.num_edges == 8
    for (i, j), weight in zip(entries(view.edge_index), view.edge_weight.tolist(), strict=True):
        assert i // 3 == j // 3
        assert weight == (2.0 if i < 3 else 1.0)
    batch.edge_index = torch.tensor([[0, 3], [3, 0]])
    del batch.edge_weight
    with pytest.raises(ValueError, match="edges from one graph of the batch to another"):
        AddEdges(0.5)(batch)


def test_edge_fields_without_a_rule_are_refused() -> None:
    graph = path(3)
    graph.edge_attr, graph.edge_weight = torch.ones(4, 2), torch.ones(4)
    with pytest.raises(ValueError, match="does not know which edge_attr and edge_weight new edges"):
        AddEdges(0.0)(graph)
    with pytest.raises(ValueError, match="does not know which edge_attr new edges get"):
        AddEdges(0.5, attributes={"edge_weight": "ones"})(graph)
    graph = path(3)
    graph.edge_type = torch.ones(4, dtype=torch.int64)
    with pytest.raises(ValueError, match=r"mean of edge_type needs floating-point.*torch\.int64"):
        AddEdges(0.5, attributes="mean")(graph)
    graph.edge_type = ["a", "b", "c", "d"]
    with pytest.raises(ValueError, match=r"cannot extend edge_type \(list\)"):
        AddEdges(0.5, attributes="sample")(graph)
    graph = path(3)
    graph.edge_label_index = graph.edge_index
    with pytest.raises(ValueError, match=r"cannot extend edge_label_index \(Tensor\)"):
        AddEdges(0.5, attributes="zeros")(graph)


def test_bad_input() -> None:
    with pytest.raises(ValueError, match="unknown rule 'zero'; did you mean 'zeros'"):
        AddEdges(0.5, attributes="zero")
    with pytest.raises(ValueError, match="unknown rule 'median'"):
        AddEdges(0.5, attributes={"edge_weight": "median"})
    with pytest.raises(ValueError, match=r"p must be in \[0, 1\], got -1"):
        AddEdges(-1)
    directed = Data(edge_index=torch.tensor([[0], [1]]), num_nodes=3)
    with pytest.raises(ValueError, match=r"AddEdges\(undirected=True\) needs every edge in both"):
        AddEdges(0.5)(directed)
    assert AddEdges(1.0, undirected=False)(directed).num_edges == 2
    with pytest.raises(ValueError, match="AddEdges cannot tell the number of nodes"):
        AddEdges(0.5)(Data(edge_index=path(3).edge_index))
    with pytest.raises(TypeError, match="got int"):
        AddEdges(0.5)(3)


def test_repr() -> None:
    assert (
        repr(AddEdges(0.2, seed=1))
        == "AddEdges(0.2, undirected=True, self_loops=False, attributes='refuse', seed=1)"
    )
