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
    """Three linear layers, an activation after each, plus a linear layer past them.

    InfoGraph has one for nodes and one for graphs (Sun et al., ICLR 2020, and its code,
    sunfanyunn/InfoGraph), and so has MVGRL (kavehhassani/mvgrl).

    Args:
        width: Width of the rows, ``d``.
        out_width: Width of the projected rows, ``p``; None: ``d``.
        activation: A name of :data:`graphcl.nn.ACTIVATIONS`.

    Raises:
        ValueError: A width below 1, an unknown activation.

    Example:
        >>> import torch
        >>> ShortcutProjector(8)(torch.zeros(5, 8)).shape
        torch.Size([5, 8])
    """

    def __init__(
        self, width: int, *, out_width: int | None = None, activation: str = "relu"
    ) -> None:
        super().__init__()
        check_whole("width", width, least=1)
        out = width if out_width is None else check_whole("out_width", out_width, least=1)
        layers: list[nn.Module] = []
        for fan_in in (width, out, out):
            layers += [nn.Linear(fan_in, out), make_activation(activation)]
        self.layers = nn.Sequential(*layers)
        self.shortcut = nn.Linear(width, out)

    def forward(self, rows: Tensor) -> Tensor:
        """Project the rows, ``[N, d] -> [N, p]``."""
        projected: Tensor = self.layers(rows) + self.shortcut(rows)
        return projected
