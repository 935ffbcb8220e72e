"""What is known about a data set before it is loaded: its card, a YAML file in `cards/`."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from graphcl.datasets.loaders import EMBEDDED_LOADERS, PYG_LOADERS
from graphcl.datasets.raw_files import find_raw_folder

LEVELS = ("node", "graph")
TASKS = ("classification", "clustering")

_TEXTS = ("name", "description", "level", "loader", "licence", "source")
_COUNTS = ("num_nodes", "num_edges", "num_features", "num_classes", "num_graphs")
_LISTS = ("tasks", "graph_files")


@dataclass(frozen=True)
class DataCard:
    """A data set's declaration: where it comes from, how it is loaded, what it holds.

    Attributes:
        name: the name that `load` knows it by (upper and lower case alike).
        description: one sentence.
        level: `"node"` (one graph, its nodes have labels) or `"graph"` (a list of graphs).
        tasks: what it is used for: `"classification"`, `"clustering"`.
        num_classes: number of classes.
        num_nodes: number of nodes, over all graphs.
        num_edges: number of entries of `edge_index`, over all graphs: an undirected edge is two.
        num_features: number of features of a node.
        num_graphs: number of graphs.
        licence: the licence, and who states it.
        source: where the data come from.
        loader: the class of `torch_geometric.datasets`, or the generator of this package.
        arguments: its arguments; `root` is relative to the folder of all data sets.
        graph_files: the raw files that it needs, relative to that folder; none if embedded.
    """

    name: str
    description: str
    level: str
    tasks: tuple[str, ...]
    num_classes: int
    num_nodes: int
    num_edges: int
    num_features: int
    num_graphs: int | None
    licence: str
    source: str
    loader: str
    arguments: Mapping[str, Any] = field(hash=False)
    graph_files: tuple[str, ...] = ()

    @property
    def embedded(self) -> bool:
        """Whether it needs neither files nor network."""
        return self.loader in EMBEDDED_LOADERS

    def is_present(self, root: str | Path | None = None) -> bool:
        """Whether `load(name, root)` finds all it needs on this machine.

        Args:
            root: the folder of all data sets; by default `$GRAPHCL_DATA`, then `./datasets`.
        """
        return self.embedded or find_raw_folder(self.graph_files, root) is not None


def read_card(text: str, *, origin: str) -> DataCard:
    """Read a card and check every field of it.

    Args:
        text: the YAML text.
        origin: where it comes from, for error messages.

    Raises:
        ValueError: if it is no YAML mapping, or a field is missing, unknown, or of wrong type or
            value; the message names the card and the field.
    """
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        reason = " ".join(str(error).split())
        raise ValueError(f"data card {origin} is not valid YAML: {reason}") from None
    if not isinstance(content, dict):
        raise ValueError(f"data card {origin} must be a mapping, got {type(content).__name__}")

    known = {f.name for f in dataclasses.fields(DataCard)}
    for problem, names in (("lacks", known - set(content)), ("has unknown", set(content) - known)):
        if names:
            raise ValueError(
                f"data card {origin} {problem} field(s): {', '.join(sorted(map(str, names)))}"
            )
    for key in known:
        wanted = _what_is_wrong(key, content[key])
        if wanted is not None:
            raise ValueError(f"data card {origin}: {key} must be {wanted}, got {content[key]!r}")

    fields: dict[str, Any] = {
        key: tuple(value) if key in _LISTS else value for key, value in content.items()
    }
    card = DataCard(**fields)
    if card.embedded == bool(card.graph_files):
        needs = "no files" if card.embedded else "at least one file"
        raise ValueError(f"data card {origin}: loader {card.loader} needs {needs} in graph_files")
    return card


def _what_is_wrong(key: str, value: Any) -> str | None:
    """What the field should have been, or None if it is right."""
    if key in _TEXTS and not (isinstance(value, str) and value.strip()):
        return "a text"
    if key in _COUNTS and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
        return "an integer of at least 1"
    if key in _LISTS and not (isinstance(value, list) and all(isinstance(v, str) for v in value)):
        return "a list of texts"
    if key == "arguments" and not isinstance(value, dict):
        return "a mapping"
    choices = {"level": LEVELS, "loader": (*EMBEDDED_LOADERS, *PYG_LOADERS)}
    if key in choices and value not in choices[key]:
        return "one of " + ", ".join(choices[key])
    if key == "tasks" and (not value or not set(value) <= set(TASKS)):
        return "one or more of " + ", ".join(TASKS)
    return None
