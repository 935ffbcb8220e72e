"""The encoder that all meta-path views of a node share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional

from graphcl.arguments import check_whole
from graphcl.nn.fast_dropout import FastDropout
from graphcl.nn.shared_prelu import SharedPReLU


class Adjacency(Protocol):
    """A normalised ``[N, N]`` adjacency: a ``FixedMatrix`` or a ``PathOperator`` of metapaths."""

    def __matmul__(self, x: Tensor) -> Tensor:
        """``A x``, ``[N, d] -> [N, d]``."""


class MetaPathGCN(nn.Module):
    """Two graph convolutions without bias, one set of weights for all adjacencies.

    ``LN(A drop(PReLU(A drop(X W1)) W2))``, where LN without learned scale takes mean and variance
    over the whole ``N x d`` matrix, or over each row. Weights are uniform from ``-1/sqrt(d)`` to
    ``1/sqrt(d)``, ``d`` the width of the layer's output.

    Source: the authors' code of MEOW (Yu and Li, SDM 2023), jianxiangyu/MEOW.

    Args:
        width: Width of the input.
        hidden: Width after the first convolution; None: ``width``.
        out: Width of the output, ``d``; None: ``width``.
        dropout: Rate in both convolutions, from 0 to below 1.
        layer_norm: ``"matrix"`` (the authors': the rows of all nodes depend on each other) or
            ``"rows"``.

    Raises:
        ValueError: A width below 1, a rate out of range, an unknown ``layer_norm``.

    Example:
        >>> gcn = MetaPathGCN(4)
        >>> gcn(torch.rand(3, 4), torch.eye(3)).shape
        torch.Size([3, 4])
    """

    def __init__(
        self,
        width: int,
        *,
        hidden: int | None = None,
        out: int | None = None,
        dropout: float = 0.0,
        layer_norm: Literal["matrix", "rows"] = "matrix",
    ) -> None:
        super().__init__()
        check_whole("width", width, least=1)
        hidden = width if hidden is None else check_whole("hidden", hidden, least=1)
        out = width if out is None else check_whole("out", out, least=1)
        if layer_norm not in ("matrix", "rows"):
            raise ValueError(f"layer_norm must be 'matrix' or 'rows', got {layer_norm!r}")
        self.layer_norm = layer_norm
        self.first = nn.Parameter(_uniform(width, hidden))
        self.activation = SharedPReLU()
        self.second = nn.Parameter(_uniform(hidden, out))
        self.dropout = FastDropout(dropout)

    def forward(self, x: Tensor, adjacency: Adjacency) -> Tensor:
        """Encode one view.

        Args:
            x: ``[N, width]``.
            adjacency: ``[N, N]``, whatever has a product with ``[N, d]``.

        Returns:
            ``[N, d]``.
        """
        rows = self.activation(adjacency @ self.dropout(x @ self.first))
        return self._normalize(adjacency @ self.dropout(rows @ self.second))

    def with_coarse(
        self, views: Sequence[Tensor], coarse: Tensor, adjacencies: Sequence[Adjacency]
    ) -> tuple[list[Tensor], Tensor]:
        """Encode each view with its adjacency, and one more with the mean of the adjacencies.

        The mean is never formed: its products are the means of the products.

        Args:
            views: P inputs ``[N, width]``.
            coarse: The other input, ``[N, width]``.
            adjacencies: P adjacencies.

        Returns:
            P rows ``[N, d]``, and those of the other input.
        """
        inner, mean = self._step(views, coarse, adjacencies, self.first)
        outer, mean = self._step(
            [self.activation(rows) for rows in inner],
            self.activation(mean),
            adjacencies,
            self.second,
        )
        return [self._normalize(rows) for rows in outer], self._normalize(mean)

    def _step(
        self,
        views: Sequence[Tensor],
        coarse: Tensor,
        adjacencies: Sequence[Adjacency],
        weight: Tensor,
    ) -> tuple[list[Tensor], Tensor]:
        coarse = self.dropout(coarse @ weight)
        # Two products of d columns each: a sparse one of 2 d takes three times as long as of d.
        products = [
            adjacency @ self.dropout(view @ weight)
            for view, adjacency in zip(views, adjacencies, strict=True)
        ]
        means = [adjacency @ coarse for adjacency in adjacencies]
        return products, torch.stack(means).mean(0)

    def _normalize(self, rows: Tensor) -> Tensor:
        shape = rows.shape if self.layer_norm == "matrix" else rows.shape[1:]
        return functional.layer_norm(rows, shape)


def _uniform(fan_in: int, fan_out: int) -> Tensor:
    return torch.empty(fan_in, fan_out).uniform_(-(fan_out**-0.5), fan_out**-0.5)
