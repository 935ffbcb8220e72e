"""GRACE on mini-batches: only seeds are contrasted, and their rows are those of the whole graph."""

import pytest
import torch
from torch_geometric.data import Data

from graphcl.losses import InfoNCELoss
from graphcl.methods import Grace, GraceNeighbours
from graphcl.sampling import NeighbourBatches, NodeBatches
from tests.methods.conftest import make_graph

UNCHANGED = {"drop_edges": (0, 0), "mask_features": (0, 0)}
EVERYTHING = (-1, -1, -1)  # one hop more than layers: also the neighbours' degrees are whole


@pytest.fixture
def graph():
    graph = make_graph(num_nodes=20, num_edges=40)
    graph.x -= 0.5
    graph.x[3, 2] = -4.0
    return graph


def whole_rows(method, graph):
    return method.projector(method.encode(graph))


@pytest.mark.parametrize("normalize", [False, True])
def test_seeds_have_the_rows_of_the_whole_graph(graph, normalize):
    method = Grace(6, width=4, normalize_features=normalize, **UNCHANGED)
    method.setup(graph)
    rows = whole_rows(method, graph)
    for batch in NeighbourBatches(graph, batch_size=6, num_neighbours=EVERYTHING):
        seeds = rows[batch.n_id[: batch.batch_size]]
        expected = InfoNCELoss(0.5, intra_view=True)(seeds, seeds)
        torch.testing.assert_close(method.loss(batch), expected, rtol=1e-4, atol=1e-5)


def test_features_are_normalised_as_in_the_graph_of_setup(graph):
    least = int(graph.x.min(1).values.argmin())
    graph.edge_index = graph.edge_index[:, (graph.edge_index != least).all(0)]
    others = [node for node in range(20) if node != least]
    batch = next(iter(NeighbourBatches(graph, nodes=others)))
    method = Grace(6, width=4, **UNCHANGED)
    alone = method.loss(batch)
    method.setup(graph)
    assert not torch.equal(method.loss(batch), alone)
    method.setup(Data(x=batch.x, edge_index=batch.edge_index))
    assert torch.equal(method.loss(batch), alone)


@pytest.mark.parametrize("cls", [Grace, GraceNeighbours])
def test_one_part_of_all_nodes_is_the_whole_graph(graph, cls):
    method = cls(6, width=4)
    (batch,) = NodeBatches(graph, shuffle=False)
    batch.edge_index, batch.e_id = graph.edge_index, torch.arange(graph.num_edges)
    torch.manual_seed(0)
    expected = method.loss(graph)
    torch.manual_seed(0)
    torch.testing.assert_close(method.loss(batch), expected)


def test_positives_are_seeds_only(graph):
    method = GraceNeighbours(6, width=4, hops=2)
    for batch in NeighbourBatches(graph, batch_size=6, num_neighbours=(-1, -1)):
        pairs = method.positives(batch)
        assert pairs.num_anchors == pairs.num_candidates == batch.batch_size
        whole = method.positives(graph).positive
        inside = {tuple(pair) for pair in whole.T.tolist()}
        seeds = batch.n_id[: batch.batch_size].tolist()
        expected = {(a, b) for a in seeds for b in seeds if (a, b) in inside}
        assert {tuple(pair) for pair in batch.n_id[pairs.positive].T.tolist()} == expected


def test_nodes_beyond_the_seeds_are_no_negatives(graph):
    """A seed alone has no negatives: its loss is 0, whoever its neighbours are."""
    method = Grace(6, width=4, **UNCHANGED)
    for batch in NeighbourBatches(graph, batch_size=1):
        torch.testing.assert_close(method.loss(batch), torch.tensor(0.0), atol=1e-6, rtol=0)


def test_batches_leave_nothing_behind(graph):
    method = Grace(6, width=4, **UNCHANGED)
    whole = method.loss(graph)
    prepared = method._positives._held
    losses = [method.loss(batch) for batch in NeighbourBatches(graph, batch_size=6)]
    assert method._positives._held is prepared
    assert len({loss.item() for loss in losses}) > 1
    torch.testing.assert_close(method.loss(graph), whole)


@pytest.mark.parametrize("undirected", [False, True])
@pytest.mark.parametrize("cls", [Grace, GraceNeighbours])
def test_every_sampler_and_weights(graph, cls, undirected):
    graph.edge_weight = torch.ones(graph.num_edges)
    method = cls(6, width=4, undirected=undirected)
    for loader in (
        NeighbourBatches(graph, batch_size=8, num_neighbours=(2, 2)),
        NeighbourBatches(graph, batch_size=8, num_neighbours=(1,)),
        NodeBatches(graph, batch_size=8),
    ):
        for batch in loader:
            loss = method.loss(batch)
            loss.backward()
            assert loss.isfinite()
    assert all(parameter.grad is not None for parameter in method.parameters())


def test_bag_of_words_in_batches(graph):
    generator = torch.Generator().manual_seed(0)
    x = (torch.rand(20, 100, generator=generator) < 0.02).float()
    words = Data(x=x, edge_index=graph.edge_index)
    method = Grace(100, width=4, **UNCHANGED)
    method.setup(words)
    rows = whole_rows(method, words)
    for batch in NeighbourBatches(words, batch_size=6, num_neighbours=EVERYTHING):
        seeds = rows[batch.n_id[: batch.batch_size]]
        expected = InfoNCELoss(0.5, intra_view=True)(seeds, seeds)
        torch.testing.assert_close(method.loss(batch), expected, rtol=1e-4, atol=1e-5)
