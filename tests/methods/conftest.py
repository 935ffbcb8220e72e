import pytest
import torch
from torch_geometric.data import Data
from torch_geometric.utils import to_undirected

from graphcl.datasets import planted_partition


def make_graph(num_nodes=12, num_features=6, num_edges=20, seed=0):
    generator = torch.Generator().manual_seed(seed)
    edges = torch.randint(num_nodes, (2, num_edges), generator=generator)
    edges = edges[:, edges[0] != edges[1]]
    x = torch.rand(num_nodes, num_features, generator=generator)
    return Data(x=x, edge_index=to_undirected(edges, num_nodes=num_nodes))


def make_planted(num_nodes=90, *, feature_signal=1.0):
    """Three classes in the edges and, as strongly as asked for, in the eight features."""
    return planted_partition(
        num_nodes,
        num_classes=3,
        average_degree=8.0,
        homophily=0.9,
        num_features=8,
        feature_signal=feature_signal,
        seed=0,
    )


@pytest.fixture(scope="session")
def planted():
    return make_planted()


@pytest.fixture
def graph():
    return make_graph()


@pytest.fixture
def graphs():
    return [make_graph(num_nodes=n, num_edges=2 * n, seed=n) for n in (3, 5, 9)]
