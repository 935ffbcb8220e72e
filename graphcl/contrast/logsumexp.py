"""Row and column log-sum-exps of similarity matrices that are never held in memory.

For S = left right^T and a scale c, the row statistic is L_i = log sum_j exp(c S_ij) over unmasked
entries. S is evaluated in tiles, and once more in the backward pass, whose weights
P_ij = exp(c S_ij - L_i) need nothing but L: O(N d) memory. One tile serves

- the rows of one direction and the columns of the other (cross-view matrices),
- both triangles of a symmetric matrix (a view against itself): only tiles on or above the
  diagonal are computed,
- several scales at once (HCL needs beta/t and (1 + beta)/t): one product, one gradient.

While |c S| is bounded by a constant that leaves room for the sum in the type's exponent range,
nothing has to be subtracted before the exponential; beyond that a running maximum is kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from graphcl.contrast.products import Product, ProductSet
from graphcl.contrast.similarity import MASKED

_SAFE_EXPONENT = {torch.float32: 40.0, torch.float64: 300.0}


@dataclass(frozen=True)
class Scale:
    """The factor of the cosine in the exponent, and that of its gradient.

    They differ where part of the exponent is detached: with weights exp(b s) held fixed the
    exponent is (1/t + b) s and its derivative 1/t.
    """

    value: float
    gradient: float


def streamed_logsumexp(
    products: ProductSet, scales: Sequence[Scale]
) -> tuple[tuple[Tensor, ...], ...]:
    """Log-sum-exps of all outputs at several scales, in one pass.

    Args:
        products: The matrices and the outputs that they are added to.
        scales: Distinct factors of the similarities.

    Returns:
        For each scale one ``[n]`` an output; ``MASKED``, without gradient, for an empty row.
    """
    flat: tuple[Tensor, ...] = _LogSumExp.apply(products, tuple(scales), *products.tensors)
    width = len(products.output_sizes)
    return tuple(flat[start : start + width] for start in range(0, len(flat), width))


@dataclass(eq=False, slots=True)
class _Tile:
    """A tile of a product: its place, and its similarities in a buffer that the next reuses."""

    product: Product
    row: int
    column: int
    similarity: Tensor
    masked: Tensor | None
    on_diagonal: bool  # of a symmetric product: holds both triangles itself

    @property
    def column_output(self) -> int | None:
        return self.product.column_output_of_tile(on_diagonal=self.on_diagonal)


def _walk(job: ProductSet, tensors: Sequence[Tensor], factor: float) -> Iterator[_Tile]:
    """All tiles, with similarities times ``factor``."""
    buffer = tensors[0].new_empty(job.side**2)
    for product, mask in zip(job.products, job.masks(), strict=True):
        # split once: to slice in every tile costs as much as a small tile
        left = job.factor(tensors[product.left] * factor).split(job.side)
        right = [piece.T for piece in job.factor(tensors[product.right]).split(job.side)]
        for i, rows in enumerate(left):
            for j, columns in enumerate(right):
                if product.symmetric and j < i:
                    continue
                tile = _part(buffer, rows.size(0), columns.size(1))
                if job.bfloat16:
                    tile.copy_(rows @ columns)
                else:
                    torch.mm(rows, columns, out=tile)
                on_diagonal = product.symmetric and j == i
                yield _Tile(product, i, j, tile, mask.get((i, j)), on_diagonal)


def _part(buffer: Tensor, rows: int, columns: int) -> Tensor:
    return buffer[: rows * columns].view(rows, columns)


class _Exponents:
    """Exponents of a tile at each scale; a single scale is folded into the product itself."""

    def __init__(self, scales: Sequence[Scale], job: ProductSet) -> None:
        self.scales = scales
        self.factor = scales[0].value if len(scales) == 1 else 1.0
        self.buffer = job.tensors[0].new_empty(0 if len(scales) == 1 else job.side**2)

    def of(self, tile: _Tile, scale: Scale) -> Tensor:
        """Scale times similarity, masked entries at the floor; may be overwritten by the caller."""
        values = tile.similarity
        if len(self.scales) > 1:
            values = torch.mul(values, scale.value, out=_part(self.buffer, *values.shape))
        if tile.masked is not None:
            values.view(-1).index_fill_(0, tile.masked, MASKED)
        return values


class _LogSumExp(torch.autograd.Function):
    """The hand-written pass. Outputs: for each scale, the row statistic of each output."""

    @staticmethod
    def forward(
        ctx: Any, job: ProductSet, scales: tuple[Scale, ...], *tensors: Tensor
    ) -> tuple[Tensor, ...]:
        largest = job.largest_similarity() * max(abs(scale.value) for scale in scales)
        careful = not largest <= _SAFE_EXPONENT[tensors[0].dtype]  # true for NaN as well
        ctx.job, ctx.scales, ctx.careful = job, scales, careful
        with torch.autocast(tensors[0].device.type, enabled=False):
            run = _forward_with_maximum if careful else _forward_plain
            outputs = run(job, scales, tensors)
        ctx.save_for_backward(*tensors, *outputs)
        return outputs

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        count = len(ctx.job.tensors)
        tensors, outputs = ctx.saved_tensors[:count], ctx.saved_tensors[count:]
        with torch.autocast(tensors[0].device.type, enabled=False):
            gradient = _Backward(ctx.job, ctx.scales, tensors, outputs, grads, ctx.careful)
            return None, None, *gradient.run(ctx.needs_input_grad[2:])


def _forward_plain(
    job: ProductSet, scales: Sequence[Scale], tensors: Sequence[Tensor]
) -> tuple[Tensor, ...]:
    width = len(job.output_sizes)
    sums = [tensors[0].new_zeros(size) for _ in scales for size in job.output_sizes]
    pieces = [total.split(job.side) for total in sums]
    exponents = _Exponents(scales, job)
    for tile in _walk(job, tensors, exponents.factor):
        column_output = tile.column_output
        for k, scale in enumerate(scales):
            values = exponents.of(tile, scale).exp_()
            pieces[k * width + tile.product.row_output][tile.row].add_(values.sum(1))
            if column_output is not None:
                pieces[k * width + column_output][tile.column].add_(values.sum(0))
    return tuple(torch.where(total > 0, total.log(), MASKED) for total in sums)


def _forward_with_maximum(
    job: ProductSet, scales: Sequence[Scale], tensors: Sequence[Tensor]
) -> tuple[Tensor, ...]:
    width = len(job.output_sizes)
    tops = [tensors[0].new_full((size,), MASKED) for _ in scales for size in job.output_sizes]
    sums = [torch.zeros_like(top) for top in tops]

    pieces = [
        list(zip(top.split(job.side), total.split(job.side), strict=True))
        for top, total in zip(tops, sums, strict=True)
    ]

    def add(old_top: Tensor, total: Tensor, values: Tensor, dim: int) -> None:
        top = torch.maximum(old_top, values.amax(dim))
        total.mul_((old_top - top).exp()).add_((values - top.unsqueeze(dim)).exp_().sum(dim))
        old_top.copy_(top)

    exponents = _Exponents(scales, job)
    for tile in _walk(job, tensors, exponents.factor):
        column_output = tile.column_output
        for k, scale in enumerate(scales):
            values = exponents.of(tile, scale)
            add(*pieces[k * width + tile.product.row_output][tile.row], values, 1)
            if column_output is not None:
                add(*pieces[k * width + column_output][tile.column], values, 0)
    return tuple(
        torch.where(top > MASKED / 2, top + total.log(), MASKED)
        for top, total in zip(tops, sums, strict=True)
    )


def _add_product(total: Tensor, left: Tensor, right: Tensor) -> None:
    if left.dtype == total.dtype:
        total.addmm_(left, right)
    else:  # products in bfloat16, the sum over tiles in the type of the total
        total += left @ right


class _Backward:
    """Gradient in each factor: (P weighted by the incoming gradients) times the other factor."""

    def __init__(
        self,
        job: ProductSet,
        scales: Sequence[Scale],
        tensors: Sequence[Tensor],
        outputs: Sequence[Tensor],
        grads: Sequence[Tensor],
        careful: bool,
    ) -> None:
        self.job, self.scales, self.tensors, self.careful = job, scales, tensors, careful
        width = self.width = len(job.output_sizes)
        # dL_i / dS_ij = gradient scale * exp(c S_ij - L_i); a row without entries has no gradient
        factors = [
            torch.where(out > MASKED / 2, grad * scales[k // width].gradient, 0)
            for k, (out, grad) in enumerate(zip(outputs, grads, strict=True))
        ]
        if not careful:
            factors = [
                torch.where(factor == 0, 0, factor * (-out).exp())
                for factor, out in zip(factors, outputs, strict=True)
            ]
        self.factors = [factor.split(job.side) for factor in factors]
        self.outputs = [output.split(job.side) for output in outputs]
        self.exponents = _Exponents(scales, job)
        self.buffer = tensors[0].new_empty(job.side**2)
        self.total = tensors[0].new_empty(0 if len(scales) == 1 else job.side**2)

    def run(self, wanted: Sequence[bool]) -> list[Tensor | None]:
        result = [
            torch.zeros_like(t) if w else None for t, w in zip(self.tensors, wanted, strict=True)
        ]
        side = self.job.side
        pieces = [None if total is None else total.split(side) for total in result]
        tensors = [self.job.factor(tensor).split(side) for tensor in self.tensors]
        for tile in _walk(self.job, self.tensors, self.exponents.factor):
            gradient = self.job.factor(self.tile_gradient(tile))
            left, right = tile.product.left, tile.product.right
            to_left, to_right = pieces[left], pieces[right]
            if to_left is not None:
                _add_product(to_left[tile.row], gradient, tensors[right][tile.column])
            if to_right is not None and not tile.on_diagonal:
                _add_product(to_right[tile.column], gradient.T, tensors[left][tile.row])
        return result

    def tile_gradient(self, tile: _Tile) -> Tensor:
        """Sum over scales of the gradient in the tile's similarities."""
        if len(self.scales) == 1:
            return self._weigh(tile, 0, self.exponents.of(tile, self.scales[0]))
        total = _part(self.total, *tile.similarity.shape).zero_()
        for k, scale in enumerate(self.scales):
            total += self._weigh(tile, k, self.exponents.of(tile, scale))
        return total

    def _weigh(self, tile: _Tile, k: int, values: Tensor) -> Tensor:
        buffer = _part(self.buffer, *values.shape)
        row_output = k * self.width + tile.product.row_output
        row = self.factors[row_output][tile.row].unsqueeze(1)
        # in a tile on the diagonal both triangles are present: its columns are rows, too
        place = tile.product.row_output if tile.on_diagonal else tile.column_output
        if place is None:
            if self.careful:
                values -= self.outputs[row_output][tile.row].unsqueeze(1)
            return values.exp_().mul_(row)
        column_output = k * self.width + place
        column = self.factors[column_output][tile.column]
        if not self.careful:
            return values.exp_().mul_(torch.add(row, column, out=buffer))
        torch.sub(values, self.outputs[column_output][tile.column], out=buffer)
        values -= self.outputs[row_output][tile.row].unsqueeze(1)
        return values.exp_().mul_(row).addcmul_(buffer.exp_(), column)
