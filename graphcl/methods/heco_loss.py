"""HeCo's loss: two views, both directions, one relation that each direction reads its own way."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from graphcl.contrast import MASKED, Direction, Pairs, Positives, directions, unit_rows


def co_contrast(
    one: Tensor, other: Tensor, pairs: Pairs, *, temperature: float, share: float
) -> Tensor:
    r"""Contrast two views of the same nodes.

    .. math:: \ell_i = -\log \frac{\sum_{j \in P_i} e^{s_{ij}}}{\sum_j e^{s_{ij}}}

    with cosines of view one against view two, divided by the temperature, and the other way round.
    Both directions look :math:`P_i` up for their anchor i, though j may not have i among its own.
    It is ``InfoNCELoss(positives="inside", symmetric=False)`` in either order of the views, whose
    similarities are computed once instead of twice.

    Source: Wang et al. (HeCo), https://arxiv.org/abs/2105.09111, equations 10 to 12.

    Args:
        one: The first view, ``[N, d]``.
        other: The second view, ``[N, d]``.
        pairs: The positives of each node. Excluded pairs are (row of ``one``, row of ``other``).
        temperature: Divisor of the cosine, above 0.
        share: Share of the direction from ``one`` to ``other``, 0 to 1.

    Returns:
        A scalar. Nodes without a positive are left out of both means.

    Example:
        >>> co_contrast(torch.eye(3), torch.eye(3), Pairs.aligned(3), temperature=0.5, share=0.5)
        tensor(0.2395)
    """
    first, second = unit_rows(one), unit_rows(other)
    forth, back = directions(first, second, pairs, temperature=temperature, positives_in_sum=True)
    back = replace(back, positives=(Positives(first, pairs.positive, listed=pairs.listed),))
    return share * _mean_loss(forth) + (1 - share) * _mean_loss(back)


def _mean_loss(direction: Direction) -> Tensor:
    (total,) = direction.rows.logsumexp(1 / direction.rows.temperature)
    positive = direction.log_sum_positive(weighted=False)
    valid = positive > MASKED / 2
    return torch.where(valid, total - positive, 0).sum() / valid.sum().clamp(min=1)
