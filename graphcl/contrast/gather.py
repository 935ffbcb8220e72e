"""Rows of all ranks, with gradients: W processes contrast what one would."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, distributed


def num_ranks() -> int:
    """How many processes take part; 1 where nothing is distributed."""
    ready = distributed.is_available() and distributed.is_initialized()
    return distributed.get_world_size() if ready else 1


class _GatherRows(torch.autograd.Function):
    """Concatenate the rows of all ranks; the gradient of a rank's rows is summed over ranks."""

    @staticmethod
    def forward(ctx: Any, rows: Tensor, sizes: list[int]) -> Tensor:
        ctx.sizes = sizes
        widest = max(sizes)
        padded = rows.new_zeros(widest, *rows.shape[1:])
        padded[: len(rows)] = rows
        parts = [torch.empty_like(padded) for _ in sizes]
        distributed.all_gather(parts, padded)
        return torch.cat([part[:size] for part, size in zip(parts, sizes, strict=True)])

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        grad = grad.contiguous()
        distributed.all_reduce(grad)
        return grad.split(ctx.sizes)[distributed.get_rank()].clone(), None


class _SumOverRanks(torch.autograd.Function):
    """Sum over ranks; so is the gradient, as the sum is in the loss of every rank."""

    @staticmethod
    def forward(ctx: Any, values: Tensor) -> Tensor:
        total = values.clone(memory_format=torch.contiguous_format)
        distributed.all_reduce(total)
        return total

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        total = grad.clone(memory_format=torch.contiguous_format)
        distributed.all_reduce(total)
        return total


def sum_over_ranks(values: Tensor) -> Tensor:
    """Sum a tensor over all ranks, differentiably; without other ranks it is returned as it is.

    As in :func:`gather_rows`, gradients are those of the sum of the ranks' losses.

    Args:
        values: Of one shape on all ranks.

    Example:
        >>> sum_over_ranks(torch.ones(2))
        tensor([1., 1.])
    """
    if num_ranks() == 1:
        return values
    total: Tensor = _SumOverRanks.apply(values)
    return total


def largest_over_ranks(number: int, device: torch.device) -> int:
    """The largest of all ranks' numbers.

    Example:
        >>> largest_over_ranks(3, torch.device("cpu"))
        3
    """
    if num_ranks() == 1:
        return number
    largest = torch.tensor([number], device=device)
    distributed.all_reduce(largest, distributed.ReduceOp.MAX)
    return int(largest)


def gather_rows(rows: Tensor) -> tuple[Tensor, int]:
    """The rows of all ranks in the order of the ranks, and where the own ones begin.

    The backward pass sums the gradients of all ranks, as a sum of the ranks' losses wants it;
    ``DistributedDataParallel`` then averages the gradients of the parameters. Ranks may have
    different numbers of rows. Without other ranks the rows are returned as they are.

    Args:
        rows: ``[n, ...]``, on every rank.

    Returns:
        ``[N, ...]`` and the offset of the own rows.

    Example:
        >>> gather_rows(torch.ones(2, 1))[1]
        0
    """
    ranks = num_ranks()
    if ranks == 1:
        return rows, 0
    size = torch.tensor([len(rows)], device=rows.device)
    sizes = [torch.empty_like(size) for _ in range(ranks)]
    distributed.all_gather(sizes, size)
    counts = [int(count) for count in sizes]
    gathered: Tensor = _GatherRows.apply(rows, counts)
    return gathered, sum(counts[: distributed.get_rank()])
