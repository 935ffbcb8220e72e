"""Harder negatives made by mixing: MoCHi."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from graphcl.arguments import check_whole
from graphcl.contrast import Block, Rows
from graphcl.negatives.strategy import NegativeStrategy

_LEAST_NORM = 1e-6  # two opposite rows mixed half and half: no direction


@dataclass(frozen=True)
class Mixing:
    """Which of the hardest negatives are mixed, and how.

    Attributes:
        first: Rank (0: hardest) of the first parent, ``[N, S]``.
        second: Rank of the second parent, ``[N, S]``.
        share: Share of the first parent, from 0 to 1, ``[N, S]``.
        query_parent: Rank of the parent mixed with the anchor, ``[N, T]``.
        query_share: Share of the anchor, from 0 to below 0.5, ``[N, T]``.
    """

    first: Tensor
    second: Tensor
    share: Tensor
    query_parent: Tensor
    query_share: Tensor


@torch.no_grad()
def mix_negatives(
    anchors: Tensor, candidates: Tensor, hardest: Tensor, mixing: Mixing
) -> tuple[Tensor, Tensor]:
    """Synthetic negatives, on the sphere again and detached.

    Source: Kalantidis et al., NeurIPS 2020, arXiv 2010.01028, equations 4 and 5.

    Args:
        anchors: Unit rows, ``[N, d]``.
        candidates: Unit rows, ``[M, d]``.
        hardest: Which candidates are each anchor's hardest negatives, hardest first, ``[N, H]``.
        mixing: What to mix.

    Returns:
        Mixed pairs ``[N, S, d]`` and mixtures with the anchor ``[N, T, d]``; a mixture of opposite
        rows that has no direction is zero.

    Example:
        >>> rank, half = torch.zeros(1, 1, dtype=torch.long), torch.full((1, 1), 0.5)
        >>> mixing = Mixing(rank, rank + 1, half, rank, 0 * half)
        >>> mix_negatives(torch.eye(2)[:1], torch.eye(2), torch.tensor([[0, 1]]), mixing)[0]
        tensor([[[0.7071, 0.7071]]])
    """

    def parents(rank: Tensor) -> Tensor:
        return candidates[hardest.gather(1, rank)]

    share, query_share = mixing.share.unsqueeze(2), mixing.query_share.unsqueeze(2)
    pairs = parents(mixing.second).mul_(1 - share).addcmul_(parents(mixing.first), share)
    with_query = parents(mixing.query_parent).mul_(1 - query_share)
    with_query.addcmul_(anchors.unsqueeze(1), query_share)
    return _on_sphere_(pairs), _on_sphere_(with_query)


class MixedNegatives(NegativeStrategy):
    """All negatives, and synthetic ones mixed from each anchor's hardest (MoCHi).

    ``num_mixed`` rows ``a n_i + (1 - a) n_j`` of two of the ``num_hardest`` most similar negatives
    and ``num_query_mixed`` rows ``b q + (1 - b) n_j`` of the anchor and one of them, with a uniform
    in [0, 1) and b in [0, 0.5), made unit rows and detached, are added to the denominator. On
    homophilous graphs the hardest negatives are mostly of the anchor's class: exclude neighbours
    (``Pairs.aligned(n, excluded=edge_index)``).

    Source: Kalantidis et al., NeurIPS 2020, arXiv 2010.01028. Published: 1024 hardest of a queue of
    65,536, 256 to 1024 mixed, up to 512 mixed with the anchor.

    Args:
        num_hardest: Pool of hardest negatives; an anchor with fewer mixes all that it has.
        num_mixed: Mixtures of two negatives, for each anchor.
        num_query_mixed: Mixtures with the anchor, for each anchor.

    A ``mixing`` in the context of the loss (a :class:`Mixing`) replaces the random numbers, which
    otherwise come from torch's global generator. A mixture without a direction is left out. Where
    no anchor has ``num_hardest`` negatives there is a warning.

    Raises:
        TypeError: A count that is no whole number.
        ValueError: A count out of range.

    Example:
        >>> from graphcl.losses import InfoNCELoss
        >>> loss_fn = InfoNCELoss(0.2, negatives=MixedNegatives(num_hardest=2, num_mixed=4))
        >>> z = torch.eye(4)
        >>> bool(loss_fn(z, z) > InfoNCELoss(0.2)(z, z))  # more negatives
        True
    """

    adds_candidates = True
    whole_sum = False

    def __init__(
        self, num_hardest: int = 1024, *, num_mixed: int = 256, num_query_mixed: int = 0
    ) -> None:
        super().__init__()
        self.num_hardest = check_whole("num_hardest", num_hardest, least=1)
        self.num_mixed = check_whole("num_mixed", num_mixed, least=0)
        self.num_query_mixed = check_whole("num_query_mixed", num_query_mixed, least=0)

    def log_weights(
        self,
        cosine: Tensor,
        row_ids: Tensor,
        column_ids: Tensor,
        block: Block,
        rows: Rows,
        state: Any,
    ) -> Tensor:
        """Zero: the real negatives count as they are."""
        return torch.zeros_like(cosine)

    def extra_candidates(self, rows: Rows, state: Any) -> Tensor | None:
        """Both kinds of mixtures, ``[N, S + T, d]``."""
        count = rows.count().clamp(max=self.num_hardest)
        pool = int(count.max())
        if pool == 0:
            return None
        if pool < self.num_hardest:
            warnings.warn(
                f"num_hardest={self.num_hardest} is more than the {pool} negatives that an anchor "
                "has at most: all of them are mixed",
                stacklevel=2,
            )
        mixing = rows.context.get("mixing")
        if mixing is None:
            mixing = self._draw(count, rows.anchors)
        else:
            _check_mixing(mixing, count)
        everything = torch.cat([block.candidates for block in rows.blocks])
        hardest = rows.nearest(pool, fewer=True)
        mixed = torch.cat(mix_negatives(rows.anchors, everything, hardest, mixing), 1)
        return mixed.mul_((count > 0)[:, None, None])

    def log_denominator(self, rows: Rows) -> Tensor:
        """The plain log-sum-exp, and the synthetic negatives."""
        return self.add_extra(rows.logsumexp(1 / rows.temperature)[0], rows, None)

    def _draw(self, pool: Tensor, like: Tensor) -> Mixing:
        def ranks(count: int) -> Tensor:
            drawn = torch.rand(len(pool), count, device=like.device) * pool.unsqueeze(1)
            return drawn.long().clamp(max=(pool - 1).clamp(min=0).unsqueeze(1))

        def shares(count: int) -> Tensor:
            return torch.rand(len(pool), count, device=like.device, dtype=like.dtype)

        return Mixing(
            ranks(self.num_mixed),
            ranks(self.num_mixed),
            shares(self.num_mixed),
            ranks(self.num_query_mixed),
            shares(self.num_query_mixed) / 2,
        )

    def extra_repr(self) -> str:
        """Arguments, for printing."""
        return (
            f"{self.num_hardest}, num_mixed={self.num_mixed}, "
            f"num_query_mixed={self.num_query_mixed}"
        )


def _check_mixing(mixing: Mixing, count: Tensor) -> None:
    if not isinstance(mixing, Mixing):
        raise TypeError(f"context['mixing'] must be a Mixing, got {type(mixing).__name__}")
    for name in ("first", "second", "query_parent"):
        rank = getattr(mixing, name)
        if len(rank) != len(count) or bool(((rank < 0) | (rank >= count.unsqueeze(1))).any()):
            raise ValueError(
                f"context['mixing'].{name} must have a row for each of the {len(count)} anchors, "
                "of ranks below its number of hardest negatives"
            )


def _on_sphere_(rows: Tensor) -> Tensor:
    norm = torch.linalg.vector_norm(rows, dim=2, keepdim=True)
    return rows.mul_(torch.where(norm > _LEAST_NORM, 1 / norm.clamp_min(_LEAST_NORM), 0))
