"""A memory queue: rows of past batches as further negatives."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from graphcl.arguments import all_finite, check_whole
from graphcl.contrast.products import Block
from graphcl.contrast.similarity import unit_rows


class MemoryQueue(nn.Module):
    """The last rows of a momentum teacher, first in, first out.

    Read it (:meth:`block`) before the current rows are written (:meth:`enqueue`), so that no anchor
    meets itself. Everything is a buffer: ``state_dict`` resumes it.

    Source: He et al., CVPR 2020, arXiv 1911.05722 (MoCo).

    Args:
        size: Number of rows that are kept, ``K``.
        width: Their width, ``d``.

    Raises:
        TypeError: A size that is no whole number.
        ValueError: A size below 1.

    Example:
        >>> queue = MemoryQueue(3, 2)
        >>> queue.enqueue(torch.eye(2), ids=torch.tensor([5, 6]))
        >>> queue.enqueue(-torch.eye(2), ids=torch.tensor([7, 8]))
        >>> queue.block().ids  # 5 was the oldest
        tensor([8, 6, 7])
    """

    rows: Tensor
    ids: Tensor
    position: Tensor
    filled: Tensor

    def __init__(self, size: int, width: int) -> None:
        super().__init__()
        check_whole("size", size, least=1)
        check_whole("width", width, least=1)
        self.register_buffer("rows", torch.zeros(size, width))
        self.register_buffer("ids", torch.full((size,), -1))
        self.register_buffer("position", torch.zeros((), dtype=torch.int64))
        self.register_buffer("filled", torch.zeros((), dtype=torch.int64))

    def block(self) -> Block:
        """The rows that were written so far, detached, as candidates: the ``queue`` of a loss."""
        filled = int(self.filled)
        return Block(self.rows[:filled].clone(), ids=self.ids[:filled].clone())

    @torch.no_grad()
    def enqueue(self, rows: Tensor, *, ids: Tensor | None = None) -> None:
        """Write rows over the oldest ones, as unit rows.

        Args:
            rows: ``[B, d]``; of more than ``K`` the last ``K`` are kept.
            ids: Which items they are, ``[B]``; None: -1.

        Raises:
            ValueError: Rows of another width, or not finite; ids of another number.
        """
        size = len(self.rows)
        if rows.dim() != 2 or rows.size(1) != self.rows.size(1):
            raise ValueError(
                f"rows must have shape [B, {self.rows.size(1)}], got {list(rows.shape)}"
            )
        if not all_finite(rows):
            raise ValueError("rows must be finite, got NaN or infinite values")
        if ids is not None and ids.shape != rows.shape[:1]:
            raise ValueError(f"ids must have shape [{len(rows)}], got {list(ids.shape)}")
        total = len(rows)
        rows, ids = rows[-size:], None if ids is None else ids[-size:]
        skipped = total - len(rows)
        places = (int(self.position) + skipped + torch.arange(len(rows))) % size
        places = places.to(self.rows.device)
        self.rows[places] = unit_rows(rows.detach()).to(self.rows)
        self.ids[places] = -1 if ids is None else ids.to(self.ids)
        self.position.add_(total).remainder_(size)
        self.filled.add_(total).clamp_(max=size)

    def extra_repr(self) -> str:
        """Sizes, for printing."""
        return f"{len(self.rows)}, {self.rows.size(1)}"
