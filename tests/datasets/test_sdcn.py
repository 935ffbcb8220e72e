from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
import torch
from torch_geometric.data import Data

from graphcl.datasets import available, check_graph, load
from graphcl.datasets.sdcn import read_sdcn
from graphcl.methods import create_method, method_names

EDGES = np.array([[0, 1, 1, 2], [1, 0, 2, 1]], dtype=np.int16)
LISTS = np.array([[0, 1, 2, 3, 3], [1, 0, 0, 0, 2]], dtype=np.int16)  # 3 lists two, is in no list
FEATURES = np.array([[1, 0, 1], [0, 0, 0], [0, 1, 0], [1, 1, 1]], dtype=np.uint8)


def write(folder: Path, **arrays: Any) -> Path:
    np.savez(folder / "set.npz", **{"y": np.array([0, 1, 1, 0], np.int8), **arrays})
    return folder


def sparse(features: np.ndarray[Any, Any]) -> dict[str, Any]:
    matrix = sp.csr_matrix(features)
    return {
        "x_data": matrix.data,
        "x_indices": matrix.indices,
        "x_indptr": matrix.indptr,
        "x_shape": np.array(matrix.shape),
    }


def test_sparse_features_and_edges(tmp_path: Path) -> None:
    data = read_sdcn(
        write(tmp_path, edges=EDGES, **sparse(FEATURES)), file="set.npz", graph="edges"
    )
    check_graph(data)
    assert data.x.tolist() == FEATURES.tolist()
    assert data.y.dtype == torch.int64
    assert data.edge_index.dtype == torch.int64
    assert data.edge_index.tolist() == [[0, 1, 1, 2], [1, 0, 2, 1]]
    assert data.num_nodes == 4  # node 3 is isolated


def test_dense_features_and_neighbours(tmp_path: Path) -> None:
    folder = write(tmp_path, knn3=LISTS, x=np.full((4, 2), 0.5, np.float32))
    data = read_sdcn(folder, file="set.npz", graph="knn3")
    assert data.x.shape == (4, 2)
    # An edge for either direction, once, and no self-loops.
    assert data.edge_index.tolist() == [[0, 0, 0, 1, 2, 2, 3, 3], [1, 2, 3, 0, 0, 3, 0, 2]]


def test_more_nodes_than_int16_can_multiply(tmp_path: Path) -> None:
    number = 20_000
    ring = np.stack([np.arange(number), (np.arange(number) + 1) % number]).astype(np.int16)
    folder = write(tmp_path, y=np.zeros(number, np.int8), knn1=ring)
    data = read_sdcn(folder, file="set.npz", graph="knn1")
    assert data.num_edges == 2 * number
    assert int(data.edge_index.max()) == number - 1


def test_without_features_there_is_a_number_of_nodes(tmp_path: Path) -> None:
    data = read_sdcn(write(tmp_path, knn3=LISTS), file="set.npz", graph="knn3")
    assert "x" not in data
    assert data.num_nodes == 4
    check_graph(data, features=False)
    with pytest.raises(ValueError, match=r"data has no features: data\.x is missing"):
        check_graph(data)


@pytest.mark.parametrize("name", method_names())
def test_methods_refuse_a_set_without_features(name: str, tmp_path: Path) -> None:
    data = read_sdcn(write(tmp_path, knn3=LISTS), file="set.npz", graph="knn3")
    with pytest.raises(ValueError, match=r"data has no features: data\.x is missing"):
        create_method(name, data)


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"set\.npz lacks knn7; it has y, edges"):
        read_sdcn(write(tmp_path, edges=EDGES), file="set.npz", graph="knn7")
    (tmp_path / "set.npz").write_bytes(b"nonsense")
    with pytest.raises(ValueError, match=r"set\.npz cannot be read"):
        read_sdcn(tmp_path, file="set.npz", graph="edges")
    with pytest.raises(FileNotFoundError, match=r"other\.npz"):
        read_sdcn(tmp_path, file="other.npz", graph="edges")


def test_the_first_neighbours_of_usps_are_those_of_its_features(real_root: Path) -> None:
    card = next(card for card in available() if card.name == "SDCN-USPS")
    if not card.is_present(real_root):
        pytest.skip("the raw files of SDCN-USPS are not here")
    data, _ = load("SDCN-USPS", root=real_root)
    assert isinstance(data, Data)
    nearest = torch.cdist(data.x[:50], data.x).topk(4, largest=False).indices[:, 1:]
    for node in range(50):
        joined = data.edge_index[1, data.edge_index[0] == node].tolist()
        assert set(nearest[node].tolist()) <= set(joined)
