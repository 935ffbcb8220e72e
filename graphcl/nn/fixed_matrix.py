"""A sparse matrix that stays as it is and multiplies rows in every training step."""

from __future__ import annotations

import warnings
from typing import Any

import torch
from scipy import sparse
from torch import Tensor


class FixedMatrix:
    """A sparse matrix without gradient, kept with its transpose.

    torch turns a sparse matrix round in every backward pass, which takes twenty times as long as
    the product itself (4.3 million entries: 1.2 s against 0.05 s). Here that is done once.

    Args:
        matrix: ``[N, M]``, sparse CSR, floating point, without gradient.

    Raises:
        TypeError: No sparse CSR matrix of floating point numbers.
        ValueError: A matrix that needs a gradient.

    Example:
        >>> FixedMatrix(torch.eye(2).to_sparse_csr()) @ torch.ones(2, 1)
        tensor([[1.],
                [1.]])
    """

    def __init__(self, matrix: Tensor) -> None:
        if not isinstance(matrix, Tensor) or matrix.layout != torch.sparse_csr:
            got = getattr(matrix, "layout", type(matrix).__name__)
            raise TypeError(f"matrix must be a sparse CSR tensor, got {got}")
        if not matrix.is_floating_point():
            raise TypeError(f"matrix must hold floating point numbers, got {matrix.dtype}")
        if matrix.requires_grad:
            raise ValueError("matrix must not need a gradient: it is a constant")
        self.matrix = matrix
        self.transposed = _transpose(matrix)

    @property
    def shape(self) -> torch.Size:
        """Rows and columns, ``(N, M)``."""
        return self.matrix.shape

    def __matmul__(self, rows: Tensor) -> Tensor:
        """The product with rows ``[M, d]``, ``[N, d]``; differentiable in the rows."""
        product: Tensor = _Product.apply(rows, self.matrix, self.transposed)
        return product


class _Product(torch.autograd.Function):
    """``matrix @ rows``, whose gradient is ``transposed @ gradient``, and so on."""

    @staticmethod
    def forward(ctx: Any, rows: Tensor, matrix: Tensor, transposed: Tensor) -> Tensor:
        ctx.matrices = (matrix, transposed)  # constants: save_for_backward refuses sparse ones
        return matrix @ rows

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None]:
        matrix, transposed = ctx.matrices
        return _Product.apply(grad, transposed, matrix), None, None


def _transpose(matrix: Tensor) -> Tensor:
    size = (matrix.size(0), matrix.size(1))
    entries = (matrix.values(), matrix.col_indices(), matrix.crow_indices())
    values, columns, starts = (part.detach().cpu().numpy() for part in entries)
    turned = sparse.csr_array((values, columns, starts), shape=size).T.tocsr()
    turned.sort_indices()
    with warnings.catch_warnings():  # torch announces once that CSR is in beta
        warnings.filterwarnings("ignore", message="Sparse", category=UserWarning)
        return torch.sparse_csr_tensor(
            torch.from_numpy(turned.indptr).to(matrix.crow_indices()),
            torch.from_numpy(turned.indices).to(matrix.col_indices()),
            torch.from_numpy(turned.data).to(matrix.device),
            (size[1], size[0]),
            check_invariants=False,
        )
