"""Good files of every format."""

from pathlib import Path

import networkx as nx
import numpy as np
import pytest
import torch
from scipy import sparse
from torch_geometric.data import Data

from graphcl.graph_files import read_graph, structural_names


def karate() -> nx.Graph:  # type: ignore[type-arg]
    return nx.karate_club_graph()


def edges_of(data: Data) -> dict[tuple[int, int], float]:
    weight = data.get("edge_weight")
    values = [1.0] * data.edge_index.size(1) if weight is None else weight.tolist()
    return dict(zip(map(tuple, data.edge_index.T.tolist()), values, strict=True))


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("k.graphml", nx.write_graphml),
        ("k.gml", nx.write_gml),
        ("k.edgelist", nx.write_edgelist),
        ("k.txt", nx.write_weighted_edgelist),
        ("k.npz", lambda graph, path: sparse.save_npz(path, nx.to_scipy_sparse_array(graph))),
        (
            "k.csv",
            lambda graph, path: nx.to_pandas_edgelist(graph).to_csv(path, index=False),
        ),
    ],
)
def test_karate_is_the_same_in_every_format(tmp_path: Path, name: str, write) -> None:  # type: ignore[no-untyped-def]
    write(karate(), tmp_path / name)
    graph = read_graph(tmp_path / name)
    assert isinstance(graph.data, Data)
    assert graph.node_ids == list(range(34))
    wanted = {
        pair: float(weight)
        for a, b, weight in karate().edges(data="weight")
        for pair in ((a, b), (b, a))
    }
    assert edges_of(graph.data) == wanted
    assert graph.data.x.shape == (34, 14)
    assert graph.feature_names == structural_names()
    assert "no features in the file: 14 were made from the edges" in graph.notes[-1]


def test_attributes_become_features_and_labels(tmp_path: Path) -> None:
    graph = nx.DiGraph()
    graph.add_node("ann", age=30, good=True, height=1.5, town="Ulm")
    graph.add_node("bob", age=40, good=False, height=1.25, town="Bonn")
    graph.add_edge("ann", "bob", since=1999)
    nx.write_graphml(graph, tmp_path / "g.graphml")
    found = read_graph(tmp_path / "g.graphml", label="town")
    assert found.node_ids == ["ann", "bob"]
    assert found.feature_names == ("age", "good", "height")
    assert found.data.x.tolist() == [[30, 1, 1.5], [40, 0, 1.25]]
    assert found.data.y.tolist() == [1, 0]
    assert found.label_names == ("Bonn", "Ulm")
    assert found.data.edge_index.tolist() == [[0], [1]]  # directed
    assert found.notes == ("1 attribute of edges left out: since (only weight is used)",)
    both = read_graph(tmp_path / "g.graphml", directed=False)
    assert both.data.edge_index.tolist() == [[0, 1], [1, 0]]
    assert "column 'town' holds text ('Ulm'): left out" in both.notes[0]


def test_multigraph_and_missing_weights(tmp_path: Path) -> None:
    graph = nx.MultiGraph()
    graph.add_edges_from([("a", "b", {"weight": 2.0}), ("b", "a", {"weight": 3.0}), ("b", "c")])
    nx.write_graphml(graph, tmp_path / "m.graphml")
    found = read_graph(tmp_path / "m.graphml")
    assert edges_of(found.data) == {(0, 1): 5, (1, 0): 5, (1, 2): 1, (2, 1): 1}
    assert "1 edge without a weight, while others have one: taken as 1" in found.notes
    assert "1 duplicate edge merged, their weights added" in found.notes


def test_csv_of_nodes_and_edges(tmp_path: Path) -> None:
    (tmp_path / "nodes.csv").write_text(
        '\ufeffname;id;age;ok;label\n"Ann; A.";7;30;true;x\n\nBob;9;40;false;\n', encoding="utf-8"
    )
    (tmp_path / "edges.csv").write_text("to,from,weight,kind\n9, 7 ,0.5,friend\n")
    found = read_graph(tmp_path / "nodes.csv", edges=tmp_path / "edges.csv", directed=True)
    assert found.node_ids == [7, 9]
    assert found.feature_names == ("age", "ok")
    assert found.data.x.tolist() == [[30, 1], [40, 0]]
    assert found.data.y.tolist() == [0, -1]
    assert edges_of(found.data) == {(0, 1): 0.5}
    assert [note.split(":")[0] for note in found.notes] == [
        "1 column of edges left out",
        "column 'name' holds text ('Ann; A.')",
    ]


def test_german_csv(tmp_path: Path) -> None:
    """Semicolons, decimal commas, a byte order mark, Windows line ends, ids with blanks."""
    nodes = "Name;Gehalt;Summe;Aktiv\r\nAnna Weiß;3,5;1.234,50;yes\r\nBernd Öl;4;7,00;no\r\n"
    (tmp_path / "n.csv").write_bytes(nodes.encode("utf-8-sig"))
    ties = "Von;An;weight\r\nAnna Weiß;Bernd Öl;0,5\r\n"
    (tmp_path / "e.csv").write_bytes(ties.encode("utf-8-sig"))
    found = read_graph(tmp_path / "n.csv", edges=tmp_path / "e.csv")
    assert found.node_ids == ["Anna Weiß", "Bernd Öl"]
    assert found.feature_names == ("Gehalt", "Summe", "Aktiv")
    assert found.data.x.tolist() == [[3.5, 1234.5, 1], [4, 7, 0]]
    assert edges_of(found.data)[0, 1] == 0.5
    assert "column 'Gehalt' has decimal commas: 3,5 is 3.5" in found.notes
    assert "column 'Summe' has decimal commas: 1.234,50 is 1234.5" in found.notes


@pytest.mark.parametrize("where", ["nodes", "edges"])
def test_commas_that_may_mean_thousands_are_refused(tmp_path: Path, where: str) -> None:
    number = {"nodes": "1", "edges": "1", where: '"1,234"'}
    (tmp_path / "n.csv").write_text(f"id,pay\n1,{number['nodes']}\n2,7\n")
    (tmp_path / "e.csv").write_text(f"source,target,weight\n1,2,{number['edges']}\n")
    with pytest.raises(ValueError, match=f"{where[0]}.csv: .*'1,234' may mean 1234 or 1.234: wri"):
        read_graph(tmp_path / "n.csv", edges=tmp_path / "e.csv")


def test_a_label_that_names_every_node_is_none(tmp_path: Path) -> None:
    (tmp_path / "n.csv").write_text("id,age,label\n1,3,Ann\n2,4,Bob\n")
    (tmp_path / "e.csv").write_text("source,target\n1,2\n")
    found = read_graph(tmp_path / "n.csv", edges=tmp_path / "e.csv")
    assert found.data.get("y") is None
    assert "names every node differently" in found.notes[0]
    asked = read_graph(tmp_path / "n.csv", edges=tmp_path / "e.csv", label="label")
    assert asked.data.y.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("name", "text", "ids"),
    [
        ("e.csv", "a,b\nb,c\n", ["b", "c"]),  # the first line names the columns
        ("e.csv", "10,2\n2,3\n", [2, 3, 10]),  # numbers do not
        ("e.csv", "src\tdst\n007\t8\n", ["007", "8"]),
        ("e.tsv", "from\tto\nx y\tz\n", ["x y", "z"]),
        ("e.txt", "# FromNodeId\tToNodeId\n30\t4\n4\t5 # again\n", [4, 5, 30]),
        ("e.txt", "a b\n\nb c\n", ["a", "b", "c"]),
        ("e.edgelist", "a b {'weight': 2, 'kind': 'x'}\nb c {}\n", ["a", "b", "c"]),
    ],
)
def test_edges_alone_name_their_nodes(tmp_path: Path, name: str, text: str, ids) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / name).write_text(text)
    assert read_graph(tmp_path / name).node_ids == ids


def test_matrix_and_features(tmp_path: Path) -> None:
    matrix = sparse.csr_matrix(np.array([[0, 2.0, 0], [0, 0, 0], [0, 0, 0]]))
    sparse.save_npz(tmp_path / "a.npz", matrix)
    features = np.arange(6).reshape(3, 2)
    np.save(tmp_path / "x.npy", features)
    sparse.save_npz(tmp_path / "x.npz", sparse.csr_matrix(features))
    for name in ("x.npy", "x.npz"):
        found = read_graph(tmp_path / "a.npz", features=tmp_path / name)
        assert found.data.x.tolist() == features.tolist()
        assert edges_of(found.data) == {(0, 1): 2}
        assert found.notes == ("the matrix is not symmetric",)
    both = read_graph(tmp_path / "a.npz", directed=False)
    assert edges_of(both.data) == {(0, 1): 2, (1, 0): 2}


def test_features_count_isolated_nodes_of_an_edge_list(tmp_path: Path) -> None:
    (tmp_path / "e.csv").write_text("source,target\n3,1\n")
    np.save(tmp_path / "x.npy", np.eye(5))
    found = read_graph(tmp_path / "e.csv", features=tmp_path / "x.npy")
    assert found.node_ids == [0, 1, 2, 3, 4]
    assert edges_of(found.data) == {(3, 1): 1, (1, 3): 1}


def test_pyg_file(tmp_path: Path) -> None:
    data = Data(
        x=torch.eye(3), edge_index=torch.tensor([[0, 1], [1, 2]]), y=torch.tensor([[0], [1], [1]]),
        edge_attr=torch.ones(2, 4), name="mine",
    )  # fmt: skip
    torch.save(data, tmp_path / "g.pt")
    found = read_graph(tmp_path / "g.pt")
    assert found.data.y.tolist() == [0, 1, 1]
    assert found.data.edge_attr.shape == (2, 4)
    assert found.notes == ()
    both = read_graph(tmp_path / "g.pt", directed=False)
    assert both.data.edge_index.size(1) == 4
    assert "edge_attr" not in both.data
    torch.save(data.to_dict(), tmp_path / "dict.pt")
    assert torch.equal(read_graph(tmp_path / "dict.pt").data.x, data.x)
    torch.save([data, data], tmp_path / "list.pt")
    several = read_graph(tmp_path / "list.pt")
    assert isinstance(several.data, list)
    assert several.node_ids == [0, 1]
    bare = Data(edge_index=data.edge_index, num_nodes=4)
    torch.save(bare, tmp_path / "bare.pt")
    assert read_graph(tmp_path / "bare.pt").data.x.shape == (4, 14)
    data.x = data.x.long()
    torch.save(data, tmp_path / "whole.pt")
    assert "torch.int64, they are float32 now" in read_graph(tmp_path / "whole.pt").notes[0]
    made = read_graph(tmp_path / "g.pt", features="structural")
    assert made.feature_names == structural_names()
