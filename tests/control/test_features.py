from __future__ import annotations

import numpy as np
import pytest
import torch
from torch_geometric.data import Batch, Data

from graphcl import control
from graphcl.augmentations import ControlFeatures
from tests.golden.control import both

RING = both(np.stack([np.arange(12), (np.arange(12) + 1) % 12], axis=1))


def test_figures_are_those_of_the_gramian() -> None:
    """With one draw and all leaders but a few, the figures are those of a single system."""
    found = control.graph_control_features(RING, num_nodes=12, draws=200).reshape(9, 5, 3)
    # one leader in a ring: whichever, the same system
    made = control.controllability_gramian(RING, [3], system="leader_follower", num_nodes=12)
    figures = control.gramian_metrics(made)
    assert np.allclose(found[0, 0], figures.trace)
    assert np.allclose(found[0, 2], figures.largest)
    assert np.allclose(found[0, 4], 7)  # a node and its mirror image are as far
    assert (found[:, :, 0] >= found[:, :, 2] - 1e-12).all()
    assert (found[:, :, 2] >= found[:, :, 1] - 1e-12).all()


@pytest.mark.parametrize(
    ("edges", "nodes"),
    [(RING[:, :0], 1), (RING[:, :0], 14), (both(np.array([[0, 1]])), 2), (RING, 13)],
)
def test_small_and_disconnected_graphs(edges: np.ndarray, nodes: int) -> None:
    found = control.graph_control_features(edges, num_nodes=nodes, draws=3)
    assert found.shape == (135,)
    assert np.isfinite(found).all()


def test_the_transform() -> None:
    ring = Data(edge_index=torch.from_numpy(RING.copy()), x=torch.ones(12, 2))
    pair = Data(edge_index=torch.tensor([[0, 1], [1, 0]]), x=torch.ones(2, 2))
    for level in ("graph", "node"):
        transform = ControlFeatures(level, draws=3)
        batch = transform(Batch.from_data_list([ring, pair]))
        for graph, part in zip((ring, pair), batch.to_data_list(), strict=True):
            alone = transform(graph)
            assert torch.equal(part.x, alone.x)
            if level == "graph":
                assert torch.equal(part.control_features, alone.control_features)
                assert part.control_features.shape == (1, 135)
            else:
                assert alone.x.shape == (graph.num_nodes, 5)
    assert ring.x.shape == (12, 2)


def test_bad_input() -> None:
    with pytest.raises(ValueError, match="did you mean 'node'"):
        ControlFeatures("nodes")
    with pytest.raises(ValueError, match="at least 1, got 0"):
        control.graph_control_features(RING[:, :0], num_nodes=0)
    with pytest.raises(ValueError, match="both directions"):
        control.node_control_features(RING[:, :12], num_nodes=12)
