"""Deep embedded clustering: Student-t assignment, its target distribution, their divergence."""

from __future__ import annotations

import torch
from torch import Tensor

from graphcl.arguments import check_number


def student_t_assignment(z: Tensor, centroids: Tensor, *, degrees: float = 1.0) -> Tensor:
    """Soft assignment by distance to the centroids, with the heavy tails of Student's t.

    ``q_ik ~ (1 + |z_i - c_k|^2 / v)^(-(v + 1) / 2)``, rows normalised. O(N K) memory.

    Source: Xie et al., ICML 2016, arXiv 1511.06335, equation 1; van der Maaten, AISTATS 2009.

    Args:
        z: Embeddings, ``[N, d]``.
        centroids: ``[K, d]``.
        degrees: Degrees of freedom v, above 0.

    Returns:
        ``[N, K]``, rows sum to 1; differentiable in both.

    Raises:
        TypeError: ``degrees`` is no number.
        ValueError: ``degrees`` not above 0; shapes that do not fit.

    Example:
        >>> student_t_assignment(torch.tensor([[0.0], [1.0]]), torch.tensor([[0.0], [1.0]]))
        tensor([[0.6667, 0.3333],
                [0.3333, 0.6667]])
    """
    if check_number("degrees", degrees) <= 0:
        raise ValueError(f"degrees must be above 0, got {degrees}")
    if z.dim() != 2 or centroids.dim() != 2 or 0 in centroids.shape or 0 in z.shape:
        raise ValueError(
            "z and centroids must have shapes [N, d] and [K, d], not empty, got "
            f"{list(z.shape)} and {list(centroids.shape)}"
        )
    if z.size(1) != centroids.size(1):
        raise ValueError(
            f"z and centroids must be of one width, got {z.size(1)} and {centroids.size(1)}"
        )
    # about the centroids' mean, so that the squares do not cancel where all is far from 0
    middle = centroids.detach().mean(0)
    points, centres = z - middle, centroids - middle
    square = points.square().sum(1, keepdim=True) + centres.square().sum(1)
    distance = torch.addmm(square, points, centres.T, alpha=-2).clamp(min=0)
    logs = (distance / degrees).log1p() * (-(degrees + 1) / 2)
    return logs.softmax(1)


def target_distribution(q: Tensor) -> Tensor:
    """Sharpen a soft assignment: what is sure becomes surer, large clusters count less.

    ``p_ik ~ q_ik^2 / f_k`` with ``f_k = sum_i q_ik``, rows normalised. A target is to be constant:
    detach the result in training.

    Source: Xie et al., ICML 2016, arXiv 1511.06335, equation 3.

    Args:
        q: ``[N, K]``, rows sum to 1.

    Returns:
        ``[N, K]``, rows sum to 1. A cluster without any share gets none.

    Example:
        >>> target_distribution(torch.tensor([[0.75, 0.25], [0.25, 0.75]]))
        tensor([[0.9000, 0.1000],
                [0.1000, 0.9000]])
    """
    share = q.sum(0)
    weight = q.square() / torch.where(share > 0, share, 1)
    return weight / weight.sum(1, keepdim=True)


def assignment_divergence(p: Tensor, q: Tensor) -> Tensor:
    """Kullback-Leibler divergence of assignments, ``sum_ik p_ik log(p_ik / q_ik) / N``.

    Args:
        p: Target, ``[N, K]``; where it is 0 the term is 0.
        q: Assignment, ``[N, K]``, above 0 where ``p`` is.

    Returns:
        A scalar, at least 0.

    Raises:
        ValueError: Shapes that differ.

    Example:
        >>> q = torch.tensor([[0.75, 0.25], [0.25, 0.75]])
        >>> assignment_divergence(target_distribution(q), q)
        tensor(0.0725)
    """
    if p.shape != q.shape or p.dim() != 2:
        raise ValueError(
            f"p and q must both have shape [N, K], got {list(p.shape)} and {list(q.shape)}"
        )
    logs = q.clamp(min=torch.finfo(q.dtype).tiny).log()
    return torch.nn.functional.kl_div(logs, p, reduction="batchmean")
