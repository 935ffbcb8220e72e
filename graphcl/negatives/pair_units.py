"""tanh units of all pairs of a tile, evaluated in chunks of rows and never kept.

The first layer of a network of ``u_i + v_j`` splits: ``W1 (u_i + v_j) + b1 = a_i + c_j`` with a and
c of size ``[N, h]``. Of a pair only ``sum_k w_k tanh(a_ik + c_jk)`` is kept. With
``y = 1 / (exp(-2 a) + exp(2 c))``, one addition and one reciprocal for each pair and unit::

    tanh(a + c) = 1 - 2 exp(-2 a) y        1 - tanh(a + c)^2 = 4 exp(-2 a) exp(2 c) y^2

Where these exponentials could overflow, tanh itself is taken.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

_CPU_CHUNK_BYTES = 1 << 20  # stays in the second-level cache
_DEVICE_CHUNK_BYTES = 1 << 26
_SAFE_EXPONENT = {torch.float32: 30.0, torch.float64: 200.0}  # leaves room for y^2 and its sums


class PairUnits:
    """Weighted sums of the tanh units of the pairs of a tile, and their gradients.

    Args:
        left: First summand of each row, ``[r, h]``.
        right: Second summand of each column, ``[c, h]``.
        weight: Of the units, ``[h]``.
        workspace: What :func:`unit_workspace` returned; tiles may share it.
    """

    def __init__(self, left: Tensor, right: Tensor, weight: Tensor, workspace: Tensor) -> None:
        self.weight, self.workspace = weight, workspace
        self.step = max(1, min(len(left), workspace.numel() // right.numel()))
        self.grad_left, self.grad_right = torch.zeros_like(left), torch.zeros_like(right.T)
        self.grad_weight = torch.zeros_like(weight)
        # a + c does not change when both move by the same amount in opposite directions
        shift = (_middle(left) - _middle(right)) / 2
        left, right = 2 * (left - shift), 2 * (right + shift).T
        largest = torch.maximum(left.abs().amax(), right.abs().amax())
        self.safe = bool(largest <= _SAFE_EXPONENT[left.dtype])
        self.left = torch.exp(-left) if self.safe else left
        self.right = (torch.exp(right) if self.safe else right).contiguous()
        self._factors = self.left * weight
        self._row_factors = self._factors.unsqueeze(1)
        self._column_factors = 4 * self._factors.T.contiguous().unsqueeze(1)
        self._total = weight.sum().view(1, 1, 1)

    def chunks(self) -> Iterator[slice]:
        """The rows that are evaluated together."""
        for start in range(0, len(self.left), self.step):
            yield slice(start, min(start + self.step, len(self.left)))

    def sums(self, rows: slice) -> Tensor:
        """``sum_k w_k tanh(a_ik + c_jk)`` for some rows, ``[r, c]``."""
        units = self._units(rows)
        torch.add(self.right, self.left[rows].unsqueeze(2), out=units)
        if not self.safe:
            return self.weight @ units.mul_(0.5).tanh_()
        total = self._total.expand(len(units), 1, units.size(2))
        factors = self._row_factors[rows]
        return torch.baddbmm(total, factors, units.reciprocal_(), alpha=-2).squeeze(1)

    def add_gradients(self, rows: slice, gradient: Tensor) -> None:
        """Add what flows back from the sums of some rows, right after they were evaluated.

        Args:
            rows: Those of the last call of :meth:`sums`, whose units are used up here.
            gradient: In the sums, ``[r, c]``.
        """
        units, broadcast = self._units(rows), gradient.unsqueeze(1)
        first = torch.bmm(units, gradient.unsqueeze(2)).squeeze(2)
        torch.mul(units, units, out=units).mul_(broadcast)
        if not self.safe:
            self.grad_weight += first.sum(0)
            units.neg_().add_(broadcast)
            self.grad_left[rows] = self.weight * units.sum(2)
            self.grad_right += self.weight.unsqueeze(1) * units.sum(0)
            return
        left = self.left[rows]
        self.grad_weight += gradient.sum() - 2 * (left * first).sum(0)
        self.grad_left[rows] = 4 * self._factors[rows] * (first - left * units.sum(2))
        columns = torch.bmm(self._column_factors[:, :, rows], units.transpose(0, 1)).squeeze(1)
        self.grad_right.addcmul_(columns, self.right)

    def _units(self, rows: slice) -> Tensor:
        size = rows.stop - rows.start
        return self.workspace[: size * self.right.numel()].view(size, *self.right.shape)


def unit_workspace(columns: int, like: Tensor) -> Tensor:
    """Memory for the units of a few rows.

    Args:
        columns: Most columns of a tile.
        like: A factor of the units, ``[n, h]``.
    """
    budget = _CPU_CHUNK_BYTES if like.device.type == "cpu" else _DEVICE_CHUNK_BYTES
    return like.new_empty(max(budget // like.itemsize, columns * like.size(1)))


def _middle(values: Tensor) -> Tensor:
    return (values.amin(0) + values.amax(0)) / 2


class _PairSums(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, left: Tensor, right: Tensor, weight: Tensor) -> Tensor:
        ctx.save_for_backward(left, right, weight)
        units = PairUnits(left, right, weight, unit_workspace(len(right), right))
        return torch.cat([units.sums(rows) for rows in units.chunks()])

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        left, right, weight = ctx.saved_tensors
        units = PairUnits(left, right, weight, unit_workspace(len(right), right))
        for rows in units.chunks():
            units.sums(rows)
            units.add_gradients(rows, gradient[rows])
        return units.grad_left, units.grad_right.T, units.grad_weight


def pair_sums(left: Tensor, right: Tensor, weight: Tensor) -> Tensor:
    """``sum_k w_k tanh(left_ik + right_jk)`` for all pairs of a tile.

    Memory is that of the result and of a few rows of units: nothing of size ``r c h`` is made.

    Args:
        left: ``[r, h]``, not empty.
        right: ``[c, h]``, not empty.
        weight: ``[h]``.

    Returns:
        ``[r, c]``, differentiable (once) in all three.

    Example:
        >>> pair_sums(torch.zeros(2, 1), torch.tensor([[0.0], [50.0]]), torch.tensor([3.0]))
        tensor([[0., 3.],
                [0., 3.]])
    """
    result: Tensor = _PairSums.apply(left, right, weight)
    return result
