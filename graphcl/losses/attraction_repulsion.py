"""CACR: positives attract by distance, negatives repel by closeness, each group by itself."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import torch
from torch import Tensor, nn

from graphcl.arguments import check_number
from graphcl.contrast import MASKED, Block, Mask, Rows, unit_rows
from graphcl.losses.checks import check_view_list


class AttractionRepulsionLoss(nn.Module):
    """Contrastive attraction and contrastive repulsion (CACR).

    With squared distances d2 of unit rows: a positive pulls the harder the farther it is, among the
    positives; a negative pushes the harder the nearer it is, among the negatives::

        attraction = mean over views a, items i of sum over b != a of softmax_b(t_pos d2_ab) d2_ab
        repulsion = - mean over pairs of views a < b, items i of
                      sum over j != i of softmax_j(-t_neg d2(a_i, b_j)) d2(a_i, b_j)
        loss = positive_factor * attraction + negative_factor * repulsion

    Source: Zheng et al., TMLR 2023, arXiv 2105.03746.

    Args:
        positive_sharpness: ``t_pos``, at least 0: multiplies distances, not a divisor.
        negative_sharpness: ``t_neg``, at least 0. Published: 0.9 (CIFAR-10), 2 (CIFAR-100, STL-10).
        positive_factor: Factor of the attraction.
        negative_factor: Factor of the repulsion.
        detach: Let no gradient flow through the weights (the authors do so on ImageNet only).
        symmetric: Queries from the later view of a pair as well; the authors take the earlier.
        tile: Side of the tiles; None: chosen by size and device. Results do not depend on it.

    Raises:
        TypeError: A number that is none.
        ValueError: An argument out of range.

    Example:
        >>> AttractionRepulsionLoss()([torch.eye(3), torch.eye(3)])  # distances 0 and 2
        tensor(-2.)
    """

    def __init__(
        self,
        *,
        positive_sharpness: float = 1.0,
        negative_sharpness: float = 0.9,
        positive_factor: float = 1.0,
        negative_factor: float = 1.0,
        detach: bool = False,
        symmetric: bool = True,
        tile: int | None = None,
    ) -> None:
        super().__init__()
        numbers = {
            "positive_sharpness": positive_sharpness,
            "negative_sharpness": negative_sharpness,
            "positive_factor": positive_factor,
            "negative_factor": negative_factor,
        }
        for name, value in numbers.items():
            if check_number(name, value) < 0:
                raise ValueError(f"{name} must be at least 0, got {value}")
        self.positive_sharpness = positive_sharpness
        self.negative_sharpness = negative_sharpness
        self.positive_factor = positive_factor
        self.negative_factor = negative_factor
        self.detach = detach
        self.symmetric = symmetric
        self.tile = tile

    def forward(self, views: Sequence[Tensor]) -> Tensor:
        """The loss, a scalar; a single item has no repulsion.

        Args:
            views: At least two views of the same items, each ``[N, d]``.

        Raises:
            TypeError: No floating point tensors.
            ValueError: Fewer than two views; shapes that differ; NaN or infinite rows.
        """
        attraction, repulsion = self.terms(views)
        return self.positive_factor * attraction + self.negative_factor * repulsion

    def terms(self, views: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """Attraction and repulsion before their factors, scalars."""
        views = check_view_list(views)
        with torch.autocast(views[0].device.type, enabled=False):
            units = [unit_rows(view) for view in views]
            orders = list(combinations(range(len(units)), 2))
            if self.symmetric:
                orders += [(b, a) for a, b in orders]
            repulsion = [self._repulsion(units[a], units[b]) for a, b in orders]
            return self._attraction(units), torch.stack(repulsion).mean()

    def _attraction(self, units: list[Tensor]) -> Tensor:
        stacked = torch.stack(units, 1)  # [N, V, d]: few views, so the V x V distances are small
        distances = 2 - 2 * stacked @ stacked.mT
        own = torch.eye(len(units), dtype=torch.bool, device=stacked.device)
        logits = (self.positive_sharpness * distances).masked_fill(own, MASKED)
        weights = logits.softmax(2)
        if self.detach:
            weights = weights.detach()
        return (weights * distances).sum(2).mean()

    def _repulsion(self, queries: Tensor, candidates: Tensor) -> Tensor:
        size = len(queries)
        if size == 1:
            return queries.new_zeros(())
        item = torch.arange(size, device=queries.device)
        block = Block(candidates, Mask(torch.stack([item, item])))
        rows = Rows(queries, (block,), 1.0, tile=self.tile)
        scale = 2 * self.negative_sharpness  # softmax of -t d2 is softmax of 2 t cos
        detached = scale if self.detach else 0.0
        log_sum = rows.logsumexp(scale, detached=detached)[0]

        def weighted(
            cosine: Tensor, ids: Tensor, columns: Tensor, source: Block, total: Tensor
        ) -> Tensor:
            logs = (cosine.detach() if self.detach else cosine) * scale - total[ids, None]
            return logs.exp() * (2 - 2 * cosine)

        return -rows.tiles(weighted, reduce="sum", inputs=(log_sum,)).mean()

    def extra_repr(self) -> str:
        """Arguments, for printing."""
        return (
            f"positive_sharpness={self.positive_sharpness}, "
            f"negative_sharpness={self.negative_sharpness}, detach={self.detach}"
        )
