"""The head between encoder and contrastive loss."""

from __future__ import annotations

from torch import Tensor, nn

from graphcl.arguments import check_whole


class Projector(nn.Module):
    """Two linear layers with an ELU between: ``[N, d] -> [N, p] -> [N, d]``.

    The loss sees the projected rows, the user gets the rows before it. As in GRACE
    (https://arxiv.org/abs/2006.04131, section 3.2.2).

    Args:
        width: Width of the rows, ``d``.
        hidden: Width between the layers, ``p``; None: ``d``.

    Raises:
        ValueError: A width below 1.

    Example:
        >>> import torch
        >>> Projector(8, hidden=4)(torch.zeros(5, 8)).shape
        torch.Size([5, 8])
    """

    def __init__(self, width: int, *, hidden: int | None = None) -> None:
        super().__init__()
        check_whole("width", width, least=1)
        hidden = width if hidden is None else check_whole("hidden", hidden, least=1)
        self.first = nn.Linear(width, hidden)
        self.activation = nn.ELU()
        self.second = nn.Linear(hidden, width)

    def forward(self, rows: Tensor) -> Tensor:
        """Project the rows, ``[N, d] -> [N, d]``."""
        projected: Tensor = self.second(self.activation(self.first(rows)))
        return projected
