"""Weights by cluster: members of the anchor's own cluster count less."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from graphcl.arguments import check_number
from graphcl.contrast import MASKED, Block, PairWeights, Rows
from graphcl.negatives.strategy import NegativeStrategy, check_items, without_pass


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
    detached = True
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

    def prepare(self, rows: Rows) -> Tensor:
        """Clusters of each item, counted from 0, and of an unknown item: -1; ``[R, N + 1]``.

        As floating point numbers, which torch compares several times faster than integers when the
        result is to be multiplied.
        """
        clusters = rows.context["clusters"].to(rows.anchors.device)
        columns = clusters.view(len(clusters), -1).T
        numbers = torch.stack([column.unique(return_inverse=True)[1] for column in columns])
        return torch.nn.functional.pad(numbers, (0, 1), value=-1).to(rows.anchors.dtype)

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
        logs = self._sums(row_ids, column_ids, block, rows, state).log_()
        return logs.sub_(math.log(len(state))).clamp_(min=MASKED)

    def log_denominator(self, rows: Rows) -> Tensor:
        """Log of the weighted sum over each anchor's negatives, ``[N]``."""
        state = self.prepare(rows)
        seen = without_pass(rows)

        def sums(row_ids: Tensor, column_ids: Tensor, block: Block) -> Tensor:
            return self._sums(row_ids, column_ids, block, seen, state)

        result = rows.weighted_logsumexp(
            1 / rows.temperature, PairWeights(sums), symmetric_key=self
        )
        return torch.where(result > MASKED / 2, result - math.log(len(state)), MASKED)

    def _sums(
        self, row_ids: Tensor, column_ids: Tensor, block: Block, rows: Rows, state: Tensor
    ) -> Tensor:
        """The weight times the number of clusterings: exactly 0 where all agree and same is 0."""
        mine = state[:, rows.items(row_ids)].unsqueeze(2)
        theirs = state[:, block.items(column_ids)].unsqueeze(1)  # item -1: the last place
        shape = (len(row_ids), len(column_ids))
        apart = torch.ne(mine[0], theirs[0], out=state.new_empty(shape))
        for one, other in zip(mine[1:], theirs[1:], strict=True):
            apart += torch.ne(one, other, out=state.new_empty(shape))
        if self.same > 0:
            apart.mul_(1 - self.same).add_(self.same * len(state))
        return apart

    def extra_repr(self) -> str:
        """Arguments, for printing."""
        return f"same={self.same}"
