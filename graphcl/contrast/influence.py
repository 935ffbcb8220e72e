"""How much nodes of a graph reach each other by random steps: weights of positives."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import torch
from scipy import sparse
from torch import Tensor

from graphcl.arguments import check_whole
from graphcl.contrast.pairs import check_index

_ROWS = 512  # of a power at a time


class Influence:
    """The influence ``W = sum over r = 1..R of A^r`` of nodes on nodes, A a step of a random walk.

    ``A = D^-1 (adjacency + I)``: to the node itself or to one of its neighbours, all alike. W is
    listed while it has few entries. Powers fill up; beyond ``most_pairs`` W is never formed, and
    what is left is R sparse products, enough for the sum that :meth:`log_sums` bounds from below.

    Source: the influence weights of SCGC* and PamC (Kulatilleke et al., arXiv 2204.12656 and
    2209.14067).

    Args:
        edge_index: ``[2, E]``, from the node that is influenced (the anchor) to the one that
            influences it; self-loops and duplicates do not count.
        num_nodes: Number of nodes ``N``.
        hops: R, at least 1.
        cumulative: Sum over the powers 1..R; False: ``A^R`` alone (plain SCGC).
        most_pairs: Entries of W up to which it is listed; each takes 20 bytes.

    Attributes:
        index: (anchor, node) of the entries of W, sorted, self-loops among them, ``[2, P]``; None
            where W is not listed.
        weight: Entries, ``[P]``, float64; None likewise. Rows sum to R (``cumulative``) or to 1.
        own: Entries of the diagonal of W, ``[N]``, float64.

    Raises:
        TypeError: A number of the wrong type, an index that is not int64.
        ValueError: A number out of range, a broken ``edge_index``.

    Example:
        >>> influence = Influence(torch.tensor([[0, 1], [1, 0]]), 3)
        >>> influence.index
        tensor([[0, 0, 1, 1, 2],
                [0, 1, 0, 1, 2]])
        >>> influence.weight
        tensor([0.5000, 0.5000, 0.5000, 0.5000, 1.0000], dtype=torch.float64)
    """

    def __init__(
        self,
        edge_index: Tensor,
        num_nodes: int,
        *,
        hops: int = 1,
        cumulative: bool = True,
        most_pairs: int = 20_000_000,
    ) -> None:
        self.num_nodes = check_whole("num_nodes", num_nodes, least=1)
        self.hops = check_whole("hops", hops, least=1)
        check_whole("most_pairs", most_pairs, least=0)
        check_index("edge_index", edge_index, num_nodes, num_nodes)
        self.cumulative = cumulative
        step = _step(edge_index, num_nodes)
        own, listed = _powers(step, hops, cumulative, most_pairs)
        device = edge_index.device
        self.own = torch.from_numpy(own).to(device)
        self.index: Tensor | None = None
        self.weight: Tensor | None = None
        if listed is not None:
            self.index = torch.from_numpy(np.stack(listed.nonzero()).astype(np.int64)).to(device)
            self.weight = torch.from_numpy(listed.data).to(device)
        self._step = _to_torch(step).to(device)
        self._back = _to_torch(step.T.tocsr()).to(device)

    def __repr__(self) -> str:
        pairs = "not listed" if self.index is None else f"{self.index.size(1)} pairs"
        return f"Influence({self.num_nodes} nodes, hops={self.hops}, {pairs})"

    def spread(self, rows: Tensor) -> Tensor:
        """``W rows`` by R sparse products, ``[N, d]``, differentiable.

        Args:
            rows: ``[N, d]``.

        Example:
            >>> Influence(torch.tensor([[0, 1], [1, 0]]), 3).spread(torch.eye(3))[0]
            tensor([0.5000, 0.5000, 0.0000])
        """
        power = rows
        total = torch.zeros_like(rows)
        for _ in range(self.hops):
            power = _Step.apply(power, self._step, self._back)
            total = total + power
        return total if self.cumulative else power

    def log_sums(
        self, anchors: Tensor, candidates: Tensor, temperature: float, *, itself: bool = False
    ) -> tuple[Tensor, Tensor]:
        """A lower bound of ``log sum over j of W_ij exp(s_ij / t)``, W never formed.

        By Jensen's inequality the sum is at least ``w_i exp(m_i / t)``, with ``w_i`` the sum of the
        weights and ``m_i`` the weighted mean of the cosines.

        Args:
            anchors: Unit rows, ``[N, d]``.
            candidates: Unit rows, ``[N, d]``.
            temperature: Divisor of the cosine.
            itself: Keep the node itself in the sum (it is another row in another view).

        Returns:
            The bound, ``[N]``, 0 where nothing influences the node, and where anything does.
        """
        weight = anchors.new_full((len(anchors),), self.hops if self.cumulative else 1)
        mean = (anchors * self.spread(candidates)).sum(1)
        if not itself:
            own = self.own.to(anchors)
            weight, mean = weight - own, mean - own * (anchors * candidates).sum(1)
        some = weight > 1e-6
        weight = torch.where(some, weight, 1)
        bound = weight.log() + mean / weight / temperature
        return torch.where(some, bound, 0), some


class _Step(torch.autograd.Function):
    """A sparse product whose transpose is ready for the backward pass."""

    @staticmethod
    def forward(ctx: Any, rows: Tensor, step: Tensor, back: Tensor) -> Tensor:
        ctx.back = back
        return step.to(rows.dtype) @ rows

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None]:
        return ctx.back.to(grad.dtype) @ grad, None, None


def _step(edge_index: Tensor, num_nodes: int) -> Any:
    """One step of the walk, ``[N, N]``, rows sum to 1."""
    row, column = edge_index.cpu().numpy()
    shape = (num_nodes, num_nodes)
    links = sparse.coo_array((np.ones(row.size, dtype=bool), (row, column)), shape=shape).tocsr()
    links = (links + sparse.eye_array(num_nodes, dtype=bool, format="csr")).astype(np.float64)
    links.data[:] = 1.0
    links.sort_indices()
    links.data /= np.repeat(np.diff(links.indptr), np.diff(links.indptr))
    return links


def _powers(step: Any, hops: int, cumulative: bool, most: int) -> tuple[Any, Any]:
    """Diagonal of W, and W itself where it has at most ``most`` entries."""
    num_nodes = step.shape[0]
    own = np.empty(num_nodes)
    parts: list[Any] | None = []
    entries = 0
    for start in range(0, num_nodes, _ROWS):
        power = total = step[start : start + _ROWS]
        for _ in range(hops - 1):
            power = power @ step
            total = total + power if cumulative else power
        here = np.arange(total.shape[0])
        own[start + here] = total[here, start + here]
        entries += total.nnz
        if parts is not None:
            parts.append(total)
            parts = parts if entries <= most else None
    if parts is None:
        return own, None
    whole = sparse.vstack(parts, format="csr")
    whole.sort_indices()
    return own, whole


def _to_torch(matrix: Any) -> Tensor:
    with warnings.catch_warnings():  # torch announces once that CSR is in beta
        warnings.filterwarnings("ignore", message="Sparse", category=UserWarning)
        return torch.sparse_csr_tensor(
            torch.from_numpy(matrix.indptr.astype(np.int64)),
            torch.from_numpy(matrix.indices.astype(np.int64)),
            torch.from_numpy(matrix.data),
            matrix.shape,
            check_invariants=False,
        )
