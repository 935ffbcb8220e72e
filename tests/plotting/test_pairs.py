"""Pictures of pairs. Bars are tested where reports draw them, in tests/benchmark/test_report.py."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch
from matplotlib import pyplot
from torch import Tensor

from graphcl.plotting import plot_pair_histogram, plot_weights_by_similarity

LABELS = torch.tensor([0, 0, 1, 1, -1])
# Of same-label pairs 1, of others 0; what must not be drawn is far away.
VALUES = (LABELS.unsqueeze(1) == LABELS).double()
VALUES[:, 4], VALUES[4], VALUES[range(5), range(5)] = 50.0, 50.0, 70.0


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    pyplot.switch_backend("agg")
    yield
    pyplot.close("all")


def texts(ax: Any) -> list[str]:
    return [text.get_text() for text in ax.get_legend().get_texts()]


def drawn(ax: Any) -> list[tuple[list[float], list[float]]]:
    return [(list(line.get_xdata()), list(line.get_ydata())) for line in ax.get_lines()]


def test_histogram_holds_pairs_of_labelled_items_but_none_with_itself() -> None:
    ax = plot_pair_histogram(VALUES, LABELS, bins=4, axis="cosine")
    assert texts(ax) == ["same label (33.3 % of pairs)", "other label"]
    assert [x[0] for x, _ in drawn(ax)] == [1.0, 0.0]  # the means
    assert max(corner for patch in ax.patches for corner in patch.get_xy()[:, 0]) == 1.0
    assert ax.get_xlabel() == "cosine"


def test_histogram_of_some_anchors_and_without_nan() -> None:
    values = VALUES[[2, 0]].clone()
    values[0, 3] = torch.nan  # the only same-label pair of item 2
    ax = plot_pair_histogram(values, LABELS, anchors=torch.tensor([2, 0]))
    assert texts(ax) == ["same label (20.0 % of pairs)", "other label"]


@pytest.mark.parametrize("labels", [torch.zeros(5, dtype=torch.long), torch.arange(5)])
def test_one_kind_of_pairs_is_enough(labels: Tensor) -> None:
    values = torch.full((5, 5), 0.5)
    assert len(drawn(plot_pair_histogram(values, labels))) == 1
    assert len(drawn(plot_weights_by_similarity(values, values, labels, least=1))) == 1


def test_axes_are_those_given() -> None:
    _, (left, right) = pyplot.subplots(1, 2)
    assert plot_pair_histogram(VALUES, LABELS, ax=left) is left
    assert plot_weights_by_similarity(VALUES, VALUES, LABELS, ax=right) is right
    assert plot_pair_histogram(VALUES, LABELS) not in (left, right)


def test_tensors_that_need_gradients_are_drawn() -> None:
    values = torch.rand(5, 5, requires_grad=True)
    plot_pair_histogram(values, LABELS)
    plot_weights_by_similarity(values, values.exp(), LABELS)


def test_weights_are_averaged_by_similarity_and_kind() -> None:
    generator = torch.Generator().manual_seed(0)
    cosines = torch.rand(60, 60, generator=generator, dtype=torch.double)
    labels = torch.arange(60) % 3
    same = labels.unsqueeze(1) == labels
    weights = torch.where(same, cosines, 2 + cosines)
    ax = plot_weights_by_similarity(cosines, weights, labels, bins=5, least=1)
    assert texts(ax) == ["same label", "other label"]
    (x, of_same), (_, of_other) = drawn(ax)
    np.testing.assert_allclose(x, [0.1, 0.3, 0.5, 0.7, 0.9], atol=2e-3)
    np.testing.assert_allclose(of_same, x, atol=0.02)
    np.testing.assert_allclose(of_other, np.add(x, 2), atol=0.02)


def test_bins_with_few_pairs_are_left_out() -> None:
    cosines, labels = torch.zeros(6, 6), torch.tensor([0, 0, 0, 1, 1, 1])
    cosines[0, 1] = cosines[0, 4] = 1.0  # one pair of each kind, all others in the first bin
    lines = drawn(plot_weights_by_similarity(cosines, cosines, labels, bins=2, least=2))
    assert [x for x, _ in lines] == [[0.25], [0.25]]


BAD: list[tuple[Callable[[], Any], type[Exception], str]] = [
    (lambda: plot_pair_histogram(VALUES.long(), LABELS), TypeError, "values must be a floating"),
    (lambda: plot_pair_histogram(VALUES, LABELS.float()), TypeError, "labels must be integers"),
    (lambda: plot_pair_histogram(VALUES[:2], LABELS), ValueError, r"\[5, 5\], got \[2, 5\]"),
    (lambda: plot_pair_histogram(VALUES, LABELS, bins=0), ValueError, "bins"),
    (lambda: plot_pair_histogram(VALUES.log(), LABELS), ValueError, "values must be finite"),
    (lambda: plot_pair_histogram(VALUES, LABELS * 0 - 1), ValueError, "no pair to draw"),
    (
        lambda: plot_pair_histogram(VALUES[:1], LABELS, anchors=torch.tensor([5])),
        ValueError,
        "anchors must be from 0 to 4",
    ),
    (
        lambda: plot_pair_histogram(VALUES[:1], LABELS, anchors=torch.tensor([0.0])),
        TypeError,
        "anchors must be integers",
    ),
    (
        lambda: plot_weights_by_similarity(VALUES, VALUES[:, :4], LABELS),
        ValueError,
        "weights must have shape",
    ),
    (
        lambda: plot_weights_by_similarity(VALUES, VALUES * torch.nan, LABELS),
        ValueError,
        "weights must be finite",
    ),
    (lambda: plot_weights_by_similarity(VALUES, VALUES, LABELS, least=0), ValueError, "least"),
]


@pytest.mark.parametrize(("call", "error", "message"), BAD)
def test_bad_input_is_refused(
    call: Callable[[], Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        call()
