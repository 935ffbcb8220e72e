"""A control: what random leaders control in a graph, as numbers."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor
from torch_geometric.data import Batch

from graphcl.arguments import check_whole
from graphcl.control import graph_control_features
from graphcl.methods.method import Method


class CTRL(Method):
    """Control features of a graph, without features and training.

    The 135 numbers of :func:`graphcl.control.graph_control_features`: traces, ranks and eigenvalues
    of Gramians and numbers of distinct distance vectors for leader sets of nine sizes. O(N^3) a
    graph and set of leaders. The sets follow torch's global generator when the method is made,
    which :func:`graphcl.methods.create_method` seeds.

    Source: Said et al., "Network controllability perspectives on graph representation", IEEE TKDE
    2023 (its published code pairs rows wrongly; corrected here, so the numbers are not its).

    Args:
        num_features: Width of the features, which are not used.
        draws: Sets of leaders of each size.

    Raises:
        ValueError: ``draws`` below 1. On use, an edge without its other direction.

    Example:
        >>> from torch_geometric.data import Data
        >>> path = Data(x=torch.ones(3, 1), edge_index=torch.tensor([[0, 1, 1, 2], [1, 0, 2, 1]]))
        >>> CTRL(1, draws=2).embed([path]).shape
        torch.Size([1, 135])
    """

    cost = "nine times draws Gramians of N x N a graph, O(N^3) each, once"
    trained: ClassVar[bool] = False
    levels = frozenset({"graph"})
    seed: Tensor

    def __init__(self, num_features: int, *, draws: int = 30) -> None:
        self.draws = check_whole("draws", draws, least=1)
        super().__init__(num_features, draws=draws)
        self.register_buffer("seed", torch.randint(2**31, ()))

    def encode(self, data: Batch) -> Tensor:
        """The numbers of each graph, ``[B, 135]``."""
        rows = [
            graph_control_features(
                graph.edge_index, num_nodes=graph.x.size(0), draws=self.draws, seed=int(self.seed)
            )
            for graph in data.to_data_list()
        ]
        return torch.stack(rows).float().to(data.x.device)
