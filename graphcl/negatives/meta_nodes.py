"""Meta-nodes: all negatives at the cost of the clusters (PamC)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, get_args

import torch
from torch import Tensor
from torch.nn.functional import pad

from graphcl.arguments import unknown_name
from graphcl.clustering import ClusterSums, check_assignment, cluster_sums
from graphcl.contrast import (
    Block,
    Rows,
    largest_over_ranks,
    num_ranks,
    pair_products,
    sum_over_ranks,
)
from graphcl.negatives.cluster_terms import (
    ClusterOrder,
    LeftOut,
    cluster_terms,
    leave_out,
    log_sums,
)
from graphcl.negatives.strategy import NegativeStrategy, check_items


class MetaNodes(NegativeStrategy):
    """Approximate the sum over negatives by clusters: O(N K d) time, O(N d) memory, no pairs.

    Each cluster b of the candidates becomes a meta-node, its number of members and the sum of their
    rows. For anchor i, with the shares of what is not in its sum (the anchor itself, positives)
    taken out, n_ib members with mean cosine m_ib and variance v_ib stand for all of them::

        sum over j of exp(s_ij / t)
            ~ sum over b of n_ib exp(m_ib / t)                       "first"
            ~ sum over b of n_ib exp(m_ib / t) (1 + v_ib / (2 t^2))  "second"
            ~ sum over b of n_ib exp(m_ib / t + v_ib / (2 t^2))      "second_exp"

    By Jensen's inequality the first is a lower bound of the exact sum; it lacks at most a factor
    ``exp(R^2 / 2 t^2)``, R the largest distance of a member from its cluster's mean, and is exact
    where every cluster has one member. The second orders cost ``O(N K d^2)`` and are far closer;
    of the two "second" is the safer at low temperatures. More clusters, closer members and a larger
    temperature help all of them.

    Context of the loss: ``clusters``, the cluster of each item, integers ``[N]`` from 0 up, or
    shares ``[N, K]``, rows sum to 1 (gradients flow through them); where a block has ``ids`` they
    are looked up there, unknown items (-1) form a cluster of their own. ``rest``, where there are
    more items than these (mini-batches): their sums, one :class:`graphcl.clustering.ClusterSums`,
    or one a view.

    Source: Kulatilleke et al., arXiv 2209.14067 (PamC), which contrasts clusters with clusters; the
    counts, the means without the own share and the second order are ours.

    Args:
        order: "first", "second" or "second_exp".
        across_ranks: Add the sums of all ranks (one all-reduce of K (d + 1) numbers), where each
            rank has candidates of its own. Not inside :class:`graphcl.losses.AcrossRanks`, which
            gathers the candidates themselves.

    Raises:
        ValueError: Another order.

    Example:
        >>> from graphcl.losses import InfoNCELoss
        >>> z, clusters = torch.eye(4), torch.tensor([0, 1, 1, 1])
        >>> loss_fn = InfoNCELoss(1.0, negatives=MetaNodes())
        >>> loss_fn(z, z, context={"clusters": clusters})  # log(1 + 3 / e): all cosines are 0
        tensor(0.7437)
    """

    needs = frozenset({"clusters"})

    def __init__(self, order: ClusterOrder = "first", *, across_ranks: bool = False) -> None:
        super().__init__()
        if order not in get_args(ClusterOrder):
            raise ValueError(unknown_name("order", order, get_args(ClusterOrder)))
        self.order = order
        self.across_ranks = across_ranks

    def check_context(self, rows: Rows) -> None:
        """Refuse clusters that are missing, of another type, or too few."""
        super().check_context(rows)
        clusters = rows.context["clusters"]
        check_assignment(clusters, name="context['clusters']")
        check_items("context['clusters']", len(clusters), rows)

    def prepare(self, rows: Rows) -> tuple[tuple[Tensor, Tensor], ...]:
        """Of each block the exponents ``[N, K]`` and the candidates' clusters; O(N K) memory.

        For weights pair by pair only: :meth:`log_denominator` does without.
        """
        found = []
        for block in rows.blocks:
            candidates = self._candidates(rows, block)
            exponent = cluster_terms(
                rows.anchors,
                candidates.sums,
                candidates.left_out,
                1 / rows.temperature,
                self.order,
                counted=False,
            )
            found.append((exponent, candidates.assignment))
        return tuple(found)

    def log_weights(
        self,
        cosine: Tensor,
        row_ids: Tensor,
        column_ids: Tensor,
        block: Block,
        rows: Rows,
        state: Any,
    ) -> Tensor:
        """What makes each member of a cluster weigh as much as its meta-node says."""
        number = next(k for k, one in enumerate(rows.blocks) if one is block)
        exponent, assignment = state[number]
        exponent, own = exponent[row_ids], assignment[column_ids]
        if own.dim() == 1:
            return exponent[:, own] - cosine / rows.temperature
        top = exponent.detach().amax(1, keepdim=True)
        return ((exponent - top).exp() @ own.T).log() + top - cosine / rows.temperature

    def log_denominator(self, rows: Rows) -> Tensor:
        """The approximation itself, ``[N]``: no tile is ever looked at."""
        parts = []
        for block in rows.blocks:
            candidates = self._candidates(rows, block)
            parts.append(
                log_sums(
                    rows.anchors,
                    candidates.sums,
                    candidates.left_out,
                    1 / rows.temperature,
                    self.order,
                )
            )
        return parts[0] if len(parts) == 1 else torch.stack(parts).logsumexp(0)

    def _candidates(self, rows: Rows, block: Block) -> _Candidates:
        """Sums over the candidates of a block, and what is not in them for single anchors."""
        assignment = rows.context["clusters"].to(rows.anchors.device)
        size = check_assignment(assignment, name="context['clusters']")
        if assignment.is_floating_point():
            assignment = assignment.to(rows.anchors)
        rest = _rest(rows, block)
        if rest is not None:
            size = max(size, len(rest.count))
        if self.across_ranks:
            size = largest_over_ranks(size, rows.anchors.device)
        assignment = _of_block(assignment, block, size)
        size += block.ids is not None
        second = self.order != "first"
        sums = cluster_sums(block.candidates, assignment, size, products=second)
        if self.across_ranks:
            sums = _over_ranks(sums)
        if rest is not None:
            if second and rest.products is None:
                raise ValueError(f"context['rest'] needs products for order={self.order!r}")
            sums = sums + _widened(rest.to(rows.anchors), size)
        return _Candidates(assignment, sums, _left_out(rows, block, assignment, size))

    def extra_repr(self) -> str:
        """Arguments, for printing."""
        return f"order={self.order!r}" + (", across_ranks=True" if self.across_ranks else "")


@dataclass(frozen=True, eq=False)
class _Candidates:
    assignment: Tensor
    sums: ClusterSums
    left_out: LeftOut


def _of_block(assignment: Tensor, block: Block, num_clusters: int) -> Tensor:
    """Clusters of a block's candidates; an unknown item is of the cluster after the last."""
    soft = assignment.dim() == 2
    if soft and assignment.size(1) < num_clusters:
        assignment = pad(assignment, (0, num_clusters - assignment.size(1)))
    if block.ids is None:
        return assignment
    if soft:
        unknown = pad(assignment.new_zeros(num_clusters), (0, 1), value=1)
        return torch.cat([pad(assignment, (0, 1)), unknown.unsqueeze(0)])[block.ids]
    return pad(assignment, (0, 1), value=num_clusters)[block.ids]


def _left_out(rows: Rows, block: Block, assignment: Tensor, num_clusters: int) -> LeftOut:
    if block.masked is None:
        index = torch.empty(2, 0, dtype=torch.int64, device=rows.anchors.device)
    else:
        index = block.masked.index
    row, column = index
    if len(row) == len(rows.anchors) == len(block.candidates) and torch.equal(row, column):
        cosine = (rows.anchors * block.candidates).sum(1)  # faster than listed pairs
        if row.numel() == 0 or bool((row.diff() > 0).all()):
            return leave_out(row, assignment, cosine, num_clusters)
    if not bool((row.diff() >= 0).all()):
        index = index[:, row.argsort(stable=True)]
        row, column = index
    cosine = pair_products(rows.anchors, block.candidates, index)
    return leave_out(row, assignment[column], cosine, num_clusters)


def _rest(rows: Rows, block: Block) -> ClusterSums | None:
    """Sums of the items that are not here, in the view that a block shows."""
    rest = rows.context.get("rest")
    if rest is None or block.view is None:
        return None
    if isinstance(rest, tuple | list) and len(rest) == 2:
        rest = rest[block.view]
    if not isinstance(rest, ClusterSums):
        raise TypeError(
            "context['rest'] must be a graphcl.clustering.ClusterSums, or one for each of the two "
            f"views, got {type(rest).__name__}"
        )
    if rest.total.size(1) != rows.anchors.size(1):
        raise ValueError(
            f"context['rest'] must be of width {rows.anchors.size(1)}, got {rest.total.size(1)}"
        )
    return rest


def _widened(sums: ClusterSums, num_clusters: int) -> ClusterSums:
    """The same with empty clusters at the end."""
    more = num_clusters - len(sums.count)
    products = None if sums.products is None else pad(sums.products, (0, 0, 0, 0, 0, more))
    return ClusterSums(pad(sums.count, (0, more)), pad(sums.total, (0, 0, 0, more)), products)


def _over_ranks(sums: ClusterSums) -> ClusterSums:
    """Sums over the members on all ranks, by one all-reduce."""
    if num_ranks() == 1:
        return sums
    parts = [part for part in (sums.count, sums.total, sums.products) if part is not None]
    flat = sum_over_ranks(torch.cat([part.flatten() for part in parts]))
    pieces = flat.split([part.numel() for part in parts])
    shaped = [piece.view(part.shape) for piece, part in zip(pieces, parts, strict=True)]
    return ClusterSums(*shaped)
