"""A mixture of two Beta distributions: which similarities are those of true negatives."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

_FLOOR = 1e-12


@dataclass(frozen=True)
class BetaMixture:
    """Two Beta distributions on (0, 1); component 0 is that of true negatives.

    Attributes:
        alpha: ``[2]``.
        beta: ``[2]``.
        weight: Shares of the components, ``[2]``.

    Example:
        >>> mixture = BetaMixture.start()
        >>> mixture.posterior(torch.tensor([0.1, 0.9]))  # the less similar, the truer
        tensor([0.9942, 0.6786])
    """

    alpha: Tensor
    beta: Tensor
    weight: Tensor

    @classmethod
    def start(cls, false_share: float = 0.05, *, like: Tensor | None = None) -> BetaMixture:
        """Where the fit begins: true negatives low, false ones high and rare."""
        like = torch.empty(0) if like is None else like
        return cls(
            like.new_tensor([1.0, 2.0]),
            like.new_tensor([2.0, 1.0]),
            like.new_tensor([1 - false_share, false_share]),
        )

    def posterior(self, values: Tensor) -> Tensor:
        """Probability that a value in (0, 1) is of component 0, of the shape of ``values``."""
        # Bayes' rule as a sigmoid of log-odds: a quotient of two densities may be 0 / 0.
        clipped = _inside(values)
        gap = self.alpha[0] - self.alpha[1], self.beta[0] - self.beta[1]
        odds = clipped.log().mul_(gap[0]).add_(self._log_scale())
        # log(1 - x), not log1p(-x): three times faster, and off by less than a rounding of 1
        return clipped.neg_().add_(1).log_().mul_(gap[1]).add_(odds).sigmoid_()

    def ordered(self) -> BetaMixture:
        """The same mixture, component 0 the one with the lower mean."""
        means = self.alpha / (self.alpha + self.beta)
        if not bool(means[0] > means[1]):
            return self
        return BetaMixture(self.alpha.flip(0), self.beta.flip(0), self.weight.flip(0))

    def _log_scale(self) -> Tensor:
        """Difference of what does not depend on the value."""
        scale = torch.lgamma(self.alpha + self.beta) + self.weight.log()
        scale = scale - torch.lgamma(self.alpha) - torch.lgamma(self.beta)
        return scale[0] - scale[1]


def fit_beta_mixture(
    values: Tensor, start: BetaMixture, *, iterations: int = 10
) -> BetaMixture | None:
    """Fit the mixture by expectation maximisation with weighted moments.

    Source: Xia et al., ICML 2022, arXiv 2110.02027 (ProGCL), section 4.2 and the authors' code.

    Args:
        values: Similarities mapped to [0, 1], ``[n]``.
        start: Where to begin.
        iterations: Number of steps.

    Returns:
        The mixture; None where the method of moments has no solution (all values alike). Which
        component is which follows from the start alone: see :meth:`BetaMixture.ordered`.
    """
    values = _inside(values)
    mixture = start
    for _ in range(iterations):
        true = mixture.posterior(values)
        share = torch.stack([true, 1 - true]).clamp_min(_FLOOR)
        total = share.sum(1)
        mean = (share * values).sum(1) / total
        variance = (share * (values - mean.unsqueeze(1)).square()).sum(1) / total
        room = mean * (1 - mean)
        if not bool((variance > _FLOOR).all() and (room > variance).all()):
            return None
        alpha = mean * (room / variance - 1)
        beta = alpha * (1 - mean) / mean
        beta[1] = torch.where(beta[1] < 1, 1.01, beta[1])
        mixture = BetaMixture(alpha, beta, total / total.sum())
    return mixture


def _inside(values: Tensor) -> Tensor:
    """Values moved off 0 and 1, where logarithms are infinite; in float32 1 - 1e-12 is 1."""
    edge = max(_FLOOR, torch.finfo(values.dtype).eps / 2)
    return values.clamp(_FLOOR, 1 - edge)
