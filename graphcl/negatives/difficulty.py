"""Difficulty of a negative, relative to a second, biased encoder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from graphcl.arguments import all_finite
from graphcl.contrast import Block, Rows, unit_rows
from graphcl.negatives.strategy import NegativeStrategy

_GUARD = 1e-6  # of the authors' code


class DifficultyNegatives(NegativeStrategy):
    """Weight negatives by how much harder they are for the encoder than for a biased one.

    With exponentials ``e = exp(cos / t)`` of the encoder and e_b of the biased one, each divided by
    its norm over the negatives of the row, ``w_ij = 1 + e_ij / (e_ij + e_b_ij + 1e-6)``, from 1 to
    2, detached. The biased encoder learns beside it, by
    :class:`graphcl.losses.BiasedTripletLoss`. Published together with ``debias`` (0.1 on CIFAR-10).

    Context of the loss: ``biased``, the biased encoder's rows of both views, a pair of ``[N, d']``.

    Source: Jang and Wang, CVPR 2023, and its code, Taeuk-Jang/WCL.

    Example:
        >>> import torch
        >>> from graphcl.losses import InfoNCELoss
        >>> z = torch.eye(4)
        >>> loss_fn = InfoNCELoss(0.5, intra_view=True, negatives=DifficultyNegatives(), debias=0.1)
        >>> loss_fn(z, z, context={"biased": (z, z)}) > 0
        tensor(True)
    """

    needs = frozenset({"biased"})
    detached = True

    def check_context(self, rows: Rows) -> None:
        """Refuse rows of the biased encoder that are missing, or none of a candidate."""
        super().check_context(rows)
        biased = rows.context["biased"]
        if not isinstance(biased, Sequence) or not all(
            isinstance(view, Tensor) and view.is_floating_point() and view.dim() == 2
            for view in biased
        ):
            raise TypeError("context['biased'] must be a pair of floating point rows [N, d]")
        for number, view in enumerate(biased):
            if not all_finite(view):
                raise ValueError(f"context['biased'][{number}] must be finite")
        if rows.view >= len(biased) or rows.start + len(rows.anchors) > len(biased[rows.view]):
            raise ValueError(
                f"context['biased'][{rows.view}] must have the biased encoder's rows of all anchors"
            )

    def prepare(self, rows: Rows) -> Any:
        """The biased rows, and for both encoders the log-norms of their exponentials."""
        biased = [unit_rows(view.detach()) for view in rows.context["biased"]]
        blocks = []
        for block in rows.blocks:
            if block.view is None or block.view >= len(biased):
                raise ValueError(
                    "DifficultyNegatives needs the biased encoder's rows of every candidate: "
                    f"context['biased'] has {len(biased)} views, and a queue has none"
                )
            if len(biased[block.view]) != len(block.candidates):
                raise ValueError(
                    f"context['biased'][{block.view}] must have {len(block.candidates)} rows, got "
                    f"{len(biased[block.view])}"
                )
            blocks.append(Block(biased[block.view], block.masked, block.ids, block.view))
        scale = 2 / rows.temperature
        own = biased[rows.view][rows.start : rows.start + len(rows.anchors)]
        theirs = Rows(own, tuple(blocks), rows.temperature, tile=rows.tile)
        ours = rows.logsumexp(scale, detached=scale)[0].detach() / 2
        return biased, ours, theirs.logsumexp(scale)[0] / 2

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
        biased, norm, biased_norm = state
        assert block.view is not None
        other = biased[rows.view][rows.items(row_ids)] @ biased[block.view][column_ids].T
        other.div_(rows.temperature).sub_(biased_norm[row_ids, None]).exp_()
        ours = cosine.detach() / rows.temperature
        ours.sub_(norm[row_ids, None]).exp_()
        both = other.add_(ours).add_(_GUARD)
        return ours.div_(both).add_(1).log_()  # in place: a tile is evaluated often
