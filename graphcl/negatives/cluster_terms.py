"""How much each cluster of candidates adds to a denominator, from the sums over its members."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from graphcl.clustering import ClusterSums
from graphcl.contrast import MASKED

ClusterOrder = Literal["first", "second", "second_exp"]

_FEWEST = 1e-9  # members below which a term is dropped
_ROUNDING = 64  # units of rounding that a count may owe to the subtraction of the own share
_CPU_ENTRIES = 1 << 18  # of a chunk: it stays in the cache
_DEVICE_ENTRIES = 1 << 24


@dataclass(frozen=True, eq=False)
class LeftOut:
    """Candidates that are not in an anchor's sum, whose shares are taken out of the clusters.

    Attributes:
        row: Anchor of each entry, ascending, ``[X]``.
        share: Cluster of the entry, ``[X]``, each (anchor, cluster) once; or, of a soft assignment,
            the shares of the entry's candidate, ``[X, K]``.
        number: How many candidates, ``[X]``.
        cosine: Sum of their cosines with the anchor, ``[X]``.
        square: Sum of the squares of these, ``[X]``.
    """

    row: Tensor
    share: Tensor
    number: Tensor
    cosine: Tensor
    square: Tensor

    @property
    def parts(self) -> tuple[Tensor, ...]:
        """All of them, in this order."""
        return self.row, self.share, self.number, self.cosine, self.square

    def chunks(self, bounds: list[int]) -> Iterator[LeftOut]:
        """The entries of consecutive ranges of anchors, which are counted from 0 in each."""
        marks = torch.tensor(bounds, device=self.row.device)
        sizes = torch.searchsorted(self.row.contiguous(), marks).diff().tolist()
        # split, because the gradient of a slice is as large as the whole
        split = [part.split(sizes) for part in self.parts]
        for start, row, *others in zip(bounds[:-1], *split, strict=True):
            yield LeftOut(row - start, *others)


def leave_out(row: Tensor, assignment: Tensor, cosine: Tensor, num_clusters: int) -> LeftOut:
    """What listed pairs take out of the clusters of their candidates.

    Args:
        row: Anchor of each pair, ascending, ``[X]``.
        assignment: Cluster of each pair's candidate ``[X]``, or its shares ``[X, K]``.
        cosine: Of each pair, ``[X]``.
        num_clusters: ``K``.
    """
    number = torch.ones_like(cosine)
    if assignment.dim() == 1 and not bool((row.diff() > 0).all()):
        keys, entry = (row * num_clusters + assignment).unique(return_inverse=True)
        square = cosine.new_zeros(len(keys)).index_add(0, entry, cosine.square())
        number = cosine.new_zeros(len(keys)).index_add(0, entry, number)
        cosine = cosine.new_zeros(len(keys)).index_add(0, entry, cosine)
        return LeftOut(keys // num_clusters, keys % num_clusters, number, cosine, square)
    return LeftOut(row, assignment, number, cosine, cosine.square())


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
        known = ClusterSums(count, total, products)
        terms = cluster_terms(rows, known, LeftOut(*out), scale, order, counted=True)
        top = terms.detach().amax(1, keepdim=True)  # several times faster than logsumexp
        return (terms - top).exp().sum(1).log() + top.squeeze(1)

    parts = []
    for rows, out in zip(anchors.split(step), left_out.chunks(bounds), strict=True):
        given = (rows, sums.count, sums.total, sums.products, *out.parts)
        parts.append(checkpoint(one, *given, use_reentrant=False, preserve_rng_state=False))
    result = torch.cat(parts)
    return torch.where(result > MASKED / 2, result, MASKED)


def cluster_terms(
    rows: Tensor,
    sums: ClusterSums,
    left_out: LeftOut,
    scale: float,
    order: ClusterOrder,
    *,
    counted: bool,
) -> Tensor:
    """The exponent that stands for each member of each cluster.

    With the mean m and the variance v of the cosines of anchor and members it is ``scale m`` (first
    order), ``+ log(1 + scale^2 v / 2)`` (second) or ``+ scale^2 v / 2`` (second_exp).

    Args:
        rows: Anchors, ``[r, d]``.
        sums: Of the candidates.
        left_out: What is not in the sums of single anchors.
        scale: Factor of the cosine.
        order: As above.
        counted: Add the log of the number of members, so that the term stands for all of them;
            -1e30 for none.

    Returns:
        ``[r, K]``.
    """
    totals = rows @ sums.total.T
    squares = None
    if order != "first":
        assert sums.products is not None
        squares = _Quadratic.apply(rows, sums.products)
    least = (sums.count.detach() * (_ROUNDING * torch.finfo(rows.dtype).eps)).clamp(min=_FEWEST)

    def terms(number: Tensor, least: Tensor, total: Tensor, square: Tensor | None) -> Tensor:
        there = number > least
        divisor = torch.where(there, number, 1)
        mean = total / divisor
        exponent = mean * scale
        if square is not None:
            half = (square / divisor - mean.square()).clamp(min=0) * (scale * scale / 2)
            exponent = exponent + (half.log1p() if order == "second" else half)
        # what is left of an empty cluster is rounding
        if counted:
            return torch.where(there, exponent + divisor.log(), MASKED)
        return torch.where(there, exponent, 0)

    row, share, number, cosine, square = left_out.parts
    if share.dim() == 2:  # soft: every cluster loses some of its share
        remaining = [
            values.index_add(0, row, share * amount.unsqueeze(1), alpha=-1)
            for values, amount in (
                (sums.count.expand(len(rows), -1), number),
                (totals, cosine),
                *([] if squares is None else [(squares, square)]),
            )
        ]
        return terms(remaining[0], least, remaining[1], None if squares is None else remaining[2])
    place = (row, share)
    own = terms(
        sums.count[share] - number,
        least[share],
        totals[place] - cosine,
        None if squares is None else squares[place] - square,
    )
    return terms(sums.count, least, totals, squares).index_put(place, own)


class _Quadratic(torch.autograd.Function):
    """``x^T Q_b x`` of every row and every symmetric matrix, ``[r, K]``, by one matrix product."""

    @staticmethod
    def forward(ctx: Any, rows: Tensor, matrices: Tensor) -> Tensor:
        number, width, _ = matrices.shape
        beside = matrices.permute(1, 0, 2).reshape(width, number * width)
        images = (rows @ beside).view(len(rows), number, width)
        ctx.save_for_backward(rows, images)
        return torch.bmm(images, rows.unsqueeze(2)).squeeze(2)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor | None]:
        rows, images = ctx.saved_tensors
        to_rows = torch.bmm(grad.unsqueeze(1), images).squeeze(1).mul_(2)
        if not ctx.needs_input_grad[1]:
            return to_rows, None
        weighted = (grad.unsqueeze(2) * rows.unsqueeze(1)).flatten(1)
        to_beside = (rows.T @ weighted).view(rows.size(1), *images.shape[1:])
        return to_rows, to_beside.permute(1, 0, 2)


def _chunk_size(rows: Tensor, num_clusters: int, order: ClusterOrder) -> int:
    entries = _CPU_ENTRIES if rows.device.type == "cpu" else _DEVICE_ENTRIES
    if order == "first":
        width = max(num_clusters, rows.size(1))
    else:
        entries, width = 4 * entries, num_clusters * rows.size(1)
    return max(1, min(len(rows), entries // width))
