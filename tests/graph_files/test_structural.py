import networkx as nx
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from torch_geometric.utils import from_networkx

from graphcl.datasets import planted_partition
from graphcl.graph_files import structural_features, structural_names
from graphcl.graph_files.node_roles import clustering_coefficients, core_numbers, pagerank

ROLES = 6


def matrix(graph) -> sparse.csr_array:  # type: ignore[no-untyped-def]
    return sparse.csr_array(nx.to_scipy_sparse_array(graph, dtype=float, weight=None))


graphs = st.builds(
    nx.gnp_random_graph, st.integers(1, 30), st.floats(0, 0.6), seed=st.integers(0, 1000)
)


@settings(max_examples=30)
@given(graphs)
def test_roles_are_those_of_networkx(graph) -> None:  # type: ignore[no-untyped-def]
    adjacency = matrix(graph)
    assert core_numbers(adjacency).tolist() == list(nx.core_number(graph).values())
    np.testing.assert_allclose(
        clustering_coefficients(adjacency), list(nx.clustering(graph).values())
    )
    expected = np.array(list(nx.pagerank(graph, tol=1e-12, max_iter=1000).values()))
    np.testing.assert_allclose(pagerank(adjacency), len(graph) * expected, rtol=1e-6)


def test_blocks_of_products(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = nx.barabasi_albert_graph(200, 4, seed=0)
    whole = clustering_coefficients(matrix(graph))
    monkeypatch.setattr("graphcl.graph_files.node_roles._PRODUCTS_AT_ONCE", 100)
    np.testing.assert_array_equal(clustering_coefficients(matrix(graph)), whole)


def test_directed_weighted_pagerank() -> None:
    graph = nx.gnp_random_graph(40, 0.1, seed=1, directed=True)
    for number, (a, b) in enumerate(graph.edges):
        graph[a][b]["weight"] = 1 + number % 3
    expected = np.array(list(nx.pagerank(graph, tol=1e-12, max_iter=1000).values()))
    found = pagerank(sparse.csr_array(nx.to_scipy_sparse_array(graph, dtype=float)))
    np.testing.assert_allclose(found, 40 * expected, rtol=1e-6)


def test_columns_are_standardised_and_named() -> None:
    data = planted_partition(
        300, num_classes=3, average_degree=8, homophily=0.8, num_features=1,
        feature_signal=0, seed=0,
    )  # fmt: skip
    features = structural_features(data.edge_index, 300)
    assert features.dtype == torch.float32
    assert features.shape == (300, len(structural_names()))
    varying = features[:, [0, 2, 3, 4, 5, *range(6, 14)]]
    torch.testing.assert_close(varying.mean(0), torch.zeros(13), atol=1e-5, rtol=0)
    torch.testing.assert_close(varying.std(0, correction=0), torch.ones(13))
    assert (features[:, 1] == 0).all()  # in-degree is out-degree


@pytest.mark.parametrize("size", [60, 1200])  # dense, and by Lanczos iteration
def test_renumbering_nodes_reorders_rows(size: int) -> None:
    graph = nx.powerlaw_cluster_graph(size, 3, 0.3, seed=2)
    edge_index = from_networkx(graph).edge_index
    weight = torch.rand(size, size, generator=torch.Generator().manual_seed(0))
    weight = (weight + weight.T)[edge_index[0], edge_index[1]]
    features = structural_features(edge_index, size, edge_weight=weight)
    place = torch.randperm(size, generator=torch.Generator().manual_seed(1))
    shuffled = structural_features(place[edge_index], size, edge_weight=weight)
    torch.testing.assert_close(
        shuffled[place], features, atol=2e-2 if size > 1000 else 1e-4, rtol=0
    )


def test_positions_tell_planted_groups_and_components_apart() -> None:
    data = planted_partition(
        400, num_classes=2, average_degree=10, homophily=0.9, num_features=1,
        feature_signal=0, seed=0,
    )  # fmt: skip
    position = structural_features(data.edge_index, 400)[:, ROLES]
    agreement = ((position > 0) == (data.y == 1)).float().mean()
    assert max(agreement, 1 - agreement) > 0.95
    two = from_networkx(nx.disjoint_union(nx.complete_graph(8), nx.complete_graph(5))).edge_index
    position = structural_features(two, 13)[:, ROLES]
    assert position[:8].max() < position[8:].min() or position[:8].min() > position[8:].max()


@pytest.mark.parametrize(
    ("nodes", "edges"),
    [(1, []), (2, []), (5, []), (1, [(0, 0)]), (2, [(0, 1)]), (4, [(0, 1), (0, 1), (2, 2)])],
)
def test_degenerate_graphs(nodes: int, edges: list[tuple[int, int]]) -> None:
    index = torch.tensor(edges, dtype=torch.long).T if edges else torch.empty(2, 0).long()
    features = structural_features(index, nodes)
    assert features.shape == (nodes, len(structural_names()))
    assert features.isfinite().all()


def test_direction_shows() -> None:
    star = torch.tensor([[1, 2, 3], [0, 0, 0]])
    features = structural_features(star, 4)
    assert features[0, 1] > features[1, 1]  # more edges come in
    assert structural_features(star.flip(0), 4)[0, 1] < 0


def test_bad_input_is_refused() -> None:
    edges = torch.tensor([[0], [3]])
    with pytest.raises(ValueError, match="node numbers from 0 to 1, got 0 to 3"):
        structural_features(edges, 2)
    with pytest.raises(ValueError, match=r"edge_weight must have shape \[1\], got \[2\]"):
        structural_features(edges, 4, edge_weight=torch.ones(2))
    with pytest.raises(ValueError, match="edge_weight must be finite and at least 0"):
        structural_features(edges, 4, edge_weight=-torch.ones(1))
    with pytest.raises(ValueError, match="num_positions must be at least 0"):
        structural_features(edges, 4, num_positions=-1)


@pytest.mark.slow
def test_a_hundred_thousand_nodes() -> None:
    data = planted_partition(
        100_000, num_classes=5, average_degree=20, homophily=0.8, num_features=1,
        feature_signal=0, seed=0,
    )  # fmt: skip
    assert structural_features(data.edge_index, 100_000).isfinite().all()
