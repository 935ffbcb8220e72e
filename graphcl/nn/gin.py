"""The graph isomorphism network of the graph-level contrastive methods."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch_geometric.nn import GINConv

from graphcl.arguments import check_whole


class GINEncoder(nn.Module):
    """PyG's ``GINConv`` layers, each with ReLU and batch normalisation; all layers side by side.

    Each convolution has an MLP Linear(·, d)-ReLU-Linear(d, d) and a fixed epsilon of 0; ReLU comes
    before the normalisation. The rows of all layers are concatenated, as
    :func:`graphcl.nn.sum_readout` sums them up for each graph. (PyG's ``GIN`` normalises inside the
    MLP and ends in a further linear layer.) It always computes in the type of its weights. Edge
    weights and features are not used.

    Sources: Xu et al., ICLR 2019, https://arxiv.org/abs/1810.00826; the codes of InfoGraph
    (sunfanyunn/InfoGraph) and GraphCL (Shen-Lab/GraphCL), which share this form.

    Args:
        num_features: Width of the input, ``F``.
        width: Width of each layer, ``d``.
        layers: Number of layers, ``L``.

    Attributes:
        out_width: Width of the rows, ``L d``.

    Raises:
        ValueError: A number below 1.

    Example:
        >>> encoder = GINEncoder(5, width=4, layers=2)
        >>> encoder(torch.ones(3, 5), torch.tensor([[0, 1], [1, 0]])).shape
        torch.Size([3, 8])
    """

    def __init__(self, num_features: int, *, width: int = 32, layers: int = 3) -> None:
        super().__init__()
        fan_in = check_whole("num_features", num_features, least=1)
        check_whole("width", width, least=1)
        self.convolutions = nn.ModuleList()
        self.norms = nn.ModuleList()
        for _ in range(check_whole("layers", layers, least=1)):
            mlp = nn.Sequential(nn.Linear(fan_in, width), nn.ReLU(), nn.Linear(width, width))
            self.convolutions.append(GINConv(mlp))
            self.norms.append(nn.BatchNorm1d(width))
            fan_in = width
        self.out_width = layers * width

    def forward(self, x: Tensor, edge_index: Tensor) -> Tensor:
        """Encode the nodes.

        Args:
            x: ``[N, F]``, cast to the type of the weights; while training, N of at least 2.
            edge_index: ``[2, E]``.

        Returns:
            ``[N, L d]``.

        Raises:
            ValueError: Fewer than 2 nodes while training, which cannot be normalised.
        """
        if self.training and len(x) < 2:
            raise ValueError(
                f"x must have at least 2 nodes while training, to be normalised, got {len(x)}"
            )
        rows = x.to(next(self.parameters()).dtype)
        found = []
        for convolution, norm in zip(self.convolutions, self.norms, strict=True):
            rows = norm(torch.relu(convolution(rows, edge_index)))
            found.append(rows)
        return torch.cat(found, dim=1)
