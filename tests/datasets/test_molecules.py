from __future__ import annotations

import gzip
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch_geometric.data import Batch

from graphcl.datasets import check_graph, load
from graphcl.datasets.molecules import ATOM_CATEGORIES, BOND_CATEGORIES, read_molecules

# Three molecules of 3, 1 and 2 atoms; the second has no bond.
TABLES = {
    "raw/num-node-list": "3\n1\n2\n",
    "raw/num-edge-list": "2\n0\n1\n",
    "raw/edge": "0,1\n1,2\n0,1\n",
    "raw/edge-feat": "0,0,0\n3,5,1\n1,0,0\n",
    "raw/node-feat": "5,0,4,5,3,0,2,0,0\n" * 5 + "118,4,11,11,9,5,5,1,1\n",
    "raw/graph-label": "1\n0\n1\n",
    "split/scaffold/train": "2\n",
    "split/scaffold/valid": "0\n",
    "split/scaffold/test": "1\n",
}


def write(folder: Path, **changes: str) -> Path:
    """A set in OGB's layout, without the file `RELEASE_v1.txt` that OGB asks for."""
    for name, content in {**TABLES, **changes}.items():
        path = folder / f"{name}.csv.gz"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(content.encode()))
    return folder


def test_molecules_are_read_without_network_and_questions(tmp_path: Path, offline: None) -> None:
    graphs = read_molecules(write(tmp_path), task="classification")
    check_graph(graphs)
    assert [graph.num_nodes for graph in graphs] == [3, 1, 2]
    assert graphs[0].edge_index.tolist() == [[0, 1, 1, 2], [1, 0, 2, 1]]
    assert graphs[1].edge_index.shape == (2, 0)
    assert graphs[1].edge_attr.shape == (0, 13)
    assert torch.equal(graphs[0].edge_attr[0], graphs[0].edge_attr[1])  # a bond has one kind
    assert [int(graph.y) for graph in graphs] == [1, 0, 1]
    assert Batch.from_data_list(graphs).train_mask.tolist() == [False, False, True]
    assert Batch.from_data_list(graphs).val_mask.tolist() == [True, False, False]
    assert Batch.from_data_list(graphs).test_mask.tolist() == [False, True, False]


def test_every_category_is_a_block(tmp_path: Path) -> None:
    graphs = read_molecules(write(tmp_path), task="classification")
    ends = np.cumsum(ATOM_CATEGORIES) - 1  # the last atom has the last value of every feature
    assert graphs[2].x[1].nonzero().flatten().tolist() == ends.tolist()
    starts = ends + 1 - np.array(ATOM_CATEGORIES)
    values = [5, 0, 4, 5, 3, 0, 2, 0, 0]
    assert graphs[0].x[0].nonzero().flatten().tolist() == (starts + values).tolist()
    ends = np.cumsum(BOND_CATEGORIES) - 1
    assert graphs[0].edge_attr[2].nonzero().flatten().tolist() == [3, ends[1], ends[2]]


def test_labels_of_a_regression_are_numbers(tmp_path: Path) -> None:
    graphs = read_molecules(
        write(tmp_path, **{"raw/graph-label": "-0.77\n1\n2.5\n"}), task="regression"
    )
    assert [graph.y.tolist() for graph in graphs] == [[pytest.approx(-0.77)], [1], [2.5]]
    assert {graph.y.dtype for graph in graphs} == {torch.float32}


def test_graphs_share_no_memory(tmp_path: Path) -> None:
    first, _, third = read_molecules(write(tmp_path), task="classification")
    for key in first.keys():  # noqa: SIM118
        assert first[key].untyped_storage().data_ptr() != third[key].untyped_storage().data_ptr()


@pytest.mark.parametrize(
    ("table", "content", "message"),
    [
        ("raw/num-edge-list", "2\n1\n", r"num-edge-list\.csv\.gz has 2 rows, .* speak of 3"),
        ("raw/edge", "0,1\n", r"edge\.csv\.gz has 1 rows, but the other files speak of 3"),
        ("raw/graph-label", "1\n", r"graph-label\.csv\.gz has 1 rows"),
        ("raw/graph-label", "1\nnan\n0\n", r"graph-label\.csv\.gz has labels that are not finite"),
        ("raw/graph-label", "1\n0.5\n0\n", r"graph-label\.csv\.gz cannot be used: whole numbers"),
        ("raw/edge", "0\n1\n0\n", r"edge\.csv\.gz cannot be read: 2 columns were expected"),
        ("raw/edge-feat", "0,0,2\n" * 3, r"has 2 in row 0, column 2; its categories are 0 to 1"),
        ("split/scaffold/test", "3\n", r"test\.csv\.gz names graphs that are not there: 0 to 2"),
        ("split/scaffold/test", "0\n", r"valid\.csv\.gz and test\.csv\.gz overlap"),
    ],
)
def test_tables_that_do_not_fit_are_named(
    tmp_path: Path, table: str, content: str, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        read_molecules(write(tmp_path, **{table: content}), task="classification")


def test_damaged_and_missing_files_are_named(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "raw/edge.csv.gz").unlink()
    with pytest.raises(FileNotFoundError, match=r"edge\.csv\.gz"):
        read_molecules(tmp_path, task="classification")
    (tmp_path / "raw/edge.csv.gz").write_bytes(gzip.compress(b"no numbers"))
    with pytest.raises(ValueError, match=r"edge\.csv\.gz cannot be read"):
        read_molecules(tmp_path, task="classification")


@pytest.mark.filterwarnings("ignore:The given NumPy array is not writable")
@pytest.mark.parametrize(
    "name",
    [
        "ogbg-molfreesolv",
        *(
            pytest.param(name, marks=pytest.mark.slow)
            for name in ("ogbg-molesol", "ogbg-molbace", "ogbg-molbbbp")
        ),
    ],
)
def test_the_same_as_the_package_of_ogb(
    name: str, real_root: Path, tmp_path: Path, offline: None
) -> None:
    folder = real_root / "ogb" / name.replace("-", "_")
    if not folder.is_dir():
        pytest.skip(f"the raw files of {name} are not here")
    theirs, split = load_with_ogb(name, folder, tmp_path)
    ours, card = load(name, root=real_root)
    assert isinstance(ours, list)
    assert len(ours) == len(theirs)
    for graph, other in zip(ours, theirs, strict=True):
        assert torch.equal(codes(graph.x, ATOM_CATEGORIES), other.x)
        assert torch.equal(codes(graph.edge_attr, BOND_CATEGORIES), other.edge_attr)
        assert torch.equal(graph.edge_index, other.edge_index)
        assert torch.equal(graph.y, other.y[0])
    for key, part in (("train_mask", "train"), ("val_mask", "valid"), ("test_mask", "test")):
        ids = torch.cat([graph[key] for graph in ours]).nonzero().flatten()
        assert torch.equal(ids, split[part].sort().values)
    assert (card.num_classes is None) == (name in ("ogbg-molesol", "ogbg-molfreesolv"))


def codes(blocks: torch.Tensor, categories: tuple[int, ...]) -> torch.Tensor:
    parts = [part.argmax(1) for part in blocks.split(list(categories), dim=1)]
    return torch.stack(parts, dim=1)


def load_with_ogb(name: str, folder: Path, scratch: Path) -> tuple[Any, dict[str, torch.Tensor]]:
    """Read a set as its package does, which takes some help with torch >= 2.6."""
    # Its import asks the network for its newest version, in a thread, unless that is not there.
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "outdated", None)
        pytest.importorskip("ogb")
        from ogb.graphproppred import PygGraphPropPredDataset
        from ogb.utils.features import get_atom_feature_dims, get_bond_feature_dims
    from torch_geometric.data.data import DataEdgeAttr, DataTensorAttr
    from torch_geometric.data.storage import GlobalStorage

    assert tuple(get_atom_feature_dims()) == ATOM_CATEGORIES
    assert tuple(get_bond_feature_dims()) == BOND_CATEGORIES
    shutil.copytree(folder, scratch / "ogb" / folder.name)
    safe = torch.serialization.safe_globals([DataEdgeAttr, DataTensorAttr, GlobalStorage])
    with safe:
        dataset = PygGraphPropPredDataset(name, root=str(scratch / "ogb"))
    return dataset, dataset.get_idx_split()
