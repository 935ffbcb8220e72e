"""GRACE against a plain, dense implementation of the paper."""

import pytest
import torch
from torch.nn.functional import cosine_similarity, elu
from torch_geometric.data import Data

from graphcl.augmentations import DropEdges, MaskFeatures
from graphcl.methods import Grace, GraceNeighbours
from tests.methods.conftest import make_graph


def dense_rows(method, x, edge_index):
    """D^-1/2 (A+I) D^-1/2 X W + b, twice, ReLU after both; then the projector."""
    num_nodes = x.size(0)
    adjacency = torch.eye(num_nodes)
    for source, target in edge_index.T.tolist():
        adjacency[target, source] += 1
    scale = adjacency.sum(1) ** -0.5
    adjacency = scale[:, None] * adjacency * scale
    for layer in method.encoder.layers:
        x = (adjacency @ x @ layer.lin.weight.T + layer.bias).relu()
    first, second = method.projector.first, method.projector.second
    return elu(x @ first.weight.T + first.bias) @ second.weight.T + second.bias


def dense_loss(u, v, temperature):
    """Equations 1 and 2 of the paper, node by node."""
    total = 0.0
    for a, b in ((u, v), (v, u)):
        for i in range(len(a)):
            across = (cosine_similarity(a[i], b) / temperature).exp()
            within = (cosine_similarity(a[i], a) / temperature).exp()
            total -= (across[i] / (across.sum() + within.sum() - within[i])).log()
    return total / (2 * len(u))


def test_loss_without_corruption_is_the_papers(graph):
    graph.x[0] = 0
    graph.x[:, 0] += 2
    shifted = graph.x - graph.x.min()  # PyG's NormalizeFeatures, a no-op for non-negative rows
    shifted = shifted / shifted.sum(1, keepdim=True).clamp(min=1)
    method = Grace(6, width=4, temperature=0.4, drop_edges=(0, 0), mask_features=(0, 0))
    rows = dense_rows(method, shifted, graph.edge_index)
    expected = dense_loss(rows, rows, 0.4)
    torch.testing.assert_close(method.loss(graph), expected, rtol=1e-4, atol=1e-5)
    expected.backward()
    theirs = [parameter.grad.clone() for parameter in method.parameters()]
    method.zero_grad()
    method.loss(graph).backward()
    ours = [parameter.grad for parameter in method.parameters()]
    torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=1e-5)


def test_loss_with_corruption_is_the_papers(graph):
    rates = {"drop_edges": (0.5, 0.2), "mask_features": (0.3, 0.6)}
    method = Grace(6, width=4, temperature=0.7, normalize_features=False, **rates)
    torch.manual_seed(5)
    found = method.loss(graph)
    torch.manual_seed(5)  # the views as the transforms give them on the whole graph
    rows = []
    for drop, mask in zip(*rates.values(), strict=True):
        view = MaskFeatures(mask)(DropEdges(drop, undirected=False)(graph))
        rows.append(dense_rows(method, view.x, view.edge_index))
    torch.testing.assert_close(found, dense_loss(*rows, 0.7), rtol=1e-4, atol=1e-5)


def test_bag_of_words_features_give_the_same_loss():
    """Sparse features take another path through the first layer."""
    generator = torch.Generator().manual_seed(0)
    graph = make_graph(num_nodes=30, num_features=2)
    graph.x = (torch.rand(30, 100, generator=generator) < 0.02).float()
    method = Grace(100, width=4, normalize_features=False)
    torch.manual_seed(1)
    sparse = method.loss(graph)
    assert method.features.of(graph).layout == torch.sparse_csr
    torch.manual_seed(1)
    rows = []
    for drop, mask in ((0.2, 0.3), (0.4, 0.4)):
        kept = torch.rand(graph.num_edges) >= drop
        columns = torch.rand(100) >= mask
        rows.append(dense_rows(method, graph.x * columns, graph.edge_index[:, kept]))
    torch.testing.assert_close(sparse, dense_loss(*rows, 0.5), rtol=1e-4, atol=1e-5)


def test_embedding_is_the_encoders_output(graph):
    method = Grace(6, width=4, normalize_features=False)
    torch.testing.assert_close(
        method.embed(graph), method.encoder(graph.x, graph.edge_index).detach()
    )


def test_embeds_graphs_it_was_not_set_up_for(graph):
    method = Grace(6, width=4)
    method.setup(graph)
    other = make_graph(num_nodes=5, seed=7)
    assert method.embed(other).shape == (5, 4)
    fresh = Grace(6, width=4)
    fresh.load_state_dict(method.state_dict())
    assert torch.equal(fresh.embed(other), method.embed(other))


@pytest.mark.parametrize("cls", [Grace, GraceNeighbours])
def test_loss_notices_another_graph_and_changed_features(cls, graph):
    method = cls(6, width=4, drop_edges=(0, 0), mask_features=(0, 0))
    method.setup(graph)
    before = method.loss(graph)
    graph.x.mul_(torch.arange(6.0))
    changed = method.loss(graph)
    assert not torch.equal(before, changed)
    other = make_graph(num_nodes=5, seed=7)
    fresh = cls(6, width=4, drop_edges=(0, 0), mask_features=(0, 0))
    fresh.load_state_dict(method.state_dict())
    assert torch.equal(method.loss(other), fresh.loss(other))


def test_edge_weights_matter(graph):
    method = Grace(6, width=4, drop_edges=(0.5, 0.5))
    plain = method.embed(graph)
    weighted = Data(x=graph.x, edge_index=graph.edge_index, edge_weight=torch.rand(graph.num_edges))
    assert not torch.allclose(method.embed(weighted), plain)
    assert method.loss(weighted).isfinite()


def test_neighbours_are_positives(graph):
    method = GraceNeighbours(6, width=4, drop_edges=(0, 0), mask_features=(0, 0), temperature=0.5)
    plain = Grace(6, width=4, drop_edges=(0, 0), mask_features=(0, 0), temperature=0.5)
    plain.load_state_dict(method.state_dict())
    assert not torch.allclose(method.loss(graph), plain.loss(graph))
    lonely = Data(x=graph.x, edge_index=graph.edge_index[:, :0])
    torch.testing.assert_close(method.loss(lonely), plain.loss(lonely))


def test_without_edges_neighbours_reach_no_one():
    method = GraceNeighbours(2, width=4, hops=2)
    path = Data(x=torch.rand(3, 2), edge_index=torch.tensor([[0, 1, 1, 2], [1, 0, 2, 1]]))
    assert method.positives(path).num_positives().tolist() == [3, 3, 3]
    assert GraceNeighbours(2).positives(path).num_positives().tolist() == [2, 3, 2]
