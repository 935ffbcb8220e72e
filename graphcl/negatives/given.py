"""Weights that the user gives for single pairs, and weights by distance in a graph."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from graphcl.arguments import check_number
from graphcl.contrast import MASKED, Block, Rows, within_hops
from graphcl.negatives.strategy import NegativeStrategy, check_items


class SparseWeights(NegativeStrategy):
    """Weights of listed pairs; all other negatives weigh one.

    Context of the loss: ``weights``, a sparse COO tensor ``[N, N]`` of (item of the anchor, item of
    the candidate), at least 0; a stored 0 takes the pair out. :func:`hop_weights` makes one from
    distances in a graph.

    Example:
        >>> from graphcl.losses import InfoNCELoss
        >>> weights = torch.sparse_coo_tensor([[0, 0], [1, 2]], [0.0, 0.0], (3, 3))
        >>> loss_fn = InfoNCELoss(1.0, symmetric=False, reduction="none", negatives=SparseWeights())
        >>> loss_fn(torch.eye(3), torch.eye(3), context={"weights": weights})[0]
        tensor([0.0000, 0.5514, 0.5514])
    """

    needs = frozenset({"weights"})
    detached = True
    whole_sum = False  # takes weight out

    def check_context(self, rows: Rows) -> None:
        """Refuse weights that are missing, of another type, or of other items."""
        super().check_context(rows)
        given = rows.context["weights"]
        if not isinstance(given, Tensor) or given.layout != torch.sparse_coo or given.dim() != 2:
            raise TypeError("context['weights'] must be a sparse COO tensor of two dimensions")
        if given.size(0) != given.size(1):
            raise ValueError(f"context['weights'] must be square, got {list(given.shape)}")
        check_items("context['weights']", given.size(0), rows)
        values = given.detach().coalesce().values()
        if not bool((values.isfinite() & (values >= 0)).all()):
            raise ValueError("context['weights'] must be finite and at least 0")

    def prepare(self, rows: Rows) -> tuple[Tensor, Tensor]:
        """Places of the weights in the flattened matrix, ascending, and their logarithms."""
        given = rows.context["weights"].detach().to(rows.anchors.device).coalesce()
        values = given.values().to(rows.anchors.dtype)
        row, column = given.indices()
        logs = torch.where(values > 0, torch.where(values > 0, values, 1).log(), MASKED)
        return row * given.size(1) + column, logs

    def log_weights(
        self,
        cosine: Tensor,
        row_ids: Tensor,
        column_ids: Tensor,
        block: Block,
        rows: Rows,
        state: Any,
    ) -> Tensor:
        """Logarithm of the listed weights, zero elsewhere."""
        places, logs = state
        size = rows.context["weights"].size(1)
        items, item = column_ids, None
        first, stop = int(column_ids[0]), int(column_ids[-1]) + 1
        if block.ids is not None:  # in no order, and an item may be there several times
            items, item = block.items(column_ids).unique(return_inverse=True)
            first, stop = 0, size
        row_starts = rows.items(row_ids) * size
        begin = torch.searchsorted(places, row_starts + first)
        counts = torch.searchsorted(places, row_starts + stop) - begin
        row = torch.arange(len(row_ids), device=cosine.device).repeat_interleave(counts)
        before = counts.cumsum(0) - counts
        entry = torch.arange(len(row), device=cosine.device) + (begin - before)[row]
        column, listed = places[entry] - row_starts[row] - first, logs[entry]
        if item is not None:
            place = torch.searchsorted(items, column).clamp(max=len(items) - 1)
            here = items[place] == column
            row, column, listed = row[here], place[here], listed[here]
        weights = cosine.new_zeros(len(row_ids), len(items))
        weights.view(-1)[row * len(items) + column] = listed
        return weights if item is None else weights[:, item]


def hop_weights(edge_index: Tensor, num_nodes: int, weights: Sequence[float]) -> Tensor:
    """Weights of negatives by their distance in a graph, for :class:`SparseWeights`.

    Args:
        edge_index: ``[2, E]``; steps go from row 0 to row 1.
        num_nodes: Number of nodes ``N``.
        weights: Weight at distance 1, 2, ..., each at least 0; what is farther weighs one.

    Returns:
        Sparse COO ``[N, N]``.

    Raises:
        TypeError: A weight that is no number.
        ValueError: No weight, or one that is negative or not finite; a broken ``edge_index``.

    Example:
        >>> hop_weights(torch.tensor([[0, 1], [1, 2]]), 3, [0.0, 0.5]).to_dense()[0]
        tensor([0.0000, 0.0000, 0.5000])
    """
    if not weights:
        raise ValueError("weights must hold at least the weight at distance 1")
    for weight in weights:
        if check_number("weights", weight) < 0:
            raise ValueError(f"weights must be at least 0, got {weight}")
    # Each larger reach holds the smaller ones: an entry's distance is how many reaches lack it.
    keys = [
        reach[0] * num_nodes + reach[1]
        for reach in (within_hops(edge_index, num_nodes, hops + 1) for hops in range(len(weights)))
    ]
    values = torch.full(keys[-1].shape, float(weights[-1]), device=edge_index.device)
    for weight, nearer in reversed(list(zip(weights[:-1], keys[:-1], strict=True))):
        values[torch.searchsorted(keys[-1], nearer)] = float(weight)
    index = torch.stack([keys[-1] // num_nodes, keys[-1] % num_nodes])
    other = index[0] != index[1]
    return torch.sparse_coo_tensor(
        index[:, other],
        values[other],
        (num_nodes, num_nodes),
        is_coalesced=True,
        check_invariants=True,
    )
