"""Argument checks that the methods share."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from torch_geometric.data import HeteroData

from graphcl.arguments import check_number


def check_flag(name: str, value: bool) -> bool:
    """Return ``value`` if it is True or False, else raise naming ``name``."""
    if not isinstance(value, bool):
        raise TypeError(f"{name} must be true or false, got {value!r}")
    return value


def check_share(name: str, value: float) -> float:
    """Return ``value`` if it is a number from 0 to 1, else raise naming ``name``."""
    number = check_number(name, value)
    if not 0 <= number <= 1:
        raise ValueError(f"{name} must be from 0 to 1, got {value}")
    return number


def check_temperature(value: float) -> float:
    """Return the temperature if it is a number above 0, else raise."""
    number = check_number("temperature", value)
    if number <= 0:
        raise ValueError(f"temperature must be above 0, got {value}")
    return number


Rates = float | Sequence[float]
"""One rate for both views, or one for each."""


def check_rates(name: str, values: Rates) -> tuple[float, float]:
    """Return one rate from 0 to 1 for each of two views, else raise naming ``name``."""
    if not isinstance(values, Sequence):
        values = (values, values)
    if not isinstance(values, (list, tuple)) or len(values) != 2:
        raise ValueError(
            f"{name} must be one rate for both views or two, one for each, got {values!r}"
        )
    first, second = (check_share(name, value) for value in values)
    return first, second


def check_kind(method: str, data: object, *, heterogeneous: bool) -> None:
    """Raise ``ValueError`` where a graph has, or has not, several types of nodes and edges."""
    if isinstance(data, HeteroData) is not heterogeneous:
        raise ValueError(wrong_kind(method, heterogeneous=heterogeneous))


def wrong_level(method: str, levels: Collection[str], level: str) -> str:
    """The message for data of a level that the method does not have."""
    what = "a single graph" if level == "node" else "a list of graphs"
    return (
        f"{method} works at {' and '.join(sorted(levels))} level, the data are {what} "
        f"({level} level)"
    )


def wrong_kind(method: str, *, heterogeneous: bool) -> str:
    """The message for a graph of the other kind than the method is for."""
    if heterogeneous:
        return (
            f"{method} embeds one type of the nodes of a HeteroData, got a graph without types of "
            "nodes and edges"
        )
    return (
        f"{method} embeds graphs with one type of nodes and edges, got HeteroData; "
        "data.to_homogeneous() makes one of it"
    )
