"""A matrix that stays as it is and multiplies rows in every training step."""

from __future__ import annotations

import warnings
from typing import Any

import torch
from scipy import sparse
from torch import Tensor

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
        self.shape = matrix.shape
        size = matrix.numel()
        small = size * matrix.element_size() <= _MOST_DENSE_BYTES
        self.is_dense = small and matrix.values().numel() >= DENSE_FROM * size
        if self.is_dense:
            self.matrix = matrix.to_dense()
            self.transposed = self.matrix.T
        else:
            self.matrix = _compact(
                matrix.crow_indices(), matrix.col_indices(), matrix.values(), matrix.shape
            )
            self.transposed = _transpose(matrix)

    def __matmul__(self, rows: Tensor) -> Tensor:
        """The product with rows ``[M, d]``, ``[N, d]``; differentiable in the rows."""
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


def _transpose(matrix: Tensor) -> Tensor:
    size = (matrix.size(0), matrix.size(1))
    entries = (matrix.values(), matrix.col_indices(), matrix.crow_indices())
    # SciPy counts where torch sorts.
    rows = tuple(part.detach().cpu().numpy() for part in entries)
    turned = sparse.csr_array(rows, shape=size).T.tocsr()
    turned.sort_indices()
    starts, columns, values = (
        torch.from_numpy(part).to(matrix.device)
        for part in (turned.indptr, turned.indices, turned.data)
    )
    return _compact(starts, columns, values, torch.Size(turned.shape))


def _compact(starts: Tensor, columns: Tensor, values: Tensor, shape: torch.Size) -> Tensor:
    """A CSR tensor with 32-bit indices where they suffice: half the memory to read."""
    most = max(columns.numel(), *shape)
    index = torch.int32 if most < torch.iinfo(torch.int32).max else torch.int64
    with warnings.catch_warnings():  # torch announces once that CSR is in beta
        warnings.filterwarnings("ignore", message="Sparse", category=UserWarning)
        return torch.sparse_csr_tensor(
            starts.to(index), columns.to(index), values, shape, check_invariants=False
        )
