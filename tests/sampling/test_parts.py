import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch_geometric.utils import subgraph

from graphcl.sampling import NodeBatches
from tests.sampling.test_neighbours import graphs, ids, random_graph


@given(graphs, st.integers(1, 13), st.integers(0, 9), st.booleans())
@settings(max_examples=60)
def test_parts_are_a_partition_into_induced_subgraphs(graph, batch_size, seed, shuffle):
    parts = list(NodeBatches(graph, batch_size=batch_size, seed=seed, shuffle=shuffle))
    for batch in parts:
        assert batch.batch_size == batch.num_nodes <= batch_size
        assert torch.equal(batch.n_id[batch.edge_index], graph.edge_index[:, batch.e_id])
        _, _, inside = subgraph(
            batch.n_id, graph.edge_index, num_nodes=graph.num_nodes, return_edge_mask=True
        )
        assert torch.equal(batch.e_id.sort().values, inside.nonzero().squeeze(1))
        for key in ("x", "y", "train_mask"):
            assert torch.equal(batch[key], graph[key][batch.n_id])
        assert torch.equal(batch.edge_weight, graph.edge_weight[batch.e_id])
    nodes = torch.cat([batch.n_id for batch in parts])
    assert nodes.sort().values.tolist() == list(range(graph.num_nodes))
    if not shuffle:
        assert nodes.tolist() == list(range(graph.num_nodes))


def test_seed_and_epoch_determine_the_parts():
    graph = random_graph(40, 100)
    loader = NodeBatches(graph, batch_size=9, seed=1)
    first = ids(loader)
    assert first == ids(loader)
    loader.set_epoch(1)
    assert ids(loader) != first
    assert ids(NodeBatches(graph, batch_size=9, seed=1)) == first
    assert ids(NodeBatches(graph, batch_size=9, seed=2)) != first
    assert len(loader) == 5
    assert len(NodeBatches(graph, batch_size=9, drop_last=True)) == 4


def test_one_part_is_the_graph():
    graph = random_graph(6, 12)
    (batch,) = NodeBatches(graph, shuffle=False)
    assert torch.equal(batch.x, graph.x)
    assert torch.equal(
        batch.edge_index.sort().values, graph.edge_index[:, batch.e_id].sort().values
    )
    assert batch.num_edges == 12
