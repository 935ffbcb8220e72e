"""k-means, by scikit-learn, on tensors."""

import warnings
from dataclasses import dataclass

import torch
from torch import Tensor


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


def kmeans(points: Tensor, num_clusters: int, *, seed: int = 0, restarts: int = 10) -> Clustering:
    """Partition points by k-means with k-means++ seeding; the best of several restarts.

    The rows are clustered as they are: normalise them first if only directions matter.
    Duplicated points can leave fewer clusters than asked for; that is warned about.

    Args:
        points: `[N, d]`, floating point, finite.
        num_clusters: number of clusters, `1 .. N`.
        seed: seed of the restarts' initial centres.
        restarts: how many times to start afresh, at least 1.

    Returns:
        The clustering, on the device of `points`.

    Raises:
        TypeError: `points` is not a floating-point tensor.
        ValueError: a wrong shape, a value that is not finite, or a number out of range.

    Source:
        Arthur and Vassilvitskii, "k-means++: the advantages of careful seeding", SODA 2007.

    Example:
        >>> points = torch.tensor([[0.0], [0.1], [5.0], [5.1]])
        >>> assignment = kmeans(points, 2).assignment
        >>> bool(assignment[0] == assignment[1]), bool(assignment[0] == assignment[2])
        (True, False)
    """
    _check(points, num_clusters, restarts)
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning

    # Half precision has too few digits for sums over many points.
    dtype = torch.float64 if points.dtype == torch.float64 else torch.float32
    rows = points.detach().to("cpu", dtype).numpy()
    model = KMeans(num_clusters, n_init=restarts, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # our own warning below says it once
        assignment = torch.from_numpy(model.fit_predict(rows)).long()
    found = int(assignment.unique().numel())
    if found < num_clusters:
        warnings.warn(
            f"k-means found {found} of the {num_clusters} clusters asked for: "
            f"the {len(rows)} points hold too few distinct ones",
            stacklevel=2,
        )
    return Clustering(
        assignment=assignment.to(points.device),
        centroids=torch.from_numpy(model.cluster_centers_).to(points.device),
        inertia=float(model.inertia_),
    )


def _check(points: Tensor, num_clusters: int, restarts: int) -> None:
    if not isinstance(points, Tensor) or not points.is_floating_point():
        given = str(points.dtype) if isinstance(points, Tensor) else type(points).__name__
        raise TypeError(f"points must be a floating-point tensor, got {given}")
    if points.dim() != 2 or 0 in points.shape:
        raise ValueError(f"points must have shape [N, d], none of them 0; got {list(points.shape)}")
    if not torch.isfinite(points).all():
        raise ValueError("points contain NaN or infinite values")
    if not 1 <= num_clusters <= len(points):
        raise ValueError(
            f"num_clusters must be between 1 and the number of points {len(points)}, "
            f"got {num_clusters}"
        )
    if restarts < 1:
        raise ValueError(f"restarts must be at least 1, got {restarts}")
