"""GroCo: all positives before the closest negatives, by differentiable sorting."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from graphcl.arguments import check_number, check_whole
from graphcl.contrast import Block, Mask, Rows, unit_rows
from graphcl.losses.checks import check_view_list


class GroupOrderingLoss(nn.Module):
    """Group ordering constraints (GroCo): rank an item's views above its nearest others.

    For each anchor the cosines of its ``topk`` nearest other items (of the anchor's own view) and
    of its views go through an odd-even sorting network with soft swaps. The probability of ending
    up among the highest places must be 1 for views and 0 for others (binary cross-entropy). Only
    the order counts: a triple in order has nearly no loss, however close.

    Source: Shvetsova et al., ICCV 2023, arXiv 2301.02009; swaps by the arctangent (Petersen et al.,
    ICLR 2022, arXiv 2203.09630).

    Args:
        topk: Number of nearest others, from 1 to N - 1.
        steepness: Of the swaps, above 0: multiplies differences of cosines.
        detach: Gradient to the anchor only, not to positives and negatives.
        tile: Side of the tiles of the search; None: chosen by size and device.

    Raises:
        TypeError: A number of the wrong type.
        ValueError: An argument out of range.

    Example:
        >>> ordered = GroupOrderingLoss(topk=2)([torch.eye(3), torch.eye(3)])
        >>> mixed = GroupOrderingLoss(topk=2)([torch.eye(3), torch.eye(3).roll(1, 0)])
        >>> bool(ordered < mixed)
        True
    """

    def __init__(
        self,
        topk: int = 10,
        *,
        steepness: float = 1.0,
        detach: bool = True,
        tile: int | None = None,
    ) -> None:
        super().__init__()
        self.topk = check_whole("topk", topk, least=1)
        if check_number("steepness", steepness) <= 0:
            raise ValueError(f"steepness must be above 0, got {steepness}")
        self.steepness = steepness
        self.detach = detach
        self.tile = tile

    def forward(self, views: Sequence[Tensor], *, num_positive_views: int | None = None) -> Tensor:
        """The loss, a scalar.

        Args:
            views: At least two views of the same items, each ``[N, d]``.
            num_positive_views: Only the first so many views serve as positives (all are anchors):
                small crops are poor targets. None: all.

        Raises:
            TypeError: No floating point tensors.
            ValueError: Fewer than two views; shapes that differ; NaN or infinite rows; ``topk``
                above N - 1.
        """
        views = list(views)
        positives = len(views) if num_positive_views is None else num_positive_views
        check_whole("num_positive_views", positives, least=1, most=len(views))
        losses = []
        for anchor in range(len(views)):
            probability = self.positive_probability(
                views, anchor=anchor, num_positive_views=positives
            )
            target = torch.zeros_like(probability)
            target[:, self.topk :] = 1
            # The network is doubly stochastic, but rounding may lead out of [0, 1].
            with torch.autocast(probability.device.type, enabled=False):
                losses.append(functional.binary_cross_entropy(probability.clamp(0, 1), target))
        return torch.stack(losses).mean()

    def positive_probability(
        self, views: Sequence[Tensor], *, anchor: int = 0, num_positive_views: int | None = None
    ) -> Tensor:
        """Probability of each entry to end up among the highest places.

        Args:
            views: As for the loss.
            anchor: Number of the view that anchors are from.
            num_positive_views: As for the loss.

        Returns:
            ``[N, topk + p]`` with p positives: the nearest others by ascending cosine, then the
            positives by ascending cosine.
        """
        views = check_view_list(views, least=2)
        size = len(views[0])
        if self.topk > size - 1:
            raise ValueError(
                f"topk must be from 1 to {size - 1}, one below the rows, got {self.topk}"
            )
        with torch.autocast(views[0].device.type, enabled=False):
            units = [unit_rows(view) for view in views[:num_positive_views]]
            rows = unit_rows(views[anchor])
            targets = [unit for number, unit in enumerate(units) if number != anchor]
            if not targets:
                raise ValueError(
                    f"view {anchor} has no positive: num_positive_views={num_positive_views}"
                )
            others = rows.detach() if self.detach else rows
            if self.detach:
                targets = [target.detach() for target in targets]
            positive = torch.stack([(rows * target).sum(1) for target in targets], 1)
            negative = (rows.unsqueeze(1) * others[self._nearest(rows)]).sum(2)
            entries = [negative.sort(dim=1).values, positive.sort(dim=1).values]
            return _share_of_top(torch.cat(entries, 1), len(targets), self.steepness)

    def _nearest(self, rows: Tensor) -> Tensor:
        item = torch.arange(len(rows), device=rows.device)
        block = Block(rows.detach(), Mask(torch.stack([item, item])))
        return Rows(rows.detach(), (block,), 1.0, tile=self.tile).nearest(self.topk)

    def extra_repr(self) -> str:
        """Arguments, for printing."""
        return f"topk={self.topk}, steepness={self.steepness}, detach={self.detach}"


def _share_of_top(values: Tensor, top: int, steepness: float) -> Tensor:
    """How much of each entry an odd-even network carries to the last ``top`` places, ``[N, n]``."""
    size = values.size(1)
    # The column of the last places' sum is carried backwards through the same swaps: [N, n] instead
    # of the whole n x n permutation.
    mixes = []
    for layer in range(size):
        left = torch.arange(layer % 2, size - 1, 2, device=values.device)
        low, high = values[:, left], values[:, left + 1]
        keep = torch.atan(steepness * (high - low)) / math.pi + 0.5
        mixes.append((left, keep))
        lower, higher = keep * low + (1 - keep) * high, (1 - keep) * low + keep * high
        values = values.index_copy(1, left, lower).index_copy(1, left + 1, higher)
    share = torch.zeros_like(values)
    share[:, size - top :] = 1
    for left, keep in reversed(mixes):
        low, high = share[:, left], share[:, left + 1]
        lower, higher = keep * low + (1 - keep) * high, (1 - keep) * low + keep * high
        share = share.index_copy(1, left, lower).index_copy(1, left + 1, higher)
    return share
