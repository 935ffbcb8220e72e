"""Which similarity matrices a contrast sums over, and into which outputs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from graphcl.contrast.tiles import Mask, tile_side


@dataclass(frozen=True, eq=False)
class Block:
    """One source of candidates: the other view, the own view, or a queue.

    Attributes:
        candidates: Unit rows, ``[M, d]``.
        masked: Which (anchor, candidate) are not in the sum.
        ids: Which item each candidate is, ``[M]``; None: candidate ``j`` is item ``j``.
        view: Number of the view that the candidates are (0 or 1); None: a queue, or alone.
    """

    candidates: Tensor
    masked: Mask | None = None
    ids: Tensor | None = None
    view: int | None = None

    def items(self, column_ids: Tensor) -> Tensor:
        """Which items the given columns are."""
        return column_ids if self.ids is None else self.ids[column_ids]


TileFunction = Callable[..., Tensor]
"""(cosine ``[r, c]``, row ids ``[r]``, column ids ``[c]``, block) to values ``[r, c]``.

What else it needs a gradient of follows the block, see :meth:`graphcl.contrast.Rows.tiles`.
"""


@dataclass(frozen=True, eq=False)
class PairWeights:
    """Weights of pairs that do not depend on their cosines.

    Attributes:
        function: (row ids ``[r]``, column ids ``[c]``, block) to weights ``[r, c]``, at least 0;
            what it returns is overwritten.
    """

    function: Callable[[Tensor, Tensor, Block], Tensor]


@dataclass(frozen=True, eq=False)
class Product:
    """One similarity matrix, and which outputs sum over its rows and its columns.

    Attributes:
        left: Number of the tensor whose rows are the rows of the matrix.
        right: Number of the tensor whose rows are its columns.
        block: The candidates (the columns) and their mask.
        row_output: Number of the output to which row sums are added.
        column_output: Number of the output to which column sums are added, or None.
        symmetric: ``left`` is ``right`` and the mask is symmetric: the upper tiles are enough.
    """

    left: int
    right: int
    block: Block
    row_output: int
    column_output: int | None = None
    symmetric: bool = False

    def column_output_of_tile(self, *, on_diagonal: bool) -> int | None:
        """Where column sums of a tile go.

        A tile above the diagonal of a symmetric matrix stands for its mirror image as well; one on
        the diagonal holds both triangles itself.
        """
        if self.symmetric:
            return None if on_diagonal else self.row_output
        return self.column_output


class ProductSet:
    """The matrices of one pass and the tiles in which they are evaluated.

    Args:
        tensors: The factors, each ``[n, d]``, of one dtype (float32 or float64) and device.
        products: The matrices to sum over.
        output_sizes: Number of rows of each output.
        tile: Side of the tiles; None: chosen by size and device. Results do not depend on it.
        bfloat16: Multiply in bfloat16 (the result is of the factors' type again).
    """

    def __init__(
        self,
        tensors: Sequence[Tensor],
        products: Sequence[Product],
        output_sizes: Sequence[int],
        tile: int | None = None,
        *,
        bfloat16: bool = False,
    ) -> None:
        self.tensors = tuple(tensors)
        self.products = tuple(products)
        self.output_sizes = tuple(output_sizes)
        self.side = tile or tile_side(max(map(len, self.tensors)), self.tensors[0])
        self.bfloat16 = bfloat16

    def factor(self, tensor: Tensor) -> Tensor:
        """A factor of a product, in the type that products are made in."""
        return tensor.bfloat16() if self.bfloat16 else tensor

    def masks(self) -> list[dict[tuple[int, int], Tensor]]:
        """For each product the masked positions in the flattened tiles, by (row, column)."""
        return [
            {}
            if block.masked is None
            else block.masked.tiles(len(block.candidates), self.side, self.side)
            for block in (product.block for product in self.products)
        ]

    def largest_similarity(self) -> float:
        """An upper bound of all |similarities| (1 for unit rows); NaN where a row is NaN."""
        norms = [float(torch.linalg.vector_norm(t, dim=1).amax()) for t in self.tensors]
        return max(norms[product.left] * norms[product.right] for product in self.products)
