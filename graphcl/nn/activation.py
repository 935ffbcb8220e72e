"""Activation functions by name."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping

from torch import nn

ACTIVATIONS: Mapping[str, Callable[[], nn.Module]] = {
    "elu": nn.ELU,
    "prelu": nn.PReLU,
    "relu": nn.ReLU,
}
"""The activations that encoders offer, by the name used in settings."""


def make_activation(name: str) -> nn.Module:
    """A new activation module.

    Args:
        name: One of :data:`ACTIVATIONS`.

    Raises:
        ValueError: An unknown name.

    Example:
        >>> make_activation("relu")
        ReLU()
    """
    if name not in ACTIVATIONS:
        near = difflib.get_close_matches(str(name), ACTIVATIONS, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"activation must be one of {sorted(ACTIVATIONS)}, got {name!r}{hint}")
    return ACTIVATIONS[name]()
