"""tanh of sums as inner products: the logits of all pairs become a matrix product.

For p and q in an interval, ``tanh(p + q)`` is a smooth function of two numbers. Interpolated in
Chebyshev polynomials T of both it is ``sum_ab C_ab T_a(p) T_b(q)``, and with the eigenvectors V of
the symmetric C ``sum_r e_r f_r(p) f_r(q)``, ``f_r = sum_a V_ar T_a``. The poles of tanh are off the
real axis by pi / 2, so that the error falls exponentially with the number of terms: some ten reach
the rounding of float32 where p and q lie within a few units.

Source: Trefethen, "Approximation theory and approximation practice", theorem 8.2 (the degree).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

MOST_NODES = 48
"""Nodes of the interpolation up to which the products are faster than one tanh a pair and unit."""

_ROWS = 4096  # evaluated at a time


def tanh_factors(
    projections: Sequence[Tensor], weight: Tensor
) -> tuple[list[Tensor], list[Tensor]] | None:
    """Rows whose inner products are ``sum_k w_k tanh(p_ik + q_jk)``, to the rounding of the dtype.

    Args:
        projections: p and q, in any number, ``[n, h]`` each.
        weight: Of the units, ``[h]``.

    Returns:
        ``[n, h m]`` for each of them, as the left and as the right factor; differentiable (once) in
        the projections and the weight. None: their range is too wide for so few terms.

    Example:
        >>> p, q = torch.tensor([[0.0], [0.5]]), torch.tensor([[1.0]])
        >>> left, right = tanh_factors([p, q], torch.tensor([2.0]))
        >>> torch.allclose(left[0] @ right[1].T, 2 * torch.tanh(p + q.T))
        True
    """
    with torch.no_grad():
        low = torch.stack([values.amin(0) for values in projections]).amin(0).double()
        high = torch.stack([values.amax(0) for values in projections]).amax(0).double()
        middle = ((low + high) / 2).cpu()
        radius = ((high - low) / 2).cpu().clamp(min=1e-3)
        accuracy = torch.finfo(weight.dtype).eps
        nodes = _number_of_nodes(float(radius.max()), accuracy)
        if nodes > MOST_NODES:
            return None
        values, basis = _expansion(middle, radius, nodes, accuracy)
        middle, radius, basis = (part.to(weight.device) for part in (middle, radius, basis))
        values = values.to(weight)
    right = [_Polynomials.apply(rows, middle, radius, basis) for rows in projections]
    scale = (weight.unsqueeze(1) * values).view(-1)
    return [rows * scale for rows in right], right


def _number_of_nodes(radius: float, accuracy: float) -> int:
    """How many the worst unit needs, by the ellipse that ends at the poles."""
    if not math.isfinite(radius):
        return MOST_NODES + 1
    height = math.pi / 2 / radius
    decay = math.log(height + math.sqrt(1 + height * height))
    return max(3, 1 + math.ceil(math.log(100 / accuracy) / decay))


def _expansion(
    middle: Tensor, radius: Tensor, nodes: int, accuracy: float
) -> tuple[Tensor, Tensor]:
    """Factors e ``[h, m]`` and coefficients of the f, ``[h, nodes, m]``."""
    angles = (torch.arange(nodes, dtype=torch.float64) + 0.5) * (math.pi / nodes)
    places = radius.unsqueeze(1) * angles.cos() + middle.unsqueeze(1)
    table = torch.tanh(places.unsqueeze(2) + places.unsqueeze(1))
    transform = 2 / nodes * torch.cos(torch.outer(torch.arange(nodes).double(), angles))
    transform[0] /= 2
    values, vectors = torch.linalg.eigh(transform @ table @ transform.T)
    order = values.abs().argsort(1, descending=True)
    terms = max(1, int((values.abs() > accuracy / 4).sum(1).max()))
    order = order[:, :terms]
    vectors = vectors.gather(2, order.unsqueeze(1).expand(-1, nodes, -1))
    return values.gather(1, order), vectors


class _Polynomials(torch.autograd.Function):
    """``f_kr(p_ik)`` of all rows, evaluated in float64 and anew in the backward pass."""

    @staticmethod
    def forward(ctx: Any, rows: Tensor, middle: Tensor, radius: Tensor, basis: Tensor) -> Tensor:
        ctx.save_for_backward(rows, middle, radius, basis)
        width = basis.size(0) * basis.size(2)
        result = rows.new_empty(len(rows), width)
        for some, out in zip(rows.split(_ROWS), result.split(_ROWS), strict=True):
            first, _ = _chebyshev((some.double() - middle) / radius, basis.size(1))
            out.copy_((first @ basis).transpose(0, 1).reshape(len(some), width))
        return result

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None, None]:
        rows, middle, radius, basis = ctx.saved_tensors
        result = torch.empty_like(rows)
        for some, given, out in zip(
            rows.split(_ROWS), gradient.split(_ROWS), result.split(_ROWS), strict=True
        ):
            _, slopes = _chebyshev((some.double() - middle) / radius, basis.size(1))
            shares = given.double().view(len(some), len(basis), -1).transpose(
                0, 1
            ) @ basis.transpose(1, 2)
            out.copy_((shares * slopes).sum(2).T / radius)
        return result, None, None, None


def _chebyshev(places: Tensor, number: int) -> tuple[Tensor, Tensor]:
    """T_0 to T_(number - 1) and their slopes at places ``[n, h]``, each ``[h, n, number]``."""
    places = places.T.contiguous()  # rounding adds up from one to the next
    first = places.new_empty(*places.shape, number)
    slope = torch.empty_like(first)
    first[..., 0], first[..., 1] = 1, places
    slope[..., 0], slope[..., 1] = 0, 1
    for k in range(2, number):
        first[..., k] = 2 * places * first[..., k - 1] - first[..., k - 2]
        slope[..., k] = 2 * first[..., k - 1] + 2 * places * slope[..., k - 1] - slope[..., k - 2]
    return first, slope
