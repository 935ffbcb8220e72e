from __future__ import annotations

import itertools
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
import torch
from torch_geometric.data import HeteroData

from graphcl.datasets import available, check_graph, load
from graphcl.datasets.heco import read_heco

ARGUMENTS: dict[str, Any] = {
    "target": "movie",
    "num_nodes": {"movie": 4, "actor": 3, "keyword": 2},
    "relations": {"ma": ["movie", "actor"], "mk": ["movie", "keyword"]},
    "features": {"movie": "m_feat.npz", "keyword": "k_feat.npz"},
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A set with every peculiarity of HeCo's files: movie 3 has no keyword, actor 2 no movie."""
    np.save(tmp_path / "labels.npy", np.array([1.0, 3.0, 2.0, 1.0]))  # float64, from 1
    (tmp_path / "ma.txt").write_text("0\t1\n1\t0\n3\t1\n2\t0\n")
    (tmp_path / "mk.txt").write_text("0\t0\n1\t1\n2\t1\n")
    features = np.array([[1, 0, 2], [0, 0, 0], [0, 1, 0], [0, 0, 4]])
    sp.save_npz(tmp_path / "m_feat.npz", sp.csr_matrix(features))
    with (tmp_path / "k_feat.npz").open("wb") as file:
        np.save(file, np.array([[0.5, 1.0], [2.0, 0.0]]))  # no archive, in spite of its name
    for labels in (20, 40, 60):
        for part, ids in (("train", [0, 0, 2]), ("val", [1]), ("test", [3])):  # 0 twice
            np.save(tmp_path / f"{part}_{labels}.npy", np.array(ids))
    return tmp_path


def read(folder: Path, **changes: Any) -> HeteroData:
    return read_heco(folder, **{**ARGUMENTS, **changes})


def test_the_format_is_read(folder: Path) -> None:
    data = read(folder)
    check_graph(data)
    assert data.node_types == ["movie", "actor", "keyword"]
    assert data.edge_types == [
        ("movie", "to", "actor"),
        ("actor", "rev_to", "movie"),
        ("movie", "to", "keyword"),
        ("keyword", "rev_to", "movie"),
    ]
    assert data["movie"].x.tolist() == [[1, 0, 2], [0, 0, 0], [0, 1, 0], [0, 0, 4]]
    assert data["keyword"].x.tolist() == [[0.5, 1], [2, 0]]
    assert {data[kind].x.dtype for kind in ("movie", "keyword")} == {torch.float32}
    assert "x" not in data["actor"]
    assert data["actor"].num_nodes == 3  # the last one has no edge
    assert data["movie", "actor"].edge_index.tolist() == [[0, 1, 3, 2], [1, 0, 1, 0]]
    assert data["actor", "movie"].edge_index.tolist() == [[1, 0, 1, 0], [0, 1, 3, 2]]


def test_labels_are_whole_and_from_zero(folder: Path) -> None:
    labels = read(folder)["movie"].y
    assert labels.dtype == torch.int64
    assert labels.tolist() == [0, 2, 1, 0]


def test_splits_are_masks_and_repeated_ids_count_once(folder: Path) -> None:
    movie = read(folder)["movie"]
    for labels in (20, 40, 60):
        assert movie[f"train_mask_{labels}"].tolist() == [True, False, True, False]
        assert movie[f"val_mask_{labels}"].tolist() == [False, True, False, False]
        assert movie[f"test_mask_{labels}"].tolist() == [False, False, False, True]


def test_a_set_without_features_has_numbers_of_nodes(folder: Path) -> None:
    data = read(folder, features=None)
    check_graph(data)
    assert [data[kind].num_nodes for kind in data.node_types] == [4, 3, 2]
    assert not any("x" in data[kind] for kind in data.node_types)


def save(path: Path, values: Any) -> None:
    with path.open("wb") as file:
        np.save(file, np.array(values))


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("labels.npy", [0.5, 1, 2, 0], r"labels\.npy cannot be used: whole numbers were expected"),
        ("labels.npy", [0, 1], r"labels\.npy has 2 rows, but there are 4 movie nodes"),
        ("labels.npy", [[0]], r"labels\.npy cannot be read: one array of one dimension"),
        ("train_40.npy", [4], r"train_40\.npy names node 4; target nodes are 0 to 3"),
        ("val_60.npy", [-1], r"val_60\.npy names node -1; target nodes are 0 to 3"),
        ("test_20.npy", [0], r"train_20\.npy, val_20\.npy and test_20\.npy overlap"),
        ("k_feat.npz", [[1.0]], r"k_feat\.npz has 1 rows, but there are 2 keyword nodes"),
        ("k_feat.npz", [1.0], r"k_feat\.npz cannot be read: a matrix was expected"),
    ],
)
def test_arrays_that_do_not_fit_are_named(
    folder: Path, file: str, content: list[Any], message: str
) -> None:
    save(folder / file, content)
    with pytest.raises(ValueError, match=message):
        read(folder)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("0\t3\n", r"ma\.txt names node 3; actor nodes are 0 to 2"),
        ("5\t0\n", r"ma\.txt names node 5; movie nodes are 0 to 3"),
        ("0\t0.5\n", r"ma\.txt cannot be used: whole numbers were expected"),
        ("0\t1\t2\n", r"ma\.txt cannot be read: 2 columns were expected, there are 3"),
        ("zero\tone\n", r"ma\.txt cannot be read: .*zero"),
    ],
)
def test_relations_that_do_not_fit_are_named(folder: Path, content: str, message: str) -> None:
    (folder / "ma.txt").write_text(content)
    with pytest.raises(ValueError, match=message):
        read(folder)


class _Attack:
    def __init__(self, victim: Path) -> None:
        self.victim = victim

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.victim,)


@pytest.mark.parametrize("file", ["labels.npy", "m_feat.npz", "k_feat.npz"])
def test_pickles_are_refused(folder: Path, tmp_path: Path, file: str) -> None:
    victim = tmp_path / "victim"
    for content in (pickle.dumps(_Attack(victim)), b"nonsense", b""):
        (folder / file).write_bytes(content)
        with pytest.raises(ValueError, match=f"{file} cannot be read"):
            read(folder)
    assert not victim.exists()


def test_arrays_of_objects_are_refused(folder: Path, tmp_path: Path) -> None:
    attack = np.empty(1, dtype=object)
    attack[0] = _Attack(tmp_path / "victim")
    np.save(folder / "labels.npy", attack)
    with pytest.raises(ValueError, match=r"labels\.npy cannot be read: Object arrays cannot"):
        read(folder)
    assert not (tmp_path / "victim").exists()


def test_missing_files_are_missing(folder: Path) -> None:
    (folder / "mk.txt").unlink()
    with pytest.raises(FileNotFoundError, match=r"mk\.txt"):
        read(folder)


# Against the meta-path matrices that HeCo's authors computed


def composed(data: HeteroData, path: tuple[str, ...]) -> sp.csr_matrix:
    product = sp.identity(data[path[0]].num_nodes, dtype=np.int64, format="csr")
    for source, end in itertools.pairwise(path):
        row, column = data[source, end].edge_index.numpy()
        shape = (data[source].num_nodes, data[end].num_nodes)
        product = product @ sp.csr_matrix((np.ones(len(row), np.int64), (row, column)), shape)
    product.data[:] = 1
    return product


@pytest.mark.parametrize(
    "name",
    [
        *("HeCo-AMiner", "HeCo-Freebase", "HeCo-IMDB"),
        pytest.param("HeCo-ACM", marks=pytest.mark.slow),
    ],
)
def test_meta_paths_of_the_card_give_the_published_matrices(name: str, real_root: Path) -> None:
    card = next(card for card in available() if card.name == name)
    if not card.is_present(real_root):
        pytest.skip(f"the raw files of {name} are not in {real_root}")
    data, _ = load(name, root=real_root)
    assert isinstance(data, HeteroData)
    for path in card.metapaths:
        letters = "".join(kind[0] for kind in path)
        published = sp.load_npz(real_root / card.arguments["root"] / f"{letters}.npz")
        ours = composed(data, path)
        assert abs(ours - (published != 0).astype(np.int64)).sum() == 0, letters
        lacking = int((ours.diagonal() == 0).sum())  # movies with no keyword, director, actor
        alone = {"mkm": 100, "mdm": 99, "mam": 1} if name == "HeCo-IMDB" else {}
        assert lacking == alone.get(letters, 0), letters


@pytest.mark.slow
def test_long_meta_paths_have_the_published_number_of_entries(real_root: Path) -> None:
    data, card = load("HeCo-DBLP", root=real_root)
    assert isinstance(data, HeteroData)
    entries = {len(path): composed(data, path).nnz for path in card.metapaths[:1]}
    assert entries == {3: 11113}
    numbers = {path[2]: composed(data, path).nnz for path in card.metapaths[1:]}
    assert numbers == {"conference": 5_000_495, "term": 7_043_571}
