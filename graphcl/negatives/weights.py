"""The weights of a strategy, pair by pair: for looking, not for training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from graphcl.contrast import MASKED, Pairs, directions, unit_rows
from graphcl.negatives.strategy import NegativeStrategy


@torch.no_grad()
def negative_weights(
    strategy: NegativeStrategy,
    z1: Tensor,
    z2: Tensor,
    *,
    temperature: float = 0.5,
    context: Mapping[str, Any] | None = None,
    pairs: Pairs | None = None,
) -> tuple[Tensor, Tensor]:
    """Cosine and weight of every anchor of view 1 with every candidate of view 2.

    Whole matrices, so for thousands of rows at most. Synthetic negatives are not among them.

    Args:
        strategy: Whose weights.
        z1: Anchors, ``[N, d]``; rows are normalised.
        z2: Candidates, ``[M, d]``.
        temperature: Divisor of the cosine in the loss; some strategies look at it.
        context: What the strategy needs, as in the call of the loss.
        pairs: Positives and excluded pairs, which are no negatives; None: ``i`` with ``i``.

    Returns:
        Cosines and weights, both ``[N, M]``; the weight is 0 where a pair is no negative.

    Raises:
        ValueError: The context lacks what the strategy needs; sizes that do not fit.

    Example:
        >>> from graphcl.negatives import HardNegatives
        >>> z1, z2 = torch.eye(2), torch.tensor([[1.0, 0.0], [0.6, 0.8]])
        >>> cosine, weight = negative_weights(HardNegatives(), z1, z2)
        >>> cosine
        tensor([[1.0000, 0.6000],
                [0.0000, 0.8000]])
        >>> weight  # the mean weight of an anchor's negatives is 1; each has one here
        tensor([[0., 1.],
                [1., 0.]])
    """
    if pairs is None:
        pairs = Pairs.aligned(len(z1))
    if (len(z1), len(z2)) != (pairs.num_anchors, pairs.num_candidates):
        raise ValueError(
            f"pairs are of {pairs.num_anchors} anchors and {pairs.num_candidates} candidates, "
            f"got {len(z1)} and {len(z2)} rows"
        )
    (direction,) = directions(
        unit_rows(z1), unit_rows(z2), pairs, temperature=temperature, both=False, context=context
    )
    rows = direction.rows
    strategy.check_context(rows)
    (block,) = rows.blocks
    cosine = rows.anchors @ block.candidates.T
    row_ids, column_ids = (torch.arange(len(z), device=z.device) for z in (z1, z2))
    logs = strategy.log_weights(cosine, row_ids, column_ids, block, rows, strategy.prepare(rows))
    weight = logs.expand_as(cosine).exp() * (logs > MASKED / 2)
    if block.masked is not None:
        weight = weight.index_put(tuple(block.masked.index), weight.new_zeros(()))
    return cosine, weight
