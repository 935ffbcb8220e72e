"""SSGC: smoothing over the graph, without training."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor
from torch_geometric.data import Data

from graphcl.arguments import check_whole
from graphcl.methods.checks import check_share
from graphcl.methods.method import Method
from graphcl.methods.published import PublishedSettings
from graphcl.nn import matrix_rows, normalized_adjacency, row_blocks

SETTINGS = (
    PublishedSettings("Cora", "PyAGC's configuration (K 12, alpha .05)", {"steps": 12}),
    PublishedSettings("Photo", "PyAGC's configuration (K 12, alpha .05)", {"steps": 12}),
    PublishedSettings(
        "CiteSeer",
        "the paper's K for citation graphs, from memory (K 16, alpha .05)",
        {"steps": 16},
    ),
)


class SSGC(Method):
    """Simple spectral graph convolution: the mean of K propagation steps, and some of the input.

    ``Z = alpha X + (1 - alpha) / K * sum_{k=1..K} T^k X`` with ``T = D^-1/2 (A + I) D^-1/2``, on
    the features as they are. The reference beside every learned method.

    Source: Zhu and Koniusz, Simple Spectral Graph Convolution, ICLR 2021, equation 8.

    Args:
        num_features: Width of the features, ``F``.
        steps: Number of propagation steps, ``K``; 16, the value for citation graphs.
        alpha: Share of the unsmoothed features, from 0 to 1.

    Raises:
        ValueError: ``steps`` below 1, ``alpha`` outside its range.

    Example:
        >>> graph = Data(x=torch.eye(2), edge_index=torch.tensor([[0, 1], [1, 0]]))
        >>> SSGC(2, steps=1, alpha=0.5).embed(graph)
        tensor([[0.7500, 0.2500],
                [0.2500, 0.7500]])
    """

    cost = "steps times O(E F) once; O(N F) memory"
    trained: ClassVar[bool] = False

    def __init__(self, num_features: int, *, steps: int = 16, alpha: float = 0.05) -> None:
        self.steps = check_whole("steps", steps, least=1)
        self.alpha = check_share("alpha", alpha)
        super().__init__(num_features, steps=self.steps, alpha=self.alpha)

    def encode(self, data: Data) -> Tensor:
        """Smoothed features, ``[N, F]``."""
        return self.encode_in_blocks(data, data.x.size(0))

    def encode_in_blocks(self, data: Data, batch_size: int) -> Tensor:
        """The same, a block of rows at a time in each step."""
        x = data.x if data.x.dtype == torch.float64 else data.x.float()  # no products of halves
        adjacency = normalized_adjacency(
            data.edge_index, x.size(0), edge_weight=data.get("edge_weight"), dtype=x.dtype
        )
        blocks = [
            (block, matrix_rows(adjacency, block.start, block.stop))
            for block in row_blocks(x.size(0), batch_size)
        ]
        step, total = x, torch.zeros_like(x)
        for _ in range(self.steps):
            following = torch.empty_like(x)
            for block, rows in blocks:
                following[block] = rows @ step
                total[block] += following[block]
            step = following
        return total.mul_((1 - self.alpha) / self.steps).add_(self.alpha * x)
