"""k-means on tensors, by faiss where it is installed, else by scikit-learn; or in mini-batches."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Literal, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from graphcl.arguments import all_finite, check_whole

Library = Literal["faiss", "scikit-learn", "mini-batch"]
Rows = NDArray[Any]
_FAISS_ROUND = 5  # iterations between two looks at the objective: faiss itself never stops early
_TOLERANCE = 1e-4
_SAMPLE = 4096  # points of a step of mini-batch k-means


@dataclass(frozen=True, eq=False)
class Clustering:
    """A partition of points into clusters.

    Attributes:
        assignment: cluster of each point, `[N]`, int64 in `0 .. num_clusters - 1`.
        centroids: centre of each cluster, `[num_clusters, d]`.
        inertia: sum of squared distances of the points to their centres.
    """

    assignment: Tensor
    centroids: Tensor
    inertia: float


def kmeans(
    points: Tensor,
    num_clusters: int,
    *,
    seed: int = 0,
    restarts: int = 10,
    start: Tensor | None = None,
    iterations: int = 300,
    library: Library | None = None,
) -> Clustering:
    """Partition points by k-means: the best of several restarts, or one run from given centres.

    The rows are clustered as they are: normalise them first if only directions matter. There are
    never more clusters than distinct points: where fewer are found than asked for, that is warned
    about, and empty ones are left out, so that every centroid is a mean.

    Args:
        points: `[N, d]`, floating point, finite.
        num_clusters: number of clusters, at least 1.
        seed: seed of the restarts' initial centres.
        restarts: how many times to start afresh, at least 1; without meaning with `start`.
        start: centroids of a former clustering, `[num_clusters, d]`, to go on from (a warm start);
            where it has fewer rows, points drawn at random fill up.
        iterations: most iterations of a run, at least 1; it stops as soon as little changes.
        library: "faiss", "scikit-learn", or "mini-batch" (scikit-learn's steps on samples of 4,096
            points, for millions of them; a little less exact; `iterations` are passes then);
            None: faiss where it is installed, else scikit-learn. Their partitions differ a little:
            name one where results must not depend on what is installed.

    Returns:
        The clustering, on the device of `points`.

    Raises:
        ImportError: `library="faiss"` where it is not installed.
        TypeError: `points` is not a floating-point tensor; a number of the wrong type.
        ValueError: a wrong shape, a value that is not finite, or a number out of range.

    Source:
        Arthur and Vassilvitskii, "k-means++: the advantages of careful seeding", SODA 2007.

    Example:
        >>> points = torch.tensor([[0.0], [0.1], [5.0], [5.1]])
        >>> first = kmeans(points, 2)
        >>> bool(first.assignment[0] == first.assignment[1])
        True
        >>> again = kmeans(points + 0.01, 2, start=first.centroids)  # of the next epoch, say
        >>> torch.equal(first.assignment, again.assignment)
        True
    """
    _check_points("points", points)
    check_whole("num_clusters", num_clusters, least=1)
    check_whole("restarts", restarts, least=1)
    check_whole("iterations", iterations, least=1)
    wanted, size = num_clusters, min(num_clusters, len(points))
    if library is not None and library not in get_args(Library):
        raise ValueError(f"library must be None or one of {get_args(Library)}, got {library!r}")
    # Half precision has too few digits for sums over many points.
    dtype = torch.float64 if points.dtype == torch.float64 else torch.float32
    rows = points.detach().to("cpu", dtype).numpy()
    centres = None
    if start is not None:
        _check_points("start", start)
        if len(start) > wanted or start.size(1) != points.size(1):
            raise ValueError(
                f"start must have shape [{wanted}, {points.size(1)}] (or fewer rows), got "
                f"{list(start.shape)}"
            )
        centres = _filled_up(start.detach().to("cpu", dtype).numpy()[:size], rows, size, seed)
    if library is None:
        library = "faiss" if find_spec("faiss") is not None else "scikit-learn"
    run = {"faiss": _faiss, "scikit-learn": _scikit_learn, "mini-batch": _mini_batch}[library]
    labels, centroids = run(rows, size, seed, restarts, centres, iterations)
    assignment, found = np.unique(labels, return_inverse=True)[1], np.unique(labels)
    if len(found) < wanted:
        warnings.warn(
            f"k-means found {len(found)} of the {wanted} clusters asked for: "
            f"the {len(rows)} points hold too few distinct ones",
            stacklevel=2,
        )
    kept = torch.from_numpy(np.ascontiguousarray(centroids[found]))
    result = torch.from_numpy(assignment.reshape(-1).astype(np.int64))
    inertia = float((torch.from_numpy(rows) - kept[result]).square().sum(dtype=torch.float64))
    return Clustering(result.to(points.device), kept.to(points.device), inertia)


def _scikit_learn(
    rows: Rows, size: int, seed: int, restarts: int, centres: Rows | None, iterations: int
) -> tuple[Rows, Rows]:
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning

    model = KMeans(
        size,
        init="k-means++" if centres is None else centres,
        n_init=restarts if centres is None else 1,
        max_iter=iterations,
        tol=_TOLERANCE,
        random_state=seed,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # kmeans says it once
        return model.fit_predict(rows), model.cluster_centers_


def _mini_batch(
    rows: Rows, size: int, seed: int, restarts: int, centres: Rows | None, iterations: int
) -> tuple[Rows, Rows]:
    """Steps on samples; its centres follow single points, so the means of the members replace them.

    Source: Sculley, "Web-scale k-means clustering", WWW 2010.
    """
    from sklearn.cluster import MiniBatchKMeans
    from sklearn.exceptions import ConvergenceWarning

    model = MiniBatchKMeans(
        size,
        init="k-means++" if centres is None else centres,
        n_init=restarts if centres is None else 1,
        max_iter=iterations,
        batch_size=max(_SAMPLE, 4 * size),
        random_state=seed,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # kmeans says it once
        labels = model.fit_predict(rows)
    return labels, _means(rows, labels, model.cluster_centers_)


def _faiss(
    rows: Rows, size: int, seed: int, restarts: int, centres: Rows | None, iterations: int
) -> tuple[Rows, Rows]:
    try:
        faiss = import_module("faiss")
    except ImportError as error:
        raise ImportError("library='faiss' needs faiss: pip install faiss-cpu") from error

    rows = np.ascontiguousarray(rows, dtype=np.float32)
    best: tuple[float, Rows, Rows] | None = None
    for attempt in range(restarts if centres is None else 1):
        current, last, done = centres, float("inf"), 0
        while done < iterations:
            model = faiss.Kmeans(
                rows.shape[1],
                size,
                niter=min(_FAISS_ROUND, iterations - done),
                seed=seed + attempt,
                min_points_per_centroid=1,
                max_points_per_centroid=len(rows),  # else it clusters a sample
            )
            start = None if current is None else np.ascontiguousarray(current, dtype=np.float32)
            model.train(rows, init_centroids=start)
            current, done = model.centroids, done + _FAISS_ROUND
            distances, labels = model.index.search(rows, 1)
            objective = float(distances.sum(dtype=np.float64))
            if last - objective <= _TOLERANCE * objective:
                break
            last = objective
        assert current is not None
        if best is None or objective < best[0]:
            best = (objective, labels.reshape(-1), current)
    assert best is not None
    return best[1], _means(rows, best[1], best[2])


def _means(rows: Rows, labels: Rows, centres: Rows) -> Rows:
    """Means of the members, where a library returns other centres (faiss: those before)."""
    sums, counts = np.zeros_like(centres), np.bincount(labels, minlength=len(centres))
    np.add.at(sums, labels, rows)
    return np.where(counts[:, None] > 0, sums / np.maximum(counts, 1)[:, None], centres)


def _filled_up(centres: Rows, rows: Rows, size: int, seed: int) -> Rows:
    missing = size - len(centres)
    drawn = np.random.default_rng(seed).choice(len(rows), missing, replace=False)
    return np.concatenate([centres, rows[drawn]])


def _check_points(name: str, points: Tensor) -> None:
    if not isinstance(points, Tensor) or not points.is_floating_point():
        given = str(points.dtype) if isinstance(points, Tensor) else type(points).__name__
        raise TypeError(f"{name} must be a floating-point tensor, got {given}")
    if points.dim() != 2 or 0 in points.shape:
        raise ValueError(f"{name} must have shape [N, d], none of them 0; got {list(points.shape)}")
    if not all_finite(points):
        raise ValueError(f"{name} must be finite, but contain NaN or infinite values")
