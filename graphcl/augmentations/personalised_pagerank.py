"""Rows of the personalised PageRank matrix by pushing, level by level, many seeds at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from graphcl.augmentations.sparse_rows import Floats, SparseMatrix, SparseRows, TooLarge, add_up

# Within a round, what is this much below its limit is pushed as well: with the parts that come
# later it would often exceed the limit, and cost another round.
_EAGERNESS = np.float32(0.5)


def pagerank_rows(
    damped: SparseMatrix, seeds: NDArray[np.int64], *, alpha: float, limits: Floats, most: int
) -> SparseRows:
    """Rows of S = alpha (I - (1 - alpha) M)^-1, each entry with a known shortfall.

    A row starts as the residual r = e_s. Pushing node u takes r_u away, counts it as pushed, and
    adds r_u times row u of (1 - alpha) M to the residual, so that the exact row is
    alpha pushed + r S all along (Andersen, Chung and Lang, "Local graph partitioning using PageRank
    vectors", FOCS 2006). All nodes above their limit are pushed together. At the end no residual
    exceeds its limit: the row returned, alpha (pushed + r), falls short by at most limits @ S.

    Args:
        damped: (1 - alpha) M.
        seeds: `[B]` which rows.
        alpha: probability of return, in (0, 1].
        limits: `[N]` largest residual of each node that may be left, 0 or more; 0 only where the
            row of M is empty.
        most: how many numbers may be held.

    Returns:
        Row b is that of `seeds[b]`.

    Raises:
        TooLarge: if more than `most` numbers are needed.
    """
    bits = damped.column_bits
    residual = damped.unit_rows(seeds)
    eager = limits * _EAGERNESS
    pushed, rest = [], []
    held = 0
    while True:
        front = residual.values > eager[residual.columns]
        if not front.any():  # a round is over: the parts left behind in its levels meet
            rest.append(residual.packed())
            residual = add_up(np.concatenate(rest), bits)
            rest = []
            front = residual.values > limits[residual.columns]
            if not front.any():
                break
        rest.append(residual.choose(~front).packed())
        frontier = residual.choose(front)
        pushed.append(frontier.packed())
        held += len(residual.values)
        if held > most:
            raise TooLarge
        residual = damped.times(frontier, limit=most)
    pushed.append(residual.packed())
    estimate = add_up(np.concatenate(pushed), bits)
    return SparseRows(estimate.places, estimate.values * np.float32(alpha), bits)
