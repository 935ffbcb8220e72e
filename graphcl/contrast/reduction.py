"""Reduce any differentiable function of the cosines, tile by tile.

The second of the engine's two paths: for weights that gradients flow through (learned ones).
Every tile is evaluated again in the backward pass, and its graph made only then: nothing of a tile
outlives it, and memory stays O(N d) here, too. (A checkpoint for each tile keeps small objects
between large ones that are freed: the heap frays, and grows with N^2.)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor

from graphcl.contrast.products import Block, ProductSet, TileFunction
from graphcl.contrast.similarity import MASKED

Reduction = Literal["logsumexp", "sum"]


def reduce_tiles(
    products: ProductSet,
    function: TileFunction,
    *,
    reduce: Reduction,
    symmetric: bool,
    inputs: Sequence[Tensor] = (),
) -> tuple[Tensor, ...]:
    """Row (and, where symmetric, column) reductions of a function of the cosines.

    Args:
        products: The matrices and the outputs that they are added to.
        function: From (cosine, row ids, column ids, block, *inputs) to values; deterministic.
        reduce: What to do along a row.
        symmetric: The function of (i, j) is that of (j, i): a cross-view tile serves both
            directions, and a view against itself takes its upper tiles only.
        inputs: Tensors that the function needs beside the cosines. Their gradients are collected
            here; parameters may be closed over.

    Returns:
        One ``[n]`` an output; ``MASKED`` (log-sum-exp) or 0 (sum) where nothing was added.

    Raises:
        ValueError: The function closes over another tensor that needs a gradient.
    """
    job = _Job(products, function, reduce, symmetric)
    parameters = _parameters(job, inputs) if torch.is_grad_enabled() else []
    outputs: tuple[Tensor, ...] = _Reduce.apply(
        job, len(inputs), *products.tensors, *inputs, *parameters
    )
    return outputs


@dataclass(frozen=True, eq=False)
class _Job:
    products: ProductSet
    function: TileFunction
    reduce: Reduction
    symmetric: bool

    def places(self) -> Iterator[_Place]:
        """All tiles that have to be evaluated."""
        side, tensors = self.products.side, self.products.tensors
        sizes = [len(tensor) for tensor in tensors]
        ids = torch.arange(max(sizes), device=tensors[0].device).split(side)
        masks = self.products.masks()
        for number, (product, mask) in enumerate(zip(self.products.products, masks, strict=True)):
            height, width = sizes[product.left], sizes[product.right]
            for i in range(-(-height // side)):
                for j in range(-(-width // side)):
                    if self.symmetric and product.symmetric and j < i:
                        continue
                    column_output = None
                    if self.symmetric:
                        column_output = product.column_output_of_tile(on_diagonal=i == j)
                    yield _Place(
                        number,
                        (product.left, i),
                        (product.right, j),
                        ids[i][: height - i * side],
                        ids[j][: width - j * side],
                        product.block,
                        mask.get((i, j)),
                        product.row_output,
                        column_output,
                    )

    def values(
        self, place: _Place, left: Tensor, right: Tensor, inputs: Sequence[Tensor]
    ) -> Tensor:
        """What the function makes of a tile, masked entries included."""
        cosine = (self.products.factor(left) @ self.products.factor(right).T).to(left.dtype)
        return self.function(cosine, place.row_ids, place.column_ids, place.block, *inputs)

    def split(self, tensors: Sequence[Tensor]) -> list[tuple[Tensor, ...]]:
        return [tensor.split(self.products.side) for tensor in tensors]


@dataclass(frozen=True, eq=False, slots=True)
class _Place:
    """A tile: factors as (tensor, piece), and where its row and column sums go."""

    product: int
    left: tuple[int, int]
    right: tuple[int, int]
    row_ids: Tensor
    column_ids: Tensor
    block: Block
    masked: Tensor | None
    row_output: int
    column_output: int | None

    def fill(self, values: Tensor, value: float) -> Tensor:
        """The values, another one at masked entries."""
        if self.masked is None:
            return values
        return values.reshape(-1).index_fill(0, self.masked, value).view_as(values)


class _Reduce(torch.autograd.Function):
    """The pass. Inputs: the factors, the function's inputs, parameters that it closes over."""

    @staticmethod
    def forward(ctx: Any, job: _Job, num_inputs: int, *tensors: Tensor) -> tuple[Tensor, ...]:
        products = job.products
        width = len(products.tensors)
        pieces, inputs = job.split(tensors[:width]), tensors[width : width + num_inputs]
        empty = MASKED if job.reduce == "logsumexp" else 0.0
        outputs = [tensors[0].new_full((size,), empty) for size in products.output_sizes]
        totals = job.split(outputs)
        for place in job.places():
            left, right = _at(pieces, place.left), _at(pieces, place.right)
            values = job.values(place, left, right, inputs)
            values = place.fill(values, empty)
            _add(totals[place.row_output][place.left[1]], values, 1, job.reduce)
            if place.column_output is not None:
                _add(totals[place.column_output][place.right[1]], values, 0, job.reduce)
        if job.reduce == "logsumexp":  # the sum of several floors is the floor
            outputs = [torch.where(out > MASKED / 2, out, MASKED) for out in outputs]
        ctx.job, ctx.num_inputs = job, num_inputs
        ctx.save_for_backward(*tensors, *outputs)
        return tuple(outputs)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        job: _Job = ctx.job
        width = len(job.products.tensors)
        end = len(ctx.saved_tensors) - len(grads)
        factors, outputs = ctx.saved_tensors[:width], ctx.saved_tensors[end:]
        others, wanted = ctx.saved_tensors[width:end], ctx.needs_input_grad[2 + width :]
        given = [
            # not the graph that an input comes from, which is not ours to walk
            tensor.detach().requires_grad_(want) if k < ctx.num_inputs else tensor
            for k, (tensor, want) in enumerate(zip(others, wanted, strict=True))
        ]
        inputs, known = given[: ctx.num_inputs], [k for k, want in enumerate(wanted) if want]
        there = [out > MASKED / 2 for out in outputs]
        # an empty row has no gradient
        weights = job.split([torch.where(t, g, 0) for t, g in zip(there, grads, strict=True)])
        logs = job.split([torch.where(t, out, 0) for t, out in zip(there, outputs, strict=True)])
        pieces = job.split(factors)
        totals = [torch.zeros_like(tensor) for tensor in factors]
        parts = job.split(totals)
        found: list[Tensor | None] = [None] * len(given)
        for place in job.places():
            left = _at(pieces, place.left).detach().requires_grad_()
            right = _at(pieces, place.right).detach().requires_grad_()
            with torch.enable_grad():
                values = job.values(place, left, right, inputs)
            if not values.requires_grad:
                continue
            sides = [(place.row_output, place.left[1], 1)]
            if place.column_output is not None:
                sides.append((place.column_output, place.right[1], 0))
            upstream = _upstream(values.detach(), sides, weights, logs, job.reduce)
            sought = [left, right, *(given[k] for k in known)]
            own = torch.autograd.grad(values, sought, place.fill(upstream, 0.0), allow_unused=True)
            for where, gradient in zip((place.left, place.right), own[:2], strict=True):
                if gradient is not None:
                    _at(parts, where).add_(gradient)
            for k, gradient in zip(known, own[2:], strict=True):
                if gradient is not None:
                    total = found[k]
                    found[k] = gradient if total is None else total + gradient
        return None, None, *totals, *found


def _at(pieces: Sequence[Sequence[Tensor]], where: tuple[int, int]) -> Tensor:
    return pieces[where[0]][where[1]]


def _add(total: Tensor, values: Tensor, dim: int, reduce: Reduction) -> None:
    if reduce == "sum":
        total.add_(values.sum(dim))
    else:
        torch.logaddexp(total, values.logsumexp(dim), out=total)


def _upstream(
    values: Tensor,
    sides: Sequence[tuple[int, int, int]],
    weights: Sequence[Sequence[Tensor]],
    logs: Sequence[Sequence[Tensor]],
    reduce: Reduction,
) -> Tensor:
    """Gradient of the outputs in the values of a tile, masked entries included."""
    result = None
    for output, piece, dim in sides:
        weight = weights[output][piece].unsqueeze(dim)
        if reduce == "logsumexp":
            share = (values - logs[output][piece].unsqueeze(dim)).exp_().mul_(weight)
        else:
            share = weight.expand_as(values)
        result = share if result is None else result + share
    assert result is not None
    return result


def _parameters(job: _Job, inputs: Sequence[Tensor]) -> list[Tensor]:
    """Leaves that need a gradient and that the function closes over, as its first tiles show."""
    apart = [tensor.detach() for tensor in inputs]
    found: dict[int, Tensor] = {}
    seen: set[int] = set()
    pieces = job.split([tensor.detach() for tensor in job.products.tensors])
    for place in job.places():
        if place.product in seen:
            continue
        seen.add(place.product)
        oldest = torch.zeros((), requires_grad=True).clone().grad_fn
        left, right = _at(pieces, place.left), _at(pieces, place.right)
        with torch.enable_grad():
            values = job.values(place, left, right, apart)
        for node in _outer_nodes(values.grad_fn, oldest):
            variable = getattr(node, "variable", None)
            if variable is None:
                raise ValueError(
                    "the function of a tile closes over a tensor that needs a gradient and is "
                    f"computed from others ({node.name()}): hand it in as one of inputs"
                )
            found[id(variable)] = variable
    return list(found.values())


def _outer_nodes(root: Any, oldest: Any) -> list[Any]:
    """Nodes that the graph of a tile leads to: older ones, and those that collect gradients."""
    found, known, stack = [], set(), [root]
    while stack:
        node = stack.pop()
        if node is None or node in known:
            continue
        known.add(node)
        if hasattr(node, "variable") or node._sequence_nr() < oldest._sequence_nr():
            found.append(node)
        else:
            stack += [following for following, _ in node.next_functions]
    return found
