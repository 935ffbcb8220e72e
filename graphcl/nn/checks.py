"""Argument checks that the modules of this folder share."""

from __future__ import annotations


def check_width(name: str, value: int) -> int:
    """Return ``value`` if it is a whole number of at least 1, else raise naming ``name``."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} must be a whole number, got {value!r}")
    if value < 1:
        raise ValueError(f"{name} must be at least 1, got {value}")
    return value
