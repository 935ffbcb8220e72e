"""The simple contrastive loss: cosines as they are, without exponentials."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from graphcl.arguments import check_number
from graphcl.contrast import Block, Pairs, Rows, directions, pair_products, unit_rows
from graphcl.losses.checks import check_pairs, check_rows
from graphcl.negatives import NegativeStrategy


class SimpleContrastiveLoss(nn.Module):
    """Pull the positive and push the chosen negatives, linearly.

    ``mean over i of -s_ii + negative_factor * sum over negatives j of w_ij s_ij``, the weights
    those of a negative strategy. Without hardness-aware weights this trains poorly, which is the
    point of the analysis that it is from; with :class:`graphcl.negatives.HardestNegatives` it
    catches up. Anchors without a positive have loss 0 and do not count in the mean.

    Source: Wang and Liu, CVPR 2021, arXiv 2012.09740, equations 6 and 9.

    Args:
        negative_factor: Factor of the negatives, at least 0.
        negatives: What each negative weighs; None: all alike.
        temperature: Handed to the strategy, which may use it; above 0.
        tile: Side of the tiles; None: chosen by size and device. Results do not depend on it.

    Raises:
        TypeError: An argument of the wrong type.
        ValueError: An argument out of range.

    Example:
        >>> SimpleContrastiveLoss()(torch.eye(3), torch.eye(3))
        tensor(-1.)
    """

    def __init__(
        self,
        negative_factor: float = 1.0,
        *,
        negatives: NegativeStrategy | None = None,
        temperature: float = 1.0,
        tile: int | None = None,
    ) -> None:
        super().__init__()
        if check_number("negative_factor", negative_factor) < 0:
            raise ValueError(f"negative_factor must be at least 0, got {negative_factor}")
        if check_number("temperature", temperature) <= 0:
            raise ValueError(f"temperature must be above 0, got {temperature}")
        if negatives is not None and not isinstance(negatives, NegativeStrategy):
            raise TypeError(f"negatives must be a NegativeStrategy, got {type(negatives).__name__}")
        if negatives is not None and negatives.adds_candidates:
            raise ValueError(
                f"negatives must be a strategy of weights: {negatives} adds synthetic negatives to "
                "a log-sum, and this loss has none"
            )
        self.negative_factor = negative_factor
        self.negatives = negatives
        self.temperature = temperature
        self.tile = tile

    def forward(
        self,
        z1: Tensor,
        z2: Tensor,
        *,
        pairs: Pairs | None = None,
        context: Mapping[str, Any] | None = None,
    ) -> Tensor:
        """The loss, a scalar.

        Args:
            z1: Anchors, ``[N, d]``.
            z2: Candidates, ``[M, d]``.
            pairs: Which candidates are positive and which are left out; None: ``i`` with ``i``.
            context: What the negative strategy needs.

        Raises:
            TypeError: Embeddings that are not floating point tensors, ``pairs`` that are none.
            ValueError: Shapes that do not fit; NaN or infinite embeddings.
        """
        check_rows("z1", z1)
        check_rows("z2", z2, z1.size(1))
        pairs = check_pairs(pairs, len(z1), len(z2))
        with torch.autocast(z1.device.type, enabled=False):
            (forth,) = directions(
                unit_rows(z1),
                unit_rows(z2),
                pairs.to(z1.device),
                temperature=self.temperature,
                both=False,
                context=context,
                tile=self.tile,
            )
            rows, strategy = forth.rows, self.negatives
            negative = _sum(rows) if strategy is None else _weighted_sum(rows, strategy)
            valid = forth.num_positives() > 0
            losses = self.negative_factor * negative - forth.mean_positive()
            return torch.where(valid, losses, 0).sum() / valid.sum().clamp(min=1)

    def extra_repr(self) -> str:
        """Arguments, for printing."""
        return f"negative_factor={self.negative_factor}"


def _sum(rows: Rows) -> Tensor:
    """Sum of each anchor's cosines, ``[N]``: linear, so no pairs are needed but those left out."""
    (block,) = rows.blocks
    total = rows.anchors @ block.candidates.sum(0)
    if block.masked is None:
        return total
    index = block.masked.index[:, block.masked.index[0].argsort()]
    left_out = pair_products(rows.anchors, block.candidates, index)
    return total.index_add(0, index[0], left_out, alpha=-1)


def _weighted_sum(rows: Rows, strategy: NegativeStrategy) -> Tensor:
    strategy.check_context(rows)
    weights, inputs = strategy.tile_weights(rows, strategy.prepare(rows))

    def weighted(
        cosine: Tensor, row_ids: Tensor, column_ids: Tensor, block: Block, *given: Tensor
    ) -> Tensor:
        return cosine * weights(cosine, row_ids, column_ids, block, *given).exp()

    return rows.tiles(weighted, reduce="sum", inputs=inputs)
