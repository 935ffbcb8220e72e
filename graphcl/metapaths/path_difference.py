"""Products with a meta-path graph that lacks a few of its edges: the whole less what is missing."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from graphcl.metapaths.adjacency import from_parts, inverse_root, scaled
from graphcl.metapaths.fixed_matrix import FixedMatrix
from graphcl.metapaths.path_operator import PathOperator
from graphcl.metapaths.relations import check_csr, check_square, to_scipy, to_torch

if TYPE_CHECKING:
    from typing_extensions import Self


class PathDifference:
    r"""A normalised graph K of 0 and 1 as :math:`D^{-1/2} (A - (A - K)) D^{-1/2}`.

    A, the sums over the instances of a path, is applied relation by relation, and only the entries
    where A and K differ are kept as a matrix. Where K has millions of entries and lacks a fifth of
    A's, as the masked view of paper-subject-paper on ACM, a product takes a third of the time.

    Args:
        whole: The path with ``normalize="none"``: A, ``[N, N]``.
        counts: A as a matrix, sparse CSR ``[N, N]``.
        kept: K, or any matrix with entries where K has its ones, sparse CSR ``[N, N]``; D holds its
            number of entries in each row.

    Attributes:
        missing: ``D^{-1/2} (A - K) D^{-1/2}``, a `FixedMatrix`.
        num_entries: Multiplications for each column of the rows.

    Raises:
        TypeError: No sparse CSR matrices.
        ValueError: Matrices that are not square, or of another size.

    Example:
        >>> from graphcl.datasets import load
        >>> from graphcl.metapaths import count_paths, masked, normalized
        >>> data, _ = load("countries")
        >>> path = "country-language-country"
        >>> counts = count_paths(data, path)
        >>> kept = masked(counts, 0.2)
        >>> fast = PathDifference(PathOperator(data, path, normalize="none"), counts, kept)
        >>> x = data["country"].x
        >>> torch.allclose(fast @ x, kept @ x, atol=1e-5)
        True
    """

    def __init__(self, whole: PathOperator, counts: Tensor, kept: Tensor) -> None:
        for name, matrix in (("counts", counts), ("kept", kept)):
            check_csr(name, matrix)
            check_square(name, matrix)
            if matrix.shape != torch.Size(whole.shape):
                raise ValueError(
                    f"{name} must have shape {list(whole.shape)}, as the whole path, got "
                    f"{list(matrix.shape)}"
                )
        degrees = kept.crow_indices().diff().to(kept.dtype)
        self.whole, self.scale = whole, inverse_root(degrees).unsqueeze(1)
        ones = from_parts(
            kept.crow_indices(), kept.col_indices(), torch.ones_like(kept.values()), kept.shape
        )
        difference = to_scipy("counts", counts) - to_scipy("kept", ones)
        difference.eliminate_zeros()
        missing = to_torch(difference, kept.device)
        scale = self.scale.squeeze(1)
        self.missing = FixedMatrix(scaled(missing, rows=scale, columns=scale))

    @property
    def num_entries(self) -> int:
        """Of the relations and of the difference together."""
        return self.whole.num_entries + self.missing.num_entries

    def to(self, target: torch.device | torch.dtype | str) -> Self:
        """The same on a device, or in a dtype."""
        moved = copy.copy(self)
        moved.whole, moved.scale = self.whole.to(target), self.scale.to(target)
        moved.missing = self.missing.to(target)
        return moved

    def __matmul__(self, x: Tensor) -> Tensor:
        """The product with x ``[N, d]``, ``[N, d]``; differentiable in x any number of times.

        Raises:
            ValueError: x has another number of rows.
        """
        return self.scale * (self.whole @ (self.scale * x)) - self.missing @ x
