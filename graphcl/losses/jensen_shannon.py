"""The Jensen-Shannon estimator of mutual information, as a loss."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from graphcl.contrast import Block, Pairs, accumulation_dtype, directions, normalize_rows
from graphcl.losses.checks import check_pairs, check_rows


class JensenShannonLoss(nn.Module):
    """Raise the scores of positives and lower those of negatives, each mean by itself.

    With scores s::

        loss = mean over negatives of softplus(s_ij) - log 2
             - (weighted) mean over positives of log 2 - softplus(-s_ij)

    The Jensen-Shannon bound of Deep InfoMax (Hjelm et al., ICLR 2019, arXiv 1808.06670) and of
    InfoGraph (Sun et al., ICLR 2020, arXiv 1908.01000). Every anchor weighs by how many pairs it
    has. Each score has a bounded gradient, so easy negatives keep pushing where InfoNCE's vanish.

    Args:
        normalize: Scores are cosines; False: dot products, as in the official graph codes.
        tile: Side of the tiles; None: chosen by size and device. Results do not depend on it.

    Example:
        >>> JensenShannonLoss()(torch.eye(3), torch.eye(3))  # cosines 1 and 0
        tensor(-0.3799)
    """

    def __init__(self, *, normalize: bool = True, tile: int | None = None) -> None:
        super().__init__()
        self.normalize = normalize
        self.tile = tile

    def forward(self, z1: Tensor, z2: Tensor, *, pairs: Pairs | None = None) -> Tensor:
        """The loss, a scalar.

        Args:
            z1: Anchors, ``[N, d]``: nodes, graphs.
            z2: Candidates, ``[M, d]``: the other view, or graphs against nodes.
            pairs: Which candidates are positive and which are left out; None: ``i`` with ``i``.

        Returns:
            A scalar; a mean over no pair (no negatives, where N = 1) counts as 0.

        Raises:
            TypeError: Embeddings that are not floating point tensors, ``pairs`` that are none.
            ValueError: Shapes that do not fit; NaN or infinite embeddings.
        """
        check_rows("z1", z1)
        check_rows("z2", z2, z1.size(1))
        pairs = check_pairs(pairs, len(z1), len(z2))
        with torch.autocast(z1.device.type, enabled=False):
            first, second = self._prepare(z1), self._prepare(z2)
            (forth,) = directions(
                first, second, pairs.to(z1.device), temperature=1.0, both=False, tile=self.tile
            )
            count = forth.rows.count().sum()
            total = forth.rows.tiles(_negative_score, reduce="sum").sum()
            positive = torch.cat([part.cosines(forth.rows.anchors) for part in forth.positives])
            weight = torch.cat([part.weights(positive) for part in forth.positives])
            gain = (weight * (math.log(2) - functional.softplus(-positive))).sum()
            mass = weight.sum()
            return total / count.clamp(min=1) - gain / torch.where(mass > 0, mass, 1)

    def _prepare(self, z: Tensor) -> Tensor:
        z = z.to(accumulation_dtype(z.dtype))
        return normalize_rows(z) if self.normalize else z


def _negative_score(score: Tensor, rows: Tensor, columns: Tensor, block: Block) -> Tensor:
    return functional.softplus(score) - math.log(2)
