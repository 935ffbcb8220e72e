"""Weights of positives: DCLW."""

from __future__ import annotations

from torch import Tensor, nn

from graphcl.arguments import check_number


class MisesFisherWeights(nn.Module):
    """Weight positives the more, the farther apart they are; the mean weight is one.

    ``w_i = 2 - exp(s_ii / sigma) / mean over k of exp(s_kk / sigma)``. A weight can be negative
    (down to 2 - N) where one pair is much closer than all others.

    Source: Yeh et al., ECCV 2022, arXiv 2110.06848 (DCLW): ``InfoNCELoss(0.1, intra_view=True,
    positive_in_denominator="excluded", positive_weights=MisesFisherWeights())``.

    Args:
        sigma: Divisor of the cosine, above 0.
        detach: Let no gradient flow through the weights.

    Raises:
        TypeError: ``sigma`` is no number.
        ValueError: ``sigma`` not above 0 or not finite.

    Example:
        >>> import torch
        >>> MisesFisherWeights()(torch.tensor([1.0, 0.0]))
        tensor([0.2384, 1.7616])
    """

    def __init__(self, sigma: float = 0.5, *, detach: bool = True) -> None:
        super().__init__()
        if check_number("sigma", sigma) <= 0:
            raise ValueError(f"sigma must be above 0, got {sigma}")
        self.sigma = sigma
        self.detach = detach

    def forward(self, cosine: Tensor) -> Tensor:
        """Weights ``[N]`` from the cosines of the positives, ``[N]``."""
        weights = 2 - len(cosine) * (cosine / self.sigma).softmax(0)
        return weights.detach() if self.detach else weights

    def extra_repr(self) -> str:
        """Arguments, for printing."""
        return f"sigma={self.sigma}, detach={self.detach}"
