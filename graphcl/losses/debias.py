"""The debiased estimator of a sum over true negatives."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from graphcl.contrast import MASKED


def debiased_log_sum(
    log_sum: Tensor, positive: Tensor, count: Tensor, *, class_prior: float, temperature: float
) -> tuple[Tensor, Tensor]:
    """Correct a sum over sampled negatives for the share that are positives in truth.

    ``G = max((e^L - p M e^(s+/t)) / (1 - p), M e^(-1/t))`` (Chuang et al., NeurIPS 2020,
    arXiv 2007.00224, equation 8), in logarithms.

    Args:
        log_sum: ``L``, log of the (weighted) sum over the negatives, ``[N]``.
        positive: ``s+ / t``, ``[N]``.
        count: Number of negatives ``M`` of each anchor, ``[N]``.
        class_prior: Probability ``p`` that a negative is of the anchor's class, from 0 to below 1.
        temperature: Divisor ``t`` of the cosine.

    Returns:
        ``log G``, ``[N]`` (-1e30 without negatives), and which anchors are at the lower bound,
        ``[N]`` (bool): those get gradient from their positive only.

    Example:
        >>> one = torch.ones(1)
        >>> debiased_log_sum(one, -one, one, class_prior=0.0, temperature=1.0)
        (tensor([1.]), tensor([False]))
    """
    log_count = count.clamp(min=1).to(log_sum.dtype).log()
    log_prior = math.log(class_prior) if class_prior > 0 else MASKED
    gap = log_prior + log_count + positive - log_sum
    # the guard keeps log1p's argument above -1: an infinite slope times zero would be NaN
    is_open = gap < -torch.finfo(gap.dtype).eps
    estimate = log_sum + torch.log1p(-torch.where(is_open, gap, -1).exp())
    estimate = estimate - math.log1p(-class_prior)
    bound = log_count - 1 / temperature
    clamped = ~is_open | (estimate < bound)
    value = torch.where(clamped, bound, estimate)
    return torch.where(count > 0, value, MASKED), clamped & (count > 0)
