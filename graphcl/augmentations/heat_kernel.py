"""Rows of the heat kernel of a graph by its Taylor series, pruned within an error budget."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, pdtrc

from graphcl.augmentations.sparse_rows import Floats, SparseMatrix, SparseRows, TooLarge, add_up

# Shares of the error that is allowed: for the end of the series, and for what a level drops of what
# is left of the rest. Levels that drop nothing spend nothing.
_END = 0.1
_SHARE = np.float32(0.25)


def heat_rows(
    matrix: SparseMatrix, seeds: NDArray[np.int64], *, time: float, limits: Floats, most: int
) -> SparseRows:
    """Rows of S = exp(-time (I - M)), each entry with a known shortfall.

    S is the sum of p_k M^k with Poisson probabilities p_k = exp(-time) time^k / k!. Level k holds
    x_k = e_s M^k. What is dropped from it is missing from all later levels, whose probabilities sum
    to q_k = P(Poisson > k); it costs q_k times the largest ratio of a dropped value to its limit,
    of a budget of nine tenths. A row ends where q_k is so small that it costs the last tenth
    (compare Kloster and Gleich, "Heat kernel based community detection", KDD 2014).

    Args:
        matrix: M.
        seeds: `[B]` which rows.
        time: time of diffusion, 0 or more.
        limits: `[N]` limits l, 0 or more; 0 only where the row of M is empty. Entry j falls short
            of the exact one by at most the largest (l M^k)_j, k = 0, 1, 2, ...
        most: how many numbers may be held.

    Returns:
        Row b is that of `seeds[b]`.

    Raises:
        TooLarge: if more than `most` numbers are needed.
    """
    bits = matrix.column_bits
    # e_s is at most limits / limits_s, and so, up to the bound above, are all its levels: those
    # after level k sum to at most that, times q_k.
    allowed = _END * limits[seeds].astype(np.float64)
    steps = np.arange(_levels(time, allowed) + 1)
    logarithms = steps * np.log(time) - time - gammaln(steps + 1) if time > 0 else steps * 0.0
    probabilities = np.exp(logarithms)
    later = pdtrc(steps, time)
    budget = np.full(len(seeds), 1 - _END, dtype=np.float32)
    level = matrix.unit_rows(seeds)
    parts = [level.packed(probabilities[0])]
    held = len(level.values)
    for k in steps[:-1]:
        cost = _ratio(level.values * np.float32(later[k]), limits[level.columns])
        rows = level.rows
        dropped = cost <= budget[rows] * _SHARE
        spent = np.zeros_like(budget)
        np.maximum.at(spent, rows[dropped], cost[dropped])
        budget -= spent
        dropped |= later[k] <= allowed[rows]
        level = matrix.times(level.choose(~dropped), limit=most)
        held += len(level.values)
        if held > most:
            raise TooLarge
        if len(level.values) == 0:
            break
        parts.append(level.packed(probabilities[k + 1]))
    return add_up(np.concatenate(parts), bits)


def _levels(time: float, allowed: NDArray[np.float64]) -> int:
    """How many levels there are until the later ones cost no row more than is allowed."""
    positive = allowed[allowed > 0]
    if time == 0 or positive.size == 0:
        return 0
    count = 1
    while pdtrc(count, time) > positive.min():
        count += 1
    return count


def _ratio(values: Floats, limits: Floats) -> Floats:
    """Values over limits; where a limit is 0 nothing follows, and nothing is lost."""
    ratio: Floats = np.divide(values, limits, out=np.zeros_like(values), where=limits > 0)
    return ratio
