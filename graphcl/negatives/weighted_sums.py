"""Log-sums over pairs that a network of the pair weighs, for all directions in one pass.

For a similarity matrix S, logits ``l_ij = b + sum_k w_k tanh(p_ik + p_jk)`` and weights
``sigmoid(l_ij)`` the row statistics are

    L_i = log sum_j sigmoid(l_ij) exp(S_ij / t)        and        W_i = log sum_j sigmoid(l_ij)

over unmasked pairs. As in the engine's own pass S and l are evaluated in tiles, and once more in
the backward pass: O(N (d + h m)) memory, m about ten. The logits are symmetric in the two rows, so
that one tile serves the rows of one direction and the columns of the other. They are a matrix
product of the factors of :mod:`~graphcl.negatives.tanh_factors` where there are such, else one tanh
a pair and unit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from graphcl.contrast import MASKED, Rows
from graphcl.negatives.pair_units import PairUnits, unit_workspace
from graphcl.negatives.tanh_factors import tanh_factors


class _PairProducts:
    """Sums of the units of all pairs of a tile as a product of factors; works as `PairUnits`."""

    def __init__(self, left: Tensor, right: Tensor) -> None:
        self.left, self.right = left, right

    def chunks(self) -> Iterator[slice]:
        yield slice(0, len(self.left))

    def all_sums(self) -> Tensor:
        return self.left @ self.right.T

    def sums(self, rows: slice) -> Tensor:
        return self.left[rows] @ self.right.T

    def add_gradients(self, rows: slice, gradient: Tensor) -> None:
        self._gradient = gradient

    def gradients(self) -> tuple[Tensor, Tensor, None, Tensor]:
        gradient = self._gradient
        return gradient @ self.right, gradient.T @ self.left, None, gradient.sum()


@dataclass(frozen=True, eq=False, slots=True)
class _Tile:
    """A tile: its place, its similarities over the temperature (masked: the floor), its logits."""

    left: int
    right: int
    row: int
    column: int
    row_output: int
    column_output: int | None
    similarity: Tensor
    logits: PairUnits | _PairProducts


def weighted_log_sums(
    rows: Rows, project: Any, weight: Tensor, bias: Tensor, *, with_mean: bool
) -> tuple[tuple[Tensor, Tensor | None], ...]:
    """Both statistics for each direction that shares the pass of ``rows``.

    Args:
        rows: Anchors and candidates.
        project: From unit rows ``[n, d]`` to ``p``, ``[n, h]``.
        weight: Of the units, ``[h]``.
        bias: ``[1]``.
        with_mean: Whether W is wanted.

    Returns:
        For each direction L and W (or None), ``[N]`` each; -1e30 for an empty sum.
    """
    assert rows.shared is not None
    job = rows.shared.products
    projections = [project(tensor) for tensor in job.tensors]
    factors = tanh_factors(projections, weight)
    left, right = (projections, projections) if factors is None else factors
    flat = _WeightedSums.apply(
        job,
        rows.temperature,
        with_mean,
        factors is not None,
        weight,
        bias,
        *job.tensors,
        *left,
        *right,
    )
    size = len(job.output_sizes)
    return tuple((flat[k], flat[size + k] if with_mean else None) for k in range(size))


def _walk(
    job: Any, temperature: float, products: bool, weight: Tensor, factors: Sequence[Tensor]
) -> Iterator[_Tile]:
    """All tiles that have to be evaluated."""
    number = len(job.tensors)
    tensors, lefts, rights = factors[:number], factors[number : 2 * number], factors[2 * number :]
    workspace = None if products else unit_workspace(job.side, lefts[0])

    def logits(one: Tensor, other: Tensor) -> PairUnits | _PairProducts:
        if workspace is None:
            return _PairProducts(one, other)
        return PairUnits(one, other, weight, workspace)

    for product, mask in zip(job.products, job.masks(), strict=True):
        left = job.factor(tensors[product.left] / temperature).split(job.side)
        right = job.factor(tensors[product.right]).split(job.side)
        first = lefts[product.left].split(job.side)
        second = rights[product.right].split(job.side)
        for i in range(len(left)):
            for j in range(i if product.symmetric else 0, len(right)):
                similarity = (left[i] @ right[j].T).to(weight.dtype)
                if (i, j) in mask:
                    similarity.view(-1).index_fill_(0, mask[i, j], MASKED)
                output = product.column_output_of_tile(on_diagonal=product.symmetric and i == j)
                yield _Tile(
                    product.left,
                    product.right,
                    i,
                    j,
                    product.row_output,
                    output,
                    similarity,
                    logits(first[i], second[j]),
                )


def _exponents(similarity: Tensor, log_weights: Tensor, with_mean: bool) -> list[Tensor]:
    """Exponents of L and W; masked pairs at the floor."""
    result = [similarity + log_weights]
    if with_mean:
        result.append(torch.where(similarity > MASKED / 2, log_weights, MASKED))
    return result


class _WeightedSums(torch.autograd.Function):
    """The hand-written pass. Outputs: L for each output of the job, then W where it is wanted."""

    @staticmethod
    def forward(
        ctx: Any,
        job: Any,
        temperature: float,
        with_mean: bool,
        products: bool,
        weight: Tensor,
        bias: Tensor,
        *factors: Tensor,
    ) -> tuple[Tensor, ...]:
        ctx.job, ctx.temperature = job, temperature
        ctx.with_mean, ctx.products = with_mean, products
        width = len(job.output_sizes)
        tops = [
            weight.new_full((size,), MASKED)
            for _ in range(1 + with_mean)
            for size in job.output_sizes
        ]
        sums = [torch.zeros_like(top) for top in tops]
        top_pieces = [top.split(job.side) for top in tops]
        sum_pieces = [total.split(job.side) for total in sums]

        def add(output: int, place: int, values: Tensor, dim: int) -> None:
            old, total = top_pieces[output][place], sum_pieces[output][place]
            top = torch.maximum(old, values.amax(dim))
            total.mul_((old - top).exp()).add_((values - top.unsqueeze(dim)).exp_().sum(dim))
            old.copy_(top)

        for tile in _walk(job, temperature, products, weight, factors):
            log_weights = logsigmoid(tile.logits.all_sums().add_(bias))
            exponents = _exponents(tile.similarity, log_weights, with_mean)
            for k, values in enumerate(exponents):
                add(k * width + tile.row_output, tile.row, values, 1)
                if tile.column_output is not None:
                    add(k * width + tile.column_output, tile.column, values, 0)
        outputs = tuple(
            torch.where(top > MASKED / 2, top + total.log(), MASKED)
            for top, total in zip(tops, sums, strict=True)
        )
        ctx.save_for_backward(weight, bias, *factors, *outputs)
        return outputs

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        job, size = ctx.job, 3 * len(ctx.job.tensors)
        weight, bias, *rest = ctx.saved_tensors
        factors, outputs = rest[:size], rest[size:]
        shares = _Shares(job, outputs, gradients)
        results = [torch.zeros_like(factor) for factor in factors]
        pieces = [result.split(job.side) for result in results]
        values = [factor.split(job.side) for factor in factors[: len(job.tensors)]]
        grad_weight, grad_bias = torch.zeros_like(weight), torch.zeros_like(bias)
        for tile in _walk(job, ctx.temperature, ctx.products, weight, factors):
            sums, similarity = tile.logits, tile.similarity
            for rows in sums.chunks():
                logits = sums.sums(rows).add_(bias)
                exponents = _exponents(similarity[rows], logsigmoid(logits), ctx.with_mean)
                parts = [shares.of(tile, k, rows, part) for k, part in enumerate(exponents)]
                similarity[rows] = parts[0]
                total = parts[0] if len(parts) == 1 else parts[0] + parts[1]
                sums.add_gradients(rows, logits.neg_().sigmoid_().mul_(total))
            in_left, in_right, in_weight, in_bias = sums.gradients()
            if in_weight is not None:
                grad_weight += in_weight
            grad_bias += in_bias
            number = len(job.tensors)
            pieces[number + tile.left][tile.row].add_(in_left)
            pieces[2 * number + tile.right][tile.column].add_(in_right)
            gradient = job.factor(similarity.div_(ctx.temperature))
            right, left = values[tile.right][tile.column], values[tile.left][tile.row]
            pieces[tile.left][tile.row].add_(gradient @ job.factor(right))
            pieces[tile.right][tile.column].add_(gradient.T @ job.factor(left))
        return None, None, None, None, grad_weight, grad_bias, *results


class _Shares:
    """Share of a pair in the sums that it is in, times the gradients of their logarithms."""

    def __init__(self, job: Any, outputs: Sequence[Tensor], gradients: Sequence[Tensor]) -> None:
        # a sum of nothing has no gradient
        gradients = [
            torch.where(output > MASKED / 2, gradient, 0)
            for output, gradient in zip(outputs, gradients, strict=True)
        ]
        self._width = len(job.output_sizes)
        self._outputs = [output.split(job.side) for output in outputs]
        self._gradients = [gradient.split(job.side) for gradient in gradients]

    def of(self, tile: _Tile, statistic: int, rows: slice, exponents: Tensor) -> Tensor:
        """Of some rows of a tile, ``[r, c]``."""
        number = statistic * self._width + tile.row_output
        output = self._outputs[number][tile.row][rows].unsqueeze(1)
        gradient = self._gradients[number][tile.row][rows].unsqueeze(1)
        result = (exponents - output).exp_().mul_(gradient)
        if tile.column_output is not None:
            number = statistic * self._width + tile.column_output
            other = (exponents - self._outputs[number][tile.column]).exp_()
            result.addcmul_(other, self._gradients[number][tile.column])
        return result
