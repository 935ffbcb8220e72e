"""Row and column log-sum-exps of similarity matrices that are never held in memory.

For S = left right^T and a scale c, the row statistic is L_i = log sum_j exp(c S_ij) over unmasked
entries. S is evaluated in tiles, and once more in the backward pass, whose weights
P_ij = exp(c S_ij - L_i) need nothing but L: O(N d) memory. One tile serves

- the rows of one direction and the columns of the other (cross-view matrices),
- both triangles of a symmetric matrix (a view against itself): only tiles on or above the
  diagonal are computed,
- several scales at once (HCL needs beta/t and (1 + beta)/t): one product, one gradient.

Log-weights W_ij through which no gradient flows may be added to the exponent. They are a function
of the tile, evaluated again in the backward pass. Weights of pairs, whatever their cosines,
multiply the exponentials instead, which takes half as many looks at a tile.

While |c S| is bounded by a constant that leaves room for the sum in the type's exponent range,
nothing has to be subtracted before the exponential; beyond that a running maximum is kept.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from graphcl.contrast.products import PairWeights, Product, ProductSet, TileFunction
from graphcl.contrast.similarity import MASKED

_SAFE_EXPONENT = {torch.float32: 40.0, torch.float64: 300.0}
# Smaller exponentials add nothing to a sum, but subnormal numbers make all that follows 100 times
# slower: exponentials, and products with them.
_LEAST_EXPONENT = {torch.float32: -55.0, torch.float64: -600.0}

Weights = TileFunction | PairWeights | None


@dataclass(frozen=True)
class Scale:
    """The factor of the cosine in the exponent, and that of its gradient.

    They differ where part of the exponent is detached: with weights exp(b s) held fixed the
    exponent is (1/t + b) s and its derivative 1/t.
    """

    value: float
    gradient: float


def streamed_logsumexp(
    products: ProductSet,
    scales: Sequence[Scale],
    weights: Weights = None,
) -> tuple[tuple[Tensor, ...], ...]:
    """Log-sum-exps of all outputs at several scales, in one pass.

    Args:
        products: The matrices and the outputs that they are added to.
        scales: Distinct factors of the similarities.
        weights: Log-weights of a tile, added to every exponent, or weights of pairs; deterministic,
            and without gradient.

    Returns:
        For each scale one ``[n]`` an output; ``MASKED``, without gradient, for an empty row.
    """
    flat: tuple[Tensor, ...] = _LogSumExp.apply(products, tuple(scales), weights, *products.tensors)
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

    def __init__(self, job: ProductSet, scales: Sequence[Scale], weights: Weights) -> None:
        tensors = job.tensors
        self.pairs = weights if isinstance(weights, PairWeights) else None
        self.logs = None if isinstance(weights, PairWeights) else weights
        folded = len(scales) == 1 and self.logs is None
        self.factor = scales[0].value if folded else 1.0
        self.buffer = tensors[0].new_empty(0 if folded else job.side**2)
        longest = max(map(len, tensors))
        self.ids = torch.arange(longest, device=tensors[0].device).split(job.side)
        self.least = _LEAST_EXPONENT[tensors[0].dtype]

    def of(self, tile: _Tile, scale: Scale) -> Tensor:
        """Exponents, also of masked entries; may be overwritten by the caller."""
        values = tile.similarity
        if self.logs is not None:
            logs = self.logs(values, *self._ids(tile), tile.product.block)
            return torch.add(logs, values, alpha=scale.value, out=_part(self.buffer, *values.shape))
        if self.buffer.numel():
            values = torch.mul(values, scale.value, out=_part(self.buffer, *values.shape))
        return values

    def masked(self, tile: _Tile, scale: Scale) -> Tensor:
        """Exponents, masked entries at the floor."""
        values = self.of(tile, scale)
        if self.pairs is not None:
            values += (
                self.pairs.function(*self._ids(tile), tile.product.block).log_().clamp_(MASKED)
            )
        return _fill(values, tile, MASKED)

    def exponentials(self, tile: _Tile, scale: Scale) -> Tensor:
        """Exponentials within the safe range, 0 at masked entries."""
        values = self.of(tile, scale)
        if self.logs is not None:
            values.clamp_(min=self.least)
        values.exp_()
        if self.pairs is not None:
            values *= self.pairs.function(*self._ids(tile), tile.product.block)
        return _fill(values, tile, 0.0)

    def _ids(self, tile: _Tile) -> tuple[Tensor, Tensor]:
        rows, columns = tile.similarity.shape
        return self.ids[tile.row][:rows], self.ids[tile.column][:columns]

    def exp_(self, values: Tensor) -> Tensor:
        """Exponentials of values up to 0, in place."""
        return values.clamp_(min=self.least).exp_()


def _fill(values: Tensor, tile: _Tile, value: float) -> Tensor:
    if tile.masked is not None:
        values.view(-1).index_fill_(0, tile.masked, value)
    return values


class _LogSumExp(torch.autograd.Function):
    """The hand-written pass. Outputs: for each scale, the row statistic of each output."""

    @staticmethod
    def forward(
        ctx: Any,
        job: ProductSet,
        scales: tuple[Scale, ...],
        weights: Weights,
        *tensors: Tensor,
    ) -> tuple[Tensor, ...]:
        largest = job.largest_similarity() * max(abs(scale.value) for scale in scales)
        outputs: tuple[Tensor, ...] | None = None
        with torch.autocast(tensors[0].device.type, enabled=False):
            if largest <= _SAFE_EXPONENT[tensors[0].dtype]:  # false for NaN
                outputs = _forward_plain(job, scales, weights, tensors)
            ctx.careful = outputs is None
            if outputs is None:
                outputs = _forward_with_maximum(job, scales, weights, tensors)
        ctx.job, ctx.scales, ctx.weights = job, scales, weights
        ctx.save_for_backward(*tensors, *outputs)
        return outputs

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        count = len(ctx.job.tensors)
        tensors, outputs = ctx.saved_tensors[:count], ctx.saved_tensors[count:]
        with torch.autocast(tensors[0].device.type, enabled=False):
            exponents = _Exponents(ctx.job, ctx.scales, ctx.weights)
            gradient = _Backward(
                ctx.job, ctx.scales, exponents, tensors, outputs, grads, ctx.careful
            )
            return None, None, None, *gradient.run(ctx.needs_input_grad[3:])


def _forward_plain(
    job: ProductSet,
    scales: Sequence[Scale],
    weights: Weights,
    tensors: Sequence[Tensor],
) -> tuple[Tensor, ...] | None:
    """The sums as they are; None where weights bring one out of the safe range."""
    width = len(job.output_sizes)
    sums = [tensors[0].new_zeros(size) for _ in scales for size in job.output_sizes]
    pieces = [total.split(job.side) for total in sums]
    exponents = _Exponents(job, scales, weights)
    for tile in _walk(job, tensors, exponents.factor):
        column_output = tile.column_output
        for k, scale in enumerate(scales):
            values = exponents.exponentials(tile, scale)
            pieces[k * width + tile.product.row_output][tile.row].add_(values.sum(1))
            if column_output is not None:
                pieces[k * width + column_output][tile.column].add_(values.sum(0))
    if weights is not None:
        safe = _SAFE_EXPONENT[tensors[0].dtype]
        least, most = math.exp(-safe / 2), math.exp(safe)
        if not all(bool(((total > least) & (total < most)).all()) for total in sums):
            return None
    return tuple(torch.where(total > 0, total.log(), MASKED) for total in sums)


def _forward_with_maximum(
    job: ProductSet,
    scales: Sequence[Scale],
    weights: Weights,
    tensors: Sequence[Tensor],
) -> tuple[Tensor, ...]:
    width = len(job.output_sizes)
    tops = [tensors[0].new_full((size,), MASKED) for _ in scales for size in job.output_sizes]
    sums = [torch.zeros_like(top) for top in tops]

    pieces = [
        list(zip(top.split(job.side), total.split(job.side), strict=True))
        for top, total in zip(tops, sums, strict=True)
    ]
    exponents = _Exponents(job, scales, weights)
    buffer = tensors[0].new_empty(job.side**2)

    def add(old_top: Tensor, total: Tensor, values: Tensor, dim: int) -> None:
        top = torch.maximum(old_top, values.amax(dim))
        below = torch.sub(values, top.unsqueeze(dim), out=_part(buffer, *values.shape))
        total.mul_((old_top - top).exp()).add_(exponents.exp_(below).sum(dim))
        old_top.copy_(top)

    for tile in _walk(job, tensors, exponents.factor):
        column_output = tile.column_output
        for k, scale in enumerate(scales):
            values = exponents.masked(tile, scale)
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
        exponents: _Exponents,
        tensors: Sequence[Tensor],
        outputs: Sequence[Tensor],
        grads: Sequence[Tensor],
        careful: bool,
    ) -> None:
        self.job, self.scales, self.tensors, self.careful = job, scales, tensors, careful
        self.exponents = exponents
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
            return self._weigh(tile, 0)
        total = _part(self.total, *tile.similarity.shape).zero_()
        for k in range(len(self.scales)):
            total += self._weigh(tile, k)
        return total

    def _weigh(self, tile: _Tile, k: int) -> Tensor:
        buffer = _part(self.buffer, *tile.similarity.shape)
        row_output = k * self.width + tile.product.row_output
        row = self.factors[row_output][tile.row].unsqueeze(1)
        # in a tile on the diagonal both triangles are present: its columns are rows, too
        place = tile.product.row_output if tile.on_diagonal else tile.column_output
        column_output = None if place is None else k * self.width + place
        if not self.careful:
            if column_output is not None:
                row = torch.add(row, self.factors[column_output][tile.column], out=buffer)
            return self.exponents.exponentials(tile, self.scales[k]).mul_(row)
        exp_ = self.exponents.exp_
        values = self.exponents.masked(tile, self.scales[k])
        if column_output is not None:
            torch.sub(values, self.outputs[column_output][tile.column], out=buffer)
        exp_(values.sub_(self.outputs[row_output][tile.row].unsqueeze(1))).mul_(row)
        if column_output is not None:
            values.addcmul_(exp_(buffer), self.factors[column_output][tile.column])
        return values
