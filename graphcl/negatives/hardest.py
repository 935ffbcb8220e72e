"""Only the hardest negatives: those above a threshold of the cosine."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from graphcl.arguments import check_number
from graphcl.contrast import MASKED, Block, Rows
from graphcl.negatives.strategy import NegativeStrategy


class HardestNegatives(NegativeStrategy):
    """Keep the negatives whose cosine reaches a threshold; the others do not count.

    The threshold is a cosine, or the k-th largest cosine of each row with
    ``k = max(1, ceil(share * number of negatives))``; ties are kept, and no gradient flows through
    it. The hard contrastive loss is this strategy in :class:`graphcl.losses.InfoNCELoss`, its
    simple form in :class:`graphcl.losses.SimpleContrastiveLoss`.

    Source: Wang and Liu, CVPR 2021, arXiv 2012.09740 (CIFAR: share 0.0819, 4095 of 50,000).

    Args:
        share: Part of the negatives that is kept, above 0 and up to 1.
        threshold: Least cosine that is kept, instead of a share; a row may be left with none.

    Raises:
        TypeError: No number.
        ValueError: Both or neither are given, or out of range.

    Example:
        >>> from graphcl.losses import InfoNCELoss
        >>> z = torch.eye(4)
        >>> InfoNCELoss(1.0, negatives=HardestNegatives(threshold=0.5))(z, z)  # cosines 0: none
        tensor(0.)
    """

    detached = True
    whole_sum = False  # takes negatives out

    def __init__(self, *, share: float | None = None, threshold: float | None = None) -> None:
        super().__init__()
        if (share is None) == (threshold is None):
            raise ValueError("give either share or threshold")
        if share is not None and not 0 < check_number("share", share) <= 1:
            raise ValueError(f"share must be above 0 and at most 1, got {share}")
        if threshold is not None:
            check_number("threshold", threshold)
        self.share = share
        self.threshold = threshold

    def prepare(self, rows: Rows) -> Tensor:
        """Threshold of each row, ``[N]``, detached."""
        anchors = rows.anchors.detach()
        if self.threshold is not None:
            return anchors.new_full((len(anchors),), self.threshold)
        assert self.share is not None
        count = rows.count()
        # The double is rounded first: 0.2 * 15 is 3.0000000000000004, whose ceiling is 4.
        wanted = (count.double() * self.share).sub(1e-9).ceil().long().clamp(min=1)
        return rows.kth_largest(wanted)

    def log_weights(
        self,
        cosine: Tensor,
        row_ids: Tensor,
        column_ids: Tensor,
        block: Block,
        rows: Rows,
        state: Any,
    ) -> Tensor:
        """Zero where the cosine reaches the threshold, else -1e30."""
        # A tile of another shape may round the cosine of the threshold itself differently.
        margin = 4 * torch.finfo(cosine.dtype).eps
        threshold = state[row_ids].unsqueeze(1) - margin
        below = torch.lt(cosine.detach(), threshold, out=torch.empty_like(cosine))
        return below.mul_(MASKED)

    def extra_repr(self) -> str:
        """Arguments, for printing."""
        return f"share={self.share}" if self.threshold is None else f"threshold={self.threshold}"
