"""Negatives weighted by how probably they are true ones: ProGCL."""

from __future__ import annotations

from typing import Any, Literal, get_args

import torch
from torch import Tensor

from graphcl.arguments import check_number, check_whole
from graphcl.contrast import MASKED, Block, Rows
from graphcl.negatives.beta_mixture import BetaMixture, fit_beta_mixture
from graphcl.negatives.strategy import NegativeStrategy

Mode = Literal["weight", "mix"]
_GUARD = 1e-12


class ProbableNegatives(NegativeStrategy):
    """Weight negatives by the probability of being true times their similarity (ProGCL).

    On graphs the hardest negatives are mostly false ones. A mixture of two Beta distributions is
    fitted to similarities ``x = (cos + 1) / 2`` between the views; with the posterior p of the
    component of true negatives, ``B = p x`` (detached) and

    - ``"weight"``: ``w_ij = B_ij / mean over j of B_ij``, for negatives of either view;
    - ``"mix"``: the cosines of the ``num_mixed`` largest B of each row are mixed two by two,
      ``(B s + B' s') / (B + B')``, and added to the plain denominator.

    Only the six numbers of the mixture are kept; B is computed again in every tile.

    Source: Xia et al., ICML 2022, arXiv 2110.02027, and the authors' code, which fits once (epoch
    400 of 1000 to 3000), on 100 random columns.

    Args:
        mode: ``"weight"`` or ``"mix"``.
        num_mixed: Of ``"mix"``.
        start: Steps of the training (calls of the loss in training mode) before the first fit;
            until then all weigh the same.
        every: Steps between two fits; None: a single fit, as the authors do.
        columns: Number of random columns that are fitted.
        false_share: Share of false negatives that the fit starts from.
        iterations: Of the fit.

    Random columns and permutations come from torch's global generator.

    Raises:
        TypeError: An argument of the wrong type.
        ValueError: An argument out of range.

    Example:
        >>> from graphcl.losses import InfoNCELoss
        >>> z = torch.nn.functional.normalize(torch.arange(12.0).view(4, 3).cos())
        >>> loss_fn = InfoNCELoss(0.4, intra_view=True, negatives=ProbableNegatives())
        >>> loss_fn(z, z.flip(1)).isfinite()
        tensor(True)
    """

    detached = True
    mixture: Tensor
    calls: Tensor

    def __init__(
        self,
        mode: Mode = "weight",
        *,
        num_mixed: int = 1000,
        start: int = 0,
        every: int | None = None,
        columns: int = 100,
        false_share: float = 0.05,
        iterations: int = 10,
    ) -> None:
        super().__init__()
        if mode not in get_args(Mode):
            raise ValueError(f"mode must be one of {get_args(Mode)}, got {mode!r}")
        if not 0 < check_number("false_share", false_share) < 1:
            raise ValueError(f"false_share must be between 0 and 1, got {false_share}")
        self.mode = mode
        self.adds_candidates = mode == "mix"
        self.whole_sum = mode == "weight"
        self.num_mixed = check_whole("num_mixed", num_mixed, least=1)
        self.start = check_whole("start", start, least=0)
        self.every = None if every is None else check_whole("every", every, least=1)
        self.columns = check_whole("columns", columns, least=1)
        self.false_share = false_share
        self.iterations = check_whole("iterations", iterations, least=1)
        # NaN: not fitted yet. Buffers, so that a resumed run goes on with the same mixture.
        self.register_buffer("mixture", torch.full((3, 2), torch.nan, dtype=torch.float64))
        self.register_buffer("calls", torch.zeros((), dtype=torch.int64))

    def prepare(self, rows: Rows) -> Any:
        """The fitted mixture and the mean of B in each row; None before the first fit."""
        self._fit_when_due(rows)
        if bool(self.mixture.isnan().any()):
            return None
        mixture = self._current(rows.anchors)
        cross = Rows(rows.anchors.detach(), rows.blocks[:1], rows.temperature, tile=rows.tile)

        def true_part(cosine: Tensor, ids: Tensor, columns: Tensor, block: Block) -> Tensor:
            return _true_part(cosine, mixture)

        with torch.no_grad():
            mean = cross.tiles(true_part, reduce="sum") / cross.count().clamp(min=1)
        return mixture, mean.clamp_min(_GUARD).log()

    def log_weights(
        self,
        cosine: Tensor,
        row_ids: Tensor,
        column_ids: Tensor,
        block: Block,
        rows: Rows,
        state: Any,
    ) -> Tensor:
        """Logarithm of ``w_ij``: of the pair's cosine between the views, also within a view."""
        if state is None or self.mode == "mix":
            return torch.zeros_like(cosine)
        mixture, log_mean = state
        between = cosine.detach()
        if block is not rows.blocks[0] and block.view is not None:
            other = rows.blocks[0].candidates.detach()
            between = rows.anchors.detach()[row_ids] @ other[column_ids].T
        part = _true_part(between, mixture).clamp_min_(_GUARD)
        return part.log_().sub_(log_mean[row_ids].unsqueeze(1))

    def log_denominator(self, rows: Rows) -> Tensor:
        """The weighted sum; ``"mix"``: the plain sum and the mixed cosines."""
        if self.mode == "weight":
            return super().log_denominator(rows)
        state = self.prepare(rows)
        plain = rows.logsumexp(1 / rows.temperature)[0]
        first = Rows(rows.anchors, rows.blocks[:1], rows.temperature, tile=rows.tile)
        count = min(self.num_mixed, int(first.count().max()))
        if state is None or count == 0:
            return plain
        order = rows.context.get("permutation")
        if order is None:
            order = torch.randperm(count, device=plain.device)
        mixed = self._mix(first, state[0], count, order)
        exponent = torch.where(mixed > MASKED / 2, mixed / rows.temperature, MASKED)
        total = torch.logaddexp(plain, exponent.logsumexp(1))
        return torch.where(total > MASKED / 2, total, MASKED)

    def _mix(self, first: Rows, mixture: BetaMixture, count: int, order: Tensor) -> Tensor:
        """Mixed cosines of the largest B of each row, ``[N, count]``."""
        # B need not grow with the cosine, so it is the key of the search.
        cosines = first.topk(count, key=lambda c: _true_part(c, mixture), fewer=True)[0]
        there = cosines > MASKED / 2  # an anchor may have fewer
        there = there & there[:, order]
        cosines = torch.where(cosines > MASKED / 2, cosines, 0)
        parts = _true_part(cosines, mixture)
        other, others = cosines[:, order], parts[:, order]
        mixed = (parts * cosines + others * other) / (parts + others + _GUARD)
        return torch.where(there, mixed, MASKED)

    def _fit_when_due(self, rows: Rows) -> None:
        if not self.training or rows.view != 0:
            return
        waited = int(self.calls) - self.start
        self.calls += 1
        due = waited >= 0 and (
            bool(self.mixture.isnan().any())
            or (self.every is not None and waited % self.every == 0)
        )
        if due:
            other = rows.blocks[0].candidates.detach()
            chosen = rows.context.get("fit_columns")
            if chosen is None:
                chosen = torch.randint(len(other), (self.columns,), device=other.device)
            self.fit(rows.anchors.detach() @ other[chosen].T)

    @torch.no_grad()
    def fit(self, cosines: Tensor) -> None:
        """Fit the mixture to cosines between the views, of any shape.

        Where there is no solution (all cosines alike) the last mixture stays; before the first one
        all negatives weigh the same.
        """
        values = ((cosines.double() + 1) / 2).reshape(-1)
        start = BetaMixture.start(self.false_share, like=values)
        found = fit_beta_mixture(values, start, iterations=self.iterations)
        if found is not None:
            found = found.ordered()
            self.mixture.copy_(torch.stack([found.alpha, found.beta, found.weight]))

    def _current(self, like: Tensor) -> BetaMixture:
        return BetaMixture(*self.mixture.to(like))

    def extra_repr(self) -> str:
        """Arguments, for printing."""
        return f"{self.mode!r}, start={self.start}, every={self.every}, columns={self.columns}"


def _true_part(cosine: Tensor, mixture: BetaMixture) -> Tensor:
    value = cosine.detach().add(1).mul_(0.5).clamp_(0, 1)
    return mixture.posterior(value).mul_(value)
