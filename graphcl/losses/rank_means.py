"""Means over what all ranks have."""

from __future__ import annotations

import torch
from torch import Tensor, distributed

from graphcl.contrast import num_ranks


def mean_over_ranks(sums: Tensor, counts: Tensor) -> Tensor:
    """Mean over directions of sum / count over all ranks; its gradient is W times the own part."""
    totals = torch.stack([sums.detach(), counts.to(sums)])
    distributed.all_reduce(totals)
    counted = totals[1].clamp(min=1)
    own = (sums / counted).mean() * num_ranks()
    return own + ((totals[0] / counted).mean() - own).detach()
