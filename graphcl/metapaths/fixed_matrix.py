"""A matrix that stays as it is and multiplies rows in every training step."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from graphcl.metapaths.adjacency import from_parts, transposed
from graphcl.metapaths.relations import check_csr

if TYPE_CHECKING:
    from typing_extensions import Self

DENSE_FROM = 0.25
"""Share of entries from which a dense matrix is faster, and smaller than a sparse one twice."""

_MOST_DENSE_BYTES = 1 << 29
_COLUMNS = 64  # a sparse product with 128 columns takes three times as long as one with 64


class FixedMatrix:
    """A sparse matrix without gradient, kept with its transpose.

    torch turns a sparse matrix round in every backward pass, which takes twenty times as long as
    the product itself (4.3 million entries: 1.2 s against 0.05 s). Here that is done once. A matrix
    of which a quarter is filled is kept dense, up to 512 MiB.

    Args:
        matrix: ``[N, M]``, sparse CSR, floating point, without gradient.

    Attributes:
        shape: ``[N, M]``.
        num_entries: How many entries are not zero: multiplications for each column of the rows.
        is_dense: Whether it is kept dense.

    Raises:
        TypeError: No sparse CSR matrix of floating point numbers.
        ValueError: A matrix that needs a gradient.

    Example:
        >>> FixedMatrix(torch.eye(2).to_sparse_csr()) @ torch.ones(2, 1)
        tensor([[1.],
                [1.]])
    """

    def __init__(self, matrix: Tensor) -> None:
        check_csr("matrix", matrix)
        if matrix.requires_grad:
            raise ValueError("matrix must not need a gradient: it is a constant")
        self.shape = matrix.shape
        self.num_entries = matrix.values().numel()
        size = matrix.numel()
        small = size * matrix.element_size() <= _MOST_DENSE_BYTES
        self.is_dense = small and self.num_entries >= DENSE_FROM * size
        if self.is_dense:
            self.matrix = matrix.to_dense()
            self.transposed = self.matrix.T
        else:
            self.matrix = _compact(matrix)
            self.transposed = _compact(transposed(matrix))

    def to(self, target: torch.device | torch.dtype | str) -> Self:
        """The same on a device, or in a dtype."""
        moved = copy.copy(self)
        moved.matrix = self.matrix.to(target)
        moved.transposed = moved.matrix.T if self.is_dense else self.transposed.to(target)
        return moved

    def __matmul__(self, rows: Tensor) -> Tensor:
        """The product with rows, differentiable in them any number of times.

        Args:
            rows: ``[M, d]``; they become the type of the matrix.

        Returns:
            ``[N, d]``.

        Raises:
            ValueError: Another number of rows.
        """
        if rows.dim() != 2 or rows.size(0) != self.shape[1]:
            raise ValueError(f"rows must have shape [{self.shape[1]}, d], got {list(rows.shape)}")
        product: Tensor = _Product.apply(rows, self.matrix, self.transposed)
        return product


class _Product(torch.autograd.Function):
    """``matrix @ rows``, whose gradient is ``transposed @ gradient``, and so on."""

    @staticmethod
    def forward(ctx: Any, rows: Tensor, matrix: Tensor, transposed: Tensor) -> Tensor:
        ctx.matrices = (matrix, transposed)  # constants: save_for_backward refuses sparse ones
        with torch.autocast(rows.device.type, enabled=False):  # sparse: no half precision
            rows = rows.to(matrix.dtype)
            if matrix.layout == torch.strided or rows.size(1) <= _COLUMNS or rows.is_cuda:
                return matrix @ rows
            parts = rows.split(_COLUMNS, dim=1)
            return torch.cat([matrix @ part.contiguous() for part in parts], dim=1)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None]:
        matrix, transposed = ctx.matrices
        return _Product.apply(grad, transposed, matrix), None, None


def _compact(matrix: Tensor) -> Tensor:
    """A CSR tensor with 32-bit indices where they suffice: half the memory to read."""
    starts, columns, values = matrix.crow_indices(), matrix.col_indices(), matrix.values()
    most = max(columns.numel(), *matrix.shape)
    index = torch.int32 if most < torch.iinfo(torch.int32).max else torch.int64
    return from_parts(starts.to(index), columns.to(index), values, matrix.shape)
