"""NS4GC: neighbours alike, nodes that are no neighbours not alike above a threshold."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from graphcl.arguments import check_number
from graphcl.contrast import Block, Pairs, Rows, pair_products, unit_rows
from graphcl.losses.checks import check_pairs, check_rows


class NeighbourSparsityLoss(nn.Module):
    """Align views and neighbours, and keep the similarities of all others sparse (NS4GC).

    With cosines s between two views, E the pairs of different items that belong together (edges of
    a graph) and sigma the logistic function::

        loss = - mean over i of s_ii - neighbours * mean over E of s_ij
               + sparsity * mean over all other i != j of sigma((s_ij - threshold) / temperature)

    The last term is flat for cosines well below the threshold: it only pushes pairs apart that are
    about as similar as neighbours. O(N^2 d) time, O(N d + E) memory: tiles of s are evaluated
    again in the backward pass, where the authors keep three N x N matrices.

    Source: Liu et al., "Reliable node similarity matrix guided contrastive graph clustering", TKDE
    2024, arXiv 2408.03765, and the authors' code, Cloudy1225/NS4GC.

    Args:
        temperature: Width of the step from 0 to 1, above 0; the authors' tau.
        threshold: Cosine in its middle, from -1 to 1; the authors' s.
        neighbours: Factor of the second term, at least 0; the authors' lambda.
        sparsity: Factor of the third term, at least 0; the authors' gamma.
        tile: Side of the tiles; None: chosen by size and device. Results do not depend on it.

    Raises:
        TypeError: An argument of the wrong type.
        ValueError: An argument out of range.

    Example:
        >>> pairs = Pairs.from_edges(torch.tensor([[0, 1], [1, 0]]), 3)
        >>> loss = NeighbourSparsityLoss(threshold=0.0)  # cosines 1 and 0, sigma(0) = 0.5
        >>> loss(torch.eye(3), torch.eye(3), pairs=pairs)
        tensor(-0.5000)
    """

    def __init__(
        self,
        temperature: float = 0.1,
        threshold: float = 0.6,
        *,
        neighbours: float = 1.0,
        sparsity: float = 1.0,
        tile: int | None = None,
    ) -> None:
        super().__init__()
        if check_number("temperature", temperature) <= 0:
            raise ValueError(f"temperature must be above 0, got {temperature}")
        if not -1 <= check_number("threshold", threshold) <= 1:
            raise ValueError(f"threshold must be a cosine, from -1 to 1, got {threshold}")
        for name, factor in (("neighbours", neighbours), ("sparsity", sparsity)):
            if check_number(name, factor) < 0:
                raise ValueError(f"{name} must be at least 0, got {factor}")
        self.temperature = temperature
        self.threshold = threshold
        self.neighbours = neighbours
        self.sparsity = sparsity
        self.tile = tile

    def forward(self, z1: Tensor, z2: Tensor, *, pairs: Pairs | None = None) -> Tensor:
        """The loss, a scalar.

        Args:
            z1: View 1, ``[N, d]``. Half precision accumulates in float32.
            z2: View 2, ``[N, d]``; row ``i`` is the item of row ``i`` of view 1.
            pairs: Which items belong together: their positives, but for an item and itself. What
                they exclude is in neither term. None: no items do.

        Raises:
            TypeError: Embeddings that are not floating point tensors, ``pairs`` that are none.
            ValueError: Shapes that do not fit; NaN or infinite embeddings; pairs between different
                items (nodes and graphs).
        """
        agreement, closeness, excess = self.terms(z1, z2, pairs=pairs)
        return self.sparsity * excess - agreement - self.neighbours * closeness

    def terms(
        self, z1: Tensor, z2: Tensor, *, pairs: Pairs | None = None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """The three means without signs and factors, scalars; a mean over no pair is 0."""
        check_rows("z1", z1)
        check_rows("z2", z2, z1.size(1))
        pairs = check_pairs(pairs, len(z1), len(z2))
        if not pairs.same_items:
            raise ValueError("pairs must be of the same items in two views, not nodes with graphs")
        with torch.autocast(z1.device.type, enabled=False):
            first, second = unit_rows(z1), unit_rows(z2)
            pairs = pairs.to(z1.device)
            agreement = (first * second).sum(1).mean()
            closeness = _mean_over_neighbours(first, second, pairs)
            apart = Block(second, pairs.masks(device=z1.device).own, view=1)
            others = Rows(first, (apart,), self.temperature, tile=self.tile)
            total = others.tiles(self._excess, reduce="sum").sum()
            return agreement, closeness, total / others.count().sum().clamp(min=1)

    def _excess(self, cosine: Tensor, rows: Tensor, columns: Tensor, block: Block) -> Tensor:
        steps = cosine.mul(1 / self.temperature).sub_(self.threshold / self.temperature)
        return steps.sigmoid_()

    def extra_repr(self) -> str:
        """Arguments, for printing."""
        return (
            f"temperature={self.temperature}, threshold={self.threshold}, "
            f"neighbours={self.neighbours}, sparsity={self.sparsity}"
        )


def _mean_over_neighbours(first: Tensor, second: Tensor, pairs: Pairs) -> Tensor:
    """(Weighted) mean cosine of the positives that are different items."""
    index = pairs.positive_index(first.device)
    weight = (index[0] != index[1]).to(first)
    if pairs.weight is not None:
        weight = weight * pairs.weight.to(first)
    total = weight.sum()
    if not bool(total > 0):
        return 0.0 * first.sum()
    cosines = pair_products(first, second, pairs.listed or index)
    return (weight * cosines).sum() / total
