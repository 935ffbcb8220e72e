"""Reduce any differentiable function of the cosines, tile by checkpointed tile.

The second of the engine's two paths: for weights that gradients flow through (learned ones).
Every tile is evaluated again in the backward pass, so that memory stays O(N d) here, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from graphcl.contrast.products import Block, ProductSet, TileFunction
from graphcl.contrast.similarity import MASKED
from graphcl.contrast.tiles import spans

Reduction = Literal["logsumexp", "sum"]


def reduce_tiles(
    products: ProductSet, function: TileFunction, *, reduce: Reduction, symmetric: bool
) -> tuple[Tensor, ...]:
    """Row (and, where symmetric, column) reductions of a function of the cosines.

    Args:
        products: The matrices and the outputs that they are added to.
        function: From (cosine, row ids, column ids, block) to values; deterministic. It gets its
            indices as arguments; tensors that it closes over receive their gradients.
        reduce: What to do along a row.
        symmetric: The function of (i, j) is that of (j, i): a cross-view tile serves both
            directions, and a view against itself takes its upper tiles only.

    Returns:
        One ``[n]`` an output; ``MASKED`` (log-sum-exp) or 0 (sum) where nothing was added.
    """
    side, tensors = products.side, products.tensors
    # one split each: slicing anew in every tile would make every gradient full size
    pieces = [tensor.split(side) for tensor in tensors]
    totals: list[list[Tensor | None]] = [
        [None] * len(range(0, size, side)) for size in products.output_sizes
    ]

    def add(output: int, tile: int, part: Tensor) -> None:
        total = totals[output][tile]
        if total is not None:
            part = torch.logaddexp(total, part) if reduce == "logsumexp" else total + part
        totals[output][tile] = part

    def evaluate(
        left: Tensor,
        right: Tensor,
        row_ids: Tensor,
        column_ids: Tensor,
        block: Block,
        masked: Tensor | None,
        dims: Sequence[int],
    ) -> tuple[Tensor, ...]:
        cosine = products.factor(left) @ products.factor(right).T
        values = function(cosine.to(left.dtype), row_ids, column_ids, block)
        if masked is not None:
            fill = MASKED if reduce == "logsumexp" else 0.0
            values = values.reshape(-1).index_fill(0, masked, fill).view_as(values)
        return tuple(
            values.logsumexp(dim) if reduce == "logsumexp" else values.sum(dim) for dim in dims
        )

    for product, mask in zip(products.products, products.masks(), strict=True):
        device = tensors[product.left].device
        for i, top, bottom in spans(len(tensors[product.left]), side):
            row_ids = torch.arange(top, bottom, device=device)
            for j, start, stop in spans(len(tensors[product.right]), side):
                if symmetric and product.symmetric and j < i:
                    continue
                column_output = (
                    product.column_output_of_tile(on_diagonal=i == j) if symmetric else None
                )
                parts = checkpoint(
                    evaluate,
                    pieces[product.left][i],
                    pieces[product.right][j],
                    row_ids,
                    torch.arange(start, stop, device=device),
                    product.block,
                    mask.get((i, j)),
                    (1,) if column_output is None else (1, 0),
                    use_reentrant=False,
                    preserve_rng_state=False,
                )
                add(product.row_output, i, parts[0])
                if column_output is not None:
                    add(column_output, j, parts[1])
    return tuple(_join(parts, reduce) for parts in totals)


def _join(parts: Sequence[Tensor | None], reduce: Reduction) -> Tensor:
    result = torch.cat([part for part in parts if part is not None])
    # the sum of several floors is the floor
    return torch.where(result > MASKED / 2, result, MASKED) if reduce == "logsumexp" else result
