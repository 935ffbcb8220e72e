"""Random graphs for the tests of augmentations."""

from __future__ import annotations

import torch
from hypothesis import strategies as st
from torch_geometric.data import Batch, Data
from torch_geometric.utils import coalesce, to_undirected


@st.composite
def graphs(draw: st.DrawFn, *, undirected: bool = True, max_nodes: int = 8) -> Data:
    """A graph with self-loops, isolated nodes, edge attributes and fields the user attached."""
    num_nodes = draw(st.integers(1, max_nodes))
    node = st.integers(0, num_nodes - 1)
    pairs = draw(st.lists(st.tuples(node, node), max_size=20))
    edge_index = torch.tensor(pairs, dtype=torch.int64).reshape(-1, 2).t().contiguous()
    edge_index = to_undirected(edge_index) if undirected else coalesce(edge_index)
    if draw(st.booleans()):  # PyG's functions sort edges; users need not
        edge_index = edge_index.flip(1).contiguous()
    num_edges = edge_index.size(1)
    return Data(
        x=torch.arange(1.0, num_nodes * 3 + 1).reshape(num_nodes, 3),
        edge_index=edge_index,
        edge_attr=torch.stack([edge_index[0], edge_index[1]], 1).float(),
        edge_weight=torch.arange(float(num_edges)),
        y=torch.tensor([draw(st.integers(0, 3))]),
        train_mask=torch.arange(num_nodes) % 2 == 0,
        name="mine",
    )


@st.composite
def batches(draw: st.DrawFn, *, undirected: bool = True) -> Batch:
    follow = draw(st.sampled_from([None, ["edge_index"]]))
    drawn = draw(st.lists(graphs(undirected=undirected, max_nodes=5), min_size=1, max_size=5))
    return Batch.from_data_list(drawn, follow_batch=follow)


probabilities = st.sampled_from([0.0, 0.2, 0.5, 0.9, 1.0])
seeds = st.integers(0, 2**63 - 1)


def same(one: Data, other: Data) -> bool:
    """Whether two graphs have the same fields with the same values."""
    assert sorted(one.keys()) == sorted(other.keys())
    return all(
        torch.equal(one[key], other[key])
        if isinstance(one[key], torch.Tensor)
        else one[key] == other[key]
        for key in one.keys()  # noqa: SIM118
    )
