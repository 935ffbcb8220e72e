from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch_geometric.data import Batch, Data
from torch_geometric.utils import to_networkx

from graphcl.augmentations import CENTRALITIES, node_centrality
from tests.augmentations.strategies import graphs


def as_networkx(graph: Data) -> nx.DiGraph:
    return to_networkx(Data(edge_index=graph.edge_index, num_nodes=graph.num_nodes))


def in_order(values: dict[int, float]) -> list[float]:
    return [values[node] for node in sorted(values)]


@settings(max_examples=30, deadline=None)
@given(graphs(undirected=False))
def test_pagerank_is_that_of_networkx(graph: Data) -> None:
    expected = in_order(nx.pagerank(as_networkx(graph), tol=1e-12, max_iter=1000))
    assert node_centrality(graph, "pagerank").tolist() == pytest.approx(expected, abs=1e-9)


@settings(max_examples=30, deadline=None)
@given(graphs(undirected=False))
def test_degree_counts_neighbours(graph: Data) -> None:
    neighbours = as_networkx(graph).to_undirected()
    expected = [max(1, len(neighbours[node])) for node in range(graph.num_nodes)]
    assert node_centrality(graph).tolist() == expected


@settings(max_examples=20, deadline=None)
@given(graphs())
def test_eigenvector_is_that_of_networkx_on_connected_graphs(graph: Data) -> None:
    node = torch.arange(graph.num_nodes + 2)  # of fewer than 3, NetworkX asks ARPACK too much
    path = torch.stack([node[:-1], node[1:]])
    edge_index = torch.unique(torch.cat([graph.edge_index, path, path.flip(0)], 1), dim=1)
    graph = Data(edge_index=edge_index, num_nodes=len(node))
    other = as_networkx(graph).to_undirected()
    expected = in_order(nx.eigenvector_centrality_numpy(other))
    assert node_centrality(graph, "eigenvector").tolist() == pytest.approx(expected, abs=1e-6)


@settings(max_examples=20, deadline=None)
@given(graphs(undirected=False), st.integers(1, 20))
def test_the_walk_is_the_authors(graph: Data, steps: int) -> None:
    # compute_pr of CRIPAC-DIG/GCA, with the number of nodes told.
    source, target = graph.edge_index
    degree = torch.bincount(source, minlength=graph.num_nodes)
    x = torch.ones(graph.num_nodes, dtype=torch.float64)
    for _ in range(steps):
        message = x[source] / degree[source]
        x = 0.15 * x + 0.85 * torch.zeros_like(x).index_add_(0, target, message)
    ours = node_centrality(graph, "lazy_walk", steps=steps)
    assert torch.allclose(ours, x.clamp(min=1e-8), rtol=1e-9)


def test_a_long_walk_tends_to_the_degree() -> None:
    graph = Data(edge_index=torch.tensor([[0, 1, 1, 2, 0, 2, 2, 3], [1, 0, 2, 1, 2, 0, 3, 2]]))
    graph.num_nodes = 4
    walk, degree = node_centrality(graph, "lazy_walk"), node_centrality(graph, "degree")
    assert torch.allclose(walk / walk.sum(), degree / degree.sum(), atol=1e-6)


@settings(max_examples=20, deadline=None)
@given(
    st.lists(graphs(undirected=False, max_nodes=6), min_size=1, max_size=4),
    st.sampled_from(CENTRALITIES),
)
def test_each_graph_of_a_batch_is_by_itself(drawn: list[Data], measure: str) -> None:
    whole = node_centrality(Batch.from_data_list(drawn), measure)
    parts = torch.cat([node_centrality(graph, measure) for graph in drawn])
    assert torch.allclose(whole, parts, atol=1e-8)


@settings(max_examples=20, deadline=None)
@given(graphs(undirected=False), st.randoms(), st.sampled_from(CENTRALITIES))
def test_permuting_the_nodes_permutes_the_result(graph: Data, random: object, measure: str) -> None:
    size = graph.num_nodes
    order = torch.tensor(random.sample(range(size), size))  # type: ignore[attr-defined]
    moved = Data(edge_index=order[graph.edge_index], num_nodes=size)
    ours = node_centrality(moved, measure)[order]
    assert torch.allclose(ours, node_centrality(graph, measure), atol=1e-8)


def test_long_thin_graphs_need_lanczos() -> None:
    node = torch.arange(400)
    ahead = torch.stack([node[:-1], node[1:]])
    path = Data(edge_index=torch.cat([ahead, ahead.flip(0)], 1), num_nodes=400)
    edge = Data(edge_index=torch.tensor([[0, 1], [1, 0]]), num_nodes=2)
    values = node_centrality(Batch.from_data_list([edge, path, edge]), "eigenvector").numpy()
    exact = np.sin(np.pi * np.arange(1, 401) / 401)
    assert np.allclose(values[2:-2], exact / np.linalg.norm(exact), atol=1e-6)
    assert np.allclose(values[[0, 1, -2, -1]], np.sqrt(0.5))


def test_weaker_components_get_the_floor() -> None:
    triangle_and_edge = Data(
        edge_index=torch.tensor([[0, 1, 1, 2, 0, 2, 3, 4], [1, 0, 2, 1, 2, 0, 4, 3]]), num_nodes=6
    )
    values = node_centrality(triangle_and_edge, "eigenvector")
    assert torch.allclose(values[:3], torch.tensor(1 / 3).double().sqrt())
    assert values[3:].tolist() == [1e-8] * 3


@pytest.mark.parametrize("measure", CENTRALITIES)
def test_no_nodes_and_no_edges(measure: str) -> None:
    nothing = torch.empty(2, 0, dtype=torch.int64)
    assert node_centrality(Data(edge_index=nothing, num_nodes=0), measure).shape == (0,)
    values = node_centrality(Data(edge_index=nothing, num_nodes=3), measure)
    assert bool((values > 0).all())
    assert len(set(values.tolist())) == 1


def test_bad_input() -> None:
    graph = Data(edge_index=torch.tensor([[0], [1]]), num_nodes=2)
    with pytest.raises(ValueError, match="unknown centrality 'pagrank'; did you mean 'pagerank'"):
        node_centrality(graph, "pagrank")
    with pytest.raises(ValueError, match="steps must be at least 1, got 0"):
        node_centrality(graph, "lazy_walk", steps=0)
    with pytest.raises(ValueError, match=r"node_centrality.*neither x nor num_nodes"):
        node_centrality(Data(edge_index=graph.edge_index))
    with pytest.raises(TypeError, match="got list"):
        node_centrality([graph])  # type: ignore[arg-type]
