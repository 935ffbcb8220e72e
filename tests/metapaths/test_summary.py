"""Summaries against dense matrices."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch_geometric.data import HeteroData

from graphcl.metapaths import MetaPath, summarise_metapaths
from tests.metapaths.made_up import PATHS, TARGETS, dense_counts, graphs, made_up, paths


@given(graphs(), paths(returns=True), st.data())
def test_numbers(data: HeteroData, path: MetaPath, choices: Any) -> None:
    size = data["a"].num_nodes
    classes = choices.draw(st.lists(st.integers(-1, 2), min_size=size, max_size=size))
    labels = torch.tensor(classes, dtype=torch.int64)
    other = ~torch.eye(size, dtype=torch.bool)
    joined = (dense_counts(data, path) > 0) & other
    known = (labels >= 0)[:, None] & (labels >= 0)[None, :] & other
    equal = known & (labels[:, None] == labels[None, :])
    (found,) = summarise_metapaths(data, [path], labels=labels)
    assert (found.path, found.num_nodes) == (path, size)
    assert found.edges == int(joined.sum())
    assert found.isolated == int((~joined.any(1)).sum())
    assert found.density == pytest.approx(found.edges / max(size * (size - 1), 1))
    assert found.mean_degree == pytest.approx(found.edges / max(size, 1))
    for share, among in ((found.homophily, joined & known), (found.chance, known)):
        expected = float((equal & among).sum() / among.sum()) if among.any() else None
        assert share == pytest.approx(expected)


def test_the_made_up_graph() -> None:
    data = made_up()
    found = summarise_metapaths(data, [*PATHS.values(), "item-place-item"])
    assert [summary.name for summary in found] == [*_names(data), "item-place-item"]
    assert all(summary.homophily is None and summary.chance is None for summary in found)
    assert (found[-1].edges, found[-1].isolated, found[-1].density) == (0, TARGETS, 0.0)
    (labelled,) = summarise_metapaths(data, ["item-place-item"], labels=data["item"].y)
    assert labelled.homophily is None
    assert labelled.chance is not None


def _names(data: HeteroData) -> list[str]:
    return [MetaPath.parse(written, data).name(data) for written in PATHS.values()]


@pytest.mark.parametrize(
    ("metapaths", "labels", "error", "message"),
    [
        ("item-tag-item", None, TypeError, "metapaths must be a sequence of meta-paths, got one"),
        (["item-tag"], None, ValueError, "must end at the node type where it starts"),
        (
            ["item-tag-item"],
            [0, 1],
            TypeError,
            "labels must be a tensor of whole numbers, got list",
        ),
        (["item-tag-item"], torch.zeros(8), TypeError, "got torch.float32"),
        (["item-tag-item"], torch.zeros(7).long(), ValueError, r"shape \[8\], .*; got \[7\]"),
    ],
)
def test_bad_arguments_are_refused(
    metapaths: Any, labels: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        summarise_metapaths(made_up(), metapaths, labels=labels)
