"""AUC-CL: a square surrogate of the area under the ROC curve, linear in N."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from graphcl.arguments import check_number
from graphcl.contrast import unit_rows
from graphcl.losses.checks import check_choice, check_views

PUBLISHED_SCALE = 32.0
"""Weight of the mean over an anchor's negatives, in the authors' code for large images."""


class AUCLoss(nn.Module):
    """Score positives near one centre and negatives near another, by squares (AUC-CL).

    With scores ``(1 + cos) / 2``, positives p_i and negatives n_ij::

        loss = mean over i of (p_i - positive_centre)^2 - 2 alpha p_i
             + negative_scale * mean over i of sum over j of (n_ij - b)^2 + 2 alpha n_ij

    additive constants dropped. The negative term is quadratic in the cosines, so it needs only
    ``sum of v`` and ``V'V``: O(N d^2) time and no pairs at all. Its gradient does not depend on the
    size of the batch, which is what the loss is for.

    Source: Sharma et al., ICLR 2024 (OpenReview YgMdDQB09U) and its code.

    Args:
        positive_centre: Where positive scores are pulled to; published 10.
        alpha: Dual variable, fixed; published 1.
        negative_scale: Factor of the negative term; None: 32 over the number of negatives, so that
            N does not change the balance. Published: 32 / N (cross), 1 (two views, N = 128). With
            much less, the far positive centre wins and all rows become one.
        candidates: ``"cross"``: negatives are the N - 1 other rows of the other view.
            ``"both_views"``: all 2N - 1 other rows, the positive among them, and positive scores
            are ``clamp(cos / 2, 0, 1)`` (the authors' code for small images).
        negative_centre: First value of the learnable ``b``.

    Raises:
        TypeError: A number that is none.
        ValueError: An argument out of range.

    Example:
        >>> loss_fn = AUCLoss(positive_centre=1.0, alpha=0.0, negative_scale=1.0)
        >>> loss_fn(torch.eye(3), torch.eye(3))  # two negatives of score .5
        tensor(0.5000, grad_fn=<AddBackward0>)
    """

    def __init__(
        self,
        *,
        positive_centre: float = 10.0,
        alpha: float = 1.0,
        negative_scale: float | None = None,
        candidates: str = "cross",
        negative_centre: float = 0.0,
    ) -> None:
        super().__init__()
        self.positive_centre = check_number("positive_centre", positive_centre)
        self.alpha = check_number("alpha", alpha)
        if negative_scale is not None and check_number("negative_scale", negative_scale) < 0:
            raise ValueError(f"negative_scale must be at least 0, got {negative_scale}")
        self.negative_scale = negative_scale
        check_choice("candidates", candidates, ("cross", "both_views"))
        self.candidates = candidates
        self.negative_centre = nn.Parameter(
            torch.tensor(check_number("negative_centre", negative_centre))
        )

    def forward(self, z1: Tensor, z2: Tensor) -> Tensor:
        """The loss, a scalar; for a single pair ``"cross"`` has the positive term only.

        Args:
            z1: View 1, ``[N, d]``.
            z2: View 2, ``[N, d]``; row ``i`` is the positive of row ``i`` of view 1.

        Raises:
            TypeError: No floating point tensors.
            ValueError: Shapes that differ; NaN or infinite rows.
        """
        check_views(z1=z1, z2=z2)
        with torch.autocast(z1.device.type, enabled=False):
            first, second = unit_rows(z1), unit_rows(z2)
            positive = self.positive_scores(first, second)
            gain = (positive - self.positive_centre).square() - 2 * self.alpha * positive
            sums, squares, count = self._sums(first, second)
            centre = self.negative_centre.to(first.dtype)
            # (n - b)^2 + 2 alpha n = n^2 + 2 (alpha - b) n + b^2
            cost = squares + 2 * (self.alpha - centre) * sums + count * centre.square()
            scale = self.negative_scale
            if scale is None:
                scale = PUBLISHED_SCALE / max(1, count)
            return gain.mean() + scale * cost.mean()

    def positive_scores(self, first: Tensor, second: Tensor) -> Tensor:
        """Scores of the pairs of unit rows, ``[N]``."""
        cosine = (first * second).sum(1)
        return (cosine / 2).clamp(0, 1) if self.candidates == "both_views" else (1 + cosine) / 2

    def _sums(self, first: Tensor, second: Tensor) -> tuple[Tensor, Tensor, int]:
        """Sum and sum of squares of each anchor's negative scores, and how many there are."""
        if self.candidates == "both_views":
            anchors = rows = torch.cat([first, second])
            left_out = (anchors * rows).sum(1)  # itself: 1, or 0 for a zero row
        else:
            anchors, rows = first, second
            left_out = (anchors * rows).sum(1)
        count = len(rows) - 1
        linear = anchors @ rows.sum(0) - left_out
        quadratic = ((anchors @ (rows.T @ rows)) * anchors).sum(1) - left_out.square()
        # s = (1 + c) / 2: sum s = (count + sum c) / 2, sum s^2 = (count + 2 sum c + sum c^2) / 4
        return (count + linear) / 2, (count + 2 * linear + quadratic) / 4, count

    def extra_repr(self) -> str:
        """Arguments, for printing."""
        return (
            f"positive_centre={self.positive_centre}, alpha={self.alpha}, "
            f"negative_scale={self.negative_scale}, candidates={self.candidates!r}"
        )
