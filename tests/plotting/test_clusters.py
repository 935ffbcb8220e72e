"""Pictures of clusterings: maps, confusion, curves, and the error of an approximation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch
from matplotlib import pyplot
from matplotlib.colors import to_hex

from graphcl.losses import ApproximationError, PamCLoss
from graphcl.plotting import (
    PALETTE,
    plot_approximation_error,
    plot_confusion,
    plot_embedding_map,
    plot_training_curves,
)

ROWS = torch.randn(30, 5, generator=torch.Generator().manual_seed(0))
CLUSTERS = torch.arange(30) % 3
LABELS = (CLUSTERS + 1) % 3  # cluster c is class c + 1


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    pyplot.switch_backend("agg")
    yield
    pyplot.close("all")


def colours(ax: Any) -> list[str]:
    return [to_hex(colour) for colour in ax.collections[0].get_facecolors()]


def legend(ax: Any) -> list[str]:
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_a_cluster_has_the_colour_of_its_class() -> None:
    by_cluster, by_label = plot_embedding_map(ROWS, CLUSTERS + 5, LABELS)
    assert colours(by_cluster) == colours(by_label)
    assert colours(by_label) == [PALETTE[int(y)].lower() for y in LABELS]
    assert legend(by_cluster) == ["cluster 5", "cluster 6", "cluster 7"]
    assert legend(by_label) == ["class 0", "class 1", "class 2"]


def test_clusters_without_a_class_and_nodes_without_a_label() -> None:
    labels = torch.where(CLUSTERS == 2, -1, LABELS)
    by_cluster, by_label = plot_embedding_map(ROWS, CLUSTERS, labels)
    assert [ax.get_title(loc="left") for ax in (by_cluster, by_label)] == [
        "3 clusters",
        "2 classes",
    ]
    assert "no label" in legend(by_label)
    assert len(set(colours(by_cluster))) == 3


def test_pca_says_the_variance_and_keeps_the_first_directions() -> None:
    flat = torch.zeros(30, 5)
    flat[:, 1], flat[:, 3] = torch.arange(30.0), 3 * torch.tensor([1.0, -1.0]).repeat(15)
    (ax,) = plot_embedding_map(flat, CLUSTERS)
    places = np.asarray(ax.collections[0].get_offsets())
    np.testing.assert_allclose(np.ptp(places[:, 0]), 29, rtol=0.02)
    assert ax.get_xlabel().startswith("first component, 89 %")


@pytest.mark.parametrize("width", [1, 2])
def test_tsne_of_few_rows(width: int) -> None:
    (ax,) = plot_embedding_map(ROWS[:7, :width], CLUSTERS[:7], projection="tsne")
    assert len(ax.collections[0].get_offsets()) == 7


def test_rows_that_are_alike_or_narrow_are_drawn() -> None:
    for rows in (torch.ones(4, 3), ROWS[:4, :1]):
        (ax,) = plot_embedding_map(rows, CLUSTERS[:4])
        assert np.isfinite(np.asarray(ax.collections[0].get_offsets())).all()


def test_of_many_rows_the_same_sample_is_drawn_and_said() -> None:
    first, again = (plot_embedding_map(ROWS, CLUSTERS, LABELS, most=9, seed=3) for _ in range(2))
    assert first[0].get_title(loc="right") == "9 of 30 rows"
    assert len(colours(first[0])) == len(colours(first[1])) == 9
    assert colours(first[0]) == colours(again[0])


@pytest.mark.parametrize("number", [7, 13, 25])
def test_many_clusters_have_colours_of_their_own(number: int) -> None:
    (ax,) = plot_embedding_map(ROWS, torch.arange(30) % number)
    assert len(set(colours(ax))) == number
    assert (ax.get_legend() is None) == (number > 12)


def test_ids_may_be_any_integers() -> None:
    by_cluster, by_label = plot_embedding_map(ROWS, CLUSTERS * 10**9 - 5, LABELS * 10**9)
    assert colours(by_cluster) == colours(by_label)
    (alone,) = plot_embedding_map(ROWS, CLUSTERS * 10**9 - 5)
    assert colours(alone) == [PALETTE[int(c)].lower() for c in CLUSTERS]


def test_confusion_has_matched_clusters_on_the_diagonal() -> None:
    clusters = torch.tensor([9, 9, 9, 4, 4, 6, 6])
    labels = torch.tensor([0, 0, 2, 2, 2, -1, 0])
    ax = plot_confusion(clusters, labels, class_names=["a", "b"])
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["9", "4", "6"]
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["a", "b"]
    np.testing.assert_allclose(ax.images[0].get_array(), [[2 / 3, 0, 1 / 3], [1 / 3, 2 / 3, 0]])
    assert sorted(text.get_text() for text in ax.texts) == ["1", "1", "2", "2"]
    assert ax.get_title(loc="left") == "3 clusters, accuracy 66.7 %"


def test_fewer_clusters_than_classes_and_many_of_them() -> None:
    ax = plot_confusion(torch.zeros(3, dtype=torch.long), torch.arange(3))
    assert ax.get_title(loc="left") == "1 cluster, accuracy 33.3 %"
    assert not plot_confusion(torch.arange(30), torch.arange(30)).texts  # no room for numbers


def test_curves_start_at_epoch_one_or_where_they_were_measured() -> None:
    losses = [2.0, 1.5, torch.tensor(1.0)]
    curves: dict[str, Any] = {"loss": losses, "modularity": {50: 0.5, 0: 0.1}}
    loss, modularity = plot_training_curves(curves, mark=2)
    assert list(loss.get_lines()[0].get_xdata()) == [1, 2, 3]
    assert list(loss.get_lines()[0].get_ydata()) == [2.0, 1.5, 1.0]
    assert list(modularity.get_lines()[0].get_xdata()) == [0, 50]
    assert list(modularity.get_lines()[1].get_xdata()) == [2, 2]


def test_errors_and_their_bound_are_drawn_by_temperature() -> None:
    found = {t: PamCLoss(t).error_bound(ROWS, CLUSTERS) for t in (1.0, 0.25, 4.0)}
    ax = plot_approximation_error({"first": found})
    mean, bound = ax.get_lines()
    assert list(mean.get_xdata()) == [0.25, 1.0, 4.0]
    errors = [float(found[t].error.abs().mean()) for t in (0.25, 1.0, 4.0)]
    np.testing.assert_allclose(mean.get_ydata(), errors, rtol=1e-5)
    assert list(bound.get_ydata()) == [found[t].bound for t in (0.25, 1.0, 4.0)]
    assert ax.get_xscale() == ax.get_yscale() == "log"


def test_an_exact_approximation_is_drawn_at_the_edge() -> None:
    exact = ApproximationError(0.0, torch.zeros(3), torch.arange(3))
    ax = plot_approximation_error({"exact": {1.0: exact}})
    assert list(ax.get_lines()[0].get_ydata()) == [1e-8]


def test_axes_are_those_given() -> None:
    _, given = pyplot.subplots(1, 2)
    assert plot_embedding_map(ROWS, CLUSTERS, LABELS, axes=given) == list(given)
    assert plot_embedding_map(ROWS, CLUSTERS, axes=given[0]) == [given[0]]
    assert plot_confusion(CLUSTERS, LABELS, ax=given[0]) is given[0]
    assert plot_training_curves({"a": [1.0], "b": [2.0]}, axes=given) == list(given)
    assert plot_training_curves({"a": [1.0]}, axes=given[1]) == [given[1]]
    error = PamCLoss(1.0).error_bound(ROWS, CLUSTERS)
    assert plot_approximation_error({"first": {1.0: error}}, ax=given[0]) is given[0]


def errors_of(value: Any) -> Any:
    return lambda: plot_approximation_error(value)


BAD: list[tuple[Callable[[], Any], type[Exception], str]] = [
    (lambda: plot_embedding_map(ROWS.long(), CLUSTERS), TypeError, "embeddings must be floating"),
    (lambda: plot_embedding_map(ROWS[0], CLUSTERS), ValueError, r"shape \[N, d\], got \[5\]"),
    (lambda: plot_embedding_map(ROWS[:1], CLUSTERS[:1]), ValueError, "at least 2 rows, got 1"),
    (lambda: plot_embedding_map(ROWS / 0, CLUSTERS), ValueError, "NaN or infinite"),
    (lambda: plot_embedding_map(ROWS, CLUSTERS.float()), TypeError, "assignment must be integers"),
    (lambda: plot_embedding_map(ROWS, CLUSTERS[1:]), ValueError, r"shape \[30\], got \[29\]"),
    (lambda: plot_embedding_map(ROWS, CLUSTERS, LABELS * 0 - 1), ValueError, "no label"),
    (
        lambda: plot_embedding_map(ROWS, CLUSTERS, projection="tsn"),  # type: ignore[arg-type]
        ValueError,
        "did you mean 'tsne'",
    ),
    (lambda: plot_embedding_map(ROWS, CLUSTERS, most=1), ValueError, "most"),
    (
        lambda: plot_embedding_map(ROWS, CLUSTERS, axes=pyplot.subplots(1, 2)[1]),
        ValueError,
        "axes must be 1, one for each panel, got 2",
    ),
    (lambda: plot_confusion(CLUSTERS, LABELS.float()), TypeError, "labels must be an integer"),
    (
        lambda: plot_confusion(CLUSTERS, LABELS, class_names=["a"]),
        ValueError,
        "class_names must be 3, one for each class, got 1",
    ),
    (lambda: plot_training_curves({}), ValueError, "at least one curve"),
    (lambda: plot_training_curves([1.0]), TypeError, "got list"),  # type: ignore[arg-type]
    (lambda: plot_training_curves({"a": 1.0}), TypeError, "got float"),  # type: ignore[dict-item]
    (lambda: plot_training_curves({"a": []}), ValueError, "at least one value"),
    (lambda: plot_training_curves({"a": [1.0, float("nan")]}), ValueError, "at epoch 2 is nan"),
    (lambda: plot_training_curves({"a": ["x"]}), TypeError, "no number: 'x'"),  # type: ignore[list-item]
    (lambda: plot_training_curves({"a": [1.0]}, mark=1.5), TypeError, "mark"),  # type: ignore[arg-type]
    (
        lambda: plot_training_curves({"a": [1.0]}, axes=pyplot.subplots(1, 2)[1]),
        ValueError,
        "axes must be 1, one for each curve, got 2",
    ),
    (errors_of([]), TypeError, "got list"),
    (errors_of({}), ValueError, "at least one approximation"),
    (errors_of({"first": 3}), TypeError, "got int"),
    (errors_of({"first": {}}), ValueError, "at least one temperature"),
    (errors_of({"first": {0.0: None}}), ValueError, "above 0, got 0"),
    (errors_of({"first": {1.0: 0.3}}), TypeError, "must be an ApproximationError, got float"),
]


@pytest.mark.parametrize(("call", "error", "message"), BAD)
def test_bad_input_is_refused(
    call: Callable[[], Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        call()
