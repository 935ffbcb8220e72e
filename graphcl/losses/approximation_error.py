"""How far meta-nodes are from the exact sum: what is proven, and what is measured."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from graphcl.clustering import cluster_sums
from graphcl.contrast import Block, Mask, Rows
from graphcl.negatives import MetaNodes

_THIRD = 1 / (36 * math.sqrt(3))  # |log of the mean of exp(X) - mean - variance / 2| <= this w^3
_ROWS = 8192


@dataclass(frozen=True, eq=False)
class ApproximationError:
    """Error of the log of the denominator.

    Attributes:
        bound: No anchor's error is larger in size (but for rounding).
        error: Approximate minus exact of each anchor of the sample, ``[S]``.
        anchors: Which anchors these are, ascending, ``[S]``.
    """

    bound: float
    error: Tensor
    anchors: Tensor

    @property
    def mean(self) -> float:
        """Mean error of the sample, negative where the approximation is too small."""
        return float(self.error.mean())

    @property
    def largest(self) -> float:
        """Largest size of an error in the sample."""
        return float(self.error.abs().max())


@torch.no_grad()
def approximation_error(
    rows: Tensor,
    assignment: Tensor,
    strategy: MetaNodes,
    temperature: float,
    sample: int,
    generator: torch.Generator | None,
) -> ApproximationError:
    """The proven bound over all anchors, and the error on a sample of them; O(N) memory.

    In a cluster of radius R about its mean, ``s / t`` ranges over at most ``w = 2 R / t``. By
    Hoeffding's lemma the first order lacks at most ``w^2 / 8``; the exponential second order is off
    by at most ``w^3 / (36 sqrt 3)``; that with ``1 + v / 2`` by at most the larger of the two.

    Args:
        rows: Unit rows, ``[N, d]``.
        assignment: Clusters ``[N]`` or shares ``[N, K]``.
        strategy: Whose order.
        temperature: Divisor of the cosine.
        sample: Number of anchors.
        generator: Draws them; None: torch's own.
    """
    reach = 2 * min(1.0, float(_radii(rows, assignment).max())) / temperature
    first, third = reach**2 / 8, _THIRD * reach**3
    bound = {"first": first, "second": max(first, third), "second_exp": third}[strategy.order]

    device = None if generator is None else generator.device
    drawn = torch.randperm(len(rows), generator=generator, device=device)
    chosen = drawn[:sample].sort().values.to(rows.device)
    itself = torch.stack([torch.arange(len(chosen), device=rows.device), chosen])
    block = Block(rows, Mask(itself), view=0)
    some = Rows(rows[chosen], (block,), temperature, {"clusters": assignment})
    error = strategy.log_denominator(some) - some.logsumexp(1 / temperature)[0]
    return ApproximationError(bound, error, chosen)


def _radii(rows: Tensor, assignment: Tensor) -> Tensor:
    """Largest distance of a member from the mean of its cluster, ``[K]``; 0 for empty clusters."""
    sums = cluster_sums(rows, assignment)
    means = sums.total / sums.count.clamp(min=torch.finfo(rows.dtype).tiny).unsqueeze(1)
    radii = rows.new_zeros(len(means))
    parts = zip(rows.split(_ROWS), assignment.to(rows.device).split(_ROWS), strict=True)
    for part, own in parts:
        if own.dim() == 1:
            distance = torch.linalg.vector_norm(part - means[own], dim=1)
            radii.scatter_reduce_(0, own, distance, "amax")
        else:
            distances = torch.cdist(part, means).masked_fill(own <= 0, 0)
            radii = torch.maximum(radii, distances.amax(0))
    return radii
