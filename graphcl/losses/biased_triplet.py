"""The triplet loss that amplifies bias: for the second encoder of difficulty-based sampling."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from graphcl.arguments import check_number
from graphcl.contrast import unit_rows
from graphcl.losses.checks import check_views


class BiasedTripletLoss(nn.Module):
    """Train an encoder to rely on what is easy, by a sum over far negatives.

    With squared distances d2 of unit rows, M = 2N - 2 negatives of both views and the class prior
    p::

        loss = mean over the 2N anchors of
               d2(positive) - (sum over negatives of d2 - p M d2(positive)) / (1 - p)

    No margin, and a sum rather than a mean: far (easy) negatives dominate. O(N d): the sum of
    squared distances needs only the sum of all rows.

    Source: Jang and Wang, CVPR 2023, and its code, Taeuk-Jang/WCL. The encoder serves
    :class:`graphcl.negatives.DifficultyNegatives`.

    Args:
        class_prior: Probability that a negative is of the anchor's class, from 0 to below 1.

    Raises:
        TypeError: ``class_prior`` is no number.
        ValueError: ``class_prior`` out of range.

    Example:
        >>> BiasedTripletLoss(class_prior=0.0)(torch.eye(3), torch.eye(3))  # 4 negatives at 2
        tensor(-8.)
    """

    def __init__(self, class_prior: float = 0.1) -> None:
        super().__init__()
        if not 0 <= check_number("class_prior", class_prior) < 1:
            raise ValueError(f"class_prior must be from 0 to below 1, got {class_prior}")
        self.class_prior = class_prior

    def forward(self, z1: Tensor, z2: Tensor) -> Tensor:
        """The loss, a scalar.

        Args:
            z1: View 1, ``[N, d]``.
            z2: View 2, ``[N, d]``; row ``i`` is the positive of row ``i`` of view 1.

        Raises:
            TypeError: No floating point tensors.
            ValueError: Shapes that differ; NaN or infinite rows.
        """
        return self.per_anchor(z1, z2).mean()

    def per_anchor(self, z1: Tensor, z2: Tensor) -> Tensor:
        """The terms of the anchors, those of view 1 first, ``[2N]``."""
        check_views(z1=z1, z2=z2)
        with torch.autocast(z1.device.type, enabled=False):
            first, second = unit_rows(z1), unit_rows(z2)
            count = 2 * len(first) - 2
            pair = first + second
            total = pair.sum(0)
            positive = (2 - 2 * (first * second).sum(1)).repeat(2)
            anchors = torch.cat([first, second])
            rest = 2 * count - 2 * (anchors * (total - pair.repeat(2, 1))).sum(1)
            prior = self.class_prior
            return positive - (rest - prior * count * positive) / (1 - prior)

    def extra_repr(self) -> str:
        """Arguments, for printing."""
        return f"class_prior={self.class_prior}"
