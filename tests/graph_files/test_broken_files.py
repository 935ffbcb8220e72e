"""Broken files: one clear sentence that says where."""

import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy import sparse
from torch_geometric.data import Data

from graphcl.graph_files import read_graph

EDGES = "source,target\nann,bob\nbob,cid\n"


@pytest.mark.parametrize(
    ("nodes", "message"),
    [
        ("id,age\nann,1\nbob,2\n", "e.csv, line 3: the edge names node 'cid', which column 'id'"),
        ("id,age\nann,1\nbob,2\ncidd,2\n", "did you mean 'cidd'"),
        ("id,age\nann,1\nann,2\ncid,3\n", "n.csv, line 3: id 'ann' was there before, in line 2"),
        ("id,age\nann,1\n,2\n", "n.csv, line 3: the id .* is empty"),
        ("id,age\nann,1\nbob,\ncid,3\n", "n.csv, line 3: the cell of column 'age' is empty"),
        ("id,age\nann,1\nbob,NaN\ncid,3\n", "n.csv, line 3: the cell of column 'age' is empty"),
        ("id,age\nann,1\nbob,x\ncid,3\n", "n.csv, line 3: column 'age' holds 'x', a number"),
        ("id,age\nann,1\nbob,inf\ncid,3\n", "n.csv, line 3: column 'age' is inf"),
        ("id,age\nann,1\nbob,1e300\ncid,3\n", "too large a number"),
        ("id,age\nann,1\nbob,2,3\ncid,3\n", "n.csv, line 3: the row has more than the 2 cells"),
        ("id,age\nann,1\nbob,2,3,4,5\ncid,3\n", "n.csv"),
        ("id,age\nann,1\nbob\ncid,3\n", "n.csv, line 3: the cell of column 'age' is empty"),
        ("id,age,age\nann,1,2\n", "n.csv: two columns are called 'age'"),
        ("age\n1\n2\n", "column 'age' of n.csv does not hold"),
        ("id,age\n", "n.csv holds no rows"),
        ("\nid,age\n", "n.csv: the first line is empty"),
    ],
)
def test_csv_of_nodes(tmp_path: Path, nodes: str, message: str) -> None:
    (tmp_path / "n.csv").write_text(nodes)
    (tmp_path / "e.csv").write_text(EDGES)
    with pytest.raises(ValueError, match=message):
        read_graph(tmp_path / "n.csv", edges=tmp_path / "e.csv")


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("e.csv", "source target\na b\n", "has a single column, 'source target'"),
        ("e.csv", "source,target\na\n", "line 2: the target of the edge is empty"),
        ("e.csv", "source,target,weight\na,b,\n", "line 2: the weight of the edge is empty"),
        ("e.csv", "source,target,weight\na,b,x\n", "must be a number, got 'x'"),
        ("e.csv", "source,target,weight\na,b,1\nb,c,-2\n", "line 3: .* at least 0, got -2"),
        ("e.csv", "id,age,height\n1,2,3\n", "no columns source and target"),
        ("e.csv", "name,age,height,town\nx,2,3,y\n", "if it is the file of nodes, give"),
        ("e.txt", "# only a comment\n", "holds no edges"),
        ("e.txt", "1 2 3 4\n", "an edge is two nodes and perhaps a weight"),
        ("e.txt", "1 2\n2 3 4\n", "line 2: the row has more than the 2 cells"),
        ("e.txt", "1 2 heavy\n", "must be a number, got 'heavy'"),
        ("e.edgelist", "1 2 {'weight': 1}\n2 3 {'wei\n", "line 2: an edge is two nodes"),
        ("e.edgelist", "1 2 {'weight': 'x'}\n", "edge '1' - '2': the weight must be a number"),
        ("e.edgelist", "1 2 {'weight': -1}\n", "edge '1' - '2': .* at least 0, got -1"),
        ("g.graphml", "<graphml><graph>", "not valid XML: no element found in line 1, column 16"),
        ("g.graphml", "hello", "not valid XML"),
        ("g.graphml", '<?xml version="1.0"?><a/>', "not valid GraphML"),
        ("g.gml", "graph [ node [ id 0 ", "not valid GML"),
        ("g.gml", "graph [ ]", "holds no nodes"),
    ],
)
def test_other_texts(tmp_path: Path, name: str, text: str, message: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(ValueError, match=message):
        read_graph(tmp_path / name)


@pytest.mark.parametrize("name", ["e.csv", "e.txt", "g.gml", "g.graphml", "g.pt", "g.npz"])
def test_empty_and_binary_files(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"")
    with pytest.raises(ValueError, match=f"{name} is empty"):
        read_graph(tmp_path / name)
    (tmp_path / name).write_bytes(b"\xff\xfe\x00\x01\xff" * 10)
    with pytest.raises(ValueError, match=name):
        read_graph(tmp_path / name)


def test_missing_files_and_wrong_endings(tmp_path: Path) -> None:
    (tmp_path / "karate.graphml").write_text("x")
    with pytest.raises(FileNotFoundError, match=r"no such file; did you mean karate\.graphml"):
        read_graph(tmp_path / "karat.graphml")
    with pytest.raises(FileNotFoundError, match="nor a folder"):
        read_graph(tmp_path / "nowhere" / "g.csv")
    with pytest.raises(ValueError, match="is a folder"):
        read_graph(tmp_path)
    (tmp_path / "g.xlsx").write_text("x")
    with pytest.raises(ValueError, match=r"g\.xlsx has \.xlsx; known endings: \.pt, \.graphml"):
        read_graph(tmp_path / "g.xlsx")


def test_options_that_do_not_fit(tmp_path: Path) -> None:
    (tmp_path / "e.csv").write_text(EDGES)
    (tmp_path / "n.csv").write_text("id,town\nann,x\nbob,y\ncid,x\n")
    with pytest.raises(ValueError, match=r"label 'town': e\.csv has no attributes of nodes"):
        read_graph(tmp_path / "e.csv", label="town")
    with pytest.raises(ValueError, match="unknown column of labels 'towm'; did you mean 'town'"):
        read_graph(tmp_path / "n.csv", edges=tmp_path / "e.csv", label="towm")
    (tmp_path / "e.txt").write_text("1 2\n")
    with pytest.raises(ValueError, match="edges go with a CSV file of nodes"):
        read_graph(tmp_path / "e.txt", edges=tmp_path / "e.csv")
    np.save(tmp_path / "x.npy", np.ones((2, 1)))
    with pytest.raises(ValueError, match=r"features has 2 rows, e\.csv has 3 nodes"):
        read_graph(tmp_path / "e.csv", features=tmp_path / "x.npy")


def test_matrices(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    sparse.save_npz(path, sparse.csr_matrix(np.ones((2, 3))))
    with pytest.raises(ValueError, match="is square, this one has the shape 2 x 3"):
        read_graph(path)
    sparse.save_npz(path, sparse.csr_matrix(np.array([[0, -1.0], [0, 0]])))
    with pytest.raises(ValueError, match=r"row 0, column 1: the weight .* at least 0, got -1"):
        read_graph(path)
    sparse.save_npz(path, sparse.csr_matrix(np.array([[0, np.nan], [0, 0]])))
    with pytest.raises(ValueError, match=r"row 0, column 1: the weight .* finite"):
        read_graph(path)
    np.savez(path, a=np.ones(3))
    with pytest.raises(ValueError, match=r"no sparse matrix .* \(it holds a\)"):
        read_graph(path)
    np.savez(path, a=np.array([{}], dtype=object))
    with pytest.raises(ValueError, match=r"a\.npz"):
        read_graph(path)


def test_feature_files(tmp_path: Path) -> None:
    (tmp_path / "e.csv").write_text("source,target\n0,1\n")
    for array, message in (
        (np.array([[1.0], [np.nan]]), "feature in row 1, column 0 is nan"),
        (np.array([["a"], ["b"]]), "must be real numbers"),
        (np.ones((2, 2, 2)), r"must have the shape \[N, F\]"),
    ):
        np.save(tmp_path / "x.npy", array)
        with pytest.raises(ValueError, match=message):
            read_graph(tmp_path / "e.csv", features=tmp_path / "x.npy")
    np.save(tmp_path / "x.npy", np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(ValueError, match=r"x\.npy cannot be read: .*allow_pickle=False"):
        read_graph(tmp_path / "e.csv", features=tmp_path / "x.npy")


class Harmful:
    def __reduce__(self) -> object:
        return (print, ("executed",))


def test_nothing_in_a_file_is_executed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    torch.save({"edge_index": Harmful()}, tmp_path / "g.pt")
    with pytest.raises(ValueError, match=r"g\.pt is refused: reading it would execute"):
        read_graph(tmp_path / "g.pt")
    (tmp_path / "h.pt").write_bytes(pickle.dumps(Harmful()))
    with pytest.raises(ValueError, match=r"h\.pt"):
        read_graph(tmp_path / "h.pt")
    assert "executed" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (torch.ones(3), "holds a Tensor, no graph"),
        ((Data(), None), "perhaps a processed data set of PyG"),
        ({"kind": "graphcl method"}, r"a trained method, no graph \(give it by --model\)"),
        (Data(x=torch.ones(2, 1)), "without edge_index"),
        (Data(x=torch.ones(2, 1), edge_index=torch.tensor([[0], [5]])), "is 5; with 2 nodes"),
        (Data(x=torch.tensor([[0 / 1], [float("nan")]]), edge_index=torch.tensor([[0], [1]])),
         "x is nan"),
    ],
)  # fmt: skip
def test_pyg_files_of_something_else(tmp_path: Path, content: object, message: str) -> None:
    torch.save(content, tmp_path / "g.pt")
    with pytest.raises(ValueError, match=message):
        read_graph(tmp_path / "g.pt")
