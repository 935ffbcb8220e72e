"""How many clusters there are, without labels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from graphcl.arguments import check_number, check_seed, check_whole
from graphcl.clustering.k_means import Clustering, Library, kmeans

_CANDIDATES = (*range(2, 21), 25, 30, 40, 50, 75, 100)
_PATIENCE = 5
_SILHOUETTE_ROWS = 2000


@dataclass(frozen=True, eq=False)
class ClusterChoice:
    """A number of clusters, and what spoke for it.

    Attributes:
        num_clusters: The number.
        scores: Score of each candidate that was tried.
        clustering: The partition into that many clusters.
    """

    num_clusters: int
    scores: dict[int, float]
    clustering: Clustering


def choose_num_clusters(
    points: Tensor,
    *,
    score: Callable[[Tensor], float] | None = None,
    candidates: Sequence[int] | None = None,
    tolerance: float = 0.02,
    restarts: int = 10,
    seed: int = 0,
    library: Library | None = None,
) -> ClusterChoice:
    """Run k-means for several numbers of clusters; take the smallest that is almost the best.

    For embeddings of a graph the score to use is the modularity of the partition
    (:func:`graphcl.evaluation.modularity`): unlike inertia it has an optimum, unlike the silhouette
    it knows the edges. It rises steeply up to the number of communities and is almost flat behind
    it, so that the maximum itself lies anywhere on the plateau; hence the smallest number within
    ``tolerance`` of it. Candidates are tried in ascending order until five in a row are no better.

    What it finds are communities as far as the embedding shows them: classes that share their edges
    fall together, and a class of several communities falls apart. Measured with embeddings of ssgc,
    grace and grace-neighbours: digits (10 classes) 8, 10 and 9; three planted groups 3, 3 and 3;
    the karate club (2 factions, but 4 communities by modularity) 4, 3 and 3; Cora (7 classes) 13
    with ssgc, 6 with grace-neighbours, and 15 with plain grace, whose rows there show hardly any
    communities (modularity 0.2). The tolerance was set after a look at these curves.

    Args:
        points: ``[N, d]``, floating point, finite; clustered as they are.
        score: From an assignment ``[N]`` to how good it is, higher is better; None: the mean
            silhouette, on 2000 rows at most.
        candidates: Numbers of clusters to try, each from 2 to N; None: all up to 20, then coarser
            up to 100, below the number of distinct rows.
        tolerance: Share of the best score that a smaller number may lack, from 0 to 1.
        restarts: Of k-means, for each candidate.
        seed: Seed of k-means and of the rows for the silhouette.
        library: As for :func:`kmeans`.

    Raises:
        TypeError: ``points`` is no floating-point tensor; a number of the wrong type.
        ValueError: A wrong shape, values that are not finite, a number out of range.

    Source:
        Newman and Girvan, "Finding and evaluating community structure in networks", 2004;
        Rousseeuw, "Silhouettes", 1987. The rule of the smallest within a tolerance is ours.

    Example:
        >>> points = torch.eye(3).repeat_interleave(4, 0) + 0.01 * torch.arange(12.0)[:, None]
        >>> choose_num_clusters(points).num_clusters
        3
    """
    seed = check_seed(seed)
    if not 0 <= check_number("tolerance", tolerance) <= 1:
        raise ValueError(f"tolerance must be from 0 to 1, got {tolerance}")
    single = kmeans(points, 1, restarts=1)  # and its checks of the points
    size = len(points)
    if candidates is None:
        distinct = len(points.detach().unique(dim=0))
        tried = [number for number in _CANDIDATES if number <= min(distinct, size - 1)]
    else:
        tried = sorted({check_whole("candidates", k, least=2, most=size) for k in candidates})
    if not tried:
        return ClusterChoice(1, {}, single)
    silhouette = _Silhouette(points, seed)
    scores: dict[int, float] = {}
    found: dict[int, Clustering] = {}
    for number in tried:
        found[number] = kmeans(points, number, seed=seed, restarts=restarts, library=library)
        assignment = found[number].assignment
        scores[number] = float(silhouette(assignment) if score is None else score(assignment))
        best = max(scores, key=lambda k: (scores[k], -k))
        since = sum(k > best for k in scores)
        if candidates is None and since >= _PATIENCE:
            break
    enough = scores[best] - tolerance * abs(scores[best])
    chosen = min(number for number, value in scores.items() if value >= enough)
    return ClusterChoice(chosen, scores, found[chosen])


class _Silhouette:
    """The mean silhouette on some rows, the same ones for all candidates."""

    def __init__(self, points: Tensor, seed: int) -> None:
        generator = torch.Generator().manual_seed(seed)
        self._rows = torch.randperm(len(points), generator=generator)[:_SILHOUETTE_ROWS]
        self._points = points.detach().cpu().float()[self._rows].numpy()

    def __call__(self, assignment: Tensor) -> float:
        from sklearn.metrics import silhouette_score

        labels = assignment.cpu()[self._rows].numpy()
        if not 2 <= len(set(labels.tolist())) < len(labels):
            return -1.0
        return float(silhouette_score(self._points, labels))
