"""Initial weights."""

from __future__ import annotations

from torch import nn


def reset_linear(module: nn.Module) -> None:
    """Draw the weights of all linear layers inside anew (Xavier, uniform), biases become zero.

    As the codes of InfoGraph, GraphCL and SimGRACE do. Weights follow torch's global generator.

    Args:
        module: Changed in place.

    Example:
        >>> layer = nn.Linear(2, 2)
        >>> reset_linear(layer)
        >>> layer.bias.tolist()
        [0.0, 0.0]
    """
    for part in module.modules():
        if isinstance(part, nn.Linear):
            nn.init.xavier_uniform_(part.weight)
            if part.bias is not None:
                nn.init.zeros_(part.bias)
