"""Sinkhorn's iteration: soft assignments to prototypes of equal size."""

from __future__ import annotations

import torch
from torch import Tensor

from graphcl.arguments import all_finite, check_number, check_whole

# exponentials of twice as much are still numbers
_SAFE_SPREAD = {torch.float32: 42.0, torch.float64: 300.0}


def sinkhorn_assignment(
    scores: Tensor, *, temperature: float = 0.05, iterations: int = 3
) -> Tensor:
    """Assign items to prototypes so that all prototypes get about the same share.

    Alternately the columns (prototypes) of ``exp(scores / temperature)`` are scaled to equal sums
    and the rows (items) to sum 1, rows last; in logarithms where exponentials could overflow.

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
    if scores.dim() != 2 or 0 in scores.shape or not all_finite(scores):
        raise ValueError(
            f"scores must be finite, of shape [items, prototypes], got {list(scores.shape)}"
        )
    logs = scores / temperature
    if iterations == 0:
        return logs.softmax(1)
    if float((logs.max() - logs.min()).detach()) > _SAFE_SPREAD.get(logs.dtype, 0.0):
        for _ in range(iterations):
            logs = logs - logs.logsumexp(0, keepdim=True)
            logs = logs - logs.logsumexp(1, keepdim=True)
        return logs.exp()
    # the matrix stays as it is, only the factors of its rows and columns change
    kernel = (logs - logs.max()).exp()
    rows, share = kernel.new_ones(len(kernel)), len(kernel) / kernel.size(1)
    for _ in range(iterations):
        columns = share / (rows @ kernel)
        rows = 1 / (kernel @ columns)
    return kernel * rows.unsqueeze(1) * columns
