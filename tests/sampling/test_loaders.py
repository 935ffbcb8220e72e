"""PyG's loader is taken where pyg-lib is there; here a stand-in plays its part."""

import pytest
import torch
import torch_geometric.typing
from torch_geometric.loader import NeighborLoader

from graphcl.sampling import NeighbourBatches, loaders, neighbour_batches
from tests.sampling.test_neighbours import random_graph


class StandIn:
    """Takes what PyG's loader takes; draws the order from torch's generator, as it does."""

    given = None

    def __init__(self, data, **arguments):
        type(self).given = arguments
        self.nodes = arguments["input_nodes"]

    def __iter__(self):
        for position in torch.randperm(len(self.nodes)):
            yield self.nodes[position] + 10 * torch.randint(1000, ())


@pytest.fixture
def with_pyg_lib(monkeypatch):
    monkeypatch.setattr(torch_geometric.typing, "WITH_PYG_LIB", True)
    monkeypatch.setattr(loaders, "NeighborLoader", StandIn)


def test_ours_without_pyg_lib(monkeypatch):
    monkeypatch.setattr(torch_geometric.typing, "WITH_PYG_LIB", False)
    loader = neighbour_batches(random_graph(5, 9), batch_size=2, num_neighbours=[3], seed=4)
    assert type(loader) is NeighbourBatches
    assert "num_neighbours=(3,)" in repr(loader)


def test_pygs_with_pyg_lib(with_pyg_lib):
    graph = random_graph(5, 9)
    loader = neighbour_batches(
        graph, batch_size=2, num_neighbours=[3, 4], nodes=[4, 1], shuffle=False, drop_last=True
    )
    nodes = StandIn.given.pop("input_nodes")
    assert nodes.tolist() == [4, 1]
    assert StandIn.given == {
        "num_neighbors": [3, 4],
        "batch_size": 2,
        "shuffle": False,
        "drop_last": True,
    }
    assert repr(loader).startswith("PyGNeighbourBatches(nodes=2 of 5")
    assert len(loader) == 1


def test_pygs_follows_seed_and_epoch_and_leaves_the_global_generator(with_pyg_lib):
    def drawn(seed, epoch):
        loader = neighbour_batches(random_graph(8, 9), seed=seed)
        loader.set_epoch(epoch)
        found = []
        for batch in loader:
            found.append(int(batch))
            torch.rand(2)  # training draws too
        return found

    torch.manual_seed(0)
    expected = torch.rand(16)
    torch.manual_seed(0)
    first = drawn(1, 0)
    torch.manual_seed(0)
    list(neighbour_batches(random_graph(8, 9)))
    assert torch.equal(torch.rand(16), expected)
    assert first == drawn(1, 0)
    assert first != drawn(1, 1)
    assert first != drawn(2, 0)


@pytest.mark.filterwarnings("ignore:Using 'NeighborSampler' without")
def test_pygs_loader_takes_these_arguments():
    loaders.PyGNeighbourBatches(random_graph(5, 9), batch_size=2)
    assert loaders.NeighborLoader is NeighborLoader


def test_both_refuse_the_same(with_pyg_lib):
    with pytest.raises(ValueError, match="at least 1 for each hop, got 0"):
        neighbour_batches(random_graph(5, 9), num_neighbours=[0])
