from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch_geometric.datasets
from torch_geometric.data import Data

from graphcl.datasets import DataCard, check_graph, load, loading
from graphcl.datasets.pyg_loaders import run_pyg_loader

# Two graphs: a path of three nodes with both directions of each edge, and a pair.
TABLES = {
    "A": "1, 2\n2, 1\n2, 3\n3, 2\n4, 5\n5, 4\n",
    "graph_indicator": "1\n1\n1\n2\n2\n",
    "graph_labels": "-1\n1\n",
    "node_labels": "3\n5\n3\n3\n4\n",
    "edge_labels": "0\n0\n1\n1\n0\n0\n",
}


def write_tu(folder: Path, *tables: str) -> Path:
    raw = folder / "TUDataset" / "Toy" / "raw"
    raw.mkdir(parents=True)
    for table in tables or TABLES:
        (raw / f"Toy_{table}.txt").write_text(TABLES[table])
    return folder


def read_tu(folder: Path, **arguments: Any) -> list[Data]:
    graphs = run_pyg_loader(
        "TUDataset", {"root": "TUDataset", "name": "Toy", **arguments}, folder, ("Toy_A.txt",)
    )
    assert isinstance(graphs, list)
    return graphs


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> DataCard:
    """The card of a set in TU's format, the only one that `load` knows in this test."""
    card = DataCard(
        name="Toy",
        description="A path and a pair.",
        level="graph",
        tasks=("classification",),
        num_classes=2,
        num_nodes=5,
        num_edges=6,
        num_features=3,
        num_graphs=2,
        licence="MIT",
        source="https://example.org",
        loader="TUDataset",
        arguments={"root": "TUDataset", "name": "Toy"},
        graph_files=tuple(f"TUDataset/Toy/raw/Toy_{table}.txt" for table in TABLES),
    )
    monkeypatch.setattr(loading, "_cards", lambda: (card,))
    return card


def test_graphs_of_tu_have_one_hot_labels(tmp_path: Path, offline: None) -> None:
    path, pair = read_tu(write_tu(tmp_path))
    check_graph([path, pair])
    assert path.x.tolist() == [[1, 0, 0], [0, 0, 1], [1, 0, 0]]
    assert pair.x.tolist() == [[1, 0, 0], [0, 1, 0]]
    assert pair.edge_index.tolist() == [[0, 1], [1, 0]]
    assert path.edge_attr.tolist() == [[1, 0], [1, 0], [0, 1], [0, 1]]
    assert (path.y.tolist(), pair.y.tolist()) == ([0], [1])


def test_graphs_without_labels_get_degrees(tmp_path: Path) -> None:
    folder = write_tu(tmp_path, "A", "graph_indicator", "graph_labels")
    path, pair = read_tu(folder, max_degree=3)
    check_graph([path, pair])
    assert path.x.argmax(1).tolist() == [1, 2, 1]
    assert pair.x.tolist() == [[0, 1, 0, 0], [0, 1, 0, 0]]


def test_a_degree_above_the_largest_is_an_error(tmp_path: Path) -> None:
    folder = write_tu(tmp_path, "A", "graph_indicator", "graph_labels")
    with pytest.raises(ValueError, match="PyG's TUDataset cannot read the raw files"):
        read_tu(folder, max_degree=1)


def test_graphs_share_no_memory(tmp_path: Path) -> None:
    path, pair = read_tu(write_tu(tmp_path))
    for key in ("x", "edge_index", "edge_attr", "y"):
        storages = path[key].untyped_storage(), pair[key].untyped_storage()
        assert storages[0].data_ptr() != storages[1].data_ptr()


def test_files_that_the_card_does_not_name_are_not_read(toy: DataCard, tmp_path: Path) -> None:
    folder = write_tu(tmp_path)
    attributes = folder / "TUDataset/Toy/raw/Toy_graph_attributes.txt"
    attributes.write_text("0.5\n0.7\n")  # PyG alone would take these for the labels
    assert read_tu(shutil.copytree(folder, tmp_path / "copy"))[0].y.tolist() == [0.5]
    data, _ = load("Toy", root=folder)
    assert isinstance(data, list)
    assert [graph.y.tolist() for graph in data] == [[0], [1]]


def test_pyg_downloads_sets_of_many_graphs_too(
    toy: DataCard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Connection:
        def close(self) -> None: ...

    def fake(self: Any) -> None:
        for table, content in TABLES.items():
            Path(self.raw_dir, f"Toy_{table}.txt").write_text(content)

    monkeypatch.setattr(
        "graphcl.datasets.raw_files.socket.create_connection", lambda *_, **__: Connection()
    )
    monkeypatch.setattr(torch_geometric.datasets.TUDataset, "download", fake)
    data, _ = load("Toy", root=tmp_path / "absent")
    assert len(data) == 2
    assert toy.is_present(tmp_path / "absent")


def test_archives_with_pickles_are_refused(tmp_path: Path) -> None:
    raw = tmp_path / "Amazon" / "Photo" / "raw"
    raw.mkdir(parents=True)
    np.savez(raw / "amazon_electronics_photo.npz", attr_data=np.array([{}], dtype=object))
    arguments = {"root": "Amazon", "name": "Photo"}
    with pytest.raises(ValueError, match=r"cannot read .* Object arrays cannot be loaded when"):
        run_pyg_loader("Amazon", arguments, tmp_path, ("amazon_electronics_photo.npz",))


def test_archives_have_binary_features_and_both_directions(tmp_path: Path) -> None:
    raw = tmp_path / "CitationFull" / "dblp" / "raw"
    raw.mkdir(parents=True)
    np.savez(
        raw / "dblp.npz",
        attr_data=[3.0, 0.5],
        attr_indices=[0, 1],
        attr_indptr=[0, 1, 2, 2],
        attr_shape=[3, 2],
        adj_shape=[3, 3],
        labels=[0, 1, 1],
        adj_data=[1.0, 1.0],
        adj_indices=[1, 1],
        adj_indptr=[0, 1, 2, 2],
    )
    arguments = {"root": "CitationFull", "name": "DBLP"}
    data = run_pyg_loader("CitationFull", arguments, tmp_path, ("dblp.npz",))
    assert isinstance(data, Data)
    assert data.x.tolist() == [[1, 0], [0, 1], [0, 0]]
    assert data.edge_index.tolist() == [[0, 1], [1, 0]]  # the self-loop is gone
    assert data.y.dtype == torch.int64
