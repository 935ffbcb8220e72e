"""Dot products of listed pairs of rows, which are never gathered."""

from __future__ import annotations

import warnings
from functools import cached_property
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional


class PairIndex:
    """Listed (row, column) pairs, and what products need to know of them; found once.

    Args:
        index: The pairs, sorted by row, ``[2, P]``.
        num_rows: Number of rows ``N``.
        num_columns: Number of columns ``M``.

    Example:
        >>> PairIndex(torch.tensor([[0, 0, 2], [1, 2, 1]]), 3, 3).starts
        tensor([0, 2, 2, 3])
    """

    def __init__(self, index: Tensor, num_rows: int, num_columns: int) -> None:
        self.index = index
        self.shape = (num_rows, num_columns)

    @cached_property
    def starts(self) -> Tensor:
        """Where each row begins in the list, and its end, ``[N + 1]``."""
        return group_starts(self.index[0], self.shape[0])

    @cached_property
    def by_column(self) -> tuple[Tensor, Tensor, Tensor]:
        """The order that sorts by column ``[P]``, the rows then ``[P]``, the starts ``[M + 1]``."""
        columns, order = self.index[1].sort()
        return order, self.index[0][order], group_starts(columns, self.shape[1])

    def with_values(self, values: Tensor) -> Tensor:
        """A sparse CSR matrix ``[N, M]`` of one value a pair."""
        with warnings.catch_warnings():  # torch announces once that CSR is in beta
            warnings.filterwarnings("ignore", message="Sparse", category=UserWarning)
            return torch.sparse_csr_tensor(
                self.starts, self.index[1], values, self.shape, check_invariants=False
            )


def group_starts(group: Tensor, num_groups: int) -> Tensor:
    """Where each group begins in a sorted list of groups ``[P]``, and the end, ``[G + 1]``."""
    numbers = torch.arange(num_groups + 1, device=group.device)
    return torch.searchsorted(group.contiguous(), numbers)


def pair_products(left: Tensor, right: Tensor, pairs: PairIndex | Tensor) -> Tensor:
    """Dot products of the listed pairs of rows, without gathering the rows.

    Args:
        left: ``[N, d]``, float32 or float64.
        right: ``[M, d]``.
        pairs: Pairs (row of ``left``, row of ``right``) sorted by the former, ``[2, P]``; as a
            :class:`PairIndex` where they are needed again.

    Returns:
        ``[P]``, differentiable (once) in both inputs.

    Example:
        >>> pair_products(torch.eye(2), torch.ones(3, 2), torch.tensor([[0, 1], [2, 2]]))
        tensor([1., 1.])
    """
    if isinstance(pairs, Tensor):
        pairs = PairIndex(pairs, len(left), len(right))
    result: Tensor = _PairProducts.apply(left, right, pairs)
    return result


class _PairProducts(torch.autograd.Function):
    """Products at the places of a sparse matrix; backward that matrix, and its transpose."""

    @staticmethod
    def forward(ctx: Any, left: Tensor, right: Tensor, pairs: PairIndex) -> Tensor:
        ctx.save_for_backward(left, right)
        ctx.pairs = pairs
        places = pairs.with_values(left.new_zeros(pairs.index.size(1)))
        return torch.sparse.sampled_addmm(places, left, right.T, beta=0.0).values()

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        left, right = ctx.saved_tensors
        pairs: PairIndex = ctx.pairs
        to_left = to_right = None
        if ctx.needs_input_grad[0]:
            to_left = _sums(right, pairs.index[1], pairs.starts, grad)
        if ctx.needs_input_grad[1]:
            order, rows, starts = pairs.by_column
            to_right = _sums(left, rows, starts, grad[order])
        return to_left, to_right, None


def weighted_row_sums(rows: Tensor, index: Tensor, weight: Tensor, num_groups: int) -> Tensor:
    """For each group the weighted sum of its rows: a sparse matrix times ``rows``.

    Args:
        rows: ``[M, d]``.
        index: Pairs (group, row) sorted by group, ``[2, P]``.
        weight: One weight a pair, ``[P]``.
        num_groups: Number of groups ``G``.

    Returns:
        ``[G, d]``; a group without rows gives zero. Differentiable in ``rows`` and ``weight``.

    Example:
        >>> rows = torch.tensor([[1.0], [2.0], [4.0]])
        >>> weighted_row_sums(rows, torch.tensor([[0, 0], [1, 2]]), torch.ones(2), 2)
        tensor([[6.],
                [0.]])
    """
    return _sums(rows, index[1], group_starts(index[0], num_groups), weight.to(rows.dtype))


def _sums(rows: Tensor, chosen: Tensor, starts: Tensor, weight: Tensor) -> Tensor:
    return functional.embedding_bag(
        chosen, rows, starts[:-1], mode="sum", per_sample_weights=weight
    )
