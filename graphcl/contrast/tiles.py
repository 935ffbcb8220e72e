"""Blocks of a similarity matrix: how large they are, and which of their entries are masked."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cached_property

import torch
from torch import Tensor

_CPU_TILE_BYTES = 1 << 20  # a tile and its weights stay in the second-level cache
_DEVICE_TILE_BYTES = 1 << 26


def tile_side(num_candidates: int, like: Tensor) -> int:
    """Side of the square tiles that suit the number of candidates, the type and the device."""
    budget = _CPU_TILE_BYTES if like.device.type == "cpu" else _DEVICE_TILE_BYTES
    most = math.isqrt(budget // like.dtype.itemsize)
    tiles = max(1, -(-num_candidates // most))
    return max(1, -(-num_candidates // tiles))  # of equal size: no sliver at the end


def spans(size: int, step: int) -> Iterator[tuple[int, int, int]]:
    """(number, start, stop) of consecutive pieces of ``range(size)``."""
    for number, start in enumerate(range(0, size, step)):
        yield number, start, min(start + step, size)


class Mask:
    """Entries of a matrix that are left out of its sums; remembers how they fall into tiles.

    Args:
        index: (row, column) of the entries, ``[2, X]``, distinct.

    Example:
        >>> Mask(torch.tensor([[0, 1], [1, 0]])).is_symmetric
        True
    """

    def __init__(self, index: Tensor) -> None:
        self.index = index
        self._tiles: dict[tuple[int, int, int], dict[tuple[int, int], Tensor]] = {}

    @cached_property
    def is_symmetric(self) -> bool:
        """Whether every entry (i, j) comes with (j, i)."""
        width = int(self.index.max()) + 1 if self.index.numel() else 0
        row, column = self.index
        keys = [(row * width + column).sort().values, (column * width + row).sort().values]
        return torch.equal(*keys)

    def rows(self, start: int, stop: int) -> Mask:
        """The entries of some rows, which are counted from 0 then."""
        row = self.index[0]
        kept = self.index[:, (row >= start) & (row < stop)]
        return Mask(torch.stack([kept[0] - start, kept[1]]))

    def tiles(
        self, num_columns: int, height: int, width: int | None
    ) -> dict[tuple[int, int], Tensor]:
        """Positions in the flattened tile, by (tile row, tile column); tiles without any lack.

        Args:
            num_columns: Columns of the matrix.
            height: Rows of a tile.
            width: Columns of a tile; None: all.
        """
        shape = (num_columns, height, width or num_columns)
        known = self._tiles.get(shape)
        if known is None:
            known = self._tiles[shape] = self._sort_by_tile(*shape)
        return known

    def _sort_by_tile(
        self, num_columns: int, height: int, width: int
    ) -> dict[tuple[int, int], Tensor]:
        row, column = self.index
        tiles_across = -(-num_columns // width)
        tile, order = (row // height * tiles_across + column // width).sort(stable=True)
        own_width = (num_columns - column // width * width).clamp(max=width)
        flat = (row % height * own_width + column % width)[order]
        numbers, counts = tile.unique_consecutive(return_counts=True)
        return {
            divmod(number, tiles_across): piece
            for number, piece in zip(numbers.tolist(), flat.split(counts.tolist()), strict=True)
        }
