"""Sparse rows as sorted arrays, and their products with a sparse matrix.

Every non-zero is one 64-bit number: its place (row, then column) in the upper half, its positive
float32 value in the lower half. Sorting such numbers brings together what has to be added, in an
order that knows nothing of how the nodes are numbered: columns that a symmetry of the graph
exchanges get exactly equal sums. NumPy sorts them several times faster than a general matrix
product adds them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

Packed = NDArray[np.uint64]
Floats = NDArray[np.float32]

_HALF = np.uint64(32)
_UPPER = np.uint64(0xFFFFFFFF00000000)
_MOST_COLUMNS = 2**31
_ROWS_AT_ONCE = 128
_NUMBERS_AT_ONCE = 8_000_000


class TooLarge(Exception):
    """A block of rows outgrew its limit: take fewer rows at once."""


@dataclass(frozen=True)
class SparseRows:
    """Non-zeros of a block of rows, sorted by row and column.

    Attributes:
        places: `[Z]` uint32, row in the upper bits, column in the lower `column_bits`.
        values: `[Z]` float32, above 0.
        column_bits: how many bits the columns take.
    """

    places: NDArray[np.uint32]
    values: Floats
    column_bits: int

    @property
    def rows(self) -> NDArray[np.uint32]:
        """Row of each non-zero, `[Z]`."""
        return self.places >> np.uint32(self.column_bits)

    @property
    def columns(self) -> NDArray[np.uint32]:
        """Column of each non-zero, `[Z]`."""
        return self.places & np.uint32((1 << self.column_bits) - 1)

    def choose(self, chosen: NDArray[np.bool_]) -> SparseRows:
        """The non-zeros that are marked."""
        return SparseRows(self.places[chosen], self.values[chosen], self.column_bits)

    def packed(self, factor: float = 1.0) -> Packed:
        """The non-zeros, times a factor, as sortable numbers `[Z]`."""
        values = self.values if factor == 1 else self.values * np.float32(factor)
        return _pack(self.places, values)


class SparseMatrix:
    """A square sparse matrix whose entries are 0 or more, laid out for `times`.

    Args:
        matrix: `[N, N]` CSR without explicit zeros.

    Raises:
        ValueError: if it has more than 2^31 columns.
    """

    def __init__(self, matrix: sp.csr_matrix) -> None:
        self.size = int(matrix.shape[0])
        if self.size > _MOST_COLUMNS:
            raise ValueError(f"diffusion takes at most {_MOST_COLUMNS} nodes, got {self.size}")
        self.column_bits = max(1, (self.size - 1).bit_length())
        self._starts = matrix.indptr[:-1].astype(np.int64)
        self._counts = np.diff(matrix.indptr).astype(np.int64)
        self._entries = _pack(matrix.indices.astype(np.uint32), matrix.data.astype(np.float32))

    def unit_rows(self, columns: NDArray[np.int64]) -> SparseRows:
        """One row for each of the given columns, with a one there."""
        rows = np.arange(len(columns), dtype=np.uint32) << np.uint32(self.column_bits)
        places = rows | columns.astype(np.uint32)
        return SparseRows(places, np.ones(len(columns), dtype=np.float32), self.column_bits)

    def times(self, left: SparseRows, *, limit: int) -> SparseRows:
        """The product `left @ matrix`.

        Raises:
            TooLarge: if it takes more than `limit` products of two numbers.
        """
        columns = left.columns
        counts = self._counts[columns]
        ends = np.cumsum(counts)
        total = int(ends[-1]) if len(ends) else 0
        if total > limit:
            raise TooLarge
        position = np.repeat(self._starts[columns] - (ends - counts), counts)
        position += np.arange(total)
        entries = self._entries[position]
        values = entries.astype(np.uint32).view(np.float32) * np.repeat(left.values, counts)
        entries &= _UPPER
        entries += np.repeat((left.places - columns).astype(np.uint64) << _HALF, counts)
        entries |= values.view(np.uint32)
        return add_up(entries, self.column_bits)


def in_blocks(
    compute: Callable[[NDArray[np.int64], int], SparseRows], size: int, *, threads: int
) -> Iterator[tuple[NDArray[np.int64], SparseRows]]:
    """Compute all rows of a matrix, a block at a time, within bounded memory.

    Args:
        compute: takes row numbers `[B]` and how many numbers it may hold; raises `TooLarge` if it
            needs more. The block is then halved, down to single rows, which may hold any number.
        size: number of rows.
        threads: how many blocks are computed at the same time; NumPy lets others run meanwhile.

    Yields:
        Row numbers of a block, and its rows.
    """
    most_rows = min(_ROWS_AT_ONCE, 2 ** (32 - max(1, (size - 1).bit_length())))

    def work(numbers: NDArray[np.int64]) -> list[tuple[NDArray[np.int64], SparseRows]]:
        try:
            most = _NUMBERS_AT_ONCE if len(numbers) > 1 else 2**62
            return [(numbers, compute(numbers, most))]
        except TooLarge:
            half = len(numbers) // 2
        return work(numbers[:half]) + work(numbers[half:])

    blocks = [np.arange(i, min(i + most_rows, size)) for i in range(0, size, most_rows)]
    if threads == 1 or len(blocks) < 2:
        for block in blocks:
            yield from work(block)
        return
    with ThreadPoolExecutor(threads) as pool:
        for parts in pool.map(work, blocks):
            yield from parts


def add_up(packed: Packed, column_bits: int) -> SparseRows:
    """Sort packed non-zeros, in place, and add those of one place."""
    packed.sort()
    places = (packed >> _HALF).astype(np.uint32)
    values = packed.astype(np.uint32).view(np.float32)
    first = np.ones(len(places), dtype=np.bool_)
    np.not_equal(places[1:], places[:-1], out=first[1:])
    starts = np.flatnonzero(first)
    if len(starts) < len(places):
        places, values = places[starts], np.add.reduceat(values, starts)
    return SparseRows(places, values, column_bits)


def _pack(places: NDArray[np.uint32], values: Floats) -> Packed:
    packed = places.astype(np.uint64)
    packed <<= _HALF
    packed |= values.view(np.uint32)
    return packed
