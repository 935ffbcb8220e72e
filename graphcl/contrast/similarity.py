"""Unit rows, and log-sum-exp over groups of pairs."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

MASKED = -1e30
"""Log-weight of an entry that is not in a sum: finite, because -inf gives NaN gradients."""

_TINY = 1e-12


def accumulation_dtype(dtype: torch.dtype) -> torch.dtype:
    """Half precision accumulates in float32, everything else in its own type."""
    return torch.float32 if dtype in (torch.float16, torch.bfloat16) else dtype


def normalize_rows(x: Tensor) -> Tensor:
    """Divide every row by its Euclidean norm; a zero row stays zero, with zero gradient.

    The plain ``x / max(norm, tiny)`` has a gradient of order 1e12 at a zero row. Isolated nodes of
    a graph convolution without self-loops produce such rows.

    Args:
        x: Rows, ``[N, d]``.

    Returns:
        Unit rows, ``[N, d]``.

    Example:
        >>> normalize_rows(torch.tensor([[3.0, 4.0], [0.0, 0.0]]))
        tensor([[0.6000, 0.8000],
                [0.0000, 0.0000]])
    """
    rows: Tensor = _UnitRows.apply(x)
    return rows


class _UnitRows(torch.autograd.Function):
    """Rows over their norms; the gradient is made of operations that have one themselves."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        unit = x * _inverse_norms(x)
        ctx.save_for_backward(x, unit)
        return unit

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        x, unit = ctx.saved_tensors
        along = (grad * unit).sum(1, keepdim=True)
        return torch.addcmul(grad, unit, along, value=-1) * _inverse_norms(x)


def _inverse_norms(x: Tensor) -> Tensor:
    """One over the norm of each row, ``[N, 1]``; 0 for a zero row."""
    norm = torch.linalg.vector_norm(x, dim=1, keepdim=True)
    return torch.where(norm > _TINY, 1 / norm.clamp_min(_TINY), 0)


def unit_rows(x: Tensor) -> Tensor:
    """Unit rows ``[N, d]`` (see :func:`normalize_rows`); half precision becomes float32 first."""
    return normalize_rows(x.to(accumulation_dtype(x.dtype)))


def grouped_logsumexp(values: Tensor, group: Tensor, num_groups: int) -> Tensor:
    """Log-sum-exp of the values of each group.

    Args:
        values: ``[P]``.
        group: Group of each value, ``[P]``.
        num_groups: Number of groups ``G``.

    Returns:
        ``[G]``; an empty group gives ``MASKED`` with zero gradient.

    Example:
        >>> grouped_logsumexp(torch.zeros(3), torch.tensor([0, 0, 2]), 3).exp()
        tensor([2., 0., 1.])
    """
    top = values.new_full((num_groups,), MASKED)
    top = top.scatter_reduce(0, group, values.detach(), "amax", include_self=True)
    total = values.new_zeros(num_groups).index_add(0, group, (values - top[group]).exp())
    empty = total == 0
    return torch.where(empty, MASKED, top + torch.where(empty, 1, total).log())
