import sys
import warnings
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch

from graphcl.clustering import kmeans


def blobs(per_cluster: int = 30) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    truth = torch.arange(3).repeat_interleave(per_cluster)
    centres = torch.tensor([[0.0, 0.0], [8.0, 0.0], [0.0, 8.0]])
    return centres[truth] + torch.randn(len(truth), 2, generator=generator), truth


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_separated_groups_are_found_in_every_precision(dtype: torch.dtype) -> None:
    points, truth = blobs()
    found = kmeans(points.to(dtype), 3)
    assert found.assignment.dtype == torch.int64
    pairs = torch.stack([truth, found.assignment]).unique(dim=1)
    assert pairs.size(1) == 3  # one to one


def test_centroids_are_means_and_inertia_is_the_sum_of_squares() -> None:
    points, _ = blobs()
    found = kmeans(points.double(), 3)
    for cluster in range(3):
        mean = points.double()[found.assignment == cluster].mean(0)
        torch.testing.assert_close(found.centroids[cluster], mean)
    residual = points.double() - found.centroids[found.assignment]
    assert found.inertia == pytest.approx(float((residual**2).sum()))


def test_the_seed_decides_and_the_input_is_untouched() -> None:
    points = torch.rand(50, 3, requires_grad=True)
    before = points.detach().clone()
    first, second = kmeans(points, 5, seed=3), kmeans(points, 5, seed=3)
    assert torch.equal(first.assignment, second.assignment)
    assert torch.equal(points, before)
    assert not first.centroids.requires_grad


def test_duplicated_points_leave_fewer_clusters_and_say_so() -> None:
    points = torch.tensor([[0.0, 1.0]] * 5 + [[1.0, 0.0]] * 5)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = kmeans(points, 4)
    assert [str(warning.message) for warning in caught] == [
        "k-means found 2 of the 4 clusters asked for: the 10 points hold too few distinct ones"
    ]
    assert found.assignment.unique().numel() == 2


def test_as_many_clusters_as_points_and_a_single_point() -> None:
    assert sorted(kmeans(torch.eye(4), 4).assignment.tolist()) == [0, 1, 2, 3]
    assert kmeans(torch.ones(1, 1), 1).assignment.tolist() == [0]


@pytest.mark.parametrize(
    ("points", "num_clusters", "restarts", "error", "message"),
    [
        ([[1.0]], 1, 10, TypeError, "points must be a floating-point tensor, got list"),
        (torch.ones(2, 2).long(), 1, 10, TypeError, "floating-point tensor, got torch.int64"),
        (torch.ones(3), 1, 10, ValueError, r"shape \[N, d\], none of them 0; got \[3\]"),
        (torch.ones(0, 2), 1, 10, ValueError, r"none of them 0; got \[0, 2\]"),
        (
            torch.tensor([[1.0], [float("nan")]]),
            1,
            10,
            ValueError,
            "must be finite, but contain NaN",
        ),
        (
            torch.tensor([[1.0], [float("inf")]]),
            1,
            10,
            ValueError,
            "must be finite, but contain NaN",
        ),
        (torch.ones(2, 2), 0, 10, ValueError, "num_clusters must be at least 1, got 0"),
        (torch.ones(2, 2), 1, 0, ValueError, "restarts must be at least 1, got 0"),
    ],
)
def test_bad_input_is_refused(
    points: torch.Tensor, num_clusters: int, restarts: int, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        kmeans(points, num_clusters, restarts=restarts)


def test_more_clusters_than_points_are_lowered() -> None:
    with pytest.warns(UserWarning, match="found 4 of the 9 clusters asked for: the 4 points"):
        found = kmeans(torch.eye(4), 9)
    assert sorted(found.assignment.tolist()) == [0, 1, 2, 3]
    assert found.centroids.shape == (4, 4)


@pytest.mark.parametrize("start", [None, torch.tensor([[1.0, 2.0], [5.0, 5.0], [1.0, 2.0]])])
def test_one_distinct_point_is_one_cluster(start: torch.Tensor | None) -> None:
    with pytest.warns(UserWarning, match="found 1 of the 3 clusters"):
        found = kmeans(torch.tensor([[1.0, 2.0]] * 5), 3, start=start)
    assert found.assignment.tolist() == [0] * 5
    torch.testing.assert_close(found.centroids, torch.tensor([[1.0, 2.0]]))
    assert found.inertia == 0


def test_a_warm_start_goes_on_from_the_centroids() -> None:
    points, _ = blobs()
    first = kmeans(points, 3)
    moved = kmeans(points + 0.1, 3, start=first.centroids)
    assert torch.equal(first.assignment, moved.assignment)  # the numbers of the clusters stay
    torch.testing.assert_close(moved.centroids, first.centroids + 0.1)
    swapped = kmeans(points, 3, start=first.centroids.flip(0), iterations=1)
    assert torch.equal(swapped.assignment, 2 - first.assignment)


def test_an_empty_cluster_of_a_warm_start_is_filled() -> None:
    points, _ = blobs()
    start = torch.tensor([[0.0, 0.0], [8.0, 0.0], [900.0, 900.0]])
    found = kmeans(points, 3, start=start)
    assert found.centroids.isfinite().all()
    assert found.assignment.unique().numel() == 3


def test_fewer_centres_than_clusters_are_filled_up() -> None:
    points, _ = blobs()
    found = kmeans(points, 5, start=kmeans(points, 3).centroids)
    assert found.centroids.shape == (5, 2)
    assert torch.equal(
        found.assignment, kmeans(points, 5, start=kmeans(points, 3).centroids).assignment
    )


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"start": torch.ones(3, 2)}, ValueError, r"start must have shape \[2, 2\] .*got \[3, 2\]"),
        ({"start": torch.ones(2, 3)}, ValueError, r"start must have shape \[2, 2\] .*got \[2, 3\]"),
        ({"start": torch.full((2, 2), torch.nan)}, ValueError, "start must be finite"),
        ({"iterations": 0}, ValueError, "iterations must be at least 1"),
        ({"library": "cuml"}, ValueError, "library must be None or one of .*got 'cuml'"),
    ],
)
def test_options_are_checked(options: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        kmeans(torch.rand(6, 2), 2, **options)


def test_faiss_is_asked_for_in_vain_where_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "faiss", None)
    with pytest.raises(ImportError, match="pip install faiss-cpu"):
        kmeans(torch.rand(6, 2), 2, library="faiss")


class FakeKmeans:
    """What of faiss.Kmeans is used, by Lloyd's iteration in NumPy."""

    def __init__(self, d: int, k: int, *, niter: int, seed: int, **limits: int) -> None:
        self.k, self.niter, self.seed, self.limits = k, niter, seed, limits
        self.index = self

    def train(self, rows: Any, init_centroids: Any = None) -> None:
        assert rows.dtype == np.float32
        assert self.limits["max_points_per_centroid"] == len(rows)
        if init_centroids is None:
            init_centroids = rows[np.random.default_rng(self.seed).permutation(len(rows))[: self.k]]
        self.centroids = init_centroids.copy()
        for _ in range(self.niter):
            labels = self.search(rows, 1)[1][:, 0]
            for k in set(labels):
                self.centroids[k] = rows[labels == k].mean(0)

    def search(self, rows: Any, count: int) -> tuple[Any, Any]:
        squares = ((rows[:, None] - self.centroids) ** 2).sum(2)
        return squares.min(1, keepdims=True), squares.argmin(1)[:, None]


def test_faiss_has_the_same_interface(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = ModuleType("faiss")
    fake.Kmeans = FakeKmeans  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "faiss", fake)
    points, truth = blobs()
    found = kmeans(points, 3, library="faiss")
    assert torch.stack([truth, found.assignment]).unique(dim=1).size(1) == 3
    torch.testing.assert_close(found.inertia, kmeans(points, 3, library="scikit-learn").inertia)
    warm = kmeans(points + 0.1, 3, start=found.centroids, library="faiss")
    assert torch.equal(warm.assignment, found.assignment)


def test_mini_batches_find_what_the_whole_finds() -> None:
    points = blobs(3000)[0].double()
    found = kmeans(points, 3, library="mini-batch", restarts=2)
    exact = kmeans(points, 3, library="scikit-learn", restarts=2)
    assert exact.inertia <= found.inertia < 1.001 * exact.inertia
    for cluster in range(3):  # the centres are means here, too
        mean = points[found.assignment == cluster].mean(0)
        torch.testing.assert_close(found.centroids[cluster], mean)
    again = kmeans(points, 3, library="mini-batch", start=found.centroids)
    assert again.inertia < 1.001 * exact.inertia
