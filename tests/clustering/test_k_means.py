import warnings

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
        (torch.tensor([[1.0], [float("nan")]]), 1, 10, ValueError, "contain NaN or infinite"),
        (torch.tensor([[1.0], [float("inf")]]), 1, 10, ValueError, "contain NaN or infinite"),
        (torch.ones(2, 2), 3, 10, ValueError, "between 1 and the number of points 2, got 3"),
        (torch.ones(2, 2), 0, 10, ValueError, "between 1 and the number of points 2, got 0"),
        (torch.ones(2, 2), 1, 0, ValueError, "restarts must be at least 1, got 0"),
    ],
)
def test_bad_input_is_refused(
    points: torch.Tensor, num_clusters: int, restarts: int, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        kmeans(points, num_clusters, restarts=restarts)
