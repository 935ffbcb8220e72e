"""Which arguments a class takes, itself and by its base classes."""

from __future__ import annotations

import inspect
from collections.abc import Iterable

from graphcl.arguments import unknown_name


def arguments_of(cls: type) -> list[inspect.Parameter]:
    """The named arguments of a class, with those that it passes on to its base classes."""
    found: dict[str, inspect.Parameter] = {}
    for base in cls.__mro__:
        if "__init__" not in vars(base):
            continue
        arguments = inspect.signature(base.__init__).parameters.values()  # type: ignore[misc]
        for argument in arguments:
            if argument.kind in (argument.KEYWORD_ONLY, argument.POSITIONAL_OR_KEYWORD):
                found.setdefault(argument.name, argument)
        if all(argument.kind is not argument.VAR_KEYWORD for argument in arguments):
            break
    return list(found.values())


def keyword_arguments(cls: type) -> list[inspect.Parameter]:
    """Those that are given by name only."""
    return [argument for argument in arguments_of(cls) if argument.kind is argument.KEYWORD_ONLY]


def check_names(cls: type, given: Iterable[str]) -> None:
    """Raise ``TypeError`` for a name that is no argument.

    Python does not, where a class passes on by ``**options`` what it does not know itself.
    """
    known = [argument.name for argument in arguments_of(cls) if argument.name != "self"]
    for name in given:
        if name not in known:
            raise TypeError(f"{cls.__name__}: {unknown_name('argument', name, known)}")
