"""PamC: contrast with meta-nodes instead of negatives, at the cost of the clusters."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any, Literal, get_args

import torch
from torch import Tensor, nn

from graphcl.arguments import check_number, check_whole, unknown_name
from graphcl.clustering import ClusterSums, check_assignment
from graphcl.contrast import (
    MASKED,
    Direction,
    Influence,
    Pairs,
    Positives,
    directions,
    num_ranks,
    unit_rows,
)
from graphcl.losses.approximation_error import ApproximationError, approximation_error
from graphcl.losses.checks import check_rows
from graphcl.losses.edge_positives import EdgePositives, log_edge_sums
from graphcl.losses.pamc_official import official_terms
from graphcl.losses.rank_means import mean_over_ranks
from graphcl.negatives import MetaNodes

PamCOrder = Literal["official", "first", "second", "second_exp"]


class PamCLoss(nn.Module):
    """Neighbours against meta-nodes: the contrastive loss of all negatives in O(N K d) time.

    With cosines s, edge weights W and the approximate sum D of :class:`graphcl.negatives.MetaNodes`
    over all nodes but the anchor::

        mean over i of  log D_i - log sum over j != i of W_ij exp(s_ij / t)

    over the nodes that have an edge to another. How far D is from the exact sum over all pairs,
    :meth:`error_bound` measures. The cosine of its gradient with the exact one, at temperature 0.5,
    was .90 to .999 with ``order="first"`` and .997 to .9999 with ``"second"`` (Cora, ACM, planted
    graphs; more clusters and a larger temperature bring it closer). ``order="official"`` is the
    loss of the authors' code, whose negatives are clusters against clusters, each counting alike:
    its gradient is another one (cosine up to .73 where it was measured).

    Levels: nodes of a graph; nodes of many graphs, each graph a meta-node
    (``assignment=batch.batch``, no edges: the own graph is the positive); graphs, with clusters of
    graphs (``embeddings`` and ``other`` are pooled rows of two views).

    In a run of several processes each has its own rows, with edges among them; the sums of the
    clusters are added over ranks (K (d + 1) numbers), and W ranks equal one process with all rows
    in value and gradient (see :class:`AcrossRanks`, which is not needed here).

    O(N d + E) memory. Without a graph that fits into memory: mini-batches with
    :class:`graphcl.negatives.RunningSums`.

    Source: Kulatilleke et al., arXiv 2209.14067; orders other than "official" are ours. The
    authors' tau multiplies: temperature = 1 / tau (their 0.25 to 1.5: 4 to 0.67).

    Args:
        temperature: Divisor of the cosine, above 0.
        order: "official", or that of :class:`graphcl.negatives.MetaNodes`: "first", "second" or
            "second_exp".
        positives_in_denominator: Whether D holds the positives as well (InfoNCE); False leaves them
            out (DCL). Not for "official".
        symmetric: Of two views: average both directions; False: from the first to the other only.

    Raises:
        TypeError: ``temperature`` is no number.
        ValueError: Out of range, another order, a combination without a meaning.

    Example:
        >>> z, clusters = torch.eye(4), torch.tensor([0, 0, 1, 1])
        >>> edges = torch.tensor([[0, 1, 2, 3], [1, 0, 3, 2]])
        >>> PamCLoss(1.0)(z, clusters, edges)  # log 3: all cosines are 0
        tensor(1.0986)
    """

    def __init__(
        self,
        temperature: float = 1.0,
        *,
        order: PamCOrder = "first",
        positives_in_denominator: bool = True,
        symmetric: bool = True,
    ) -> None:
        super().__init__()
        if check_number("temperature", temperature) <= 0:
            raise ValueError(f"temperature must be above 0, got {temperature}")
        if order not in get_args(PamCOrder):
            raise ValueError(unknown_name("order", order, get_args(PamCOrder)))
        if order == "official" and not positives_in_denominator:
            raise ValueError("order='official' has no positives in its denominator anyway")
        self.temperature = temperature
        self.order = order
        self.positives_in_denominator = positives_in_denominator
        self.symmetric = symmetric
        self.negatives = None if order == "official" else MetaNodes(order, across_ranks=True)
        official = order == "official"
        self._edges = EdgePositives(loops=official, zeros=official)
        self._crossing = EdgePositives(loops=True, zeros=False)

    def forward(
        self,
        embeddings: Tensor,
        assignment: Tensor,
        edge_index: Tensor | Influence | None = None,
        edge_weight: Tensor | None = None,
        *,
        other: Tensor | None = None,
        rest: ClusterSums | Sequence[ClusterSums] | None = None,
        anchors: int | None = None,
    ) -> Tensor:
        """The loss.

        Args:
            embeddings: ``[N, d]``. Half precision accumulates in float32.
            assignment: Cluster of each row, ``[N]``, from 0 up, or shares ``[N, K]`` whose rows sum
                to 1 (gradients flow through them; "official": the largest decides).
            edge_index: (anchor, positive), ``[2, E]``; or an :class:`graphcl.contrast.Influence`.
                Self-loops are dropped ("official" keeps them, with cosine 0; two views keep them:
                there they are the item in the other view). None: the other members of the own
                cluster, by their mean cosine; of two views the item in the other view.
            edge_weight: ``[E]``, at least 0; None: one over the number of the anchor's edges.
            other: The second view of the same items, ``[N, d]``: anchors of one against clusters of
                the other. The item itself stays in the denominator there.
            rest: Sums of the items that are not here (mini-batches), one, or one a view.
            anchors: Only the first so many rows are anchors, the others are their neighbours in a
                mini-batch; None: all.

        Returns:
            A scalar; 0, with a warning, where no anchor has a positive.

        Raises:
            TypeError: Embeddings that are not floating point, an assignment or index that is none.
            ValueError: Shapes that do not fit; NaN or infinite values; a combination without a
                meaning.
        """
        check_rows("embeddings", embeddings)
        if other is not None:
            check_rows("other", other, embeddings.size(1))
            if len(other) != len(embeddings):
                raise ValueError(
                    "embeddings and other need the same number of rows, got "
                    f"{len(embeddings)} and {len(other)}"
                )
        check_assignment(assignment, len(embeddings), name="assignment")
        if anchors is not None:
            check_whole("anchors", anchors, least=1, most=len(embeddings))
        if edge_index is None and edge_weight is not None:
            raise ValueError("edge_weight needs edge_index")
        with torch.autocast(embeddings.device.type, enabled=False):
            if self.order == "official":
                if edge_index is None or other is not None or rest is not None:
                    raise ValueError(
                        "order='official' needs edge_index and takes neither other nor rest"
                    )
                return self._official(embeddings, assignment, edge_index, edge_weight, anchors)
            sources = (assignment, edge_index, edge_weight, other is not None)
            pairs, weighted = self._pairs(len(embeddings), *sources)
            context: dict[str, Any] = {"clusters": assignment}
            pairs = pairs.to(embeddings.device)
            parts = directions(
                unit_rows(embeddings),
                None if other is None else unit_rows(other),
                pairs,
                temperature=self.temperature,
                both=self.symmetric,
                positives_in_sum=self.positives_in_denominator,
                context=context if rest is None else context | {"rest": rest},
            )
            if weighted and other is None:  # without the search for self-loops, and sorted once
                (only,) = parts
                found = Positives(
                    only.rows.anchors, pairs.positive, pairs.weight, listed=pairs.listed
                )
                parts = (Direction(only.rows, (found,)),)
            losses = [self._direction(part, edge_index, weighted, anchors) for part in parts]
            sums = torch.stack([value.sum() for value, _ in losses])
            counts = torch.stack([valid.sum() for _, valid in losses])
            return _mean(sums, counts)

    @torch.no_grad()
    def error_bound(
        self,
        embeddings: Tensor,
        assignment: Tensor,
        *,
        sample: int = 1000,
        generator: torch.Generator | None = None,
    ) -> ApproximationError:
        """How far the denominators are from the exact ones: a proven bound, and measured.

        Args:
            embeddings: ``[N, d]``.
            assignment: As for the loss.
            sample: Number of anchors whose exact sum is computed, O(sample N d), at least 1.
            generator: Draws the anchors; None: torch's own.

        Returns:
            The bound on the error of any log-denominator, and the errors of the sample.

        Raises:
            TypeError: Arguments of the wrong type.
            ValueError: Shapes that do not fit; ``order="official"``, which approximates no sum over
                nodes.

        Example:
            >>> z, clusters = torch.eye(4), torch.tensor([0, 0, 1, 1])
            >>> found = PamCLoss(2.0).error_bound(z, clusters)
            >>> round(found.bound, 4), round(found.largest, 4)  # (R / t)^2 / 2; cosines are alike
            (0.0625, 0.0)
        """
        if self.negatives is None:
            raise ValueError("order='official' approximates no sum over nodes: it has no bound")
        check_rows("embeddings", embeddings)
        check_assignment(assignment, len(embeddings), name="assignment")
        check_whole("sample", sample, least=1)
        return approximation_error(
            unit_rows(embeddings),
            assignment.to(embeddings.device),
            MetaNodes(self.negatives.order),
            self.temperature,
            sample,
            generator,
        )

    def _pairs(
        self,
        size: int,
        assignment: Tensor,
        edges: Tensor | Influence | None,
        weight: Tensor | None,
        two_views: bool,
    ) -> tuple[Pairs, bool]:
        """The positives, and whether they are listed with weights (or none are given)."""
        if edges is None:
            if two_views:
                return Pairs.aligned(size), False
            if assignment.dim() == 2:
                raise ValueError(
                    "edge_index is missing: without it the own cluster is the positive, which a "
                    "soft assignment does not say"
                )
            return Pairs.from_labels(assignment), False
        pairs = (self._crossing if two_views else self._edges).pairs(edges, weight, size)
        if pairs is None:
            if not self.positives_in_denominator:
                raise ValueError(
                    "positives_in_denominator=False needs listed positives: give the Influence a "
                    "larger most_pairs"
                )
            return Pairs.aligned(size), False
        return pairs, True

    def _direction(
        self,
        direction: Direction,
        edges: Tensor | Influence | None,
        listed: bool,
        anchors: int | None,
    ) -> tuple[Tensor, Tensor]:
        """Loss of each anchor, 0 where undefined, and which anchors count, both ``[N]``."""
        assert self.negatives is not None
        rows = direction.rows
        self.negatives.check_context(rows)
        denominator = self.negatives.log_denominator(rows)
        if listed:
            count = direction.num_positives()
            valid = count > 0
            positive = direction.log_sum_positive(weighted=True)
            if all(part.weight is None for part in direction.positives):
                positive = positive - count.clamp(min=1).to(positive).log()
        elif isinstance(edges, Influence):
            (block,) = rows.blocks
            positive, valid = edges.log_sums(
                rows.anchors,
                block.candidates,
                self.temperature,
                itself=block.candidates is not rows.anchors,
            )
        else:
            valid = direction.num_positives() > 0
            positive = direction.mean_positive() / self.temperature
        valid = valid & (denominator.detach() > MASKED / 2)
        if anchors is not None:
            valid = valid & (torch.arange(len(valid), device=valid.device) < anchors)
        return torch.where(valid, denominator - positive, 0), valid

    def _official(
        self,
        z: Tensor,
        assignment: Tensor,
        edges: Tensor | Influence,
        weight: Tensor | None,
        anchors: int | None,
    ) -> Tensor:
        pairs = self._edges.pairs(edges, weight, len(z))
        log_positive = log_edge_sums(unit_rows(z), edges, pairs, self.temperature)
        terms = official_terms(z.to(log_positive), assignment, log_positive, self.temperature)
        log_positive = terms.log_positive[:anchors]
        count = torch.tensor([len(log_positive)], device=z.device)
        positive = _mean(log_positive.sum().unsqueeze(0), count)
        return terms.log_negative.mean() - positive

    def extra_repr(self) -> str:
        """Arguments, for printing."""
        return f"temperature={self.temperature}, order={self.order!r}"


def _mean(sums: Tensor, counts: Tensor) -> Tensor:
    """Mean of the directions' means; of all ranks, where there are others."""
    if num_ranks() > 1:
        return mean_over_ranks(sums, counts)
    if not bool((counts > 0).any()):
        warnings.warn("no anchor has a positive and a negative: the loss is 0", stacklevel=4)
    return (sums / counts.clamp(min=1)).mean()
