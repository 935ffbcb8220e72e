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

    def prepare(self, rows: Rows) -> tuple[Tensor, Tensor, Tensor]:
        """The weights by row: where rows start, items of the candidates, log-weights."""
        given = rows.context["weights"].detach().to(rows.anchors.device).coalesce()
        values = given.values().to(rows.anchors.dtype)
        row, column = given.indices()
        starts = torch.searchsorted(
            row.contiguous(), torch.arange(given.size(0) + 1, device=row.device)
        )
        logs = torch.where(values > 0, torch.where(values > 0, values, 1).log(), MASKED)
        return starts, column, logs

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
        starts, columns, logs = state
        # The rows of a tile are consecutive, so their entries are one slice.
        anchors = rows.items(row_ids)
        entries = slice(int(starts[anchors[0]]), int(starts[anchors[-1] + 1]))
        counts = starts[anchors + 1] - starts[anchors]
        row = torch.arange(len(row_ids), device=cosine.device).repeat_interleave(counts)
        listed, logs = columns[entries], logs[entries]
        if block.ids is None:  # so are the columns
            first, stop = int(column_ids[0]), int(column_ids[-1]) + 1
            here = (listed >= first) & (listed < stop)
            return _spread(row[here], listed[here] - first, logs[here], cosine)
        items, item = block.items(column_ids).unique(return_inverse=True)
        place = torch.searchsorted(items, listed).clamp(max=len(items) - 1)
        here = items[place] == listed
        weights = _spread(row[here], place[here], logs[here], cosine[:, : len(items)])
        return weights[:, item]  # a queue may hold an item several times


def _spread(row: Tensor, column: Tensor, values: Tensor, like: Tensor) -> Tensor:
    """A matrix with the values at their places and zero elsewhere."""
    result = torch.zeros_like(like, memory_format=torch.contiguous_format)
    result.view(-1)[row * like.size(1) + column] = values
    return result


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
