"""What meta-path encoders do with node types: project their features, add up contexts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional

from graphcl.arguments import check_whole
from graphcl.nn.fast_dropout import FastDropout


class Product(Protocol):
    """Features as an operator: a sparse matrix whose product with ``[F, d]`` is differentiable."""

    def __matmul__(self, x: Tensor) -> Tensor:
        """``X W``, ``[F, d] -> [N, d]``."""


class TypeProjection(nn.Module):
    """``X W + b`` for the nodes of one type, whose features may be missing.

    Without features X is the identity: every node has a learned row.

    Args:
        num_features: Width of the features, ``F``; None: there are none.
        num_nodes: Number of nodes of the type; matters without features only.
        width: Width of the rows, ``d``.

    Raises:
        ValueError: A number below 1.

    Example:
        >>> TypeProjection(None, 5, 3)(None).shape
        torch.Size([5, 3])
        >>> TypeProjection(2, 5, 3)(torch.ones(4, 2)).shape
        torch.Size([4, 3])
    """

    def __init__(self, num_features: int | None, num_nodes: int, width: int) -> None:
        super().__init__()
        inputs = num_nodes if num_features is None else num_features
        check_whole("num_features" if num_features is not None else "num_nodes", inputs, least=1)
        check_whole("width", width, least=1)
        linear = nn.Linear(inputs, width)
        # [F, d]: for features that are an operator, and rows of nodes lie together
        self.weight = nn.Parameter(linear.weight.detach().T.contiguous())
        self.bias = nn.Parameter(linear.bias.detach())

    def forward(self, features: Tensor | Product | None, keep: Tensor | None = None) -> Tensor:
        """Project the features.

        Args:
            features: ``[N, F]``, dense or an operator; None: the identity.
            keep: Which rows of the identity are not masked, ``[N]`` of 0 and 1; None: all.

        Returns:
            ``[N, d]``.
        """
        if features is None:
            rows = self.weight if keep is None else self.weight * keep.unsqueeze(1)
        else:
            rows = features @ self.weight
        return rows + self.bias


class ContextSum(nn.Module):
    """Adds to the rows of nodes what a meta-path passes on its way.

    ``ELU(h + sum_q drop(W_q m_q))``, one ``W_q`` without bias for each position of the path.

    Source: the authors' code of MEOW (Yu and Li, SDM 2023), jianxiangyu/MEOW.

    Args:
        num_contexts: Number of positions, at least 0 (a path of a single step passes nothing).
        width: Width of all rows, ``d``.
        dropout: Rate for what is added, from 0 to below 1.

    Raises:
        ValueError: A number out of range.

    Example:
        >>> ContextSum(1, 4)([torch.ones(3, 4)], [torch.ones(3, 4)])[0].shape
        torch.Size([3, 4])
    """

    def __init__(self, num_contexts: int, width: int, *, dropout: float = 0.0) -> None:
        super().__init__()
        check_whole("num_contexts", num_contexts, least=0)
        check_whole("width", width, least=1)
        self.layers = nn.ModuleList(
            nn.Linear(width, width, bias=False) for _ in range(num_contexts)
        )
        self.dropout = FastDropout(dropout)

    def forward(self, rows: Sequence[Tensor], contexts: Sequence[Tensor]) -> list[Tensor]:
        """Add the contexts to each version of the nodes' rows; dropout is drawn anew for each.

        Args:
            rows: Versions of h, each ``[N, d]``.
            contexts: The mean row of the context at each position, ``[N, d]``.

        Returns:
            One ``[N, d]`` a version.
        """
        passed = [layer(mean) for layer, mean in zip(self.layers, contexts, strict=True)]
        results = []
        for version in rows:
            for row in passed:
                version = version + self.dropout(row)
            results.append(functional.elu(version))
        return results


class TanhProjector(nn.Module):
    """``tanh(W z + b)``, divided by its norm.

    Args:
        width: Width of the rows.
        out: Width of the result; None: ``width``.

    Raises:
        ValueError: A width below 1.

    Example:
        >>> TanhProjector(4)(torch.ones(2, 4)).norm(dim=1).detach().round(decimals=4)
        tensor([1., 1.])
    """

    def __init__(self, width: int, *, out: int | None = None) -> None:
        super().__init__()
        check_whole("width", width, least=1)
        out = width if out is None else check_whole("out", out, least=1)
        self.linear = nn.Linear(width, out)

    def forward(self, rows: Tensor) -> Tensor:
        """Project the rows, ``[N, width] -> [N, out]``, to norm 1 (or 0)."""
        return functional.normalize(torch.tanh(self.linear(rows)), dim=1)
