"""Barlow Twins: the two views' features correlate one by one, and not across."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import batch_norm

from graphcl.arguments import check_number
from graphcl.contrast import accumulation_dtype
from graphcl.losses.checks import check_views

_VARIANCE_FLOOR = 1e-5  # published


class BarlowTwinsLoss(nn.Module):
    """Pull the cross-correlation matrix of the features of two views towards the identity.

    ``sum over k of (1 - C_kk)^2 + redundancy * sum over k != l of C_kl^2`` with ``C = Z1' Z2 / N``
    of standardised columns (biased variance, plus 1e-5). Rows are not normalised. O(N d^2) time,
    no pairs of rows: the cost is linear in N.

    Source: Zbontar et al., ICML 2021, arXiv 2103.03230; on graphs Bielak et al., arXiv 2106.02466
    (G-BT, ``redundancy=None``).

    Args:
        redundancy: Factor of the off-diagonal entries, at least 0 (published 0.0051); None:
            ``1 / d``, as in G-BT.

    Raises:
        TypeError: ``redundancy`` is no number.
        ValueError: ``redundancy`` negative or not finite.

    Example:
        >>> z = torch.tensor([[1.0, 1.0], [-1.0, 1.0], [1.0, -1.0], [-1.0, -1.0]])
        >>> bool(BarlowTwinsLoss()(z, z) < 1e-8)  # each column correlates with itself alone
        True
    """

    def __init__(self, redundancy: float | None = 0.0051) -> None:
        super().__init__()
        if redundancy is not None and check_number("redundancy", redundancy) < 0:
            raise ValueError(f"redundancy must be at least 0, got {redundancy}")
        self.redundancy = redundancy

    def forward(self, z1: Tensor, z2: Tensor) -> Tensor:
        """The loss, a scalar.

        Args:
            z1: View 1, ``[N, d]``.
            z2: View 2, ``[N, d]``; row ``i`` belongs to row ``i`` of view 1.

        Raises:
            TypeError: No floating point tensors.
            ValueError: Shapes that differ; NaN or infinite rows; fewer than two rows, which have
                no correlation.
        """
        matrix = self.cross_correlation(z1, z2)
        factor = 1 / len(matrix) if self.redundancy is None else self.redundancy
        diagonal = matrix.diagonal()
        on = (1 - diagonal).square().sum()
        return on + factor * (matrix.square().sum() - diagonal.square().sum())

    def cross_correlation(self, z1: Tensor, z2: Tensor) -> Tensor:
        """Correlation of every feature of view 1 with every feature of view 2, ``[d, d]``."""
        check_views(2, z1=z1, z2=z2)
        with torch.autocast(z1.device.type, enabled=False):
            return _standardise(z1).T @ _standardise(z2) / len(z1)

    def extra_repr(self) -> str:
        """Arguments, for printing."""
        return f"redundancy={self.redundancy}"


def _standardise(z: Tensor) -> Tensor:
    z = z.to(accumulation_dtype(z.dtype))
    return batch_norm(z, None, None, training=True, eps=_VARIANCE_FLOOR)
