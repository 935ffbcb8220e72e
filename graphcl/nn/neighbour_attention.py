"""Attention over a few neighbours of each node, drawn beforehand."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from graphcl.arguments import check_whole
from graphcl.nn.semantic_attention import GAIN, check_dropout

SLOPE = 0.01


class NeighbourAttention(nn.Module):
    r"""Weigh the neighbours of one relation that were drawn for each node.

    .. math:: e_{ij} = \mathrm{LeakyReLU}(a^T [h_i \| h_j]), \quad
              g_i = \mathrm{ELU}\Big(\sum_j \mathrm{softmax}_j(e_{ij}) \, h_j\Big)

    The sums are over the draws of node i: a neighbour that was drawn twice counts twice. The own
    row of the node steers the weights, it is not part of the result. Dropout acts on the attention
    vector :math:`a`. Memory is O((N + M) d): the rows of the draws are never gathered.

    Source: Wang et al. (HeCo), https://arxiv.org/abs/2105.09111, equations 2 and 3.

    Args:
        width: Width of the rows, ``d``.
        dropout: Share of the attention vector that a training pass zeroes, from 0 to below 1.

    Raises:
        TypeError: An argument that is no number.
        ValueError: An argument outside its range.

    Example:
        >>> attention = NeighbourAttention(4)
        >>> drawn = torch.tensor([[0, 2], [1, 1]])
        >>> attention(torch.ones(2, 4), torch.ones(3, 4), drawn)
        tensor([[1., 1., 1., 1.],
                [1., 1., 1., 1.]], grad_fn=<EluBackward0>)
    """

    def __init__(self, width: int, *, dropout: float = 0.0) -> None:
        super().__init__()
        self.width = check_whole("width", width, least=1)
        self.dropout = check_dropout("dropout", dropout)
        self.vector = nn.Parameter(torch.empty(1, 2 * width))
        nn.init.xavier_normal_(self.vector, gain=GAIN)

    def forward(
        self, targets: Tensor, neighbours: Tensor, drawn: Tensor, present: Tensor | None = None
    ) -> Tensor:
        """The weighted neighbours of each node.

        Args:
            targets: Rows of the nodes, ``[N, d]``.
            neighbours: Rows of the other type, ``[M, d]``.
            drawn: Numbers of neighbours, ``[N, q]`` (:func:`graphcl.sampling.draw_neighbours`).
            present: Which nodes have a neighbour, ``[N]`` booleans; None: all.

        Returns:
            ``[N, d]``, 0 for a node without neighbours.
        """
        vector = functional.dropout(self.vector, self.dropout, self.training)
        own, other = vector.squeeze(0).split(self.width)
        scores = functional.leaky_relu(
            (targets @ own)[:, None] + (neighbours @ other)[drawn], SLOPE
        )
        weights = scores.softmax(1)
        if present is not None:
            weights = weights * present[:, None]
        rows = functional.embedding_bag(drawn, neighbours, mode="sum", per_sample_weights=weights)
        return functional.elu(rows)

    def extra_repr(self) -> str:
        """Arguments, for printing."""
        return f"width={self.width}, dropout={self.dropout}"
