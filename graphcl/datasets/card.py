"""What is known about a data set before it is loaded: its card, a YAML file in `cards/`."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import yaml

from graphcl.datasets.loaders import EMBEDDED_LOADERS, LOADERS
from graphcl.datasets.pyg_loaders import PYG_LOADERS
from graphcl.datasets.raw_files import find_raw_folder

LEVELS = ("node", "graph")
Kind = Literal["node", "graph", "heterogeneous"]
"""What is embedded: the nodes of a graph, the graphs of a list, one type of a graph's nodes."""
TASKS = ("classification", "clustering", "regression")

_TEXTS = ("name", "description", "level", "loader", "licence", "source")
_OPTIONAL_TEXTS = ("split", "target")
_COUNTS = ("num_nodes", "num_edges", "num_graphs")
_LISTS = ("tasks", "graph_files")
_SIZES = ("node_types", "edge_types")
_OPTIONAL = ("split", "target", "metapaths", *_SIZES)


@dataclass(frozen=True)
class DataCard:
    """A data set's declaration: where it comes from, how it is loaded, what it holds.

    Attributes:
        name: the name that `load` knows it by (upper and lower case alike).
        description: one sentence.
        level: `"node"` (one graph, its nodes have labels) or `"graph"` (a list of graphs).
        tasks: what it is used for: `"classification"`, `"clustering"`, `"regression"`.
        num_classes: number of classes; None if the labels are numbers (`"regression"`).
        num_nodes: number of nodes, over all graphs and node types.
        num_edges: number of entries of `edge_index`, over all graphs and edge types: an undirected
            edge is two.
        num_features: number of features of a node, of the target type if there are several types;
            0: the set has none, `x` is missing.
        num_graphs: number of graphs.
        licence: the licence, and who states it.
        source: where the data come from.
        loader: the class of `torch_geometric.datasets`, or the generator of this package.
        arguments: its arguments; `root` is relative to the folder of all data sets.
        graph_files: the raw files that it needs, relative to that folder; none if embedded.
        split: the split that the data carry as masks, and its protocol; None: they carry none.
        target: the node type that has the labels; None: all nodes are of one type.
        metapaths: sequences of node types from target to target that the field compares nodes by,
            (author, paper, author) for example.
        node_types: number of nodes of each type; empty if there is one type only.
        edge_types: number of edges of each type, by its three words: `paper to author`.
    """

    name: str
    description: str
    level: str
    tasks: tuple[str, ...]
    num_classes: int | None
    num_nodes: int
    num_edges: int
    num_features: int
    num_graphs: int | None
    licence: str
    source: str
    loader: str
    arguments: Mapping[str, Any] = field(hash=False)
    graph_files: tuple[str, ...] = ()
    split: str | None = None
    target: str | None = None
    metapaths: tuple[tuple[str, ...], ...] = ()
    node_types: Mapping[str, int] = field(default_factory=dict, hash=False)
    edge_types: Mapping[str, int] = field(default_factory=dict, hash=False)

    @property
    def heterogeneous(self) -> bool:
        """Whether it has several types of nodes or edges (`HeteroData`)."""
        return self.target is not None

    @property
    def kind(self) -> Kind:
        """What a method must be able to embed, its level or that it is heterogeneous."""
        if self.heterogeneous:
            return "heterogeneous"
        return "graph" if self.level == "graph" else "node"

    @property
    def embedded(self) -> bool:
        """Whether it needs neither files nor network."""
        return self.loader in EMBEDDED_LOADERS

    @property
    def downloadable(self) -> bool:
        """Whether PyG can download its files; the others must be put there by hand."""
        return self.loader in PYG_LOADERS

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
    needed = known - set(_OPTIONAL)
    for problem, names in (("lacks", needed - set(content)), ("has unknown", set(content) - known)):
        if names:
            raise ValueError(
                f"data card {origin} {problem} field(s): {', '.join(sorted(map(str, names)))}"
            )
    for key, value in content.items():
        wanted = _what_is_wrong(key, value)
        if wanted is not None:
            raise ValueError(f"data card {origin}: {key} must be {wanted}, got {value!r}")

    card = DataCard(**{key: _frozen(value) for key, value in content.items()})
    contradiction = _contradiction(card)
    if contradiction is not None:
        raise ValueError(f"data card {origin}: {contradiction}")
    return card


def _frozen(value: Any) -> Any:
    return tuple(_frozen(part) for part in value) if isinstance(value, list) else value


def _what_is_wrong(key: str, value: Any) -> str | None:
    """What the field should have been, or None if it is right."""
    if key in _TEXTS and not _is_text(value):
        return "a text"
    if key in _OPTIONAL_TEXTS and not (value is None or _is_text(value)):
        return "a text or null"
    if key in _COUNTS and not _is_count(value, least=1):
        return "an integer of at least 1"
    if key == "num_features" and not _is_count(value, least=0):
        return "an integer of at least 0"
    if key == "num_classes" and not (value is None or _is_count(value, least=1)):
        return "an integer of at least 1, or null"
    if key in _LISTS and not _is_list_of_texts(value):
        return "a list of texts"
    if key == "metapaths" and not (
        isinstance(value, list) and all(_is_list_of_texts(path) for path in value)
    ):
        return "a list of lists of node types"
    if key in _SIZES and not (
        isinstance(value, dict)
        and all(_is_text(name) and _is_count(size, least=0) for name, size in value.items())
    ):
        return "a mapping from types to their numbers"
    if key == "arguments" and not isinstance(value, dict):
        return "a mapping"
    choices = {"level": LEVELS, "loader": LOADERS}
    if key in choices and value not in choices[key]:
        return "one of " + ", ".join(choices[key])
    if key == "tasks" and (not value or not set(value) <= set(TASKS)):
        return "one or more of " + ", ".join(TASKS)
    return None


def _contradiction(card: DataCard) -> str | None:
    """What two fields say differently, or None if they agree."""
    if card.embedded == bool(card.graph_files):
        needs = "no files" if card.embedded else "at least one file"
        return f"loader {card.loader} needs {needs} in graph_files"
    if (card.num_classes is None) != (card.tasks == ("regression",)):
        return "num_classes must be null where the one task is regression, and nowhere else"
    if card.target is None:
        given = [key for key in ("metapaths", *_SIZES) if getattr(card, key)]
        return f"{', '.join(given)} need a target node type" if given else None
    if card.target not in card.node_types:
        return f"target {card.target!r} must be one of node_types: {', '.join(card.node_types)}"
    steps = set()
    for name in card.edge_types:
        words = name.split()
        if len(words) != 3 or not {words[0], words[2]} <= set(card.node_types):
            return f"edge type {name!r} must be two of node_types with a relation between them"
        steps.add((words[0], words[2]))
    for path in card.metapaths:
        ends_at_target = len(path) > 1 and path[0] == path[-1] == card.target
        if not (ends_at_target and set(pairwise(path)) <= steps):
            return (
                f"meta-path {'-'.join(path)} must lead from {card.target} to {card.target} "
                "along edge_types"
            )
    return None


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_count(value: Any, *, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def _is_list_of_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(part, str) for part in value)
