"""Anchors against blocks of candidates: all that a negative strategy may see."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from graphcl.contrast.logsumexp import Product, Scale, StreamedLogSumExp
from graphcl.contrast.pairs import is_symmetric
from graphcl.contrast.similarity import MASKED, pair_products
from graphcl.contrast.tiles import TileMask, spans, tile_side


@dataclass(frozen=True, eq=False)
class Block:
    """One source of candidates: the other view, the own view, or a queue.

    Attributes:
        candidates: Unit rows, ``[M, d]``.
        masked: (anchor, candidate) that are not in the sum, ``[2, X]``, sorted and distinct.
        ids: Which item each candidate is, ``[M]``; None: candidate ``j`` is item ``j``.
    """

    candidates: Tensor
    masked: Tensor | None = None
    ids: Tensor | None = None


TileFunction = Callable[[Tensor, Tensor, Tensor, Block], Tensor]
"""(cosine ``[r, c]``, row ids ``[r]``, column ids ``[c]``, block) to values ``[r, c]``."""


@dataclass(frozen=True, eq=False)
class Rows:
    """The rows of one direction of a contrast: each anchor and its unmasked candidates.

    Nothing here ever holds an ``N x M`` matrix: statistics are evaluated tile by tile and evaluated
    again in the backward pass.

    Attributes:
        anchors: Unit rows, ``[N, d]``.
        blocks: Where candidates come from.
        temperature: Divisor of the cosine.
        context: What strategies need beside the cosines (clusters, features, ...).
        tile: Side of the tiles; None: chosen by size and device. Results do not depend on it.

    Example:
        >>> u = torch.nn.functional.normalize(torch.ones(3, 2))
        >>> rows = Rows(u, (Block(u),), temperature=0.5)
        >>> rows.logsumexp(1.0)[0]  # log(3 exp(1))
        tensor([2.0986, 2.0986, 2.0986])
    """

    anchors: Tensor
    blocks: tuple[Block, ...]
    temperature: float
    context: Mapping[str, Any] = field(default_factory=dict)
    tile: int | None = None
    shared: StreamedLogSumExp | None = field(default=None, repr=False)
    direction: int = 0

    def __post_init__(self) -> None:
        if self.shared is None:
            object.__setattr__(self, "shared", _own_pass(self.anchors, self.blocks, self.tile))

    def logsumexp(self, *scales: float, detached: float = 0.0) -> tuple[Tensor, ...]:
        """Log-sum-exp of scale times cosine over each anchor's unmasked candidates.

        Several scales cost little more than one, and the opposite direction shares the pass.

        Args:
            *scales: Factors of the cosine, such as ``1 / temperature``.
            detached: Part of every scale through which no gradient flows.

        Returns:
            One ``[N]`` for each scale; an anchor without candidates has ``MASKED`` (-1e30) and no
            gradient.
        """
        assert self.shared is not None
        wanted = [Scale(scale, scale - detached) for scale in scales]
        return self.shared(wanted, self.direction)

    def count(self) -> Tensor:
        """Number of unmasked candidates of each anchor, ``[N]`` (int64)."""
        size = self.anchors.size(0)
        total = sum(block.candidates.size(0) for block in self.blocks)
        result = torch.full((size,), total, device=self.anchors.device)
        for block in self.blocks:
            if block.masked is not None:
                result -= torch.bincount(block.masked[0], minlength=size)
        return result

    def tiles(
        self, function: TileFunction, *, reduce: Literal["logsumexp", "sum"] = "logsumexp"
    ) -> Tensor:
        """Reduce any differentiable function of the cosines over each anchor's candidates.

        Every tile is checkpointed: evaluated again in the backward pass, so the function must be
        deterministic. It gets its indices as arguments; tensors that it closes over receive their
        gradients.

        Args:
            function: From (cosine ``[r, c]``, row ids ``[r]``, column ids ``[c]``, block) to values
                ``[r, c]``; -1e30 takes an entry out of a log-sum-exp.
            reduce: What to do along a row.

        Returns:
            ``[N]``; an anchor without candidates has ``MASKED`` (log-sum-exp) or 0 (sum).
        """
        if reduce not in ("logsumexp", "sum"):
            raise ValueError(f"reduce must be 'logsumexp' or 'sum', got {reduce!r}")
        fill = MASKED if reduce == "logsumexp" else 0.0

        def evaluate(
            anchors: Tensor,
            candidates: Tensor,
            row_ids: Tensor,
            column_ids: Tensor,
            block: Block,
            masked: Tensor | None,
        ) -> Tensor:
            values = function(anchors @ candidates.T, row_ids, column_ids, block)
            if masked is not None:
                flat = values.reshape(-1).index_fill(0, masked, fill)
                values = flat.view_as(values)
            return values.logsumexp(1) if reduce == "logsumexp" else values.sum(1)

        parts: list[Tensor] = []
        for row_tiles in self._tile_rows():
            total: Tensor | None = None
            for tile in row_tiles:
                part = checkpoint(evaluate, *tile, use_reentrant=False, preserve_rng_state=False)
                if total is None:
                    total = part
                else:
                    total = torch.logaddexp(total, part) if reduce == "logsumexp" else total + part
            assert total is not None
            parts.append(total)
        result = torch.cat(parts)
        if reduce == "logsumexp":
            result = torch.where(result > MASKED / 2, result, MASKED)
        return result

    def topk(self, k: int) -> tuple[Tensor, Tensor]:
        """The ``k`` most similar unmasked candidates of each anchor, found tile by tile.

        Args:
            k: How many; every anchor must have as many.

        Returns:
            Cosines ``[N, k]``, descending and differentiable, and the columns ``[N, k]`` counted
            through the blocks one after another.

        Raises:
            ValueError: ``k`` below 1, or more than an anchor's candidates.
        """
        fewest = int(self.count().min())
        if not 1 <= k <= fewest:
            raise ValueError(
                f"k must be from 1 to the fewest candidates of an anchor, {fewest}; got {k}"
            )
        offsets = [0]
        for block in self.blocks:
            offsets.append(offsets[-1] + block.candidates.size(0))
        found: list[Tensor] = []
        with torch.no_grad():
            for row_tiles in self._tile_rows():
                best = columns = None
                for anchors, candidates, _, column_ids, block, masked in row_tiles:
                    values = anchors @ candidates.T
                    if masked is not None:
                        values.view(-1).index_fill_(0, masked, MASKED)
                    number = next(n for n, b in enumerate(self.blocks) if b is block)
                    places = (column_ids + offsets[number]).expand_as(values)
                    if best is not None and columns is not None:
                        values = torch.cat([best, values], 1)
                        places = torch.cat([columns, places], 1)
                    best, order = values.topk(min(k, values.size(1)))
                    columns = places.gather(1, order)
                assert columns is not None
                found.append(columns)
        columns = torch.cat(found)
        rows = torch.arange(columns.size(0), device=columns.device).repeat_interleave(k)
        everything = torch.cat([block.candidates for block in self.blocks])
        index = torch.stack([rows, columns.reshape(-1)])
        return pair_products(self.anchors, everything, index).view(-1, k), columns

    def _tile_rows(self) -> Iterator[Iterator[tuple[Any, ...]]]:
        """Rows of tiles: (anchors, candidates, row ids, column ids, block, masked positions)."""
        largest = max(block.candidates.size(0) for block in self.blocks)
        side = self.tile or tile_side(largest, self.anchors)
        masks = [TileMask(b.masked, b.candidates.size(0), side) for b in self.blocks]
        # one split each: slicing anew in every tile would make every gradient full size
        anchors = self.anchors.split(side)
        candidates = [block.candidates.split(side) for block in self.blocks]
        device = self.anchors.device

        def row(i: int, row_ids: Tensor) -> Iterator[tuple[Any, ...]]:
            for block, mask, pieces in zip(self.blocks, masks, candidates, strict=True):
                for j, start, stop in spans(block.candidates.size(0), side):
                    column_ids = torch.arange(start, stop, device=device)
                    yield anchors[i], pieces[j], row_ids, column_ids, block, mask.positions(i, j)

        for i, top, bottom in spans(self.anchors.size(0), side):
            yield row(i, torch.arange(top, bottom, device=device))


def _own_pass(anchors: Tensor, blocks: Sequence[Block], tile: int | None) -> StreamedLogSumExp:
    """The pass of a direction that stands alone."""
    tensors, products = [anchors], []
    for block in blocks:
        if block.candidates is anchors and block.masked is not None:
            products.append(own_product(0, anchors, block.masked, output=0))
            continue
        tensors.append(block.candidates)
        products.append(Product(0, len(tensors) - 1, row_output=0, masked=block.masked))
    return StreamedLogSumExp(tensors, products, (anchors.size(0),), tile)


def own_product(number: int, view: Tensor, masked: Tensor, *, output: int) -> Product:
    """Tensor ``number``, a view, against itself: half the tiles do when the mask is symmetric."""
    symmetric = is_symmetric(masked, view.size(0))
    return Product(number, number, row_output=output, masked=masked, symmetric=symmetric)
