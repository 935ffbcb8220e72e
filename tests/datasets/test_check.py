from __future__ import annotations

from typing import Any

import pytest
import torch
from torch_geometric.data import Batch, Data

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
