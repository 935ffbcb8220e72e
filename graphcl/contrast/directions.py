"""From two views and a relation to the directions of a contrast: rows and their positives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from graphcl.contrast.pair_products import PairIndex, pair_products, weighted_row_sums
from graphcl.contrast.pairs import Pairs
from graphcl.contrast.products import Block, Product, ProductSet
from graphcl.contrast.rows import Rows, SharedPass, own_product
from graphcl.contrast.same_label import SameLabel
from graphcl.contrast.similarity import MASKED, grouped_logsumexp
from graphcl.contrast.tiles import Mask


@dataclass(frozen=True, eq=False)
class Positives:
    """Positives of one source of candidates.

    Attributes:
        candidates: Unit rows, ``[M, d]``.
        index: (anchor, candidate), ``[2, P]``; None: ``i`` with ``i``.
        weight: Relative weights, ``[P]``; None: all alike.
        same_label: Instead of an index: items of the same label.
        own: With labels: the candidates are the anchors, and none is its own positive.
        listed: The index with what was found out about it before; None: it is found out again.
    """

    candidates: Tensor
    index: Tensor | None
    weight: Tensor | None = None
    same_label: SameLabel | None = None
    own: bool = False
    listed: PairIndex | None = None

    @property
    def is_aligned(self) -> bool:
        """Whether the positives are ``i`` with ``i``."""
        return self.index is None and self.same_label is None

    def rows(self, start: int, stop: int) -> Positives:
        """The positives of some anchors, which are counted from 0 then."""
        if self.is_aligned:
            return Positives(self.candidates[start:stop], None)
        index = self.pairs()
        kept = (index[0] >= start) & (index[0] < stop)
        weight = None if self.weight is None else self.weight[kept]
        index = index[:, kept]
        return Positives(self.candidates, torch.stack([index[0] - start, index[1]]), weight)

    def pairs(self) -> Tensor:
        """All pairs, listed, ``[2, P]``."""
        if self.same_label is not None:
            index = self.same_label.index
            return index[:, index[0] != index[1]] if self.own else index
        if self.index is None:
            size = len(self.candidates)
            return torch.arange(size, device=self.candidates.device).expand(2, -1)
        return self.index

    def count(self, num_anchors: int) -> Tensor:
        """Number of positives of each anchor, ``[N]``."""
        if self.same_label is not None:
            return self.same_label.mates - int(self.own)
        return torch.bincount(self.pairs()[0], minlength=num_anchors)

    def sums(self, num_anchors: int) -> tuple[Tensor, Tensor]:
        """For each anchor the weight of its positives, ``[N]``, and their weighted sum, ``[N, d]``.

        Of labels without a list of pairs: the sum of the label, less the item itself.
        """
        rows = self.candidates
        if self.same_label is not None:
            total = self.same_label.sums(rows)
            return self.count(num_anchors).to(rows), total - rows if self.own else total
        index = self.pairs()
        weight = self.weights(rows)
        total = rows.new_zeros(num_anchors).index_add(0, index[0], weight)
        return total, weighted_row_sums(rows, index, weight, num_anchors)

    def cosines(self, anchors: Tensor) -> Tensor:
        """Cosine of every pair, ``[P]``."""
        if self.is_aligned:
            return (anchors * self.candidates).sum(1)
        return pair_products(anchors, self.candidates, self.listed or self.pairs())

    def weights(self, like: Tensor) -> Tensor:
        """Relative weight of every pair, ``[P]``, in the given type."""
        if self.weight is None:
            return like.new_ones(self.pairs().size(1))
        return self.weight.to(like)


@dataclass(frozen=True, eq=False)
class Direction:
    """The anchors of one direction, the candidates in their sums, and their positives."""

    rows: Rows
    positives: tuple[Positives, ...]

    def of_anchors(self, start: int, stop: int) -> Direction:
        """The same direction for some of its anchors only, against all candidates."""
        whole = self.rows
        blocks = tuple(
            replace(block, masked=None if block.masked is None else block.masked.rows(start, stop))
            for block in whole.blocks
        )
        rows = Rows(
            whole.anchors[start:stop],
            blocks,
            whole.temperature,
            whole.context,
            whole.tile,
            view=whole.view,
            start=start,
            bfloat16=whole.bfloat16,
            same_items=whole.same_items,
        )
        return Direction(rows, tuple(part.rows(start, stop) for part in self.positives))

    def num_positives(self) -> Tensor:
        """Number of positives of each anchor, ``[N]``."""
        anchors = self.rows.anchors
        result = torch.zeros(len(anchors), dtype=torch.int64, device=anchors.device)
        for part in self.positives:
            result += part.count(len(anchors))
        return result

    def mean_positive(self) -> Tensor:
        """Weighted mean cosine of each anchor with its positives, ``[N]``; 0 without one."""
        anchors = self.rows.anchors
        if all(part.is_aligned for part in self.positives):
            cosines = [(anchors * part.candidates).sum(1) for part in self.positives]
            return torch.stack(cosines).mean(0)
        total = anchors.new_zeros(len(anchors))
        target = torch.zeros_like(anchors)  # mean of s_ip = anchor . (weighted mean of the rows p)
        for part in self.positives:
            weight, rows = part.sums(len(anchors))
            total, target = total + weight, target + rows
        return (anchors * target).sum(1) / torch.where(total > 0, total, 1)

    def log_sum_positive(self, *, weighted: bool) -> Tensor:
        """Log of the sum of exp(cosine / temperature) over the positives, ``[N]``.

        Args:
            weighted: Multiply every term by the weight of its pair.

        Returns:
            ``[N]``; -1e30 without a positive.
        """
        anchors = self.rows.anchors
        if len(self.positives) == 1 and self.positives[0].is_aligned:
            return self.mean_positive() / self.rows.temperature
        exponents, groups = [], []
        for part in self.positives:
            exponent = part.cosines(anchors) / self.rows.temperature
            if weighted and part.weight is not None:
                weight = part.weights(anchors)
                exponent = exponent + torch.where(weight > 0, weight, 1).log()
                exponent = torch.where(weight > 0, exponent, MASKED)
            exponents.append(exponent)
            groups.append(part.pairs()[0])
        return grouped_logsumexp(torch.cat(exponents), torch.cat(groups), len(anchors))


def directions(
    first: Tensor,
    second: Tensor | None,
    pairs: Pairs,
    *,
    temperature: float,
    intra_view: bool = False,
    both: bool = True,
    positives_in_sum: bool = False,
    queue: Block | None = None,
    context: Mapping[str, Any] | None = None,
    tile: int | None = None,
    bfloat16: bool = False,
) -> tuple[Direction, ...]:
    """The directions of a contrast between two views, or of one view with itself.

    Args:
        first: Unit rows of view 1, ``[N, d]``.
        second: Unit rows of view 2, ``[M, d]``; None: view 1 against itself, without the diagonal.
        pairs: The relation between rows of view 1 and rows of view 2.
        temperature: Divisor of the cosine.
        intra_view: Candidates (and positives) from the own view as well, but for the item itself.
        both: Also view 2 against view 1, sharing the pass over the cross-view matrix.
        positives_in_sum: Leave positives among the candidates instead of masking them.
        queue: More candidates, of all directions.
        context: What negative strategies need.
        tile: Side of the tiles.
        bfloat16: Multiply in bfloat16.

    Returns:
        One direction, or two.
    """
    context = context or {}
    masks = pairs.masks(positives_in_sum=positives_in_sum, device=first.device)
    extra = () if queue is None else (queue,)
    settings: dict[str, Any] = {
        "temperature": temperature,
        "context": context,
        "tile": tile,
        "bfloat16": bfloat16,
        "same_items": pairs.same_items,
    }
    if second is None:
        own = Block(first, masks.own, view=0)
        rows = Rows(first, (own, *extra), **settings)
        return (Direction(rows, (_own_positives(first, pairs),)),)

    views = (first, second)
    blocks, positives = _sources(views, 0, pairs, masks.cross, masks.own if intra_view else None)
    if not both:
        rows = Rows(first, (*blocks, *extra), **settings)
        return (Direction(rows, positives),)

    back_blocks, back_positives = _sources(
        views, 1, pairs.transpose(), masks.back, masks.own_back if intra_view else None
    )
    shared = _shared_pass(blocks, back_blocks, queue, tile, bfloat16)
    forth = Rows(first, (*blocks, *extra), shared=shared, **settings)
    back = replace(forth, anchors=second, blocks=(*back_blocks, *extra), direction=1, view=1)
    return Direction(forth, positives), Direction(back, back_positives)


def _sources(
    views: tuple[Tensor, Tensor], number: int, pairs: Pairs, cross: Mask, own: Mask | None
) -> tuple[tuple[Block, ...], tuple[Positives, ...]]:
    """Candidates and positives of a view: from the other one and, with a mask, from itself."""
    other = 1 - number
    blocks = [Block(views[other], cross, view=other)]
    if pairs.same_label is None:
        positives = [Positives(views[other], pairs.positive, pairs.weight, listed=pairs.listed)]
    else:
        positives = [Positives(views[other], None, same_label=pairs.same_label)]
    if own is not None:
        blocks.append(Block(views[number], own, view=number))
        if not pairs.is_aligned:
            positives.append(_own_positives(views[number], pairs))
    return tuple(blocks), tuple(positives)


def _shared_pass(
    blocks: tuple[Block, ...],
    back_blocks: tuple[Block, ...],
    queue: Block | None,
    tile: int | None,
    bfloat16: bool,
) -> SharedPass:
    """One pass whose cross-view tiles serve the rows of view 1 and the columns of view 2."""
    first, second = back_blocks[0].candidates, blocks[0].candidates
    tensors = [first, second]
    products = [Product(0, 1, blocks[0], row_output=0, column_output=1)]
    for view, own in enumerate((blocks[1:], back_blocks[1:])):
        products += [own_product(view, block, output=view) for block in own]
    if queue is not None:
        tensors.append(queue.candidates)
        products += [Product(view, 2, queue, row_output=view) for view in range(2)]
    sizes = (len(first), len(second))
    return SharedPass(ProductSet(tensors, products, sizes, tile, bfloat16=bfloat16))


def _own_positives(view: Tensor, pairs: Pairs) -> Positives:
    """The relation within a view: without the item itself."""
    if pairs.same_label is not None:
        return Positives(view, None, same_label=pairs.same_label, own=True)
    index = pairs.positive_index(view.device)
    other = index[0] != index[1]
    weight = None if pairs.weight is None else pairs.weight[other]
    return Positives(view, index[:, other], weight)
