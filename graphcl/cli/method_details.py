"""`graphcl methods NAME`: the arguments of one method, and the settings published for it."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

    from graphcl.datasets import Kind
    from graphcl.methods import MethodEntry, PublishedSettings

KINDS: dict[Kind, str] = {
    "node": "nodes",
    "graph": "graphs",
    "heterogeneous": "nodes of one type of a graph that has several",
}


def show_method(entry: MethodEntry, out: Console) -> None:
    """Print what the registry knows of a method."""

    def say(text: str, style: str | None = None) -> None:
        out.print(text, markup=False, highlight=False, style=style)

    say(f"{entry.name}: {entry.summary}", "bold")
    for cls in entry.classes:
        kinds = [kind for kind in KINDS if kind in entry.kinds and entry.class_for(kind) is cls]
        defaults, training = entry.settings_for(None, kinds[0])
        names = entry.parameter_names(kinds[0])
        if entry.trained:
            names = names[: -len(fields(training))]
        arguments = [f"{name}={defaults[name]}" if name in defaults else name for name in names]
        data = " and ".join(KINDS[kind] for kind in kinds)
        say(f"\nFor {data}: graphcl.methods.{cls.__name__}", "bold")
        if cls.cost:
            say(f"Cost: {cls.cost}")
        say(f"Arguments (--set NAME=VALUE): {', '.join(arguments) or 'none'}")
        if entry.trained:
            say(f"Training: {training}")
    by_source: dict[str, list[PublishedSettings]] = {}
    for one in entry.settings.values():
        by_source.setdefault(one.source, []).append(one)
    for source, group in by_source.items():
        say(f"\nSettings: {source}", "bold")
        for one in group:
            changed = ", ".join(f"{name}={value}" for name, value in one.parameters.items())
            trained = "" if one.training is None or not entry.trained else f"; {one.training}"
            say(f"{one.dataset}: {changed or 'the defaults'}{trained}")
