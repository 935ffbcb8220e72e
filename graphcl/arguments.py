"""What every folder asks of arguments, and how messages are worded.

Whole numbers, numbers, names that exist: the messages name the argument, what was given and what is
allowed.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Sequence
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

LARGEST_SEED = 2**32 - 1
"""Seeds run from 0 to this number, the largest that NumPy's global generator takes."""

_MOST_LISTED = 8


def check_whole(name: str, value: int, *, least: int, most: int | None = None) -> int:
    """Return a whole number (Python's or NumPy's) of a range as an int.

    Args:
        name: Name of the argument, for the message.
        value: What was given.
        least: Smallest value allowed.
        most: Largest value allowed; None: any.

    Raises:
        TypeError: No whole number.
        ValueError: Outside the range.

    Example:
        >>> check_whole("epochs", -1, least=0)
        Traceback (most recent call last):
        ...
        ValueError: epochs must be at least 0, got -1
    """
    if isinstance(value, bool) or not isinstance(value, int | Integral):
        raise TypeError(f"{name} must be a whole number, got {value!r}")
    if value < least or (most is not None and value > most):
        allowed = f"at least {least}" if most is None else f"from {least} to {most}"
        raise ValueError(f"{name} must be {allowed}, got {value}")
    return int(value)


def check_seed(seed: int) -> int:
    """Return a seed if it is a whole number from 0 to `LARGEST_SEED`; raise as `check_whole`."""
    return check_whole("seed", seed, least=0, most=LARGEST_SEED)


def check_number(name: str, value: float) -> float:
    """Return a finite number (Python's or NumPy's) as a float.

    Args:
        name: Name of the argument, for the message.
        value: What was given.

    Raises:
        TypeError: No number.
        ValueError: NaN or infinite.

    Example:
        >>> check_number("temperature", 1)
        1.0
    """
    if isinstance(value, bool) or not isinstance(value, Real | float):
        raise TypeError(f"{name} must be a number, got {value!r}")
    if not math.isfinite(value):
        raise ValueError(f"{name} must be finite, got {value}")
    return float(value)


def all_finite(values: Tensor) -> bool:
    """Whether a tensor holds neither NaN nor infinite values.

    Example:
        >>> import torch
        >>> all_finite(torch.tensor([1.0, 2.0])), all_finite(torch.tensor([1.0, torch.inf]))
        (True, False)
    """
    # one pass instead of four: a finite sum has finite terms; an infinite one may have overflowed
    values = values.detach()
    return bool(values.sum().isfinite()) or bool(values.isfinite().all())


def one_for_each(name: str, value: Any, things: str, number: int) -> list[Any]:
    """A value for each of several things: those given, or one and the same for all.

    Args:
        name: Name of the argument, for the message.
        value: A list or tuple of values, or a single one.
        things: What they are for, for the message.
        number: How many things there are.

    Raises:
        ValueError: Another number of values than of things.

    Example:
        >>> one_for_each("keep", 5, "meta-paths", 2)
        [5, 5]
        >>> one_for_each("keep", [5], "meta-paths", 2)
        Traceback (most recent call last):
        ...
        ValueError: keep must be one value, or one for each of the 2 meta-paths, got [5]
    """
    if not isinstance(value, list | tuple):
        return [value] * number
    if len(value) != number:
        raise ValueError(
            f"{name} must be one value, or one for each of the {number} {things}, got {value!r}"
        )
    return list(value)


def unknown_name(kind: str, name: object, known: Iterable[str]) -> str:
    """Write the message for a name that does not exist, with the nearest that does.

    Args:
        kind: What it would be the name of.
        name: What was given; upper and lower case are alike in the search for the nearest.
        known: The names that exist.

    Example:
        >>> unknown_name("method", "grac", ["raw", "grace"])
        "unknown method 'grac'; did you mean 'grace'? Known: grace, raw"
        >>> unknown_name("method", "xyz", ["raw", "grace"])
        "unknown method 'xyz'. Known: grace, raw"
    """
    by_lower = {entry.lower(): entry for entry in sorted(known, key=str.lower)}
    nearest = difflib.get_close_matches(str(name).lower(), by_lower, n=1, cutoff=0.5)
    hint = f"; did you mean {by_lower[nearest[0]]!r}?" if nearest else "."
    return f"unknown {kind} {name!r}{hint} Known: {', '.join(by_lower.values()) or 'none'}"


def plural(number: int, thing: str) -> str:
    """A number and a thing.

    Example:
        >>> plural(1, "self-loop"), plural(2000, "edge")
        ('1 self-loop', '2,000 edges')
    """
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def listed(names: Sequence[str]) -> str:
    """Names for a message, the first eight of many.

    Example:
        >>> listed(("age", "height"))
        'age, height'
    """
    shown = ", ".join(names[:_MOST_LISTED])
    more = len(names) - _MOST_LISTED
    return shown if more <= 0 else f"{shown} and {more} more"
