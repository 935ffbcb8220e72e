"""Products with meta-path graphs that never become matrices."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor
from torch_geometric.data import HeteroData

from graphcl.arguments import unknown_name
from graphcl.metapaths.adjacency import inverse, inverse_root, scaled
from graphcl.metapaths.composition import device_of, shortened
from graphcl.metapaths.fixed_matrix import FixedMatrix
from graphcl.metapaths.metapath import EdgeType, MetaPath
from graphcl.metapaths.pathsim import check_returns
from graphcl.metapaths.relations import incidences, to_torch

if TYPE_CHECKING:
    from typing_extensions import Self

NORMALIZATIONS = ("symmetric", "mean", "none")


class PathOperator:
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
        matrices: The matrices of the chain, from the left to the right.

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
        self.matrices = tuple(FixedMatrix(matrix) for matrix in matrices)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns `(N, M)`."""
        return self.matrices[0].shape[0], self.matrices[-1].shape[1]

    @property
    def num_entries(self) -> int:
        """Non-zeros of all matrices, which are the multiplications for each column of x."""
        return sum(matrix.num_entries for matrix in self.matrices)

    def to(self, target: torch.device | torch.dtype | str) -> Self:
        """The same on a device, or in a dtype."""
        moved = copy.copy(self)
        moved.matrices = tuple(matrix.to(target) for matrix in self.matrices)
        moved.degrees = self.degrees.to(target)
        return moved

    def __matmul__(self, x: Tensor) -> Tensor:
        """The product with x `[M, d]`, `[N, d]`; differentiable in x any number of times.

        Raises:
            ValueError: x has another number of rows.
        """
        for matrix in reversed(self.matrices):
            x = matrix @ x
        return x

    def __repr__(self) -> str:
        sizes = [self.shape[0], *(matrix.shape[1] for matrix in self.matrices)]
        return f"{type(self).__name__}({' x '.join(map(str, sizes))})"
