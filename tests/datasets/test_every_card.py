"""Every set of the README of the shared data loads offline, with the figures of that README."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch_geometric.data import Data, HeteroData

from graphcl.datasets import available, load

# These tables are copied from the README by hand: what they are compared with is not the card.

NODE_LEVEL: dict[str, tuple[int, int, int, int]] = {  # nodes, edges, features, classes
    "Cora": (2708, 10556, 1433, 7),
    "CiteSeer": (3327, 9104, 3703, 6),
    "Photo": (7650, 238162, 745, 8),
    "Computers": (13752, 491722, 767, 10),
    "CS": (18333, 163788, 6805, 15),
    "Cora-ML": (2995, 16316, 2879, 7),
    "CiteSeer-full": (4230, 10674, 602, 6),
    "DBLP-citation": (17716, 105734, 1639, 4),
    "Actor": (7600, 30019, 932, 5),
    "Cornell": (183, 298, 1703, 5),
    "Texas": (183, 325, 1703, 5),
    "Wisconsin": (251, 515, 1703, 5),
    "Airports-Brazil": (131, 1074, 131, 4),
    "Airports-Europe": (399, 5995, 399, 4),
    "Airports-USA": (1190, 13599, 1190, 4),
}

SDCN: dict[str, tuple[int, int, tuple[int, ...], int | None, int, float | None]] = {
    # nodes, features, class sizes, undirected edges, isolated, edge homophily
    "SDCN-ACM": (3025, 1870, (1061, 965, 999), 13128, 561, 0.821),
    "SDCN-DBLP": (4057, 334, (1197, 745, 1109, 1006), 3528, 1466, 0.799),
    "SDCN-CiteSeer": (3327, 3703, (264, 590, 668, 701, 596, 508), 4552, 48, 0.736),
    "SDCN-USPS": (
        *(9298, 256, (1553, 1269, 929, 824, 852, 716, 834, 792, 708, 821)),
        *(21452, 0, None),
    ),
    "SDCN-HHAR": (10299, 0, (1722, 1544, 1406, 1777, 1906, 1944), None, 0, None),
    "SDCN-Reuters": (10000, 0, (4312, 2403, 2471, 814), None, 0, None),
}

MAGNN: dict[str, tuple[dict[str, tuple[int, int]], dict[str, int], str, int, tuple[int, ...]]] = {
    # type: (nodes, features), edges in one direction, target, classes, split
    "DBLP-MAGNN": (
        {
            "author": (4057, 334),
            "paper": (14328, 4231),
            "term": (7723, 50),
            "conference": (20, 0),
        },
        {"author-paper": 19645, "paper-term": 85810, "paper-conference": 14328},
        *("author", 4, (400, 400, 3257)),
    ),
    "IMDB-MAGNN": (
        {"movie": (4278, 3066), "director": (2081, 3066), "actor": (5257, 3066)},
        {"movie-director": 4278, "movie-actor": 12828},
        *("movie", 3, (400, 400, 3478)),
    ),
}

HECO: dict[str, tuple[dict[str, tuple[int, int]], dict[str, int], tuple[int, ...]]] = {
    # type: (nodes, features), target first; edges in one direction; labels of each class
    "HeCo-ACM": (
        {"paper": (4019, 1902), "author": (7167, 1902), "subject": (60, 0)},
        {"paper-author": 13407, "paper-subject": 4019},
        (1993, 965, 1061),
    ),
    "HeCo-DBLP": (
        {
            "author": (4057, 334),
            "paper": (14328, 4231),
            "conference": (20, 0),
            "term": (7723, 50),
        },
        {"paper-author": 19645, "paper-conference": 14328, "paper-term": 85810},
        (1197, 745, 1109, 1006),
    ),
    "HeCo-AMiner": (
        {"paper": (6564, 0), "author": (13329, 0), "reference": (35890, 0)},
        {"paper-author": 18007, "paper-reference": 58831},
        (1333, 1114, 526, 3591),
    ),
    "HeCo-Freebase": (
        {"movie": (3492, 0), "actor": (33401, 0), "director": (2502, 0), "writer": (4459, 0)},
        {"movie-actor": 65341, "movie-director": 3762, "movie-writer": 6414},
        (1327, 618, 1547),
    ),
    "HeCo-IMDB": (
        {"movie": (4275, 5927), "actor": (5432, 0), "director": (2083, 0), "keyword": (7313, 0)},
        {"movie-actor": 12831, "movie-director": 4181, "movie-keyword": 20428},
        (1112, 1594, 1569),
    ),
}

TU: dict[str, tuple[int, float, float, int, int, tuple[int, ...]]] = {
    # graphs, mean nodes, mean undirected edges, node labels, edge labels, class sizes
    "MUTAG": (188, 17.93, 19.79, 7, 4, (63, 125)),
    "PTC_MR": (344, 14.29, 14.69, 18, 4, (192, 152)),
    "PROTEINS": (1113, 39.06, 72.82, 3, 0, (663, 450)),
    "ENZYMES": (600, 32.63, 62.14, 3, 0, (100,) * 6),
    "NCI1": (4110, 29.87, 32.30, 37, 0, (2053, 2057)),
    "AIDS": (2000, 15.69, 16.20, 38, 3, (400, 1600)),
    "Mutagenicity": (4337, 30.32, 30.77, 14, 3, (2401, 1936)),
    "IMDB-BINARY": (1000, 19.77, 96.53, 0, 0, (500, 500)),
    "IMDB-MULTI": (1500, 13.00, 65.94, 0, 0, (500, 500, 500)),
}

MOLECULES: dict[str, tuple[int, float, float, float | None, tuple[int, int, int]]] = {
    # graphs, mean nodes, mean undirected edges, share of positives, scaffold split
    "ogbg-molbace": (1513, 34.09, 36.86, 0.457, (1210, 151, 152)),
    "ogbg-molbbbp": (2039, 24.06, 25.95, 0.765, (1631, 204, 204)),
    "ogbg-molesol": (1128, 13.29, 13.68, None, (902, 113, 113)),
    "ogbg-molfreesolv": (642, 8.72, 8.39, None, (513, 64, 65)),
}

TAKE_SECONDS = {
    *("Computers", "CS", "DBLP-citation", "HeCo-ACM", "ogbg-molesol"),
    *("DBLP-MAGNN", "HeCo-DBLP", "IMDB-MAGNN", "ogbg-molbace", "ogbg-molbbbp"),
    *("AIDS", "ENZYMES", "IMDB-BINARY", "IMDB-MULTI", "Mutagenicity", "NCI1", "PROTEINS"),
}


def sets(*names: str) -> Any:
    """A parameter for each set; those that take seconds are marked slow."""
    return pytest.mark.parametrize(
        "name",
        [
            pytest.param(name, marks=pytest.mark.slow) if name in TAKE_SECONDS else name
            for name in names
        ],
    )


def load_it(name: str, root: Path) -> Any:
    card = next(card for card in available() if card.name == name)
    if not card.is_present(root):
        pytest.skip(f"the raw files of {name} are not in {root}")
    before = {str(path.relative_to(root)) for path in root.rglob("*")}
    data, _ = load(name, root=root)
    assert {str(path.relative_to(root)) for path in root.rglob("*")} == before  # only read
    return data


def sizes(masks: list[Tensor]) -> tuple[int, ...]:
    assert int(torch.stack(masks).sum(0).max()) == 1  # disjoint
    return tuple(int(mask.sum()) for mask in masks)


def isolated(data: Data) -> int:
    seen = torch.zeros(int(data.num_nodes or 0), dtype=torch.bool)
    seen[data.edge_index.flatten()] = True
    return int((~seen).sum())


def test_the_tables_name_every_set_with_files() -> None:
    tables = (NODE_LEVEL, SDCN, MAGNN, HECO, TU, MOLECULES)
    named = {name for table in tables for name in table}
    assert named == {card.name for card in available() if not card.embedded}
    assert named >= TAKE_SECONDS


@sets(*NODE_LEVEL)
def test_node_level(name: str, real_root: Path, offline: None) -> None:
    data = load_it(name, real_root)
    found = data.num_nodes, data.num_edges, data.num_features, len(data.y.unique())
    assert found == NODE_LEVEL[name]
    assert data.x.dtype == torch.float32
    assert data.y.unique().tolist() == list(range(found[-1]))
    directed = name in ("Actor", "Cornell", "Texas", "Wisconsin") or name.startswith("Airports")
    assert data.is_undirected() != directed
    if name in ("Cora", "CiteSeer"):
        split = sizes([data.train_mask, data.val_mask, data.test_mask])
        assert split == ((140, 500, 1000) if name == "Cora" else (120, 500, 1000))
    elif directed and not name.startswith("Airports"):  # ten splits of all nodes
        assert data.train_mask.shape == (data.num_nodes, 10)
        everything = data.train_mask.int() + data.val_mask.int() + data.test_mask.int()
        share = data.train_mask.float().mean()
        assert bool((everything <= 1).all())
        assert 0.44 < float(share) < 0.50
        assert data.has_self_loops()
    else:
        assert "train_mask" not in data
    if name in ("CiteSeer", "Photo", "Computers"):
        assert isolated(data) > 0
    if name.startswith("Airports"):
        assert torch.equal(data.x, torch.eye(found[0]))
    elif name not in ("CiteSeer", "Cora"):
        assert bool(((data.x == 0) | (data.x == 1)).all())


@sets(*SDCN)
def test_sdcn(name: str, real_root: Path, offline: None) -> None:
    nodes, features, classes, edges, alone, homophily = SDCN[name]
    data = load_it(name, real_root)
    assert (data.num_nodes, data.num_features) == (nodes, features)
    assert tuple(data.y.bincount().tolist()) == classes
    assert data.is_undirected()
    assert not data.has_self_loops()
    assert isolated(data) == alone
    if edges is not None:
        assert data.num_edges == 2 * edges
    if homophily is not None:
        source, target = data.edge_index
        same = float((data.y[source] == data.y[target]).float().mean())
        assert same == pytest.approx(homophily, abs=5e-4)
    assert ("x" in data) == (features > 0)
    if name == "SDCN-CiteSeer":
        without = data.x.sum(1) == 0
        assert int(without.sum()) == 15
        assert bool((data.y[without] == 0).all())  # as all who published figures counted them
    if name == "SDCN-DBLP":
        assert int((data.x.sum(1) == 0).sum()) == 39


@sets(*MAGNN)
def test_magnn(name: str, real_root: Path, offline: None) -> None:
    types, edges, target, classes, split = MAGNN[name]
    data = load_it(name, real_root)
    assert {kind: (data[kind].num_nodes, data[kind].num_features) for kind in types} == types
    check_relations(data, edges)
    labels = data[target]
    assert labels.y.unique().tolist() == list(range(classes))
    assert sizes([labels.train_mask, labels.val_mask, labels.test_mask]) == split


@sets(*HECO)
def test_heco(name: str, real_root: Path, offline: None) -> None:
    types, edges, classes = HECO[name]
    data = load_it(name, real_root)
    assert {kind: (data[kind].num_nodes, data[kind].num_features) for kind in types} == types
    check_relations(data, edges)
    target = data[next(iter(types))]
    assert target.y.dtype == torch.int64
    assert tuple(target.y.bincount().tolist()) == classes
    repeated = {40: 1, 60: 5} if name == "HeCo-IMDB" else {}
    for labels in (20, 40, 60):
        masks = [target[f"{part}_mask_{labels}"] for part in ("train", "val", "test")]
        train = labels * len(classes) - repeated.get(labels, 0)
        assert sizes(masks) == (train, 1000, 1000)
        assert int(target.y[masks[0]].bincount().max()) <= labels


def check_relations(data: HeteroData, edges: dict[str, int]) -> None:
    found = {}
    for source, _, end in data.edge_types:
        forward = data[source, end].edge_index
        backward = data[end, source].edge_index.flip(0)
        key = forward[0] * data[end].num_nodes + forward[1]
        other = backward[0] * data[end].num_nodes + backward[1]
        assert torch.equal(key.sort().values, other.sort().values)
        assert len(key.unique()) == len(key)
        found[f"{source}-{end}"] = forward.size(1)
    assert found == {**edges, **{"-".join(k.split("-")[::-1]): v for k, v in edges.items()}}


@sets(*TU)
def test_tu(name: str, real_root: Path, offline: None) -> None:
    number, nodes, edges, labels, edge_labels, classes = TU[name]
    data = load_it(name, real_root)
    assert len(data) == number
    assert sum(graph.num_nodes for graph in data) / number == pytest.approx(nodes, abs=5.1e-3)
    assert sum(graph.num_edges for graph in data) / 2 / number == pytest.approx(edges, abs=5.1e-3)
    assert tuple(torch.cat([graph.y for graph in data]).bincount().tolist()) == classes
    assert {tuple(graph.y.shape) for graph in data} == {(1,)}
    assert all(bool((graph.x.sum(1) == 1).all()) for graph in data)  # one-hot
    if labels:
        assert {graph.num_features for graph in data} == {labels}
    else:  # degrees
        for graph in data[::50]:
            degrees = graph.edge_index[0].bincount(minlength=graph.num_nodes)
            assert torch.equal(graph.x.argmax(1), degrees)
        assert max(int(graph.x.argmax(1).max()) for graph in data) + 1 == data[0].num_features
    assert {graph.num_edge_features for graph in data} == {edge_labels}


@sets(*MOLECULES)
def test_molecules(name: str, real_root: Path, offline: None) -> None:
    number, nodes, edges, positive, split = MOLECULES[name]
    data = load_it(name, real_root)
    assert len(data) == number
    assert sum(graph.num_nodes for graph in data) / number == pytest.approx(nodes, abs=5.1e-3)
    assert sum(graph.num_edges for graph in data) / 2 / number == pytest.approx(edges, abs=5.1e-3)
    labels = torch.cat([graph.y for graph in data])
    if positive is None:
        assert labels.dtype == torch.float32
    else:
        assert labels.dtype == torch.int64
        assert float(labels.float().mean()) == pytest.approx(positive, abs=5e-4)
    keys = ("train_mask", "val_mask", "test_mask")
    assert sizes([torch.cat([graph[key] for graph in data]) for key in keys]) == split
    assert sum(split) == number
    assert all(bool((graph.x.sum(1) == 9).all()) for graph in data)
    assert all(bool((graph.edge_attr.sum(1) == 3).all()) for graph in data)
