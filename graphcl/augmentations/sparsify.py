"""What is kept of each row of a diffusion matrix."""

from __future__ import annotations

import numpy as np

from graphcl.augmentations.sparse_rows import SparseRows


def keep_above(rows: SparseRows, threshold: float) -> SparseRows:
    """Keep the entries of at least `threshold`."""
    return rows.choose(rows.values >= threshold)


def keep_largest(rows: SparseRows, count: int) -> SparseRows:
    """Keep the `count` largest entries of each row; of equal ones the smaller column goes first.

    Zeros are not kept, so a row may have fewer.
    """
    rows = rows.choose(rows.values > 0)
    if len(rows.values) == 0:
        return rows
    row = rows.rows
    lengths = np.bincount(row)
    starts = np.cumsum(lengths) - lengths
    # Row above, value below; inverted bits sort positive numbers from the largest.
    order = row.astype(np.uint64) << np.uint64(32)
    order |= ~rows.values.view(np.uint32)
    order.sort()
    last = np.minimum(starts + np.minimum(lengths, count) - 1, len(order) - 1)
    smallest_kept = (~order[last].astype(np.uint32)).view(np.float32)[row]
    kept = rows.values > smallest_kept
    places_left = count - np.bincount(row, weights=kept, minlength=len(lengths))
    tied = np.flatnonzero(rows.values == smallest_kept)
    number = np.arange(len(tied)) - np.searchsorted(row[tied], row[tied])
    kept[tied[number < places_left[row[tied]]]] = True
    return rows.choose(kept)
