"""Attention over whole views: one weight a view, the same for all nodes."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from graphcl.arguments import check_number, check_whole

GAIN = 1.414
"""Gain of the normal Xavier initialisation that HAN and HeCo use throughout."""


class SemanticAttention(nn.Module):
    r"""Fuse several rows of each node, one for each view, by weights that all nodes share.

    .. math:: w_v = \frac{1}{|I_v|} \sum_{i \in I_v} a^T \tanh(W z_{v,i} + b), \quad
              z_i = \sum_v \mathrm{softmax}_v(w) \, z_{v,i}

    The mean is over the nodes that have a row in the view. A view in which no node has one takes no
    part. Dropout acts on the attention vector :math:`a`.

    Source: Wang et al. (HAN), https://arxiv.org/abs/1903.07293, equations 7 to 9; Wang et al.
    (HeCo), https://arxiv.org/abs/2105.09111, equations 4, 5 and 8.

    Args:
        width: Width of the rows, ``d``.
        dropout: Share of the attention vector that a training pass zeroes, from 0 to below 1.

    Raises:
        TypeError: An argument that is no number.
        ValueError: An argument outside its range.

    Example:
        >>> views = [torch.zeros(3, 8), torch.ones(3, 8)]
        >>> SemanticAttention(8)(views).shape
        torch.Size([3, 8])
    """

    def __init__(self, width: int, *, dropout: float = 0.0) -> None:
        super().__init__()
        check_whole("width", width, least=1)
        self.dropout = check_dropout("dropout", dropout)
        self.transform = nn.Linear(width, width)
        self.vector = nn.Parameter(torch.empty(1, width))
        nn.init.xavier_normal_(self.transform.weight, gain=GAIN)
        nn.init.xavier_normal_(self.vector, gain=GAIN)

    def weights(
        self, views: Sequence[Tensor], present: Sequence[Tensor | None] | None = None
    ) -> Tensor:
        """The weight of each view, ``[V]``; their sum is 1, or 0 where no view has any row.

        Args:
            views: V times ``[N, d]``.
            present: For each view which nodes have a row there, ``[N]`` booleans, or None for all;
                None: all in all views.
        """
        masks = [None] * len(views) if present is None else list(present)
        if len(views) == 0 or len(masks) != len(views):
            raise ValueError(
                "present must have one entry for each of at least one view, got "
                f"{len(masks)} for {len(views)} views"
            )
        vector = functional.dropout(self.vector, self.dropout, self.training)
        scores, counts = [], []
        for rows, mask in zip(views, masks, strict=True):
            score = functional.linear(self.transform(rows).tanh(), vector).squeeze(1)
            count = score.new_tensor(float(len(rows))) if mask is None else mask.sum().to(score)
            scores.append((score if mask is None else score * mask).sum() / count.clamp(min=1))
            counts.append(count)
        used = torch.stack(counts) > 0
        # A finite floor: of -inf alone softmax makes NaN.
        weights = torch.stack(scores).masked_fill(~used, -1e30).softmax(0)
        return weights * used

    def forward(
        self, views: Sequence[Tensor], present: Sequence[Tensor | None] | None = None
    ) -> Tensor:
        """The weighted sum of the views, ``[N, d]``; arguments as of :meth:`weights`."""
        return torch.einsum("v,vnd->nd", self.weights(views, present), torch.stack(tuple(views)))

    def extra_repr(self) -> str:
        """Arguments, for printing."""
        return f"dropout={self.dropout}"


def check_dropout(name: str, value: float) -> float:
    """Return a share from 0 to below 1, else raise naming ``name``."""
    if not 0 <= check_number(name, value) < 1:
        raise ValueError(f"{name} must be from 0 to below 1, got {value}")
    return float(value)
