"""How much a cluster of candidates adds to a denominator, from the sums over its members."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from graphcl.clustering import ClusterSums
from graphcl.contrast import MASKED

ClusterOrder = Literal["first", "second", "second_exp"]

_FEWEST = 1e-9  # members below which a term is dropped
_ROUNDING = 64  # units of rounding that a count may owe to the subtraction of the own share
_CPU_ENTRIES = 1 << 19  # of a chunk: it stays in the cache
_DEVICE_ENTRIES = 1 << 24


@dataclass(frozen=True, eq=False)
class LeftOut:
    """Candidates that are not in an anchor's sum, whose shares are taken out of the clusters.

    Attributes:
        row: Anchor of each pair, ascending, ``[X]``.
        cosine: Product of the pair, ``[X]``.
        share: Cluster of the pair's candidate, ``[X]``, or its shares, ``[X, K]``.
    """

    row: Tensor
    cosine: Tensor
    share: Tensor

    def chunks(self, bounds: list[int]) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        """The pairs of consecutive ranges of anchors, which are counted from 0 in each."""
        marks = torch.tensor(bounds, device=self.row.device)
        sizes = torch.searchsorted(self.row.contiguous(), marks).diff().tolist()
        # split, because the gradient of a slice is as large as the whole
        parts = (self.row.split(sizes), self.cosine.split(sizes), self.share.split(sizes))
        for start, row, cosine, share in zip(bounds[:-1], *parts, strict=True):
            yield row - start, cosine, share


def log_sums(
    anchors: Tensor, sums: ClusterSums, left_out: LeftOut, scale: float, order: ClusterOrder
) -> Tensor:
    """Approximate the log of ``sum_j exp(scale * s_ij)`` over the members of all clusters.

    Chunk by chunk, and again in the backward pass: O(N + K d) memory beside the inputs.

    Args:
        anchors: Unit rows, ``[N, d]``.
        sums: Of the candidates, with ``products`` for the second orders.
        left_out: What is not in the sums of single anchors.
        scale: Factor of the cosine.
        order: "first", "second" or "second_exp".

    Returns:
        ``[N]``; -1e30 for an empty sum.
    """
    step = _chunk_size(anchors, len(sums.count), order)
    bounds = [*range(0, len(anchors), step), len(anchors)]

    def one(
        rows: Tensor, count: Tensor, total: Tensor, products: Tensor | None, *out: Tensor
    ) -> Tensor:
        number, exponent = exponents(
            rows, ClusterSums(count, total, products), out, scale=scale, order=order
        )
        there = number > _least(count)
        terms = torch.where(there, torch.where(there, number, 1).log() + exponent, MASKED)
        return terms.logsumexp(1)

    parts = []
    for rows, out in zip(anchors.split(step), left_out.chunks(bounds), strict=True):
        given = (rows, sums.count, sums.total, sums.products, *out)
        parts.append(checkpoint(one, *given, use_reentrant=False, preserve_rng_state=False))
    result = torch.cat(parts)
    return torch.where(result > MASKED / 2, result, MASKED)


def exponents(
    rows: Tensor,
    sums: ClusterSums,
    left_out: tuple[Tensor, ...],
    *,
    scale: float,
    order: ClusterOrder,
) -> tuple[Tensor, Tensor]:
    """Members of each cluster for each anchor, and the exponent that stands for each of them.

    With the mean m and the variance v of the cosines of anchor and members, the exponent is
    ``scale m`` (first order), ``+ log(1 + scale^2 v / 2)`` (second) or ``+ scale^2 v / 2``
    (second_exp).

    Args:
        rows: Anchors, ``[r, d]``.
        sums: Of the candidates.
        left_out: Row, cosine and share of what is not in them, as of :class:`LeftOut`.
        scale: Factor of the cosine.
        order: As above.

    Returns:
        Numbers of members and exponents, both ``[r, K]``; the exponent of an empty cluster is 0.
    """
    row, cosine, share = left_out
    number = _without(sums.count.expand(len(rows), -1), row, share, torch.ones_like(cosine))
    there = number > _least(sums.count)
    divisor = torch.where(there, number, 1)
    mean = torch.where(there, _without(rows @ sums.total.T, row, share, cosine), 0) / divisor
    exponent = mean * scale
    if order == "first":
        return number, exponent
    assert sums.products is not None
    outer = (rows.unsqueeze(2) * rows.unsqueeze(1)).flatten(1)
    squares = _without(outer @ sums.products.flatten(1).T, row, share, cosine.square())
    squares = torch.where(there, squares, 0) / divisor
    half = (squares - mean.square()).clamp(min=0) * (scale * scale / 2)
    return number, exponent + (half.log1p() if order == "second" else half)


def _without(values: Tensor, row: Tensor, share: Tensor, amount: Tensor) -> Tensor:
    """Take the amount of each pair out of its clusters' values, ``[r, K]``."""
    if share.dim() == 1:
        return values.index_put((row, share), -amount, accumulate=True)
    return values.index_add(0, row, share * amount.unsqueeze(1), alpha=-1)


def _least(count: Tensor) -> Tensor:
    """Number of members, ``[K]``, below which a difference of counts is rounding."""
    return (count.detach() * (_ROUNDING * torch.finfo(count.dtype).eps)).clamp(min=_FEWEST)


def _chunk_size(rows: Tensor, num_clusters: int, order: ClusterOrder) -> int:
    entries = _CPU_ENTRIES if rows.device.type == "cpu" else _DEVICE_ENTRIES
    width = max(num_clusters, rows.size(1), 1 if order == "first" else rows.size(1) ** 2)
    return max(1, min(len(rows), entries // width))
