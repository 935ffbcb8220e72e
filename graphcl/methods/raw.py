"""No method at all: the features as they are."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor
from torch_geometric.data import Data

from graphcl.methods.method import Method
from graphcl.nn import sum_readout


class Raw(Method):
    """The node features; for graphs the sum of their nodes' features.

    What a learned embedding has to beat. The graph's edges are not used.

    Example:
        >>> import torch
        >>> graph = Data(x=torch.ones(2, 3), edge_index=torch.tensor([[0], [1]]))
        >>> Raw(3).embed([graph, graph])
        tensor([[2., 2., 2.],
                [2., 2., 2.]])
    """

    trained: ClassVar[bool] = False
    levels: ClassVar[frozenset[str]] = frozenset({"node", "graph"})

    def encode(self, data: Data) -> Tensor:
        """Features ``[N, F]``, or their sums ``[B, F]``."""
        return sum_readout(data.x.clone(), data)

    def encode_in_blocks(self, data: Data, batch_size: int) -> Tensor:
        """The features need no memory but their own."""
        return self.encode(data)
