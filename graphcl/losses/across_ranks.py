"""Losses across ranks: every row of every process is a candidate."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from torch import Tensor, nn

from graphcl.contrast import gather_rows, num_ranks
from graphcl.losses.info_nce import InfoNCELoss
from graphcl.losses.pamc import PamCLoss
from graphcl.losses.rank_means import mean_over_ranks


class AcrossRanks(nn.Module):
    """Evaluate a loss on the rows of all ranks: W processes equal one, in value and gradient.

    Every tensor argument (also inside lists) is gathered with gradients in the order of the ranks,
    but for those named in ``shared``, which every rank has already (a queue, prototypes).
    ``pairs`` and the context are between the rows of all ranks, and the same on every rank. With
    :class:`InfoNCELoss` each rank computes the terms of its own anchors only, 1 / W of the work;
    other losses are evaluated whole on every rank.

    The gradient is the one of a single process after the averaging of
    ``DistributedDataParallel`` (Fabric's default). Without other ranks this is the loss itself.

    Args:
        loss: Any loss of this package with ``reduction="mean"``.
        shared: Names of arguments that are not gathered.

    Example:
        >>> import torch
        >>> loss = AcrossRanks(InfoNCELoss(0.5))
        >>> bool(loss(torch.eye(3), torch.eye(3)) == InfoNCELoss(0.5)(torch.eye(3), torch.eye(3)))
        True
    """

    def __init__(self, loss: nn.Module, *, shared: Iterable[str] = ("queue", "prototypes")) -> None:
        super().__init__()
        if getattr(loss, "reduction", "mean") != "mean":
            raise ValueError("loss must have reduction='mean': terms of other ranks are not here")
        if isinstance(loss, PamCLoss):
            raise TypeError("PamCLoss adds up the ranks by itself: use it as it is")
        self.loss = loss
        self.shared = frozenset(shared)

    def forward(self, *inputs: Any, **options: Any) -> Tensor:
        """The loss of all ranks' rows, a scalar; arguments as those of the loss itself."""
        if num_ranks() == 1:
            value: Tensor = self.loss(*inputs, **options)
            return value
        keep = {*self.shared, "pairs", "context"}
        gathered = [_gather(value) for value in inputs]
        options = {
            name: value if name in keep else _gather(value) for name, value in options.items()
        }
        if not isinstance(self.loss, InfoNCELoss):
            whole: Tensor = self.loss(*gathered, **options)
            return whole
        local = inputs[0]
        start = gather_rows(local.detach()[:, :0])[1]
        return mean_over_ranks(
            *self.loss.sums(*gathered, anchors=(start, start + len(local)), **options)
        )


def _gather(value: Any) -> Any:
    if isinstance(value, Tensor):
        return gather_rows(value)[0]
    if isinstance(value, list | tuple) and any(isinstance(entry, Tensor) for entry in value):
        return [_gather(entry) for entry in value]
    return value
