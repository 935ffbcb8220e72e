"""Sinkhorn's iteration: soft assignments to prototypes of equal size."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from graphcl.arguments import check_number, check_whole


def sinkhorn_assignment(
    scores: Tensor, *, temperature: float = 0.05, iterations: int = 3
) -> Tensor:
    """Assign items to prototypes so that all prototypes get about the same share.

    Alternately the columns (prototypes) of ``exp(scores / temperature)`` are scaled to equal sums
    and the rows (items) to sum 1, in logarithms, rows last.

    Source: Cuturi, NeurIPS 2013, arXiv 1306.0895; as used by SwAV (Caron et al., NeurIPS 2020,
    arXiv 2006.09882).

    Args:
        scores: ``[B, K]``.
        temperature: Divisor of the scores, above 0.
        iterations: How often; 0: a plain softmax of the rows, for clusters of unequal size.

    Returns:
        ``[B, K]``; rows sum to 1, columns to B / K at convergence.

    Raises:
        TypeError: A number of the wrong type.
        ValueError: An argument out of range, or scores that are no finite matrix.

    Example:
        >>> sinkhorn_assignment(torch.zeros(2, 4))
        tensor([[0.2500, 0.2500, 0.2500, 0.2500],
                [0.2500, 0.2500, 0.2500, 0.2500]])
    """
    if check_number("temperature", temperature) <= 0:
        raise ValueError(f"temperature must be above 0, got {temperature}")
    check_whole("iterations", iterations, least=0)
    if scores.dim() != 2 or 0 in scores.shape or not bool(torch.isfinite(scores).all()):
        raise ValueError(
            f"scores must be finite, of shape [items, prototypes], got {list(scores.shape)}"
        )
    logs = scores / temperature
    for _ in range(iterations):
        logs = logs - logs.logsumexp(0, keepdim=True) - math.log(logs.size(1))
        logs = logs - logs.logsumexp(1, keepdim=True)
    return logs.softmax(1)
