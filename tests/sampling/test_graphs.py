"""Mini-batches of a list of graphs."""

import pytest
import torch
from torch_geometric.data import Data

from graphcl.sampling import GraphBatches


def make(count):
    return [Data(x=torch.full((2, 1), float(n)), num_nodes=2) for n in range(count)]


@pytest.mark.parametrize("count", range(1, 9))
@pytest.mark.parametrize("size", [1, 2, 3, 20])
def test_every_graph_once_and_none_alone(count, size):
    loader = GraphBatches(make(count), batch_size=size)
    batches = list(loader)
    assert len(batches) == len(loader)
    ids = torch.cat([batch.input_id for batch in batches])
    assert sorted(ids.tolist()) == list(range(count))
    assert torch.equal(torch.cat([batch.x for batch in batches])[::2, 0], ids.float())
    if size > 1 and count > 1:
        assert min(batch.num_graphs for batch in batches) > 1
    assert max(batch.num_graphs for batch in batches) <= size + 1


def test_epochs_differ_and_repeat():
    loader = GraphBatches(make(9), batch_size=4, seed=3)
    orders = []
    for epoch in (0, 1, 0):
        loader.set_epoch(epoch)
        orders.append(torch.cat([batch.input_id for batch in loader]).tolist())
    assert orders[0] == orders[2] != orders[1]
    still = GraphBatches(make(5), batch_size=2, shuffle=False)
    assert [batch.input_id.tolist() for batch in still] == [[0, 1], [2, 3, 4]]
    assert repr(still) == "GraphBatches(graphs=5, batch_size=2, shuffle=False, seed=0)"


def test_the_graphs_are_not_modified():
    graphs = make(3)
    list(GraphBatches(graphs))
    assert all("input_id" not in graph for graph in graphs)


@pytest.mark.parametrize(
    ("graphs", "options", "error", "message"),
    [
        ([], {}, ValueError, "graphs is empty"),
        (make(1)[0], {}, TypeError, "graphs must be a list of Data, got Data"),
        ([3], {}, TypeError, r"graphs\[0\] must be a Data, got int"),
        (make(2), {"batch_size": 0}, ValueError, "batch_size must be at least 1"),
        (make(2), {"shuffle": 1}, TypeError, "shuffle must be True or False"),
        (make(2), {"seed": -1}, ValueError, "seed must be"),
    ],
)
def test_bad_input(graphs, options, error, message):
    with pytest.raises(error, match=message):
        GraphBatches(graphs, **options)
