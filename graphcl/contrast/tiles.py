"""Blocks of a similarity matrix: how large they are, and which of their entries are masked."""

from __future__ import annotations

import math
from collections.abc import Iterator

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


class TileMask:
    """The masked entries of a matrix, sorted by tile, as positions in the flattened tile.

    Args:
        masked: (row, column) of the masked entries, ``[2, X]``, or None.
        num_columns: Columns of the matrix.
        side: Side of the tiles.
    """

    def __init__(self, masked: Tensor | None, num_columns: int, side: int) -> None:
        self._positions: dict[tuple[int, int], Tensor] = {}
        if masked is None or masked.size(1) == 0:
            return
        row, column = masked
        tiles_across = -(-num_columns // side)
        tile, order = (row // side * tiles_across + column // side).sort(stable=True)
        width = (num_columns - column // side * side).clamp(max=side)
        flat = (row % side * width + column % side)[order]
        numbers, counts = tile.unique_consecutive(return_counts=True)
        for number, piece in zip(numbers.tolist(), flat.split(counts.tolist()), strict=True):
            self._positions[divmod(number, tiles_across)] = piece

    def positions(self, tile_row: int, tile_column: int) -> Tensor | None:
        """Masked positions in the flattened tile, or None."""
        return self._positions.get((tile_row, tile_column))
