from __future__ import annotations

import time

import numpy as np
import pytest
import torch
from scipy.optimize import linear_sum_assignment
from sklearn.cluster import KMeans
from sklearn.datasets import load_digits
from sklearn.neighbors import NearestNeighbors
from torch_geometric.utils import degree

from graphcl.datasets.digits import digit_graphs, digits


def accuracy(labels: torch.Tensor, rows: torch.Tensor) -> float:
    found = KMeans(10, n_init=10, random_state=0).fit_predict(rows.numpy())
    counts = np.zeros((10, 10))
    np.add.at(counts, (labels.numpy(), found), 1)
    return float(counts[linear_sum_assignment(-counts)].sum() / len(labels))


def test_digits_is_a_tidy_graph() -> None:
    data = digits()
    assert data.is_coalesced()
    assert data.is_undirected()
    assert not data.has_self_loops()
    assert degree(data.edge_index[0], 1797).min() >= 10
    assert data.x.min() == 0
    assert data.x.max() == 1
    images = load_digits().images
    assert np.array_equal(data.x.numpy() * 16, images[:, :, :4].reshape(1797, -1))


def test_digits_joins_nearest_neighbours() -> None:
    data = digits()
    right = load_digits().images[:, :, 4:].reshape(1797, -1)
    distance = NearestNeighbors(n_neighbors=10).fit(right).kneighbors()[0][:, -1]  # to the tenth
    source, target = data.edge_index.numpy()
    length = np.linalg.norm(right[source] - right[target], axis=1)
    assert np.all(length <= np.maximum(distance[source], distance[target]) + 1e-9)
    for node in (0, 500, 1796):  # all that are strictly nearer than the tenth are there
        nearer = np.flatnonzero(np.linalg.norm(right - right[node], axis=1) < distance[node] - 1e-9)
        assert set(nearer) - {node} <= set(target[source == node])


def test_features_and_edges_are_independent_evidence() -> None:
    data = digits()
    adjacency = torch.eye(1797)
    adjacency[data.edge_index[0], data.edge_index[1]] = 1
    scale = adjacency.sum(1).rsqrt()
    step = scale[:, None] * adjacency * scale
    assert accuracy(data.y, data.x) == pytest.approx(0.62, abs=0.04)
    assert accuracy(data.y, step @ (step @ data.x)) == pytest.approx(0.76, abs=0.03)


def test_each_pixel_graph_is_its_image() -> None:
    started = time.process_time()
    graphs = digit_graphs()
    assert time.process_time() - started < 2
    bunch = load_digits()
    assert [int(graph.y) for graph in graphs] == bunch.target.tolist()
    for graph, image in list(zip(graphs, bunch.images, strict=True))[::100]:
        again = np.zeros((8, 8), dtype=np.float32)
        row, column = graph.pos.long().T.numpy()
        again[row, column] = graph.x[:, 0].numpy() * 16
        assert np.array_equal(again, np.where(image >= 4, image, 0))
        apart = (graph.pos[:, None] - graph.pos[None]).abs().amax(-1)
        assert torch.equal(graph.edge_index, (apart == 1).nonzero().T)


def test_graphs_share_no_memory() -> None:
    first, second = digit_graphs()[:2]
    for key in ("x", "edge_index", "pos", "y"):
        storages = first[key].untyped_storage(), second[key].untyped_storage()
        assert storages[0].data_ptr() != storages[1].data_ptr()


def test_bad_arguments() -> None:
    for neighbours in (0, 1797):
        with pytest.raises(
            ValueError, match=f"neighbours must be from 1 to 1796, got {neighbours}"
        ):
            digits(neighbours=neighbours)
    for threshold in (0, 17):
        with pytest.raises(ValueError, match=f"threshold must be from 1 to .*, got {threshold}"):
            digit_graphs(threshold=threshold)
