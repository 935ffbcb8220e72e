"""How concentrated clusters are: a temperature for each prototype."""

from __future__ import annotations

from typing import Literal, get_args

import torch
from torch import Tensor

from graphcl.arguments import check_number
from graphcl.clustering.k_means import Clustering

Density = Literal["inner", "distance"]
_SMOOTHING = {"inner": 5, "distance": 10}  # added to the size of a cluster, as published
_LEAST = 0.01  # of the temperature


def concentrations(
    points: Tensor, clustering: Clustering, *, temperature: float, density: Density = "inner"
) -> Tensor:
    """A temperature for each cluster, with a given mean.

    ``phi_k = mean of q_i over members / log(n_k + a)``; clusters of one point take the largest of
    the others; clipped to the 10th and the 90th percentile, then scaled to the mean
    ``temperature``. In ``"inner"`` (MEOW) q is the root of the inner product with the centroid
    (below 0: 0) and a = 5, so that tight clusters get the larger temperature; in ``"distance"``
    (PCL) q is the distance to the centroid and a = 10, so that they get the smaller one.

    Where nothing tells clusters apart (all of one point, all q 0) each gets ``temperature``; none
    gets less than a hundredth of it.

    Source: jianxiangyu/MEOW, module/cluster.py (Yu et al., TKDE 2024, arXiv 2212.13847); Li et al.,
    ICLR 2021, arXiv 2005.04966.

    Args:
        points: The points that were clustered, ``[N, d]``; no gradient flows.
        clustering: Their clusters.
        temperature: Mean of the result, above 0.
        density: ``"inner"`` or ``"distance"``.

    Returns:
        ``[K]``.

    Raises:
        TypeError: ``temperature`` is no number.
        ValueError: An argument out of range; points of another number or width.

    Example:
        >>> from graphcl.clustering import kmeans
        >>> points = torch.tensor([[1.0, 0.0], [1.0, 0.1], [0.0, 1.0], [0.0, 3.0]])
        >>> concentrations(points, kmeans(points, 2), temperature=0.5).mean()
        tensor(0.5000)
    """
    if check_number("temperature", temperature) <= 0:
        raise ValueError(f"temperature must be above 0, got {temperature}")
    if density not in get_args(Density):
        raise ValueError(f"density must be one of {get_args(Density)}, got {density!r}")
    assignment, centroids = clustering.assignment, clustering.centroids
    if points.shape != (len(assignment), centroids.size(1)):
        raise ValueError(
            f"points must be those of the clustering, [{len(assignment)}, {centroids.size(1)}], "
            f"got {list(points.shape)}"
        )
    points = points.detach().to(centroids)
    own = centroids[assignment]
    if density == "inner":
        spread = (points * own).sum(1).clamp(min=0).sqrt()
    else:
        spread = torch.linalg.vector_norm(points - own, dim=1)
    count = torch.bincount(assignment, minlength=len(centroids))
    total = spread.new_zeros(len(centroids)).index_add(0, assignment, spread)
    several = count > 1
    result = torch.full_like(total, temperature)
    if not bool(several.any()):
        return result
    phi = total / count.clamp(min=1) / (count + _SMOOTHING[density]).to(total).log()
    phi = torch.where(several, phi, phi[several].amax())
    low, high = torch.quantile(phi, phi.new_tensor([0.1, 0.9]))
    phi = phi.clamp(low, high)
    mean = phi.mean()
    if not bool(mean > torch.finfo(phi.dtype).tiny):
        return result
    return (phi * (temperature / mean)).clamp(min=_LEAST * temperature)
