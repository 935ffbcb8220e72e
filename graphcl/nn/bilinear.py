"""A bilinear score of pairs of rows."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from graphcl.arguments import check_whole


class BilinearScore(nn.Module):
    """``h' W c + b``, high where a node's row ``h`` belongs to the summary ``c``.

    W starts as small as in DGI's code, where Xavier's rule counts all ``d^2`` inputs of the form:
    uniform within ``sqrt(6 / (d^2 + d))``; b starts at 0.

    Source: Velickovic et al. (DGI), ICLR 2019, arXiv 1809.10341, equation 4, and its code,
    PetarV-/DGI.

    Args:
        width: Width of the rows, ``d``.

    Raises:
        ValueError: A width below 1.

    Example:
        >>> BilinearScore(8)(torch.zeros(5, 8), torch.zeros(2, 8)).shape
        torch.Size([5, 2])
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        check_whole("width", width, least=1)
        weight = torch.empty(1, width, width)
        self.weight = nn.Parameter(nn.init.xavier_uniform_(weight)[0].clone())
        self.bias = nn.Parameter(torch.zeros(1))

    def forward(self, rows: Tensor, summaries: Tensor) -> Tensor:
        """The score of every row with every summary, ``[N, B]``.

        Args:
            rows: ``[N, d]``.
            summaries: ``[B, d]``.
        """
        return rows @ self.weigh(summaries).T + self.bias

    def weigh(self, summaries: Tensor) -> Tensor:
        """``W c`` for every summary, ``[B, d]``: its products with rows are scores without b."""
        return summaries @ self.weight.T
