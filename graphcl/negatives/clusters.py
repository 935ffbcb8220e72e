"""Weights by cluster: members of the anchor's own cluster count less."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from graphcl.arguments import check_number
from graphcl.contrast import MASKED, Block, Rows
from graphcl.negatives.strategy import NegativeStrategy, check_items


class ClusterNegatives(NegativeStrategy):
    """Weight negatives by whether they are of the anchor's cluster.

    ``w_ij = same`` where the clusters agree, else 1. With several clusterings of the same items the
    weight is the mean over them. ``same=0`` and one clustering takes cluster mates out of the
    negatives, as ``Pairs.from_clusters`` does for good.

    Context of the loss: ``clusters``, integers ``[N]``, or ``[N, R]`` for R clusterings; where a
    block has ``ids`` they are looked up there; an unknown item (-1) is of no cluster.

    Args:
        same: Weight of cluster mates, at least 0.

    Raises:
        TypeError: ``same`` is no number.
        ValueError: ``same`` negative or not finite.

    Example:
        >>> from graphcl.losses import InfoNCELoss
        >>> z, clusters = torch.eye(3), torch.tensor([0, 0, 1])
        >>> loss_fn = InfoNCELoss(1.0, reduction="none", negatives=ClusterNegatives(same=0.0))
        >>> loss_fn(z, z, context={"clusters": clusters})[0]
        tensor([0.3133, 0.3133, 0.5514])
    """

    needs = frozenset({"clusters"})
    symmetric = True
    whole_sum = False  # takes weight out

    def __init__(self, same: float = 0.0) -> None:
        super().__init__()
        if check_number("same", same) < 0:
            raise ValueError(f"same must be at least 0, got {same}")
        self.same = float(same)

    def check_context(self, rows: Rows) -> None:
        """Refuse clusters that are missing, of another type, or too few."""
        super().check_context(rows)
        clusters = rows.context["clusters"]
        if not isinstance(clusters, Tensor) or clusters.is_floating_point():
            raise TypeError("context['clusters'] must be a tensor of integers")
        if clusters.dim() not in (1, 2) or 0 in clusters.shape:
            raise ValueError(
                "context['clusters'] must have shape [N] or [N, R], not empty, got "
                f"{list(clusters.shape)}"
            )
        check_items("context['clusters']", len(clusters), rows)

    def log_weights(
        self,
        cosine: Tensor,
        row_ids: Tensor,
        column_ids: Tensor,
        block: Block,
        rows: Rows,
        state: Any,
    ) -> Tensor:
        """Logarithm of ``w_ij``."""
        clusters = rows.context["clusters"].to(cosine.device)
        clusters = clusters.view(len(clusters), -1)
        items = block.items(column_ids)
        mine, theirs = clusters[rows.items(row_ids)], clusters[items]
        weight = torch.zeros_like(cosine)
        for one, other in zip(mine.T, theirs.T, strict=True):
            agree = (one.unsqueeze(1) == other.unsqueeze(0)) & (items >= 0)
            weight += torch.where(agree, self.same, 1.0).to(cosine.dtype) / clusters.size(1)
        return torch.where(weight > 0, torch.where(weight > 0, weight, 1).log(), MASKED)

    def extra_repr(self) -> str:
        """Arguments, for printing."""
        return f"same={self.same}"
