from __future__ import annotations

from typing import Any

import pytest
import torch
from torch_geometric.data import Batch, Data, HeteroData

from graphcl.datasets import check_graph


def graph(**changes: Any) -> Data:
    fields = {
        "x": torch.ones(3, 2),
        "edge_index": torch.tensor([[0, 1], [1, 0]]),
        "y": torch.tensor([0, 1, 0]),
    }
    return Data(**{**fields, **changes})


def with_value(row: int, column: int, value: float) -> torch.Tensor:
    x = torch.ones(3, 2)
    x[row, column] = value
    return x


def single(**changes: Any) -> Data:
    return graph(**{"y": torch.tensor([1]), **changes})


@pytest.mark.parametrize(
    "data",
    [
        graph(),
        graph(y=None),
        graph(edge_index=torch.empty(2, 0, dtype=torch.int64)),  # isolated nodes only
        graph(
            x=torch.ones(3, 2, dtype=torch.float64),
            edge_attr=torch.ones(2, 1),
            train_mask=torch.ones(3) > 0,
        ),
        graph(x=torch.ones(3, 2).to_sparse()),
        Data(
            x=torch.ones(1, 1), edge_index=torch.tensor([[0], [0]]), y=torch.tensor([0])
        ),  # one node
        [single(), single(y=torch.tensor(2)), graph()],
        (single(),),
        Batch.from_data_list([single(), single()]),
        Batch.from_data_list([graph(), graph()]),
        graph(train_mask=torch.ones(3, 10) > 0),  # ten splits
        [single(train_mask=torch.tensor([True])), single(train_mask=torch.tensor([False]))],
    ],
)
def test_good_graphs_pass(data: Any) -> None:
    check_graph(data)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"x": None}, r"toy has no features: toy\.x is missing"),
        ({"x": torch.ones(3)}, r"toy\.x must have shape \[nodes, features\], got \[3\]"),
        ({"x": torch.ones(0, 2)}, r"toy is an empty graph: toy\.x has shape \[0, 2\]"),
        ({"x": torch.ones(3, 0)}, r"toy has no features: toy\.x has shape \[3, 0\]"),
        (
            {"x": torch.ones(3, 2, dtype=torch.int64)},
            r"toy\.x must be floating point, got torch\.int64",
        ),
        (
            {"x": with_value(2, 1, float("nan"))},
            r"toy\.x is nan at row 2, column 1 \(1 of 6 values",
        ),
        ({"x": with_value(0, 1, float("-inf"))}, r"toy\.x is -inf at row 0, column 1"),
        ({"x": with_value(1, 0, float("inf")).to_sparse()}, r"toy\.x is inf at row 1, column 0"),
        ({"edge_index": None}, r"toy has no edges: toy\.edge_index is missing"),
        ({"edge_index": torch.zeros(3, 2).long()}, r"must have shape \[2, edges\], got \[3, 2\]"),
        (
            {"edge_index": torch.zeros(2, 2).int()},
            r"toy\.edge_index must be torch\.int64, got torch\.int32",
        ),
        ({"edge_index": torch.zeros(2, 2)}, r"must be torch\.int64, got torch\.float32"),
        (
            {"edge_index": torch.tensor([[0, 1], [1, 3]])},
            r"edge_index\[1, 1\] is 3; with 3 nodes .* 0 to 2",
        ),
        (
            {"edge_index": torch.tensor([[0, -1], [1, 0]])},
            r"edge_index\[0, 1\] is -1; with 3 nodes",
        ),
        (
            {"y": torch.zeros(2)},
            r"toy\.y has length 2, but it needs 3 \(one for each of the nodes\)",
        ),
        ({"train_mask": torch.zeros(4)}, r"toy\.train_mask has length 4, but it needs 3"),
        ({"val_mask": torch.zeros(10, 3)}, r"toy\.val_mask has length 10, but it needs 3"),
        ({"test_mask_20": torch.zeros(2)}, r"toy\.test_mask_20 has length 2, but it needs 3"),
        (
            {"edge_attr": torch.zeros(3)},
            r"toy\.edge_attr has length 3, but it needs 2 \(.* edges\)",
        ),
        (
            {"edge_weight": torch.tensor([1.0, float("nan")])},
            r"toy\.edge_weight is nan at row 1 \(1 of 2 values are not finite\)",
        ),
        (
            {"edge_attr": torch.tensor([[1.0, float("inf")], [0.0, 0.0]])},
            r"toy\.edge_attr is inf at row 0, column 1",
        ),
        ({"edge_weight": torch.zeros(1)}, r"toy\.edge_weight has length 1, but it needs 2"),
    ],
)
def test_every_failure_is_named(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        check_graph(graph(**changes), name="toy")


def test_lists_name_the_graph() -> None:
    with pytest.raises(ValueError, match=r"data\[1\]\.y has length 2, but it needs 1 or 3"):
        check_graph([single(), single(y=torch.zeros(2))])
    with pytest.raises(ValueError, match=r"data\[1\]\.x has 5 features, but data\[0\]\.x has 2"):
        check_graph([single(), single(x=torch.ones(3, 5))])
    with pytest.raises(ValueError, match="data is empty"):
        check_graph([])


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (3, "data must be a Data, a HeteroData or a sequence of Data, got int"),
        ("Cora", "got str"),
        ([3], r"data\[0\] must be a Data, got int"),
        (graph(x=[1.0]), r"data\.x must be a tensor, got list"),
        (graph(y=[1]), r"data\.y must be a tensor, got list"),
    ],
)
def test_wrong_types_are_named(data: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        check_graph(data)


# Graphs without features


def test_features_may_be_absent_where_the_caller_says_so() -> None:
    bare = graph(x=None, num_nodes=3)
    check_graph(bare, features=False)
    check_graph([bare, bare], features=False)
    check_graph(graph(), features=False)
    with pytest.raises(ValueError, match=r"data has no features: data\.x is missing; give nodes"):
        check_graph(bare)
    with pytest.raises(ValueError, match=r"data\.num_nodes must be set .* got None"):
        check_graph(graph(x=None), features=False)  # PyG would guess it from the edges
    with pytest.raises(ValueError, match=r"edge_index\[0, 1\] is 1; with 1 nodes"):
        check_graph(graph(x=None, num_nodes=1), features=False)
    with pytest.raises(ValueError, match=r"toy\.x is nan"):
        check_graph(graph(x=with_value(0, 0, float("nan"))), name="toy", features=False)


# Heterogeneous graphs


def heterogeneous() -> HeteroData:
    data = HeteroData()
    data["paper"].x = torch.ones(3, 2)
    data["paper"].y = torch.tensor([0, 1, 0])
    data["paper"].train_mask_20 = torch.tensor([True, False, True])
    data["author"].num_nodes = 2
    data["paper", "to", "author"].edge_index = torch.tensor([[0, 1, 2], [1, 1, 0]])
    data["author", "rev_to", "paper"].edge_index = torch.tensor([[1, 1, 0], [0, 1, 2]])
    data["paper", "cites", "paper"].edge_index = torch.empty(2, 0, dtype=torch.int64)
    return data


def test_a_good_heterogeneous_graph_passes() -> None:
    check_graph(heterogeneous())
    check_graph(heterogeneous(), features=False)
    with_weights = heterogeneous()
    with_weights["paper", "author"].edge_weight = torch.ones(3)
    check_graph(with_weights)


@pytest.mark.parametrize(
    ("kind", "key", "value", "message"),
    [
        ("paper", "x", torch.ones(3), r"toy\['paper'\]\.x must have shape \[nodes, features\]"),
        ("paper", "x", with_value(1, 1, float("nan")), r"toy\['paper'\]\.x is nan at row 1"),
        ("paper", "x", torch.ones(3, 2).long(), r"toy\['paper'\]\.x must be floating point"),
        ("paper", "y", torch.zeros(2), r"toy\['paper'\]\.y has length 2, but it needs 3"),
        (
            *("paper", "train_mask_20", torch.zeros(4)),
            r"toy\['paper'\]\.train_mask_20 has length 4, but it needs 3",
        ),
        (
            *("author", "num_nodes", None),
            r"toy\['author'\] has no features, so toy\['author'\]\.num_nodes must be set",
        ),
        ("author", "num_nodes", 0, r"num_nodes must be set to its number of nodes, got 0"),
        ("author", "y", torch.zeros(3), r"toy\['author'\]\.y has length 3, but it needs 2"),
        (
            *(("paper", "to", "author"), "edge_index", torch.tensor([[0], [2]])),
            r"toy\['paper', 'to', 'author'\]\.edge_index\[1, 0\] is 2; with 2 nodes it must be",
        ),
        (
            *(("author", "rev_to", "paper"), "edge_index", torch.tensor([[2], [2]])),
            r"edge_index\[0, 0\] is 2; with 2 nodes it must be from 0 to 1",
        ),
        (
            *(("paper", "to", "author"), "edge_index", torch.zeros(2, 1)),
            r"toy\['paper', 'to', 'author'\]\.edge_index must be torch\.int64",
        ),
        (
            *(("paper", "to", "author"), "edge_weight", torch.ones(2)),
            r"toy\['paper', 'to', 'author'\]\.edge_weight has length 2, but it needs 3",
        ),
        (
            *(("paper", "to", "author"), "edge_index", None),
            r"toy\['paper', 'to', 'author'\] has no edges: .*edge_index is missing",
        ),
        (
            *(("paper", "in", "venue"), "edge_index", torch.zeros(2, 1).long()),
            r"toy\['paper', 'in', 'venue'\] joins 'venue', which is no node type of it: paper, au",
        ),
    ],
)
def test_every_failure_of_a_type_is_named(kind: Any, key: str, value: Any, message: str) -> None:
    data = heterogeneous()
    data[kind][key] = value
    with pytest.raises(ValueError, match=message):
        check_graph(data, name="toy")


def test_a_heterogeneous_graph_without_types_is_empty() -> None:
    with pytest.raises(ValueError, match="data is an empty graph: it has no node types"):
        check_graph(HeteroData())
    with pytest.raises(TypeError, match=r"data\[0\] must be a Data, got HeteroData"):
        check_graph([heterogeneous()])  # type: ignore[list-item]
