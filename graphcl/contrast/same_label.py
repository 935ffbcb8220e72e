"""The relation "of the same label", without its list of pairs."""

from __future__ import annotations

from functools import cached_property

import torch
from torch import Tensor


class SameLabel:
    """Items of the same label belong together: O(N) memory until the pairs are asked for.

    Args:
        labels: One integer an item, ``[N]``.

    Attributes:
        number: Number of each item's label, counted from 0, ``[N]``.
        mates: How many items share the label of each, itself among them, ``[N]``.

    Raises:
        TypeError: Labels that are no integers.
        ValueError: Labels of another shape.

    Example:
        >>> SameLabel(torch.tensor([7, 3, 7])).mates
        tensor([2, 1, 2])
    """

    def __init__(self, labels: Tensor, *, name: str = "labels") -> None:
        check_vector(labels, name)
        self.number, self._sizes = labels.unique(return_inverse=True, return_counts=True)[1:]
        self.mates = self._sizes[self.number]

    @cached_property
    def index(self) -> Tensor:
        """All ordered pairs, an item with itself among them, sorted, ``[2, P]``."""
        order = self.number.argsort(stable=True)
        first = (self._sizes.cumsum(0) - self._sizes)[self.number]
        items = torch.arange(len(self.number), device=order.device)
        anchor = items.repeat_interleave(self.mates)
        begin = self.mates.cumsum(0) - self.mates
        within = torch.arange(len(anchor), device=order.device) - begin[anchor]
        return torch.stack([anchor, order[first[anchor] + within]])

    def sums(self, rows: Tensor) -> Tensor:
        """For each item the sum of the rows of its label, its own among them, ``[N, d]``.

        Example:
            >>> SameLabel(torch.tensor([7, 3, 7])).sums(torch.tensor([[1.0], [2.0], [4.0]]))
            tensor([[5.],
                    [2.],
                    [5.]])
        """
        totals = rows.new_zeros(len(self._sizes), rows.size(1))
        return totals.index_add(0, self.number, rows)[self.number]


def check_vector(values: Tensor, name: str) -> None:
    """Refuse what is not one integer an item."""
    if values.dim() != 1:
        raise ValueError(f"{name} must have shape [N], got {list(values.shape)}")
    if values.dtype.is_floating_point or values.dtype.is_complex:
        raise TypeError(f"{name} must hold integers, got {values.dtype}")
