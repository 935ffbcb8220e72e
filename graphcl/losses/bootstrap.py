"""The bootstrap loss (BYOL, BGRL): predict the other view's target, without negatives."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from graphcl.contrast import unit_rows
from graphcl.losses.checks import check_views


class BootstrapLoss(nn.Module):
    """Squared distance between unit predictions of one view and unit targets of the other.

    ``mean over i of (2 - 2 cos(p1_i, t2_i)) + (2 - 2 cos(p2_i, t1_i))``; no gradient reaches the
    targets, which come from a momentum teacher. There are no negatives: what keeps embeddings from
    collapsing is the predictor and the slow teacher, not this loss. O(N d).

    Source: Grill et al., NeurIPS 2020, arXiv 2006.07733 (BYOL); on graphs Thakoor et al., ICLR
    2022, arXiv 2102.06514 (BGRL, the same cosines).

    Example:
        >>> rows = torch.eye(2)
        >>> BootstrapLoss()(rows, rows, targets1=-rows, targets2=-rows)
        tensor(8.)
    """

    def forward(
        self, predictions1: Tensor, predictions2: Tensor, *, targets1: Tensor, targets2: Tensor
    ) -> Tensor:
        """The loss, a scalar from 0 to 8.

        Args:
            predictions1: Online predictions of view 1, ``[N, d]``.
            predictions2: Online predictions of view 2, ``[N, d]``.
            targets1: The teacher's rows of view 1, ``[N, d]``; detached.
            targets2: The teacher's rows of view 2, ``[N, d]``; detached.

        Raises:
            TypeError: No floating point tensors.
            ValueError: Shapes that differ; NaN or infinite rows.
        """
        check_views(
            predictions1=predictions1,
            predictions2=predictions2,
            targets1=targets1,
            targets2=targets2,
        )
        with torch.autocast(predictions1.device.type, enabled=False):
            first = (unit_rows(predictions1) * unit_rows(targets2.detach())).sum(1)
            second = (unit_rows(predictions2) * unit_rows(targets1.detach())).sum(1)
            return (4 - 2 * first - 2 * second).mean()
