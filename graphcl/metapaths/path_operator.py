"""Products with fixed sparse matrices, and with meta-path graphs that never become matrices."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor
from torch_geometric.data import HeteroData

from graphcl.arguments import unknown_name
from graphcl.metapaths.adjacency import inverse, inverse_root, scaled, transposed
from graphcl.metapaths.composition import device_of, shortened
from graphcl.metapaths.metapath import EdgeType, MetaPath
from graphcl.metapaths.pathsim import check_returns
from graphcl.metapaths.relations import check_csr, incidences, to_torch

if TYPE_CHECKING:
    from typing_extensions import Self

NORMALIZATIONS = ("symmetric", "mean", "none")


class Operator:
    """The product of fixed sparse matrices, applied to dense ones from the right to the left.

    `operator @ x` is differentiable in x, any number of times. For a single matrix it is
    `torch.sparse.mm`, whose gradient transposes the matrix anew every time; here that is done once.

    Args:
        *matrices: CSR tensors `[N_0, N_1]`, `[N_1, N_2]`, ... that do not require gradients.

    Raises:
        TypeError: A matrix is no CSR tensor of floating-point numbers.
        ValueError: There is none, or their shapes do not fit.

    Example:
        >>> swap = torch.tensor([[0.0, 1.0], [1.0, 0.0]]).to_sparse_csr()
        >>> Operator(swap, swap) @ torch.tensor([[1.0], [2.0]])
        tensor([[1.],
                [2.]])
    """

    def __init__(self, *matrices: Tensor) -> None:
        if not matrices:
            raise ValueError("an Operator needs at least one matrix, got none")
        for matrix in matrices:
            check_csr("a matrix", matrix)
        for left, right in pairwise(matrices):
            if left.size(1) != right.size(0):
                raise ValueError(
                    f"matrices must fit each other, got {list(left.shape)} before "
                    f"{list(right.shape)}"
                )
        self._forward = tuple(matrices)
        self._backward = tuple(transposed(matrix) for matrix in reversed(matrices))

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns `(N, M)`."""
        return self._forward[0].size(0), self._forward[-1].size(1)

    @property
    def num_entries(self) -> int:
        """Non-zeros of all matrices, which are the multiplications for each column of x."""
        return sum(matrix.values().numel() for matrix in self._forward)

    def to(self, target: torch.device | torch.dtype | str) -> Self:
        """The same on a device, or in a dtype."""
        moved = copy.copy(self)
        moved._forward = tuple(matrix.to(target) for matrix in self._forward)
        moved._backward = tuple(matrix.to(target) for matrix in self._backward)
        return moved

    def __matmul__(self, x: Tensor) -> Tensor:
        """Multiply.

        Args:
            x: `[M, d]` or `[M]`, of the operator's dtype and device.

        Returns:
            `[N, d]` or `[N]`.

        Raises:
            ValueError: x has another number of rows or another dtype.
        """
        if x.dim() not in (1, 2) or x.size(0) != self.shape[1]:
            raise ValueError(f"x must have shape [{self.shape[1]}, d], got {list(x.shape)}")
        if x.dtype != self._forward[0].dtype:
            raise ValueError(
                f"x has dtype {x.dtype}, the operator {self._forward[0].dtype}: use operator.to"
            )
        if x.dim() == 1:
            return (self @ x.unsqueeze(1)).squeeze(1)
        return _Chain.apply(x, self._forward, self._backward)

    def __repr__(self) -> str:
        sizes = [self._forward[0].size(0), *(matrix.size(1) for matrix in self._forward)]
        return f"{type(self).__name__}({' x '.join(map(str, sizes))})"


class PathOperator(Operator):
    r"""A meta-path graph as an operator: :math:`A x = B_1 (B_2 (\dots x))`.

    Costs as many multiplications as the path has edges, for each column of x, where the graph
    itself may have millions of entries. Relations whose product is no larger than they are become
    one. There is no filter (`top_neighbours`) and no mask: these need the matrix.

    Args:
        data: The graph.
        path: The meta-path, in any form that `MetaPath.parse` takes.
        normalize: "symmetric" :math:`D^{-1/2} A D^{-1/2}`, as `normalized(count_paths(...))`;
            "mean" :math:`D^{-1} A`, the mean over the path instances of a node; "none" A, sums over
            them. D holds the row sums of A.
        coalesce: As for `count_paths`.

    Attributes:
        path: The `MetaPath`.
        degrees: Row sums of A `[N]`: instances of the path that start in a node.

    Raises:
        ValueError: The path does not exist in the graph, or `normalize` is unknown, or "symmetric"
            although the path does not end where it starts.

    Example:
        >>> from graphcl.datasets import load
        >>> data, _ = load("countries")
        >>> operator = PathOperator(data, "country-language-country")
        >>> (operator @ data["country"].x).shape
        torch.Size([244, 6])
    """

    def __init__(
        self,
        data: HeteroData,
        path: str | Sequence[str] | Sequence[EdgeType] | MetaPath,
        *,
        normalize: str = "symmetric",
        coalesce: bool = True,
    ) -> None:
        if normalize not in NORMALIZATIONS:
            raise ValueError(unknown_name("normalize", normalize, NORMALIZATIONS))
        self.path = MetaPath.parse(path, data)
        if normalize == "symmetric":
            check_returns(self.path)
        relations = incidences(data, self.path, coalesce=coalesce)
        device = device_of(data, self.path)
        matrices = [
            to_torch(matrix.astype(np.float32), device)
            for matrix in shortened(relations, least=1, growth=1)
        ]
        self.degrees = torch.ones(matrices[-1].size(1), device=device)
        for matrix in reversed(matrices):
            self.degrees = matrix @ self.degrees
        if normalize == "mean":
            matrices[0] = scaled(matrices[0], rows=inverse(self.degrees))
        elif normalize == "symmetric":
            matrices[0] = scaled(matrices[0], rows=inverse_root(self.degrees))
            matrices[-1] = scaled(matrices[-1], columns=inverse_root(self.degrees))
        super().__init__(*matrices)

    def to(self, target: torch.device | torch.dtype | str) -> Self:
        """The same on a device, or in a dtype."""
        moved = super().to(target)
        moved.degrees = self.degrees.to(target)
        return moved


class _Chain(torch.autograd.Function):
    """A chain of matrices times x; its gradient is the transposed chain times the gradient."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, forward: tuple[Tensor, ...], backward: tuple[Tensor, ...]
    ) -> Tensor:
        ctx.chains = forward, backward
        for matrix in reversed(forward):
            x = matrix @ x
        return x

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        forward, backward = ctx.chains
        return _Chain.apply(gradient, backward, forward), None, None
