"""Hard negatives: the more similar, the heavier (HCL)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from graphcl.arguments import check_number
from graphcl.contrast import Block, Rows
from graphcl.negatives.strategy import NegativeStrategy


class HardNegatives(NegativeStrategy):
    """Weight negatives by their similarity, with mean weight one in every row.

    ``w_ij = exp(beta s_ij / t) / mean_k exp(beta s_ik / t)`` over the negatives k of anchor i
    (Robinson et al., ICLR 2021, arXiv 2010.04592). HCL is this strategy in
    ``InfoNCELoss(debias=class_prior)``. The weights are a function of the cosine, so that the
    denominator is two log-sum-exps in a single pass.

    Args:
        beta: Concentration, at least 0; 0 gives all negatives the same weight. Published: 0.5 to 2.
        detach: Let no gradient flow through the weights (the authors' code lets it).

    Raises:
        TypeError: ``beta`` is no number.
        ValueError: ``beta`` negative or not finite.

    Example:
        >>> from graphcl.losses import InfoNCELoss
        >>> hcl = InfoNCELoss(0.5, intra_view=True, negatives=HardNegatives(beta=1.0), debias=0.1)
        >>> hcl(torch.eye(4), torch.eye(4))
        tensor(0.2115)
    """

    symmetric = False  # the mean is one of the row

    def __init__(self, beta: float = 1.0, *, detach: bool = False) -> None:
        super().__init__()
        if check_number("beta", beta) < 0:
            raise ValueError(f"beta must be at least 0, got {beta}")
        self.beta = beta
        self.detach = detach

    def prepare(self, rows: Rows) -> Tensor:
        """Log of the mean of exp(beta s / t) in each row, ``[N]``."""
        return rows.logsumexp(self.beta / rows.temperature)[0] - _log_count(rows)

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
        weights = cosine * (self.beta / rows.temperature) - state[row_ids].unsqueeze(1)
        return weights.detach() if self.detach else weights

    def log_denominator(self, rows: Rows) -> Tensor:
        """The same in closed form: lse((1 + beta) s / t) - lse(beta s / t) + log M."""
        slope = self.beta / rows.temperature
        detached = slope if self.detach else 0.0
        mean, total = rows.logsumexp(slope, slope + 1 / rows.temperature, detached=detached)
        empty = rows.count() == 0  # floor minus floor would be 0
        return torch.where(empty, total, total - mean + _log_count(rows))

    def extra_repr(self) -> str:
        """Arguments, for printing."""
        return f"beta={self.beta}, detach={self.detach}"


def _log_count(rows: Rows) -> Tensor:
    return rows.count().clamp(min=1).to(rows.anchors.dtype).log()
