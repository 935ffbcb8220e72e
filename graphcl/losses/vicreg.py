"""VICReg: invariance, variance and covariance, without negatives."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from graphcl.arguments import check_number
from graphcl.contrast import accumulation_dtype
from graphcl.losses.checks import check_views

_VARIANCE_FLOOR = 1e-4


class VICRegLoss(nn.Module):
    """Bring the views together, keep every feature spread, and the features uncorrelated.

    ``invariance * I + variance * V + covariance * C`` with I the mean squared difference, V half
    the mean hinge ``max(0, 1 - standard deviation)`` of each view's features, and C the squared
    off-diagonal covariances of each view divided by ``d``. Rows are not normalised. O(N d^2).

    Source: Bardes et al., ICLR 2022, arXiv 2105.04906, with the authors' constants (1e-4 inside the
    root, unbiased variance).

    Args:
        invariance: Factor of I, at least 0.
        variance: Factor of V, at least 0.
        covariance: Factor of C, at least 0.

    Raises:
        TypeError: A factor that is no number.
        ValueError: A factor negative or not finite.

    Example:
        >>> z = torch.tensor([[2.0, 2.0], [-2.0, 2.0], [2.0, -2.0], [-2.0, -2.0]])
        >>> VICRegLoss()(z, z)  # equal views, spread and uncorrelated features
        tensor(0.)
    """

    def __init__(
        self, *, invariance: float = 25.0, variance: float = 25.0, covariance: float = 1.0
    ) -> None:
        super().__init__()
        factors = {"invariance": invariance, "variance": variance, "covariance": covariance}
        for name, factor in factors.items():
            if check_number(name, factor) < 0:
                raise ValueError(f"{name} must be at least 0, got {factor}")
        self.invariance = invariance
        self.variance = variance
        self.covariance = covariance

    def forward(self, z1: Tensor, z2: Tensor) -> Tensor:
        """The loss, a scalar.

        Args:
            z1: View 1, ``[N, d]``.
            z2: View 2, ``[N, d]``; row ``i`` belongs to row ``i`` of view 1.

        Raises:
            TypeError: No floating point tensors.
            ValueError: Shapes that differ; NaN or infinite rows; fewer than two rows, which have
                no variance.
        """
        invariance, variance, covariance = self.terms(z1, z2)
        return (
            self.invariance * invariance + self.variance * variance + self.covariance * covariance
        )

    def terms(self, z1: Tensor, z2: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The three terms before their factors, scalars; to be watched during training."""
        check_views(2, z1=z1, z2=z2)
        with torch.autocast(z1.device.type, enabled=False):
            z1, z2 = (z.to(accumulation_dtype(z.dtype)) for z in (z1, z2))
            first, second = _spread(z1), _spread(z2)
            return (z1 - z2).square().mean(), first[0] + second[0], first[1] + second[1]

    def extra_repr(self) -> str:
        """Arguments, for printing."""
        return (
            f"invariance={self.invariance}, variance={self.variance}, covariance={self.covariance}"
        )


def _spread(z: Tensor) -> tuple[Tensor, Tensor]:
    """Half the mean hinge of the standard deviations, and the off-diagonal covariances."""
    covariance = torch.cov(z.T).reshape(z.size(1), z.size(1))  # torch.cov squeezes a 1 x 1 matrix
    variance = covariance.diagonal()
    hinge = (1 - (variance + _VARIANCE_FLOOR).sqrt()).relu().mean() / 2
    off_diagonal = covariance.square().sum() - variance.square().sum()
    return hinge, off_diagonal / z.size(1)
