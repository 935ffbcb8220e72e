import torch
from torch_geometric.data import Batch, Data

from graphcl.nn import sum_readout


def test_sums_each_graph():
    graphs = [Data(x=torch.rand(n, 3)) for n in (2, 1, 4)]
    batch = Batch.from_data_list(graphs)
    expected = torch.stack([graph.x.sum(0) for graph in graphs])
    torch.testing.assert_close(sum_readout(batch.x, batch), expected)


def test_leaves_a_single_graph_alone():
    graph = Data(x=torch.rand(3, 2))
    assert sum_readout(graph.x, graph) is graph.x
