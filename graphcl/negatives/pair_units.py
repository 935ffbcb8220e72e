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

_CPU_CHUNK_BYTES = 1 << 21  # about the second-level cache; smaller ones cost more calls
_DEVICE_CHUNK_BYTES = 1 << 26
_SAFE_EXPONENT = {torch.float32: 30.0, torch.float64: 200.0}  # leaves room for y^2 and its sums


class PairUnits:
    """Weighted sums of the tanh units of the pairs of a tile, and their gradients.

    What can wait is done once for the tile: many small operations a chunk took as long as the
    units themselves.

    Args:
        left: First summand of each row, ``[r, h]``.
        right: Second summand of each column, ``[c, h]``.
        weight: Of the units, ``[h]``.
        workspace: What :func:`unit_workspace` returned; tiles may share it.
    """

    def __init__(self, left: Tensor, right: Tensor, weight: Tensor, workspace: Tensor) -> None:
        self.weight, self.workspace = weight, workspace
        self.step = max(1, min(len(left), workspace.numel() // right.numel()))
        # a + c does not change when both move by the same amount in opposite directions
        shift = (_middle(left) - _middle(right)) / 2
        left, right = 2 * (left - shift), 2 * (right + shift).T
        largest = torch.maximum(left.abs().amax(), right.abs().amax())
        self.safe = bool(largest <= _SAFE_EXPONENT[left.dtype])
        self.left = torch.exp(-left) if self.safe else left
        self.right = (torch.exp(right) if self.safe else right).contiguous()
        self._columns = self.left.unsqueeze(2)
        self._factors = (self.left if self.safe else torch.ones_like(left)) * weight
        self._row_factors = self._factors.unsqueeze(1)
        self._column_factors = self._factors.T.contiguous().unsqueeze(1)
        self._total = weight.sum().view(1, 1, 1)
        self._sums: tuple[Tensor, Tensor, Tensor, Tensor] | None = None

    def chunks(self) -> Iterator[slice]:
        """The rows that are evaluated together."""
        for start in range(0, len(self.left), self.step):
            yield slice(start, min(start + self.step, len(self.left)))

    def all_sums(self) -> Tensor:
        """:meth:`sums` of all rows, ``[r, c]``."""
        result = self.left.new_empty(len(self.left), self.right.size(1))
        for rows in self.chunks():
            self.sums(rows, out=result[rows])
        return result

    def sums(self, rows: slice, *, out: Tensor | None = None) -> Tensor:
        """``sum_k w_k tanh(a_ik + c_jk)`` for some rows, ``[r, c]``."""
        units, factors = self._units(rows), self._row_factors[rows]
        torch.add(self.right, self._columns[rows], out=units)
        if out is None:
            out = units.new_empty(len(units), units.size(2))
        if self.safe:
            total = self._total.expand(len(units), 1, units.size(2))
            torch.baddbmm(total, factors, units.reciprocal_(), alpha=-2, out=out.unsqueeze(1))
        else:
            torch.bmm(factors, units.mul_(0.5).tanh_(), out=out.unsqueeze(1))
        return out

    def add_gradients(self, rows: slice, gradient: Tensor) -> None:
        """Add what flows back from the sums of some rows, right after they were evaluated.

        Args:
            rows: Those of the last call of :meth:`sums`, whose units are used up here.
            gradient: In the sums, ``[r, c]``.
        """
        units, broadcast = self._units(rows), gradient.unsqueeze(1)
        if self._sums is None:
            row_sums = torch.zeros_like(self.left)
            columns = torch.zeros_like(self.right).unsqueeze(1)
            self._sums = (row_sums.sum(1), row_sums, torch.zeros_like(self.left), columns)
        of_gradient, of_units, of_squares, columns = self._sums
        torch.sum(gradient, 1, out=of_gradient[rows])
        torch.bmm(broadcast, units.transpose(1, 2), out=of_units[rows].unsqueeze(1))
        torch.mul(units, units, out=units).mul_(broadcast)
        if not self.safe:
            units.neg_().add_(broadcast)
        torch.sum(units, 2, out=of_squares[rows])
        columns.baddbmm_(self._column_factors[:, :, rows], units.transpose(0, 1))

    def gradients(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """What all chunks added up to: in left, right, weight, and the sum of the gradients.

        Returns:
            ``[r, h]``, ``[c, h]``, ``[h]`` and ``[]``.
        """
        assert self._sums is not None
        of_gradient, of_units, of_squares, columns = self._sums
        total, columns = of_gradient.sum(), columns.squeeze(1)
        if self.safe:
            in_left = 4 * self._factors * (of_units - self.left * of_squares)
            in_right = 4 * columns * self.right
            in_weight = total - 2 * (self.left * of_units).sum(0)
        else:
            in_left, in_right = self.weight * of_squares, columns
            in_weight = of_units.sum(0)
        return in_left, in_right.T, in_weight, total

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
        return PairUnits(left, right, weight, unit_workspace(len(right), right)).all_sums()

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        left, right, weight = ctx.saved_tensors
        units = PairUnits(left, right, weight, unit_workspace(len(right), right))
        for rows in units.chunks():
            units.sums(rows)
            units.add_gradients(rows, gradient[rows])
        return units.gradients()[:3]


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
