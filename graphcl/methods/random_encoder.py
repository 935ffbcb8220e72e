"""The encoder before training."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, nn
from torch_geometric.data import Data

from graphcl.arguments import check_whole
from graphcl.methods.method import Method
from graphcl.nn import GCNEncoder, sum_readout


class RandomEncoder(Method):
    """An untrained two-layer graph convolutional encoder: what training has to add to.

    Layers F -> 2d -> d as in GRACE, on the features as they are; for graphs the sum of the node
    rows. Biases are drawn like those of ``torch.nn.Linear``: with PyG's zeros, graphs with a single
    non-negative feature would all get multiples of one vector. Weights follow torch's global
    generator, which :func:`graphcl.methods.create_method` seeds.

    Args:
        num_features: Width of the features, ``F``.
        width: Width of the embedding, ``d``.
        activation: A name of :data:`graphcl.nn.ACTIVATIONS`.

    Raises:
        ValueError: A width below 1, an unknown activation.

    Example:
        >>> import torch
        >>> graph = Data(x=torch.ones(2, 3), edge_index=torch.tensor([[0, 1], [1, 0]]))
        >>> RandomEncoder(3, width=4).embed(graph).shape
        torch.Size([2, 4])
    """

    trained: ClassVar[bool] = False
    levels: ClassVar[frozenset[str]] = frozenset({"node", "graph"})

    def __init__(self, num_features: int, *, width: int = 128, activation: str = "relu") -> None:
        check_whole("width", width, least=1)
        super().__init__(num_features, width=width, activation=activation)
        self.encoder = GCNEncoder(num_features, [2 * width, width], activation=activation)
        for fan_in, layer in zip((num_features, 2 * width), self.encoder.layers, strict=True):
            nn.init.uniform_(layer.get_parameter("bias"), -(fan_in**-0.5), fan_in**-0.5)

    def encode(self, data: Data) -> Tensor:
        """Node rows ``[N, d]``, or their sums ``[B, d]``."""
        rows = self.encoder(data.x, data.edge_index, data.get("edge_weight"))
        return sum_readout(rows, data)

    def encode_in_blocks(self, data: Data, batch_size: int) -> Tensor:
        """Node rows ``[N, d]``, layer by layer."""
        return self.encoder.encode_in_blocks(
            data.x, data.edge_index, data.get("edge_weight"), batch_size=batch_size
        )
