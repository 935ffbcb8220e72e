"""Heads between encoder and contrastive loss."""

from __future__ import annotations

from torch import Tensor, nn

from graphcl.arguments import check_whole
from graphcl.nn.activation import make_activation


class Projector(nn.Module):
    """Two linear layers with an activation between: ``[N, d] -> [N, p] -> [N, d]``.

    The loss sees the projected rows, the user gets the rows before it. As in GRACE
    (https://arxiv.org/abs/2006.04131, section 3.2.2).

    Args:
        width: Width of the rows, ``d``.
        hidden: Width between the layers, ``p``; None: ``d``.
        activation: A name of :data:`graphcl.nn.ACTIVATIONS`.

    Raises:
        ValueError: A width below 1, an unknown activation.

    Example:
        >>> import torch
        >>> Projector(8, hidden=4)(torch.zeros(5, 8)).shape
        torch.Size([5, 8])
    """

    def __init__(self, width: int, *, hidden: int | None = None, activation: str = "elu") -> None:
        super().__init__()
        check_whole("width", width, least=1)
        hidden = width if hidden is None else check_whole("hidden", hidden, least=1)
        self.first = nn.Linear(width, hidden)
        self.activation = make_activation(activation)
        self.second = nn.Linear(hidden, width)

    def forward(self, rows: Tensor) -> Tensor:
        """Project the rows, ``[N, d] -> [N, d]``."""
        projected: Tensor = self.second(self.activation(self.first(rows)))
        return projected


class ShortcutProjector(nn.Module):
    """Three linear layers with a ReLU after each, plus a linear layer past them: ``[N, d]`` each.

    InfoGraph has one for nodes and one for graphs (Sun et al., ICLR 2020, and its code,
    sunfanyunn/InfoGraph).

    Args:
        width: Width of the rows, ``d``.

    Raises:
        ValueError: A width below 1.

    Example:
        >>> import torch
        >>> ShortcutProjector(8)(torch.zeros(5, 8)).shape
        torch.Size([5, 8])
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        check_whole("width", width, least=1)
        layers = [module for _ in range(3) for module in (nn.Linear(width, width), nn.ReLU())]
        self.layers = nn.Sequential(*layers)
        self.shortcut = nn.Linear(width, width)

    def forward(self, rows: Tensor) -> Tensor:
        """Project the rows, ``[N, d] -> [N, d]``."""
        projected: Tensor = self.layers(rows) + self.shortcut(rows)
        return projected
