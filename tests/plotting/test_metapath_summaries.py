"""The picture of meta-paths in numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from matplotlib import pyplot
from torch_geometric.data import HeteroData

from graphcl.metapaths import MetaPathSummary, summarise_metapaths
from graphcl.plotting import plot_metapath_summaries


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    pyplot.switch_backend("agg")
    yield
    pyplot.close("all")


def shops(labels: list[int] | None = None) -> list[MetaPathSummary]:
    """Four shops in three towns, the first two in the same; nobody works in any."""
    data = HeteroData()
    data["shop"].num_nodes, data["town"].num_nodes, data["worker"].num_nodes = 4, 3, 2
    data["shop", "in", "town"].edge_index = torch.tensor([[0, 1, 2, 3], [0, 0, 1, 2]])
    data["town", "has", "shop"].edge_index = torch.tensor([[0, 0, 1, 2], [0, 1, 2, 3]])
    data["shop", "employs", "worker"].edge_index = torch.empty(2, 0, dtype=torch.long)
    data["worker", "in", "shop"].edge_index = torch.empty(2, 0, dtype=torch.long)
    paths = ["shop-town-shop", "shop-worker-shop"]
    y = None if labels is None else torch.tensor(labels)
    return summarise_metapaths(data, paths, labels=y)


def said(ax: Any) -> list[str]:
    return [text.get_text() for text in ax.texts]


def test_each_path_is_a_row_of_three_panels() -> None:
    edges, isolated, homophily = plot_metapath_summaries(shops([0, 0, 1, 1]))
    names = [tick.get_text() for tick in edges.get_yticklabels()]
    assert names == ["shop-town-shop", "shop-worker-shop"]
    assert said(edges) == ["2 (16.7 % of pairs)", "none"]
    assert said(isolated) == ["2", "4"]
    assert [bar.get_width() for bar in isolated.patches] == [50.0, 100.0]
    assert said(homophily) == ["100", "no edge with labels"]
    (chance,) = homophily.get_lines()
    assert chance.get_xdata()[0] == pytest.approx(100 / 3)
    assert edges.get_ylim()[0] > edges.get_ylim()[1]  # the first row is on top


def test_without_labels_there_is_no_homophily() -> None:
    assert [ax.get_xlabel() for ax in plot_metapath_summaries(shops())] == [
        "edges",
        "nodes without neighbour (%)",
    ]


def test_one_legend_for_all_diamonds() -> None:
    (homophily,) = plot_metapath_summaries(shops([0, 0, 1, 1])[:1] * 3)[2:]
    assert [text.get_text() for text in homophily.get_legend().get_texts()] == [
        "if all pairs were edges"
    ]


def test_long_names_are_broken_and_axes_are_those_given() -> None:
    data = HeteroData()
    data["a"].num_nodes = data["b"].num_nodes = 2
    data["a", "to", "b"].edge_index = torch.tensor([[0, 1], [0, 0]])
    data["b", "to", "a"].edge_index = torch.tensor([[0, 0], [0, 1]])
    given = pyplot.subplots(1, 2)[1]
    axes = plot_metapath_summaries(summarise_metapaths(data, ["a-b-a-b-a"]), axes=given)
    assert axes == list(given)
    assert [tick.get_text() for tick in axes[0].get_yticklabels()] == ["a-b-a-\nb-a"]


BAD: list[tuple[Callable[[], Any], type[Exception], str]] = [
    (lambda: plot_metapath_summaries([]), ValueError, "at least one meta-path"),
    (lambda: plot_metapath_summaries(shops()[0]), TypeError, "got one MetaPathSummary"),  # type: ignore[arg-type]
    (lambda: plot_metapath_summaries(["a-b-a"]), TypeError, "must hold MetaPathSummary, got str"),  # type: ignore[list-item]
    (
        lambda: plot_metapath_summaries(shops(), axes=pyplot.subplots(1, 3)[1]),
        ValueError,
        "axes must be 2, one for each panel, got 3",
    ),
]


@pytest.mark.parametrize(("call", "error", "message"), BAD)
def test_bad_input_is_refused(
    call: Callable[[], Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        call()
