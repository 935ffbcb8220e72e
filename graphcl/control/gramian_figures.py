"""Figures of a Gramian, and which of them mean anything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from graphcl.control.gramian import Gramian

ZERO = 1e-10
AMBIGUOUS = (1e-12, 1e-8)
REGULARISER = 1e-6


@dataclass(frozen=True)
class GramianMetrics:
    """Figures of a Gramian, `[...]` for matrices `[..., n, n]`.

    NaN stands for a figure that rounding decides: with few leaders eigenvalues fall geometrically,
    so that beyond about 20 nodes the small ones mean nothing.

    Attributes:
        trace: sum of the eigenvalues: the larger, the less energy inputs need on average.
        largest: largest eigenvalue.
        smallest: smallest eigenvalue, the worst direction; NaN below 1e-8 of the largest.
        rank: number of eigenvalues above 1e-10 of the largest.
        log_det: sum of their logarithms.
        inverse_trace: sum of their inverses: the mean energy over all reachable directions.
        regularised_log_det: log det(W + 1e-6 I), defined for all.

    `rank`, `log_det` and `inverse_trace` are NaN where an eigenvalue lies between 1e-12 and 1e-8 of
    the largest. Of a 0 x 0 matrix all figures are 0.
    """

    trace: Any
    largest: Any
    smallest: Any
    rank: Any
    log_det: Any
    inverse_trace: Any
    regularised_log_det: Any


def gramian_metrics(gramian: Gramian | Tensor | NDArray[Any]) -> GramianMetrics:
    """Figures of a controllability Gramian.

    Source: Said et al., "Network controllability perspectives on graph representation", IEEE TKDE
    2023; Pasqualetti, Zampieri and Bullo, "Controllability metrics, limitations and algorithms for
    complex networks", IEEE TCNS 2014.

    Args:
        gramian: a Gramian, or symmetric matrices `[..., n, n]`.

    Returns:
        Float64 tensors `[...]` if the matrix is a tensor, else arrays.

    Raises:
        ValueError: if the matrices are not square.

    Example:
        >>> figures = gramian_metrics(np.diag([2.0, 0.5]))
        >>> figures.trace.item(), figures.rank.item(), figures.inverse_trace.item()
        (2.5, 2.0, 2.5)
    """
    given = gramian.matrix if isinstance(gramian, Gramian) else gramian
    matrix = given if isinstance(given, Tensor) else torch.from_numpy(np.asarray(given))
    if matrix.dim() < 2 or matrix.size(-1) != matrix.size(-2):
        raise ValueError(f"gramian must have shape [..., n, n], got {list(matrix.shape)}")
    found = _figures(matrix.to(torch.float64))
    if not isinstance(given, Tensor):
        found = [value.numpy() for value in found]
    return GramianMetrics(*found)


def _figures(matrix: Tensor) -> list[Any]:
    shape = matrix.shape[:-2]
    if matrix.size(-1) == 0:
        return [matrix.new_zeros(shape) for _ in range(7)]
    values = torch.linalg.eigvalsh(matrix)
    largest, smallest = values[..., -1], values[..., 0]
    share = values / largest[..., None].clamp(min=torch.finfo(values.dtype).tiny)
    counts = share > ZERO
    ambiguous = ((share > AMBIGUOUS[0]) & (share < AMBIGUOUS[1])).any(-1)
    safe = torch.where(counts, values, torch.ones_like(values))
    figures = [
        counts.sum(-1).to(values.dtype),
        safe.log().sum(-1),
        torch.where(counts, 1 / safe, torch.zeros_like(values)).sum(-1),
    ]
    return [
        matrix.diagonal(dim1=-2, dim2=-1).sum(-1),
        largest,
        smallest.masked_fill(smallest < AMBIGUOUS[1] * largest, torch.nan),
        *(figure.masked_fill(ambiguous, torch.nan) for figure in figures),
        (values.clamp(min=0) + REGULARISER).log().sum(-1),
    ]
