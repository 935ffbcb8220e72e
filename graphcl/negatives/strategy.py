"""What a negative strategy is, and the default: all negatives alike."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_flatten, tree_unflatten

from graphcl.contrast import MASKED, Block, Rows, TileFunction


class NegativeStrategy(nn.Module):
    """How negatives enter the denominator of a contrastive loss.

    A strategy gives each (anchor, negative) pair a log-weight, adds synthetic negatives, or
    replaces the denominator. Overriding :meth:`log_weights` is enough; a strategy whose weights
    have a closed form overrides :meth:`log_denominator` as well and sees no tile.

    Attributes:
        needs: Keys of the context that must be given to the loss.
        symmetric: Whether the weight of (i, j) is that of (j, i), in either direction, and depends
            on the cosine, the ids, the block and the context only: then one evaluation serves both
            directions.
        detached: Whether no gradient flows through the log-weights (constants, or a function of the
            detached cosine): then they are evaluated without autograd, several times faster.
        adds_candidates: Whether synthetic negatives count beside the weighted ones, so that the
            weights do not tell everything.
        whole_sum: Whether the weighted sum still stands for all negatives (mean weight about one),
            as the debiased estimator supposes.

    Example:
        >>> class FarNegatives(NegativeStrategy):
        ...     def log_weights(self, cosine, row_ids, column_ids, block, rows, state):
        ...         return -cosine
        >>> from graphcl.losses import InfoNCELoss
        >>> z = torch.eye(3)
        >>> InfoNCELoss(1.0, negatives=FarNegatives())(z, z)  # log(1 + 2 exp(0) / e)
        tensor(0.5514)
    """

    needs: frozenset[str] = frozenset()
    symmetric: bool = False
    detached: bool = False
    adds_candidates: bool = False
    whole_sum: bool = True

    def prepare(self, rows: Rows) -> Any:
        """State of size O(N), computed before the tiles: row statistics, mixture fits."""
        return None

    @abstractmethod
    def log_weights(
        self,
        cosine: Tensor,
        row_ids: Tensor,
        column_ids: Tensor,
        block: Block,
        rows: Rows,
        state: Any,
    ) -> Tensor:
        """Log-weights of a tile.

        Args:
            cosine: ``[r, c]``, not divided by the temperature.
            row_ids: Which anchors the rows are, ``[r]``.
            column_ids: Which candidates of the block the columns are, ``[c]``.
            block: Where the candidates come from; ``block.ids`` tells which items they are.
            rows: Anchors, temperature, context.
            state: What :meth:`prepare` returned.

        Returns:
            ``[r, c]`` (or a shape that broadcasts to it); -1e30 takes a pair out.
        """

    def extra_candidates(self, rows: Rows, state: Any) -> Tensor | None:
        """Synthetic negatives of each anchor, unit rows ``[N, S, d]`` (zero: none), or None."""
        return None

    def log_denominator(self, rows: Rows) -> Tensor:
        """Log of the weighted sum over each anchor's negatives.

        Args:
            rows: Anchors and their candidates.

        Returns:
            ``L_i = log sum_j exp(s_ij / t + w_ij)``, ``[N]``; -1e30 for an empty sum.
        """
        state = self.prepare(rows)
        scale = 1 / rows.temperature
        key = self if self.symmetric else None
        if self.detached:
            seen = without_pass(rows)

            def weights(
                cosine: Tensor, row_ids: Tensor, column_ids: Tensor, block: Block
            ) -> Tensor:
                return self.log_weights(cosine, row_ids, column_ids, block, seen, state)

            result = rows.weighted_logsumexp(scale, weights, symmetric_key=key)
        else:
            log_weights, inputs = self.tile_weights(rows, state)

            def exponent(
                cosine: Tensor, row_ids: Tensor, column_ids: Tensor, block: Block, *given: Tensor
            ) -> Tensor:
                return cosine * scale + log_weights(cosine, row_ids, column_ids, block, *given)

            result = rows.tiles(exponent, symmetric_key=key, inputs=inputs)
        return self.add_extra(result, rows, state)

    def tile_weights(self, rows: Rows, state: Any) -> tuple[TileFunction, list[Tensor]]:
        """The log-weights of :meth:`log_weights` as a function for ``rows.tiles``, and its inputs.

        Args:
            rows: Anchors and their candidates.
            state: What :meth:`prepare` returned for them. Tensors with a history that it holds in
                tuples, lists and dictionaries receive their gradients.
        """
        own = (rows.anchors, [block.candidates for block in rows.blocks], state, dict(rows.context))
        leaves, structure = tree_flatten(own)
        places = [k for k, leaf in enumerate(leaves) if isinstance(leaf, Tensor)]
        blocks, plain = rows.blocks, without_pass(rows)

        def weights(
            cosine: Tensor, row_ids: Tensor, column_ids: Tensor, block: Block, *given: Tensor
        ) -> Tensor:
            for k, tensor in zip(places, given, strict=True):
                leaves[k] = tensor
            anchors, candidates, known, context = tree_unflatten(leaves, structure)
            seen = [replace(one, candidates=c) for one, c in zip(blocks, candidates, strict=True)]
            number = next((k for k, one in enumerate(blocks) if one is block), None)
            return self.log_weights(
                cosine,
                row_ids,
                column_ids,
                block if number is None else seen[number],
                replace(plain, anchors=anchors, blocks=tuple(seen), context=context),
                known,
            )

        return weights, [leaves[k] for k in places]

    def add_extra(self, log_sum: Tensor, rows: Rows, state: Any) -> Tensor:
        """Add the synthetic negatives to a log-sum, ``[N]``."""
        extra = self.extra_candidates(rows, state)
        if extra is None or extra.size(1) == 0:
            return log_sum
        exponent = torch.einsum("nd,nsd->ns", rows.anchors, extra) / rows.temperature
        exponent = torch.where(extra.any(2), exponent, MASKED)
        total = torch.logaddexp(log_sum, exponent.logsumexp(1))
        return torch.where(total > MASKED / 2, total, MASKED)

    def check_context(self, rows: Rows) -> None:
        """Raise a ValueError when the context lacks what the strategy needs."""
        missing = sorted(self.needs - rows.context.keys())
        if missing:
            raise ValueError(
                f"{type(self).__name__} needs {missing} in context, got "
                f"{sorted(rows.context) or 'none'}"
            )


def without_pass(rows: Rows) -> Rows:
    """What a tile sees must not hold the shared pass, which keeps the result: a cycle."""
    return replace(rows, shared=None)


def check_items(name: str, num_items: int, rows: Rows) -> None:
    """Refuse what a strategy knows about items when it is not known for all of rows and candidates.

    Args:
        name: How the message calls it.
        num_items: For how many items it was given.
        rows: Anchors and candidates. An id of -1 in a queue is an item that nothing is known of.

    Raises:
        ValueError: Items are missing; candidates are others than anchors (nodes against graphs); a
            queue does not say which items it holds.
    """
    if not rows.same_items:
        raise ValueError(
            f"{name} must be of the items that are contrasted, but anchors and candidates are "
            "different items here (nodes against graphs, say)"
        )
    wanted = rows.start + len(rows.anchors)
    exact = True
    for block in rows.blocks:
        if block.ids is not None:
            exact = False
            if block.ids.numel():
                wanted = max(wanted, int(block.ids.max()) + 1)
        elif block.view is None:
            raise ValueError(
                f"{name} needs to know which items the queue holds: give it as a Block with ids, "
                "such as MemoryQueue.block()"
            )
        else:
            wanted = max(wanted, len(block.candidates))
    sizes = {len(block.candidates) for block in rows.blocks if block.view is not None}
    if num_items < wanted or (exact and sizes != {num_items}):
        raise ValueError(
            f"{name} must be of the items that are contrasted ({wanted} of them, the same in "
            f"either view), got {num_items}"
        )


class AllNegatives(NegativeStrategy):
    """Every negative counts as it is (NT-Xent, GRACE, SupCon, ...)."""

    symmetric = True

    def log_weights(
        self,
        cosine: Tensor,
        row_ids: Tensor,
        column_ids: Tensor,
        block: Block,
        rows: Rows,
        state: Any,
    ) -> Tensor:
        """Zero."""
        return torch.zeros_like(cosine)

    def log_denominator(self, rows: Rows) -> Tensor:
        """The plain log-sum-exp."""
        return rows.logsumexp(1 / rows.temperature)[0]
