from typing import Any

import pytest
import torch

from graphcl.clustering import Clustering, concentrations, kmeans


def clustering(assignment: list[int], centroids: torch.Tensor) -> Clustering:
    return Clustering(torch.tensor(assignment), centroids, 0.0)


@pytest.mark.parametrize("density", ["inner", "distance"])
def test_the_mean_is_the_temperature(density: Any) -> None:
    points = torch.randn(60, 4, generator=torch.Generator().manual_seed(0)).double()
    phi = concentrations(points, kmeans(points, 7), temperature=0.3, density=density)
    assert phi.shape == (7,)
    assert (phi > 0).all()
    torch.testing.assert_close(phi.mean(), torch.tensor(0.3).double())


def test_what_is_tight_gets_more_by_inner_product_and_less_by_distance() -> None:
    points = torch.tensor([[1.0, 0.0], [1.0, 0.02], [-1.0, 1.0], [-1.0, -1.0]])
    found = clustering([0, 0, 1, 1], torch.tensor([[1.0, 0.01], [-0.2, 0.0]]))
    inner = concentrations(points, found, temperature=1.0)
    distance = concentrations(points, found, temperature=1.0, density="distance")
    assert inner[0] > inner[1]
    assert distance[0] < distance[1]


@pytest.mark.parametrize("density", ["inner", "distance"])
def test_single_points_get_the_largest_of_the_others(density: Any) -> None:
    points = torch.tensor([[1.0], [1.2], [3.0], [3.5], [9.0]])
    found = clustering([0, 0, 1, 1, 2], torch.tensor([[1.1], [3.25], [9.0]]))
    phi = concentrations(points, found, temperature=1.0, density=density)
    assert phi[2] == phi[:2].max() or phi[2] == phi.max()


@pytest.mark.parametrize(
    ("points", "found"),
    [
        (torch.eye(3), clustering([0, 1, 2], torch.eye(3))),  # all of one point
        (-torch.ones(4, 1), clustering([0, 0, 1, 1], torch.ones(2, 1))),  # inner products below 0
        (torch.zeros(4, 2), clustering([0, 0, 0, 0], torch.zeros(1, 2))),  # zero rows
        (torch.ones(1, 2), clustering([0], torch.ones(1, 2))),
    ],
    ids=["singletons", "negative", "zero", "one point"],
)
def test_where_nothing_tells_clusters_apart_all_get_the_temperature(
    points: torch.Tensor, found: Clustering
) -> None:
    phi = concentrations(points, found, temperature=0.4)
    torch.testing.assert_close(phi, torch.full_like(phi, 0.4))


def test_no_temperature_vanishes() -> None:
    points = torch.tensor([[-1.0]] * 20 + [[1.0]] * 2)
    found = clustering([k // 2 for k in range(22)], torch.ones(11, 1))
    assert concentrations(points, found, temperature=0.5).min() >= 0.005


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"temperature": 0.0}, ValueError, "temperature must be above 0, got 0.0"),
        ({"temperature": "1"}, TypeError, "temperature must be a number"),
        ({"temperature": 1.0, "density": "cosine"}, ValueError, "density must be one of"),
    ],
)
def test_arguments_are_checked(options: Any, error: type[Exception], message: str) -> None:
    points = torch.rand(4, 2)
    with pytest.raises(error, match=message):
        concentrations(points, kmeans(points, 2), **options)
    with pytest.raises(ValueError, match=r"points must be those of the clustering, \[4, 2\]"):
        concentrations(points[:3], kmeans(points, 2), temperature=1.0)
