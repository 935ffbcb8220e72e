"""The support vector machines of all anchors at once: each against all other rows.

The machine of anchor t has the dual ``min over a >= 0 of a' D_t a / 2 - 2 sum(a)`` over the other
rows j, with ``D_t[i, j] = K_tt + K_ij - K_ti - K_tj + ridge [i = j]``: the Gram matrix of the
differences to the anchor (Shah et al., AAAI 2022, arXiv 2112.11450).
"""

from __future__ import annotations

import torch
from torch import Tensor


def closed_form_weights(kernel: Tensor, *, ridge: float, bound: float | None) -> Tensor:
    """Solutions of ``D_t a = 2`` for all anchors t, clipped to ``[0, bound]``.

    ``D_t`` is ``M = K + ridge I`` without row and column t, plus a matrix of rank two. Both follow
    from ``A = M^-1`` by the block inverse and the Sherman-Morrison-Woodbury formulas, so one
    Cholesky factor serves all anchors.

    Args:
        kernel: ``K``, symmetric and positive semi-definite, ``[N, N]``.
        ridge: Above 0.
        bound: Largest weight; None: no upper bound.

    Returns:
        ``[N, N]``: row t holds the weights of anchor t, 0 on the diagonal.

    Example:
        >>> closed_form_weights(torch.eye(2), ridge=1.0, bound=None)  # 2 / (1 + 1 + 1)
        tensor([[0.0000, 0.6667],
                [0.6667, 0.0000]])
    """
    return unclipped_weights(kernel, ridge=ridge).clamp(min=0, max=bound)


def unclipped_weights(kernel: Tensor, *, ridge: float) -> Tensor:
    """What :func:`closed_form_weights` clips, ``[N, N]``."""
    size = len(kernel)
    if size == 1:
        return torch.zeros_like(kernel)
    diagonal = kernel.diagonal()
    matrix = kernel + ridge * torch.eye(size, dtype=kernel.dtype, device=kernel.device)
    inverse = torch.cholesky_inverse(torch.linalg.cholesky(matrix))
    sums, pivots = inverse.sum(1), inverse.diagonal()
    # For each anchor (row): u solves M_-t u = 1 and w solves M_-t w = K_-t,t without t's own entry.
    ratio = (sums / pivots).unsqueeze(1)
    u = sums.unsqueeze(0) - ratio * inverse
    w = -inverse / pivots.unsqueeze(1)
    total = (sums.sum() - sums.square() / pivots).unsqueeze(1)  # 1' u
    cross = 1 - ratio  # 1' w
    inner = (diagonal + ridge - 1 / pivots).unsqueeze(1)  # K_-t' w
    excess = inner - diagonal.unsqueeze(1)
    mass = 2 * total / ((1 - cross).square() - total * excess)  # 1' a
    factor = mass * (1 - cross) / total
    return (factor * u + mass * w).fill_diagonal_(0)


def projected_gradient_weights(
    kernel: Tensor,
    *,
    ridge: float,
    bound: float | None,
    iterations: int,
    tolerance: float = 0.0,
    start: Tensor | None = None,
    step: float | None = None,
    momentum_start: float | None = None,
) -> Tensor:
    """The duals of all anchors by projected gradient, one matrix product an iteration.

    ``(D X)`` for all anchors is ``X K + ridge X + S 1' - S o K - rowsum(X o K) 1'`` with S the row
    sums of X, so the cubic tensor of all ``D_t`` is never built: O(N^3) time an iteration, O(N^2)
    memory.

    Args:
        kernel: ``K``, with unit diagonal (a Gaussian kernel), ``[N, N]``.
        ridge: Above 0.
        bound: Largest weight; None: no upper bound.
        iterations: Most iterations.
        tolerance: Stop when every anchor's weights moved by less than this share of their norm.
        start: Where to start, ``[N, N]``; None: zero.
        step: Step size; None: for each anchor one over the Frobenius norm of ``D_t``.
        momentum_start: First theta of Nesterov's momentum, in (0, 1); None: no momentum.

    Returns:
        ``[N, N]``: row t holds the weights of anchor t, 0 on the diagonal.
    """
    own = torch.eye(len(kernel), dtype=torch.bool, device=kernel.device)

    def project(x: Tensor) -> Tensor:
        return x.clamp(min=0, max=bound).masked_fill_(own, 0)

    rate = _steps(kernel.double(), ridge).to(kernel) if step is None else step
    weights = project(torch.zeros_like(kernel) if start is None else start.clone())
    ahead, theta = weights, momentum_start
    for _ in range(iterations):
        sums = ahead.sum(1, keepdim=True)
        product = ahead @ kernel + ridge * ahead + sums - sums * kernel
        product -= (ahead * kernel).sum(1, keepdim=True)
        updated = project(ahead - rate * (product - 2))
        change = updated - weights
        if theta is None:
            ahead = updated
        else:
            following = ((theta**4 + 4 * theta**2) ** 0.5 - theta**2) / 2
            ahead = updated + theta * (1 - theta) / (theta**2 + following) * change
            theta = following
        weights = updated
        if tolerance and bool((change.norm(dim=1) <= tolerance * weights.norm(dim=1)).all()):
            break
    return weights


def _steps(kernel: Tensor, ridge: float) -> Tensor:
    """One over the Frobenius norm of each ``D_t``, ``[N, 1]``, without building it.

    In float64: between rows that are nearly alike the terms cancel.
    """
    # D_ij = c + K_ij - r_i - r_j with c = K_tt and r = K_t: expand the square, and leave out row
    # and column t, where it is 0 but for the ridge that is added on the diagonal of the others.
    size = len(kernel)
    r, c = kernel, kernel.diagonal().unsqueeze(1)
    sums, squares, all_squares = kernel.sum(1), kernel.square().sum(1), kernel.square().sum()
    row_sums, row_squares = sums.unsqueeze(1), squares.unsqueeze(1)
    weighted = r @ sums  # sum_ij r_i K_ij
    total = (
        size**2 * c.square()
        + all_squares
        + 2 * size * row_squares
        + 2 * row_sums.square()
        + 2 * c * sums.sum()
        - 4 * size * c * row_sums
        - 4 * weighted.unsqueeze(1)
    )
    diagonal = (c + kernel.diagonal().unsqueeze(0) - 2 * r).sum(1, keepdim=True)
    return (total.clamp(min=0) + 2 * ridge * diagonal + ridge**2 * max(1, size - 1)).rsqrt()
