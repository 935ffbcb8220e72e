"""A graph convolutional encoder."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch_geometric.nn import GCNConv

from graphcl.arguments import check_whole
from graphcl.nn.activation import make_activation
from graphcl.nn.sparse import normalized_adjacency


class GCNEncoder(nn.Module):
    """PyG's ``GCNConv`` layers with an activation after EVERY layer, the last one included.

    All layers share one activation module, as GRACE does: a ``prelu`` has one slope for all. The
    edges are normalised once per pass. The encoder always computes in the type of its weights,
    float32 as a rule: sparse products have no half-precision form on a CPU.

    Sources: Kipf and Welling, https://arxiv.org/abs/1609.02907; Zhu et al. (GRACE),
    https://arxiv.org/abs/2006.04131, section 4.1.

    Args:
        num_features: Width of the input, ``F``.
        widths: Width of each layer's output; the last one is the width of the embedding, ``d``.
        activation: A name of :data:`graphcl.nn.ACTIVATIONS`.

    Raises:
        ValueError: No layer, a width below 1, an unknown activation.

    Example:
        >>> encoder = GCNEncoder(5, [8, 4])
        >>> encoder(torch.ones(3, 5), torch.tensor([[0, 1], [1, 0]])).shape
        torch.Size([3, 4])
    """

    def __init__(
        self, num_features: int, widths: Sequence[int], *, activation: str = "relu"
    ) -> None:
        super().__init__()
        if len(widths) == 0:
            raise ValueError("widths must name at least one layer, got none")
        sizes = [check_whole("num_features", num_features, least=1)]
        sizes += [check_whole("widths", width, least=1) for width in widths]
        self.layers = nn.ModuleList(
            GCNConv(fan_in, fan_out, normalize=False) for fan_in, fan_out in pairwise(sizes)
        )
        self.activation = make_activation(activation)

    def forward(self, x: Tensor, edge_index: Tensor, edge_weight: Tensor | None = None) -> Tensor:
        """Encode the nodes.

        Args:
            x: ``[N, F]``, dense or sparse CSR (:func:`graphcl.nn.compress_features`), cast to the
                type of the weights.
            edge_index: ``[2, E]``, without self-loops.
            edge_weight: ``[E]`` or None.

        Returns:
            ``[N, d]``.
        """
        with torch.autocast(x.device.type, enabled=False):
            rows = x.to(next(self.parameters()).dtype)
            adjacency = normalized_adjacency(
                edge_index, x.size(0), edge_weight=edge_weight, dtype=rows.dtype
            )
            for layer in self.layers:
                rows = self.activation(layer(rows, adjacency))
        return rows
