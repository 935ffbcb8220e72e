"""Weights of negatives that a small network learns: AdaMEOW."""

from __future__ import annotations

import warnings
from typing import Any, Literal, NamedTuple, get_args

import torch
from torch import Tensor, nn
from torch.nn.functional import linear, logsigmoid

from graphcl.arguments import check_whole
from graphcl.contrast import MASKED, Block, Rows, num_ranks
from graphcl.negatives.pair_units import pair_sums
from graphcl.negatives.strategy import NegativeStrategy
from graphcl.negatives.weighted_sums import weighted_log_sums

Normalize = Literal["row", "all"]
Sums = tuple[tuple[Tensor, Tensor | None], ...]


class WeightStatistics(NamedTuple):
    """Mean and standard deviation of the weights of all pairs, before any normalisation."""

    mean: float
    std: float


class LearnedNegatives(NegativeStrategy):
    """Weight each negative by a network of the pair that is trained with the model (AdaMEOW).

    ``w_ij = sigmoid(W2 tanh(W1 (u_i + v_j) + b1) + b2)`` of unit rows u and v; gradients flow
    through w into the network and both rows. ``W1 (u_i + v_j) = W1 u_i + W1 v_j``, so that nothing
    of size N^2 is held. Where these projections lie within a few units, as they do unless trained
    for very long, the logits of all pairs are a product of ``[N, h m]`` matrices, m about ten, to
    the rounding of the type; else each pair and unit has its tanh. O(N^2 (d + h m)) time,
    O(N (d + h m)) memory.

    AdaMEOW itself is one direction with the positive among what is weighed:
    ``InfoNCELoss(temperature, symmetric=False, positive_in_denominator="weighted", ...)``.

    The official objective has no lower bound: nothing rewards large weights, so that ``b2`` and
    with it the loss fall without limit while the shares of the negatives stay the same. Neither
    stop training by it nor compare runs by it; watch :meth:`statistics`. ``normalize`` removes the
    drift and keeps the order of the weights.

    Source: Yu et al., TKDE 2024, arXiv 2212.13847, and the authors' code, jianxiangyu/MEOW.

    Args:
        num_features: Width of the embeddings, ``d``; None: that of the first call.
        hidden: Number of tanh units, at least 1.
        normalize: Divide the weights by their mean over each anchor's negatives (``"row"``) or over
            all pairs of the direction (``"all"``); None: as published. ``"all"`` needs all anchors
            in one process.

    The network starts as ``torch.nn.Linear`` does, from torch's global generator.

    Raises:
        TypeError: An argument of the wrong type.
        ValueError: An argument out of range.

    Example:
        Nodes of a graph in two views; the same call takes pooled rows of graphs.

        >>> from graphcl.losses import InfoNCELoss
        >>> negatives = LearnedNegatives(3)
        >>> loss_fn = InfoNCELoss(0.5, intra_view=True, negatives=negatives)
        >>> z1, z2 = torch.eye(3), torch.eye(3).flip(0)
        >>> loss_fn(z1, z2).isfinite()
        tensor(True)
        >>> 0 < negatives.statistics(Rows(z1, (Block(z2),), 0.5)).mean < 1
        True
    """

    whole_sum = False  # takes weight out

    def __init__(
        self,
        num_features: int | None = None,
        *,
        hidden: int = 16,
        normalize: Normalize | None = None,
    ) -> None:
        super().__init__()
        check_whole("hidden", hidden, least=1)
        if normalize is not None and normalize not in get_args(Normalize):
            raise ValueError(
                f"normalize must be None or one of {get_args(Normalize)}, got {normalize!r}"
            )
        self.normalize = normalize
        self.whole_sum = normalize is not None
        self.first: nn.Linear = (
            nn.LazyLinear(hidden)
            if num_features is None
            else nn.Linear(check_whole("num_features", num_features, least=1), hidden)
        )
        self.second = nn.Linear(hidden, 1)

    def check_context(self, rows: Rows) -> None:
        """Refuse rows of another width; without one, take theirs."""
        super().check_context(rows)
        width = rows.anchors.size(1)
        if isinstance(self.first, nn.LazyLinear):
            with torch.no_grad():
                self.first(rows.anchors[:1].to(self.second.weight.dtype))
        if self.first.in_features != width:
            raise ValueError(
                f"LearnedNegatives({self.first.in_features}) weighs rows of that width, but the "
                f"embeddings have {width}"
            )
        if self.normalize == "all" and (num_ranks() > 1 or rows.start > 0):
            raise ValueError(
                "LearnedNegatives(normalize='all') needs all anchors in one process; across ranks "
                "use normalize='row'"
            )

    def prepare(self, rows: Rows) -> Any:
        """Projections of anchors and candidates; log of the mean weight, ``[N]``, or None."""
        anchors = self._project(rows.anchors)
        candidates = [
            anchors if block.candidates is rows.anchors else self._project(block.candidates)
            for block in rows.blocks
        ]
        mean = None if self.normalize is None else self._log_mean(self._sums(rows)[1], rows)
        return anchors, candidates, mean

    def log_weights(
        self,
        cosine: Tensor,
        row_ids: Tensor,
        column_ids: Tensor,
        block: Block,
        rows: Rows,
        state: Any,
    ) -> Tensor:
        """Logarithm of ``w_ij``."""
        anchors, candidates, mean = state
        number = next(k for k, other in enumerate(rows.blocks) if other is block)
        weight, bias = self._last(anchors)
        sums = pair_sums(anchors[row_ids], candidates[number][column_ids], weight)
        logs = logsigmoid(sums + bias)
        return logs if mean is None else logs - mean[row_ids].unsqueeze(1)

    def log_denominator(self, rows: Rows) -> Tensor:
        """The same in one hand-written pass, which the opposite direction shares."""
        if len(rows.anchors) == 1 and sum(len(block.candidates) for block in rows.blocks) == 1:
            warnings.warn(
                "LearnedNegatives has a single pair to weigh: there is nothing to contrast it with",
                stacklevel=2,
            )
        total, weights = self._sums(rows)
        if self.normalize is None:
            return total
        return torch.where(total > MASKED / 2, total - self._log_mean(weights, rows), MASKED)

    @torch.no_grad()
    def statistics(self, rows: Rows) -> WeightStatistics:
        """Mean and spread of the weights, in (0, 1), over all unmasked pairs.

        It costs two evaluations of the network on all pairs: hand in some of the anchors only if
        that is too much at every epoch.

        Args:
            rows: Anchors and their candidates, unit rows.

        Raises:
            ValueError: No pair at all, or rows of another width.
        """
        self.check_context(rows)
        count = int(rows.count().sum())
        if count == 0:
            raise ValueError("rows must have a pair that is not masked: there is none to weigh")
        anchors = self._project(rows.anchors)
        candidates = {id(block): self._project(block.candidates) for block in rows.blocks}
        weight, bias = self._last(anchors)

        def moment(power: int) -> float:
            def values(cosine: Tensor, ids: Tensor, columns: Tensor, block: Block) -> Tensor:
                sums = pair_sums(anchors[ids], candidates[id(block)][columns], weight)
                return (torch.sigmoid(sums + bias) - centre) ** power

            return float(rows.tiles(values, reduce="sum").detach().double().sum()) / count

        centre = 0.0
        mean = moment(1)
        centre = mean
        return WeightStatistics(mean, moment(2) ** 0.5)

    def _project(self, x: Tensor) -> Tensor:
        """Half of ``b1`` goes to each of the two rows of a pair: their sum is symmetric then."""
        return linear(x, self.first.weight.to(x.dtype), self.first.bias.to(x.dtype) / 2)

    def _last(self, like: Tensor) -> tuple[Tensor, Tensor]:
        return self.second.weight[0].to(like.dtype), self.second.bias.to(like.dtype)

    def _sums(self, rows: Rows) -> tuple[Tensor, Tensor | None]:
        """Log-sums of w exp(s / t) and (to normalise) of w, of this direction."""
        assert rows.shared is not None
        sums: Sums = rows.shared.once(
            (self, "sums"),
            lambda: weighted_log_sums(
                rows,
                self._project,
                *self._last(rows.anchors),
                with_mean=self.normalize is not None,
            ),
        )
        return sums[rows.direction]

    def _log_mean(self, log_sums: Tensor | None, rows: Rows) -> Tensor:
        """Log of the mean weight of each row, or of all; 0 without a pair, ``[N]``."""
        assert log_sums is not None
        count = rows.count()
        if self.normalize == "all":
            log_sums = log_sums.logsumexp(0).expand_as(log_sums)
            count = count.sum().expand_as(count)
        there = (count > 0) & (log_sums > MASKED / 2)
        mean = torch.where(there, log_sums, 0) - count.clamp(min=1).to(log_sums.dtype).log()
        return torch.where(there, mean, 0)

    def extra_repr(self) -> str:
        """Arguments, for printing."""
        return f"normalize={self.normalize!r}"
