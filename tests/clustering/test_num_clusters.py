import warnings

import pytest
import torch

from graphcl.clustering import choose_num_clusters
from graphcl.datasets import planted_partition
from graphcl.evaluation import modularity


def blobs(clusters: int, per_cluster: int = 30, noise: float = 0.05) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    truth = torch.arange(clusters).repeat_interleave(per_cluster)
    return torch.eye(clusters)[truth] + noise * torch.randn(
        len(truth), clusters, generator=generator
    )


@pytest.mark.parametrize("clusters", [2, 3, 6])
def test_separated_groups_are_counted(clusters: int) -> None:
    choice = choose_num_clusters(blobs(clusters), restarts=3)
    assert choice.num_clusters == clusters
    assert choice.clustering.assignment.unique().numel() == clusters
    assert max(choice.scores) <= clusters + 5  # the search stops behind the best


@pytest.mark.parametrize("classes", [3, 5])
def test_planted_groups_are_counted_by_modularity(classes: int) -> None:
    data = planted_partition(
        300, num_classes=classes, average_degree=10, homophily=0.85, num_features=1,
        feature_signal=0, seed=0,
    )  # fmt: skip
    generator = torch.Generator().manual_seed(0)
    points = torch.eye(classes)[data.y] + 0.3 * torch.randn(300, classes, generator=generator)
    choice = choose_num_clusters(
        points, score=lambda assignment: modularity(assignment, data.edge_index), restarts=3
    )
    assert choice.num_clusters == classes


def test_the_smallest_number_within_the_tolerance() -> None:
    points = torch.rand(40, 2, generator=torch.Generator().manual_seed(0))
    values = {2: 0.5, 3: 0.975, 4: 0.99, 5: 1.0}

    def score(assignment: torch.Tensor) -> float:
        return values[int(assignment.unique().numel())]

    for tolerance, number in ((0.0, 5), (0.02, 4), (0.03, 3), (1.0, 2)):
        choice = choose_num_clusters(
            points, score=score, candidates=[5, 2, 3, 4], tolerance=tolerance
        )
        assert choice.num_clusters == number
        assert choice.scores == values


def test_a_seed_gives_one_result() -> None:
    points = torch.rand(60, 3, generator=torch.Generator().manual_seed(0))
    first, second = (choose_num_clusters(points, seed=3, restarts=1) for _ in range(2))
    assert first.scores == second.scores


def test_nothing_to_tell_apart() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert choose_num_clusters(torch.ones(1, 2)).num_clusters == 1
        assert choose_num_clusters(torch.ones(9, 2)).num_clusters == 1
        assert choose_num_clusters(torch.eye(2)).num_clusters == 1
        assert choose_num_clusters(torch.eye(2).repeat(4, 1)).num_clusters == 2


def test_bad_input_is_refused() -> None:
    points = torch.eye(4)
    with pytest.raises(ValueError, match="candidates must be from 2 to 4, got 1"):
        choose_num_clusters(points, candidates=[1])
    with pytest.raises(ValueError, match="tolerance must be from 0 to 1, got 2"):
        choose_num_clusters(points, tolerance=2)
    with pytest.raises(ValueError, match="NaN or infinite"):
        choose_num_clusters(points / 0)
    with pytest.raises(TypeError, match="floating-point tensor"):
        choose_num_clusters(points.long())
