"""The margin triplet loss on squared distances of unit rows."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from graphcl.arguments import check_number
from graphcl.contrast import Block, Pairs, directions, unit_rows
from graphcl.losses.checks import check_pairs, check_rows, check_views


class TripletMarginLoss(nn.Module):
    """Keep every negative farther away than the positive, by a margin.

    With squared distances of unit rows, ``d2 = 2 - 2 cos``::

        loss = mean over triplets of max(0, d2(anchor, positive) - d2(anchor, negative) + margin)

    Source: Schroff et al., CVPR 2015, arXiv 1503.03832 (FaceNet). Without ``negatives`` the mean
    is over every anchor with every negative of its row, streamed in tiles.

    Args:
        margin: At least 0; squared distances are from 0 to 4.
        tile: Side of the tiles; None: chosen by size and device. Results do not depend on it.

    Raises:
        TypeError: ``margin`` is no number.
        ValueError: ``margin`` negative or not finite.

    Example:
        >>> TripletMarginLoss(margin=2.5)(torch.eye(3), torch.eye(3))  # distances 0 and 2
        tensor(0.5000)
    """

    def __init__(self, margin: float = 1.0, *, tile: int | None = None) -> None:
        super().__init__()
        if check_number("margin", margin) < 0:
            raise ValueError(f"margin must be at least 0, got {margin}")
        self.margin = margin
        self.tile = tile

    def forward(
        self,
        z1: Tensor,
        z2: Tensor,
        *,
        negatives: Tensor | None = None,
        pairs: Pairs | None = None,
    ) -> Tensor:
        """The loss, a scalar; 0 without a negative.

        Args:
            z1: Anchors, ``[N, d]``.
            z2: Candidates, ``[M, d]``; without ``pairs`` row ``i`` is the positive of anchor ``i``.
            negatives: One negative row for each anchor, ``[N, d]``; None: all of ``z2`` that are
                neither positive nor excluded.
            pairs: Exactly one positive for each anchor, and what is left out; not together with
                ``negatives``.

        Raises:
            TypeError: Embeddings that are not floating point tensors.
            ValueError: Shapes that do not fit; NaN or infinite embeddings; an anchor with several
                positives or none.
        """
        if negatives is not None:
            if pairs is not None:
                raise ValueError("give either negatives or pairs, not both")
            check_views(z1=z1, z2=z2, negatives=negatives)
        check_rows("z1", z1)
        check_rows("z2", z2, z1.size(1))
        pairs = check_pairs(pairs, len(z1), len(z2))
        if bool((pairs.num_positives() != 1).any()):
            raise ValueError("pairs must have exactly one positive for each anchor")
        with torch.autocast(z1.device.type, enabled=False):
            first, second = unit_rows(z1), unit_rows(z2)
            if negatives is not None:
                gap = (first * (unit_rows(negatives) - second)).sum(1)
                return (2 * gap + self.margin).relu().mean()
            (forth,) = directions(
                first, second, pairs.to(z1.device), temperature=1.0, both=False, tile=self.tile
            )
            positive = forth.mean_positive()

            def hinge(
                cosine: Tensor, row_ids: Tensor, columns: Tensor, block: Block, near: Tensor
            ) -> Tensor:
                return (2 * (cosine - near[row_ids, None]) + self.margin).relu()

            count = forth.rows.count().sum().clamp(min=1)
            return forth.rows.tiles(hinge, reduce="sum", inputs=(positive,)).sum() / count

    def extra_repr(self) -> str:
        """Arguments, for printing."""
        return f"margin={self.margin}"
