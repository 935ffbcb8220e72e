"""InfoNCE and all that is InfoNCE with arguments: NT-Xent, GRACE, SupCon, CLIP, DCL, HCL, HeCo."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import torch
from torch import Tensor, nn

from graphcl.arguments import check_number
from graphcl.contrast import (
    MASKED,
    Block,
    Direction,
    Pairs,
    accumulation_dtype,
    directions,
    normalize_rows,
)
from graphcl.losses.checks import check_pairs, check_rows
from graphcl.losses.debias import debiased_log_sum
from graphcl.negatives import AllNegatives, NegativeStrategy

_CHOICES = {
    "positive_in_denominator": ("plain", "weighted", "excluded"),
    "positives": ("outside", "inside"),
    "reduction": ("mean", "sum", "none"),
}


class InfoNCELoss(nn.Module):
    """Contrast each anchor's positives with its negatives, exactly and in O(N d) memory.

    For anchor i with positives P(i), cosines s, temperature t and the log-sum L_i over negatives::

        loss_i = - mean over p in P(i) of s_ip / t + log(exp L_i + sum over P(i) of exp(s_ip / t))

    Source: van den Oord et al., arXiv 1807.03748. With ``intra_view=True`` it is NT-Xent
    (arXiv 2002.05709) and GRACE (arXiv 2006.04131), which are the same function; with
    ``pairs=Pairs.from_labels(y)`` SupCon (arXiv 2004.11362); with
    ``positive_in_denominator="excluded"`` DCL (arXiv 2110.06848). Rows may be nodes, graphs, or
    nodes against graphs (``pairs=Pairs.membership(batch)``).

    Args:
        temperature: Divisor of the cosine, above 0.
        intra_view: Contrast each view with itself, too. An item is never its own negative there;
            its other pairs hold there as in the other view.
        symmetric: Average both directions. None: both where anchors and candidates are the same
            items, else from anchors to candidates only (nodes against graphs).
        normalize: Divide rows by their norms; False takes them as they are.
        positive_in_denominator: "plain" adds the positives as they are (NT-Xent, GRACE), "weighted"
            lets the strategy weigh them like negatives (AdaMEOW), "excluded" leaves them out (DCL).
        positives: Several positives are averaged "outside" the logarithm (SupCon) or summed
            "inside" it (HeCo).
        negatives: How negatives are weighted; None: all alike.
        debias: Probability that a negative is of the anchor's class, from 0 to below 1, for the
            debiased estimator (arXiv 2007.00224); None: off. Needs one positive for each anchor.
        positive_weights: From the (mean) cosine of each anchor's positives, ``[N]``, to factors of
            the positive term, ``[N]``, such as :class:`MisesFisherWeights` (DCLW); the denominator
            stays as it is. None: all one.
        reduction: "mean" or "sum" over the anchors of each direction, then the mean of the
            directions; "none" returns a tuple with one ``[N]`` a direction. Anchors without a
            positive (or, with "excluded", without a negative) have loss 0 and do not count in the
            mean.
        tile: Side of the tiles; None: chosen by size and device. Results do not depend on it.
        bfloat16: Multiply in bfloat16; sums stay in float32. Pays only where the processor has
            instructions for it (AMX, AVX512-BF16); without them it is about 3 times slower. Errors
            (d = 128, N from 1024 to 4096): up to 2.5e-3 in a cosine, and in the gradient, relative
            to its norm, 1e-4 at temperature 0.5 to 2e-3 at 0.05.

    Raises:
        TypeError: An argument of the wrong type.
        ValueError: An argument outside its range, or a combination without a meaning.

    Example:
        >>> loss = InfoNCELoss(temperature=0.5, intra_view=True)
        >>> loss(torch.eye(4), torch.eye(4))
        tensor(0.5944)
    """

    def __init__(
        self,
        temperature: float = 0.5,
        *,
        intra_view: bool = False,
        symmetric: bool | None = None,
        normalize: bool = True,
        positive_in_denominator: Literal["plain", "weighted", "excluded"] = "plain",
        positives: Literal["outside", "inside"] = "outside",
        negatives: NegativeStrategy | None = None,
        debias: float | None = None,
        positive_weights: nn.Module | None = None,
        reduction: Literal["mean", "sum", "none"] = "mean",
        tile: int | None = None,
        bfloat16: bool = False,
    ) -> None:
        super().__init__()
        if check_number("temperature", temperature) <= 0:
            raise ValueError(f"temperature must be above 0, got {temperature}")
        given = {
            "positive_in_denominator": positive_in_denominator,
            "positives": positives,
            "reduction": reduction,
        }
        for name, value in given.items():
            if value not in _CHOICES[name]:
                raise ValueError(f"{name} must be one of {_CHOICES[name]}, got {value!r}")
        if negatives is not None and not isinstance(negatives, NegativeStrategy):
            raise TypeError(f"negatives must be a NegativeStrategy, got {type(negatives).__name__}")
        if tile is not None and tile < 1:
            raise ValueError(f"tile must be at least 1, got {tile}")
        if debias is not None:
            if not 0 <= check_number("debias", debias) < 1:
                raise ValueError(f"debias must be a probability from 0 to below 1, got {debias}")
            if positive_in_denominator == "weighted" or not normalize:
                raise ValueError(
                    "debias estimates the sum of exp(cosine / temperature) over negatives alone: "
                    "it has no meaning with positive_in_denominator='weighted' or normalize=False"
                )
        if negatives is not None and debias is not None and not negatives.whole_sum:
            raise ValueError(
                "debias needs a strategy whose weighted sum stands for all negatives (weights of "
                f"mean one), but {negatives} takes negatives out or adds some"
            )
        if (
            negatives is not None
            and negatives.adds_candidates
            and positive_in_denominator == "weighted"
        ):
            raise ValueError(
                f"positive_in_denominator='weighted' would make {negatives} mix positives into "
                "negatives: use 'plain' or 'excluded'"
            )
        if positive_weights is not None and positives == "inside":
            raise ValueError("positive_weights need positives='outside' the logarithm")
        self.positive_weights = positive_weights
        self.temperature = temperature
        self.intra_view = intra_view
        self.symmetric = symmetric
        self.normalize = normalize
        self.positive_in_denominator = positive_in_denominator
        self.positives = positives
        self.negatives = AllNegatives() if negatives is None else negatives
        self.debias = debias
        self.reduction = reduction
        self.tile = tile
        self.products_in_bfloat16 = bfloat16  # nn.Module.bfloat16 is a method

    def forward(
        self,
        z1: Tensor,
        z2: Tensor | None = None,
        *,
        pairs: Pairs | None = None,
        context: Mapping[str, Any] | None = None,
        queue: Tensor | Block | None = None,
    ) -> Tensor | tuple[Tensor, ...]:
        """The loss.

        Args:
            z1: Anchors, ``[N, d]``. Half precision accumulates in float32.
            z2: Candidates, ``[M, d]``; None: the anchors themselves (then ``pairs`` is needed).
            pairs: Which candidates are positive and which are left out; None: ``i`` with ``i``.
            context: What the negative strategy needs.
            queue: More candidates, negatives of every anchor, ``[K, d]``; an empty one is none.

        Returns:
            A scalar, or with ``reduction="none"`` one ``[N]`` (and ``[M]``) a direction.

        Raises:
            TypeError: Embeddings that are not floating point tensors, ``pairs`` that are none.
            ValueError: Shapes that do not fit; NaN or infinite embeddings; no anchor with a
                negative where the positive is excluded from the denominator (the logarithm of an
                empty sum).
        """
        losses = self._directions(z1, z2, pairs, context, queue)
        if self.reduction == "none":
            return tuple(value for value, _ in losses)
        totals = [
            value.sum() / (valid.sum().clamp(min=1) if self.reduction == "mean" else 1)
            for value, valid in losses
        ]
        return torch.stack(totals).mean()

    def sums(
        self,
        z1: Tensor,
        z2: Tensor | None = None,
        *,
        anchors: tuple[int, int],
        pairs: Pairs | None = None,
        context: Mapping[str, Any] | None = None,
        queue: Tensor | Block | None = None,
    ) -> tuple[Tensor, Tensor]:
        """The loss of some anchors only, against all candidates.

        :class:`graphcl.losses.AcrossRanks` adds up what each rank has for its own anchors.

        Args:
            z1: As for the loss.
            z2: As for the loss.
            anchors: First item, and the one after the last, of the anchors of every direction.
            pairs: As for the loss.
            context: As for the loss.
            queue: As for the loss.

        Returns:
            For each direction the sum of the losses of its anchors, and how many count, ``[D]``.
        """
        losses = self._directions(z1, z2, pairs, context, queue, anchors)
        sums, counts = zip(*((value.sum(), valid.sum()) for value, valid in losses), strict=True)
        return torch.stack(sums), torch.stack(counts)

    def _directions(
        self,
        z1: Tensor,
        z2: Tensor | None,
        pairs: Pairs | None,
        context: Mapping[str, Any] | None,
        queue: Tensor | Block | None,
        anchors: tuple[int, int] | None = None,
    ) -> list[tuple[Tensor, Tensor]]:
        pairs = self._check(z1, z2, pairs)
        block = _queue_block(queue, z1.size(1))
        with torch.autocast(z1.device.type, enabled=False):
            parts = directions(
                self._prepare(z1),
                None if z2 is None else self._prepare(z2),
                pairs.to(z1.device),
                temperature=self.temperature,
                intra_view=self.intra_view,
                both=pairs.same_items if self.symmetric is None else self.symmetric,
                positives_in_sum=self._positives_in_sum(pairs),
                queue=block and Block(self._prepare(block.candidates), block.masked, block.ids),
                context=context,
                tile=self.tile,
                bfloat16=self.products_in_bfloat16,
            )
            if anchors is not None:
                parts = tuple(part.of_anchors(*anchors) for part in parts)
            return [self._one_direction(part, pairs) for part in parts]

    def _check(self, z1: Tensor, z2: Tensor | None, pairs: Pairs | None) -> Pairs:
        check_rows("z1", z1)
        if z2 is not None:
            check_rows("z2", z2, z1.size(1))
        other = z1 if z2 is None else z2
        if pairs is None and z2 is None:
            raise ValueError("z1 alone has no positives: give z2, or pairs")
        pairs = check_pairs(pairs, len(z1), len(other))
        if z2 is None and self.intra_view:
            raise ValueError("intra_view=True needs two views: z2 is missing")
        if not pairs.same_items and (z2 is None or self.intra_view):
            raise ValueError(
                "pairs between different items (nodes and graphs, say) need z2 and intra_view=False"
            )
        return pairs

    def _prepare(self, z: Tensor) -> Tensor:
        z = z.to(accumulation_dtype(z.dtype))
        return normalize_rows(z) if self.normalize else z

    def _positives_in_sum(self, pairs: Pairs) -> bool:
        """Whether positives are summed with the negatives.

        "weighted" says so. With equal weights "plain" is the same sum, and where there are many
        positives this is cheaper than to add them one by one.
        """
        if self.positive_in_denominator == "weighted":
            return True
        equal = self.positive_in_denominator == "plain" and type(self.negatives) is AllNegatives
        return equal and self.debias is None and not pairs.is_aligned

    def _one_direction(self, direction: Direction, pairs: Pairs) -> tuple[Tensor, Tensor]:
        """Loss of each anchor (0 where undefined), and which anchors count, both ``[N]``."""
        rows = direction.rows
        self.negatives.check_context(rows)
        denominator = self.negatives.log_denominator(rows)
        num_positives = direction.num_positives()
        if self.debias is not None and bool((num_positives != 1).any()):
            raise ValueError("debias needs exactly one positive for each anchor")
        valid = num_positives > 0
        if self.positives == "inside":
            positive = direction.log_sum_positive(weighted=True)
        else:
            positive = direction.mean_positive() / self.temperature
        if self.debias is not None:
            denominator, _ = debiased_log_sum(
                denominator,
                positive,
                rows.count(),
                class_prior=self.debias,
                temperature=self.temperature,
            )
        if self.positive_in_denominator == "excluded":
            has_negative = denominator > MASKED / 2  # a strategy may take out all of a row
            if not bool((rows.count() > 0).any()):
                raise ValueError(
                    "positive_in_denominator='excluded' needs negatives, but none of the "
                    f"{len(rows.anchors)} anchor(s) has any: the loss is the log of an empty sum"
                )
            valid = valid & has_negative
        elif not self._positives_in_sum(pairs):
            # of a single positive the sum is the mean
            single = pairs.is_aligned
            together = positive if single else direction.log_sum_positive(weighted=False)
            denominator = torch.logaddexp(denominator, together)
        if self.positive_weights is not None:
            factors = self.positive_weights(positive[valid] * self.temperature)
            positive = positive.masked_scatter(valid, positive[valid] * factors)
        value = torch.where(valid, denominator - positive, 0)
        return value, valid


def _queue_block(queue: Tensor | Block | None, width: int) -> Block | None:
    """A queue as candidates; None without one, or while it is empty."""
    block = None if queue is None else queue if isinstance(queue, Block) else Block(queue)
    if block is None or (isinstance(block.candidates, Tensor) and block.candidates.size(0) == 0):
        return None
    check_rows("queue", block.candidates, width)
    if block.ids is not None and block.ids.shape != block.candidates.shape[:1]:
        raise ValueError(
            f"queue must have one id a row, shape [{len(block.candidates)}], got "
            f"{list(block.ids.shape)}"
        )
    return block
