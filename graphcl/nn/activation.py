"""Activation functions by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from torch import nn

from graphcl.arguments import unknown_name
from graphcl.nn.shared_prelu import SharedPReLU

ACTIVATIONS: Mapping[str, Callable[[], nn.Module]] = {
    "elu": nn.ELU,
    "prelu": SharedPReLU,
    "relu": nn.ReLU,
    # GCA and ProGCL call torch's rrelu without its training flag: a leaky ReLU, nothing is random.
    "rrelu": partial(nn.LeakyReLU, 11 / 48),
    "selu": nn.SELU,
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
        raise ValueError(unknown_name("activation", name, ACTIVATIONS))
    return ACTIVATIONS[name]()
