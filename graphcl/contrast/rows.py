"""Anchors against blocks of candidates: all that a negative strategy may see."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import torch
from torch import Tensor

from graphcl.contrast.logsumexp import Scale, streamed_logsumexp
from graphcl.contrast.pair_products import pair_products
from graphcl.contrast.products import Block, PairWeights, Product, ProductSet, TileFunction
from graphcl.contrast.reduction import Reduction, reduce_tiles
from graphcl.contrast.similarity import MASKED

Found = TypeVar("Found")


class SharedPass:
    """What the directions of one contrast compute together, kept until the other direction asks.

    Args:
        products: The matrices of all directions; output ``k`` is direction ``k``.
    """

    def __init__(self, products: ProductSet) -> None:
        self.products = products
        self._logsumexps: dict[Scale, tuple[Tensor, ...]] = {}
        self._found: dict[Hashable, Any] = {}

    def logsumexps(self, scales: Sequence[Scale], direction: int) -> tuple[Tensor, ...]:
        """Log-sum-exps of one direction, ``[N]`` a scale."""
        missing = [scale for scale in dict.fromkeys(scales) if scale not in self._logsumexps]
        if missing:
            found = streamed_logsumexp(self.products, missing)
            self._logsumexps.update(zip(missing, found, strict=True))
        return tuple(self._logsumexps[scale][direction] for scale in scales)

    def weighted_logsumexp(
        self,
        key: Hashable,
        weights: TileFunction | PairWeights,
        scale: Scale,
        direction: int,
    ) -> Tensor:
        """Log-sum-exp with symmetric weights for one direction, ``[N]``."""
        found: tuple[Tensor, ...] = self.once(
            (key, scale), lambda: streamed_logsumexp(self.products, [scale], weights)[0]
        )
        return found[direction]

    def reduction(
        self,
        key: Hashable,
        function: TileFunction,
        reduce: Reduction,
        inputs: Sequence[Tensor],
        direction: int,
    ) -> Tensor:
        """Reduction of a symmetric function for one direction, ``[N]``."""
        found: tuple[Tensor, ...] = self.once(
            (key, reduce),
            lambda: reduce_tiles(
                self.products, function, reduce=reduce, symmetric=True, inputs=inputs
            ),
        )
        return found[direction]

    def once(self, key: Hashable, compute: Callable[[], Found]) -> Found:
        """What ``compute`` returns, which is called for the first direction that asks alone.

        Args:
            key: Names the result; begin it with something of your own, such as the strategy.
            compute: Must not refer to this object from what it returns.
        """
        if key not in self._found:
            self._found[key] = compute()
        found: Found = self._found[key]
        return found


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
        shared: What the directions compute together; None: this direction is alone.
        direction: Which output of the shared pass is the own one.
        view: Number of the view that the anchors are, 0 or 1.
        same_items: Whether candidate ``i`` of a view is the item that anchor ``i`` is; False for
            nodes against graphs.
        start: Which item the first anchor is: anchors are a window of the items across ranks.
        bfloat16: Multiply in bfloat16: up to 2.5e-3 off in a cosine, 2.5e-4 mostly; 3 times slower
            on a processor without instructions for it. :meth:`topk` does not.

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
    shared: SharedPass | None = field(default=None, repr=False)
    direction: int = 0
    view: int = 0
    start: int = 0
    bfloat16: bool = False
    same_items: bool = True

    def __post_init__(self) -> None:
        if self.shared is None:
            object.__setattr__(self, "shared", SharedPass(self._own_products()))

    def items(self, row_ids: Tensor) -> Tensor:
        """Which items the given anchors are."""
        return row_ids + self.start

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
        return self.shared.logsumexps(wanted, self.direction)

    def weighted_logsumexp(
        self,
        scale: float,
        weights: TileFunction | PairWeights,
        *,
        symmetric_key: Hashable | None = None,
    ) -> Tensor:
        """Log-sum-exp of scale times cosine plus log-weights through which no gradient flows.

        The hand-written pass: several times faster than :meth:`tiles`. The weights are evaluated
        again in the backward pass, so they must be deterministic.

        Args:
            scale: Factor of the cosine, such as ``1 / temperature``.
            weights: From (cosine ``[r, c]``, row ids ``[r]``, column ids ``[c]``, block) to
                log-weights ``[r, c]``; -1e30 takes an entry out. It must not write into the cosine,
                which the next tile overwrites. Weights that do not look at it are quicker as
                :class:`PairWeights`, without logarithms.
            symmetric_key: As for :meth:`tiles`.

        Returns:
            ``[N]``; an anchor without candidates has ``MASKED`` (-1e30) and no gradient.
        """
        wanted = Scale(scale, scale)
        if symmetric_key is not None:
            assert self.shared is not None
            return self.shared.weighted_logsumexp(symmetric_key, weights, wanted, self.direction)
        own = self._own_products(symmetric=False)
        return streamed_logsumexp(own, [wanted], weights)[0][0]

    def count(self) -> Tensor:
        """Number of unmasked candidates of each anchor, ``[N]`` (int64)."""
        size = self.anchors.size(0)
        total = sum(block.candidates.size(0) for block in self.blocks)
        result = torch.full((size,), total, device=self.anchors.device)
        for block in self.blocks:
            if block.masked is not None:
                result -= torch.bincount(block.masked.index[0], minlength=size)
        return result

    def tiles(
        self,
        function: TileFunction,
        *,
        reduce: Reduction = "logsumexp",
        symmetric_key: Hashable | None = None,
        inputs: Sequence[Tensor] = (),
    ) -> Tensor:
        """Reduce any differentiable function of the cosines over each anchor's candidates.

        Every tile is evaluated again in the backward pass, so the function must be deterministic.

        Args:
            function: From (cosine ``[r, c]``, row ids ``[r]``, column ids ``[c]``, block,
                ``*inputs``) to values ``[r, c]``; -1e30 takes an entry out of a log-sum-exp.
            reduce: What to do along a row: "logsumexp" or "sum".
            symmetric_key: Says that the function of (i, j) is that of (j, i) in either direction:
                one evaluation serves both directions, which find it under this key.
            inputs: Tensors that the function needs beside the cosines. Parameters may be closed
                over, and get their gradients.

        Returns:
            ``[N]``; an anchor without candidates has ``MASKED`` (log-sum-exp) or 0 (sum).

        Raises:
            ValueError: Another ``reduce``; a function that closes over a tensor with a history.
        """
        if reduce not in ("logsumexp", "sum"):
            raise ValueError(f"reduce must be 'logsumexp' or 'sum', got {reduce!r}")
        if symmetric_key is not None:
            assert self.shared is not None
            return self.shared.reduction(symmetric_key, function, reduce, inputs, self.direction)
        own = self._own_products()
        return reduce_tiles(own, function, reduce=reduce, symmetric=False, inputs=inputs)[0]

    def topk(
        self, k: int, *, key: Callable[[Tensor], Tensor] | None = None, fewer: bool = False
    ) -> tuple[Tensor, Tensor]:
        """The ``k`` most similar unmasked candidates of each anchor, and how similar they are.

        Args:
            k: As of :meth:`nearest`.
            key: As of :meth:`nearest`.
            fewer: As of :meth:`nearest`; the cosine of a place that is filled up is -1e30.

        Returns:
            Cosines ``[N, k]``, differentiable, and the columns of :meth:`nearest`.

        Raises:
            ValueError: ``k`` below 1, or more than an anchor's candidates.
        """
        columns = self.nearest(k, key=key, fewer=fewer)
        rows = torch.arange(len(columns), device=columns.device).repeat_interleave(k)
        everything = torch.cat([block.candidates for block in self.blocks])
        index = torch.stack([rows, columns.reshape(-1)])
        cosines = pair_products(self.anchors, everything, index).view(-1, k)
        if fewer:
            there = torch.arange(k, device=columns.device) < self.count().unsqueeze(1)
            cosines = torch.where(there, cosines, MASKED)
        return cosines, columns

    def nearest(
        self, k: int, *, key: Callable[[Tensor], Tensor] | None = None, fewer: bool = False
    ) -> Tensor:
        """Which ``k`` unmasked candidates of each anchor are the most similar, strip by strip.

        Args:
            k: How many; every anchor must have as many, unless ``fewer``.
            key: What is to be large, as a function of the cosine; None: the cosine itself.
            fewer: Fill up the places of anchors that have fewer, with any column.

        Returns:
            Columns ``[N, k]``, counted through the blocks one after another, by descending key.

        Raises:
            ValueError: ``k`` below 1, or more than an anchor's candidates.
        """
        count = self.count()
        most, word = (count.max(), "most") if fewer else (count.min(), "fewest")
        if not 1 <= k <= int(most):
            raise ValueError(
                f"k must be from 1 to the {word} candidates of an anchor, {int(most)}; got {k}"
            )
        return torch.cat([places for _, places in self._search(k, key)])

    def kth_largest(self, k: Tensor) -> Tensor:
        """Of each anchor the k-th largest cosine, ``[N]``, detached.

        Args:
            k: Rank for each anchor, ``[N]`` (int64), at least 1; -1e30 where an anchor has fewer
                candidates.
        """
        found, start = [], 0
        for best, _ in self._search(int(k.max())):
            rank = (k[start : start + len(best)] - 1).clamp(max=best.size(1) - 1)
            found.append(best.gather(1, rank.unsqueeze(1)).squeeze(1))
            start += len(best)
        return torch.cat(found)

    @torch.no_grad()
    def _search(
        self, k: int, key: Callable[[Tensor], Tensor] | None = None
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """The largest keys, descending, and their columns, strip by strip; -1e30 fills up."""
        total = sum(len(block.candidates) for block in self.blocks)
        side = self._own_products().side
        # a strip of whole rows as large as a tile: one search instead of one a tile
        height = self.tile or max(1, side * side // total)
        anchors = self.anchors.split(height)
        masks = [
            {} if block.masked is None else block.masked.tiles(len(block.candidates), height, None)
            for block in self.blocks
        ]
        for i, rows in enumerate(anchors):
            parts = []
            for block, mask in zip(self.blocks, masks, strict=True):
                cosines = rows @ block.candidates.T
                if key is not None:
                    cosines = key(cosines)
                masked = mask.get((i, 0))
                if masked is not None:
                    cosines.view(-1).index_fill_(0, masked, MASKED)
                parts.append(cosines)
            strip = parts[0] if len(parts) == 1 else torch.cat(parts, 1)
            yield strip.topk(min(k, total))

    def _own_products(self, *, symmetric: bool = True) -> ProductSet:
        """The matrices of this direction alone, one a block; upper tiles only where they do."""
        tensors, products = [self.anchors], []
        for block in self.blocks:
            if symmetric and block.candidates is self.anchors and block.masked is not None:
                products.append(own_product(0, block, output=0))
                continue
            tensors.append(block.candidates)
            products.append(Product(0, len(tensors) - 1, block, row_output=0))
        size = (len(self.anchors),)
        return ProductSet(tensors, products, size, self.tile, bfloat16=self.bfloat16)


def own_product(number: int, block: Block, *, output: int) -> Product:
    """Tensor ``number``, a view, against itself: half the tiles do when the mask is symmetric."""
    assert block.masked is not None
    symmetric = block.masked.is_symmetric
    return Product(number, number, block, row_output=output, symmetric=symmetric)
