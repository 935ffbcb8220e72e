"""A graph convolution for each meta-path, as HeCo's second view has it."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from graphcl.arguments import check_whole
from graphcl.metapaths import FixedMatrix
from graphcl.nn import SharedPReLU

GAIN = 1.414
"""Gain of the normal Xavier initialisation of all weights, as in the authors' code."""


class PathConvolution(nn.Module):
    """``PReLU(A h W + c)`` over the graph of one meta-path.

    Args:
        width: Width of the rows, ``d``.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        check_whole("width", width, least=1)
        self.linear = nn.Linear(width, width, bias=False)
        self.bias = nn.Parameter(torch.zeros(width))
        self.activation = SharedPReLU()
        nn.init.xavier_normal_(self.linear.weight, gain=GAIN)

    def forward(self, rows: Tensor, adjacency: FixedMatrix) -> Tensor:
        """Convolve rows ``[N, d]`` with an adjacency ``[N, N]``."""
        result: Tensor = self.activation(adjacency @ self.linear(rows) + self.bias)
        return result
