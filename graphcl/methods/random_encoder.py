"""The encoder before training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch_geometric.data import Data, HeteroData

from graphcl.arguments import check_whole
from graphcl.metapaths import PathOperator
from graphcl.methods.heterogeneous import HeterogeneousMethod, MetaPathLike
from graphcl.methods.method import Method
from graphcl.methods.target_checks import check_some_metapaths
from graphcl.nn import GCNEncoder, make_activation, sum_readout


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

    cost = "one pass of the encoder: O(E d) time, O(N d) memory"
    trained: ClassVar[bool] = False
    levels = frozenset({"node", "graph"})

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


class RandomMetaPathEncoder(HeterogeneousMethod):
    """An untrained two-layer encoder over meta-paths: what training has to add to.

    ``A(act(A(x W_1) + b_1) W_2)`` with ``A`` the mean of the normalised meta-path graphs
    ``D^-1/2 A_p D^-1/2``, then each column shifted and scaled to mean 0 and variance 1 over the
    nodes (0 where it is constant): meta-paths with large hubs make all rows nearly alike, and a
    probe of few steps would see only what they share. Layers F -> 2d -> d, drawn like those of
    ``torch.nn.Linear``. For a target type without features x is the identity. Weights follow
    torch's global generator, which :func:`graphcl.methods.create_method` seeds.

    Args:
        num_features: Width of the features of each node type; None: it has none.
        num_nodes: Number of nodes of each type.
        target: The node type that is embedded.
        metapaths: Meta-paths from the target type to itself, at least one.
        width: Width of the embedding, ``d``.
        activation: A name of :data:`graphcl.nn.ACTIVATIONS`.

    Raises:
        ValueError: A width below 1, an unknown activation, no meta-path; see
            :class:`HeterogeneousMethod`.

    Example:
        >>> from graphcl.datasets import load
        >>> from graphcl.methods import create_method
        >>> data, card = load("countries")
        >>> paths = card.metapaths
        >>> method, _ = create_method("random-encoder", data, target="country", metapaths=paths)
        >>> method.embed(data).shape
        torch.Size([244, 64])
    """

    cost = "one pass of the encoder: O(E d) time, O(N d) memory"
    trained: ClassVar[bool] = False

    def __init__(
        self,
        num_features: Mapping[str, int | None],
        num_nodes: Mapping[str, int],
        *,
        target: str,
        metapaths: Sequence[MetaPathLike],
        width: int = 64,
        activation: str = "relu",
    ) -> None:
        check_whole("width", width, least=1)
        super().__init__(
            num_features,
            num_nodes,
            target=target,
            metapaths=metapaths,
            width=width,
            activation=activation,
        )
        check_some_metapaths("random-encoder", self)
        # Without features they are the identity: as many columns as nodes.
        columns = self.num_features[target] or self.num_nodes[target]
        self.first = nn.Linear(columns, 2 * width)
        self.second = nn.Linear(2 * width, width, bias=False)
        self.activation = make_activation(activation)

    def encode(self, data: HeteroData) -> Tensor:
        """Target rows ``[N, d]``."""
        paths = [PathOperator(data, path) for path in self.metapaths]
        x = data[self.target].get("x")
        hidden = self.first.weight.T if x is None else x.float() @ self.first.weight.T
        hidden = self.activation(_mean(paths, hidden) + self.first.bias)
        rows = _mean(paths, hidden @ self.second.weight.T)
        variance, mean = torch.var_mean(rows, dim=0, correction=0)
        return (rows - mean) * torch.where(variance > 0, variance, 1.0).rsqrt()


def _mean(paths: Sequence[PathOperator], rows: Tensor) -> Tensor:
    return torch.stack([path @ rows for path in paths]).mean(dim=0)
