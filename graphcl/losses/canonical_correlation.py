"""CCA-SSG: the views' features agree one by one, and those of one view are uncorrelated."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from graphcl.arguments import check_number
from graphcl.contrast import accumulation_dtype
from graphcl.losses.checks import check_views

_DEVIATION_FLOOR = 1e-8


class CanonicalCorrelationLoss(nn.Module):
    """Bring standardised features of the two views together, and each view's apart (CCA-SSG).

    ``-trace(C_12) + decorrelation * (||I - C_11||^2 + ||I - C_22||^2)``, squared Frobenius norms,
    with ``C_ab = Z_a' Z_b / N`` of standardised columns (unbiased standard deviation, as the
    authors'). Rows are not normalised. O(N d^2) time, no pairs of rows: the cost is linear in N. A
    constant column counts as zeros (the authors divide by its deviation).

    Source: Zhang et al., NeurIPS 2021, arXiv 2106.12484, equation 5 in the form of their code,
    hengruizhang98/CCA-SSG.

    Args:
        decorrelation: Factor of the second part, the authors' lambda, at least 0.

    Raises:
        TypeError: ``decorrelation`` is no number.
        ValueError: ``decorrelation`` negative or not finite.

    Example:
        >>> z = torch.tensor([[1.0, 1.0], [-1.0, 1.0], [1.0, -1.0], [-1.0, -1.0]])
        >>> CanonicalCorrelationLoss(0.0)(z, z)  # two features, (N - 1) / N each
        tensor(-1.5000)
    """

    def __init__(self, decorrelation: float = 1e-3) -> None:
        super().__init__()
        if check_number("decorrelation", decorrelation) < 0:
            raise ValueError(f"decorrelation must be at least 0, got {decorrelation}")
        self.decorrelation = decorrelation

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
        agreement, redundancy = self.terms(z1, z2)
        return self.decorrelation * redundancy - agreement

    def terms(self, z1: Tensor, z2: Tensor) -> tuple[Tensor, Tensor]:
        """The trace and the squared distances, scalars; to be watched during training."""
        check_views(2, z1=z1, z2=z2)
        with torch.autocast(z1.device.type, enabled=False):
            first, second = _standardise(z1), _standardise(z2)
            return (first * second).sum() / len(z1), _redundancy(first) + _redundancy(second)

    def extra_repr(self) -> str:
        """Arguments, for printing."""
        return f"decorrelation={self.decorrelation}"


def _standardise(z: Tensor) -> Tensor:
    z = z.to(accumulation_dtype(z.dtype))
    return (z - z.mean(0)) / (z.std(0) + _DEVIATION_FLOOR)


def _redundancy(z: Tensor) -> Tensor:
    """``||I - C||^2``."""
    correlation = z.T @ z / len(z)
    identity = torch.eye(len(correlation), dtype=z.dtype, device=z.device)
    return (identity - correlation).square().sum()
