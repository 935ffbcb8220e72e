"""Weighted edges of a graph as positives, as clustering losses take them."""

from __future__ import annotations

import torch
from torch import Tensor

from graphcl.contrast import MASKED, Influence, Pairs, check_index, pair_products
from graphcl.prepared import Prepared


class EdgePositives:
    """Turns edges into pairs, and remembers them while it sees the same edges.

    Args:
        loops: Keep self-loops.
        zeros: Keep edges of weight 0 (of which a gradient may be asked).
    """

    def __init__(self, *, loops: bool, zeros: bool) -> None:
        self._loops = loops
        self._zeros = zeros
        self._prepared: Prepared[Pairs] = Prepared()

    def pairs(
        self, edges: Tensor | Influence, weight: Tensor | None, num_nodes: int
    ) -> Pairs | None:
        """The pairs; None for an influence that is not listed.

        Args:
            edges: ``[2, E]`` (anchor, positive), or the influence of nodes on nodes.
            weight: One an edge, ``[E]``, at least 0; None: none, or those of the influence.
            num_nodes: Number of nodes ``N``.

        Raises:
            TypeError: Neither a tensor nor an influence.
            ValueError: A broken index; weights of another number, negative or not finite; weights
                beside an influence; an influence of other nodes.
        """
        if isinstance(edges, Influence):
            if weight is not None:
                raise ValueError("edge_weight must be None: an Influence has weights of its own")
            if edges.num_nodes != num_nodes:
                raise ValueError(
                    f"edge_index is the influence of {edges.num_nodes} nodes, but there are "
                    f"{num_nodes} embeddings"
                )
            if edges.index is None:
                return None
            weight, edges = edges.weight, edges.index
        if not isinstance(edges, Tensor):
            raise TypeError(
                f"edge_index must be a tensor or an Influence, got {type(edges).__name__}"
            )
        if weight is not None and weight.requires_grad:
            return self._make(edges, weight, num_nodes)
        given, known = edges, weight
        return self._prepared.get(
            (edges, weight, num_nodes), lambda: self._make(given, known, num_nodes)
        )

    def _make(self, index: Tensor, weight: Tensor | None, num_nodes: int) -> Pairs:
        check_index("edge_index", index, num_nodes, num_nodes)
        if weight is not None and weight.shape != index.shape[1:]:
            raise ValueError(
                f"edge_weight must have shape [{index.size(1)}], got {list(weight.shape)}"
            )
        kept = torch.ones_like(index[0], dtype=torch.bool)
        if not self._loops:
            kept &= index[0] != index[1]
        if not self._zeros and weight is not None:
            kept &= weight.detach().to(index.device) != 0
        if not bool(kept.all()):
            index, weight = index[:, kept], None if weight is None else weight[kept]
        return Pairs(num_nodes, num_nodes, index, weight)


def log_edge_sums(
    rows: Tensor, edges: Tensor | Influence, pairs: Pairs | None, temperature: float
) -> Tensor:
    """Log of ``sum over j of W_ij exp(s_ij / t)`` with ``s_ii = 0`` for self-loops, ``[N]``.

    Differentiable also in weights that are 0. Without weights each is one over the number of the
    anchor's edges. Very small, but finite, without an edge.

    Args:
        rows: Unit rows, ``[N, d]``.
        edges: What the pairs were made of.
        pairs: The edges; None: bound the sum from below by the influence.
        temperature: Divisor of the cosine.
    """
    if pairs is None:
        assert isinstance(edges, Influence)
        bound, some = edges.log_sums(rows, rows, temperature)
        loop = edges.own.to(rows)
        return torch.logaddexp(torch.where(some, bound, MASKED), loop.log())
    pairs = pairs.to(rows.device)
    listed = pairs.listed
    assert listed is not None
    row, column = listed.index
    cosine = torch.where(row == column, 0, pair_products(rows, rows, listed))
    number = torch.bincount(row, minlength=len(rows))
    weight = 1 / number[row].to(rows) if pairs.weight is None else pairs.weight.to(rows)
    # cosines are at most 1: no exponential overflows
    terms = weight * ((cosine - 1) / temperature).exp()
    total = rows.new_zeros(len(rows)).index_add(0, row, terms)
    return total.clamp(min=torch.finfo(total.dtype).tiny).log() + 1 / temperature
