"""Pictures of what leaders control."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from matplotlib import pyplot
from matplotlib.colors import to_rgba
from torch_geometric.data import Batch, Data

from graphcl.augmentations import PrepareControl
from graphcl.plotting import plot_control_curves, plot_controlled_graph
from graphcl.plotting.control import FREE, KEPT

SQUARE = torch.tensor([[0, 1, 1, 2, 2, 3, 3, 0], [1, 0, 2, 1, 3, 2, 0, 3]])


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    pyplot.switch_backend("agg")
    yield
    pyplot.close("all")


def prepared(nodes: int = 4) -> Data:
    return PrepareControl(leaders=torch.tensor([0]))(Data(edge_index=SQUARE, num_nodes=nodes))


def test_edges_that_stay_and_edges_that_may_fall() -> None:
    ax = plot_controlled_graph(prepared(), numbers=True)
    kept, free = ax.collections[:2]
    assert (len(kept.get_segments()), len(free.get_segments())) == (3, 1)
    assert tuple(kept.get_colors()[0]) == to_rgba(KEPT)
    assert tuple(free.get_colors()[0]) == to_rgba(FREE)
    assert [text.get_text() for text in ax.texts] == ["0", "1", "2", "3"]


def test_colours_are_steps_from_the_nearest_leader() -> None:
    positions = torch.arange(10.0).reshape(5, 2)
    ax = plot_controlled_graph(prepared(5), positions=positions)
    followers, apart, leader = ax.collections[2:]
    assert followers.get_array().tolist() == [1, 2, 1]
    assert apart.get_offsets().tolist() == [[8.0, 9.0]]  # no leader reaches it
    assert leader.get_offsets().tolist() == [[0.0, 1.0]]


def test_a_graph_of_leaders_only() -> None:
    everyone = PrepareControl(leaders=torch.arange(4))(Data(edge_index=SQUARE, num_nodes=4))
    ax = plot_controlled_graph(everyone)
    assert len(ax.collections[-1].get_offsets()) == 4


@pytest.mark.parametrize(
    ("data", "options", "error", "message"),
    [
        (3, {}, TypeError, "data must be a Data, got int"),
        (Data(edge_index=SQUARE, num_nodes=4), {}, ValueError, "PrepareControl has prepared"),
        (Batch.from_data_list([prepared()]), {}, ValueError, "must be a single graph"),
        (prepared(), {"positions": torch.zeros(3, 2)}, ValueError, r"must have shape \[4, 2\]"),
    ],
)
def test_bad_graphs(data: Data, options: dict, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        plot_controlled_graph(data, **options)


def test_curves_are_means_with_bands() -> None:
    rows = torch.tensor([[1.0, 0.5], [0.5, 0.1]])
    ax = plot_control_curves([0.1, 0.3], {"random": rows, "kept": rows + 1}, label="rank")
    _, first, second = ax.get_lines()
    assert first.get_ydata().tolist() == pytest.approx([0.75, 0.3])
    assert second.get_label() == "kept"
    assert ax.get_ylabel() == "rank"
    assert len(ax.collections) == 2


@pytest.mark.parametrize(
    ("ratios", "values", "message"),
    [
        ([], {"a": torch.ones(0, 1)}, "at least one entry"),
        ([0.1], {}, "at least one entry"),
        ([0.1], {"a": torch.ones(2, 1)}, r"values\['a'\] must have shape \[1, graphs\], got \[2"),
        ([0.1], {"a": torch.ones(1)}, r"must have shape \[1, graphs\], got \[1\]"),
        ([0.1], {"a": torch.full((1, 1), torch.nan)}, r"values\['a'\] must be finite"),
    ],
)
def test_bad_values(ratios: list[float], values: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        plot_control_curves(ratios, values)
