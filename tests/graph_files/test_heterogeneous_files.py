from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch_geometric.data import HeteroData

from graphcl.graph_files import FeatureScaling, read_graph


def countries() -> HeteroData:
    data = HeteroData()
    data["country"].x = torch.tensor([[1, 0], [0, 1]])
    data["country"].y = torch.tensor([[0], [1]])
    data["language"].num_nodes = 3
    data["country", "speaks", "language"].edge_index = torch.tensor([[0, 1, 1], [0, 0, 2]])
    return data


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "h.pt"


@pytest.mark.parametrize("plain", [False, True])
def test_a_heterogeneous_graph_is_read(path: Path, plain: bool) -> None:
    torch.save(countries().to_dict() if plain else countries(), path)
    file = read_graph(path)
    assert isinstance(file.data, HeteroData)
    assert file.data["country"].x.dtype == torch.float32
    assert file.data["country"].y.tolist() == [0, 1]
    assert file.data["language"].num_nodes == 3
    assert file.data["country", "speaks", "language"].edge_index.tolist() == [[0, 1, 1], [0, 0, 2]]
    assert file.node_ids == []
    assert file.notes == ("country: the features were torch.int64, they are float32 now",)


def test_features_in_one_column_and_sparse_ones(path: Path) -> None:
    data = countries()
    data["country"].x = torch.eye(2).to_sparse()
    data["language"].x = torch.ones(3)
    torch.save(data, path)
    read = read_graph(path).data
    assert read["country"].x.equal(torch.eye(2))
    assert read["language"].x.shape == (3, 1)


def test_broken_types_are_named(path: Path) -> None:
    data = countries()
    data["country", "speaks", "language"].edge_index = torch.tensor([[0], [3]])
    torch.save(data, path)
    with pytest.raises(ValueError, match=r"'language'\]\.edge_index\[1, 0\] is 3; with 3"):
        read_graph(path)
    data = countries()
    del data["language"].num_nodes
    torch.save(data, path)
    with pytest.raises(ValueError, match=r"h\.pt\['language'\]\.num_nodes must be set"):
        read_graph(path)


def test_what_is_for_one_type_of_nodes_is_refused(path: Path) -> None:
    torch.save(countries(), path)
    np.save(path.with_name("x.npy"), np.ones((2, 1)))
    for options, what in (
        ({"features": path.with_name("x.npy")}, "features cannot be given"),
        ({"features": "structural"}, "features cannot be given"),
        ({"directed": True}, "directions cannot be given"),
        ({"scaling": FeatureScaling.standard(torch.ones(2, 2))}, "all nodes are of one type"),
        ({"label": "y"}, "h.pt has no attributes"),
    ):
        with pytest.raises(ValueError, match=what):
            read_graph(path, **options)  # type: ignore[arg-type]
    assert read_graph(path, scaling=FeatureScaling()).scaling is None
