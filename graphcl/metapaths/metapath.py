"""Meta-paths: sequences of edge types, written, parsed and checked against a graph."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from torch_geometric.data import HeteroData

from graphcl.arguments import listed, unknown_name

EdgeType = tuple[str, str, str]
"""Source type, relation and target type of edges, as PyG has them."""

# Between two node types: a hyphen, or a relation in brackets between two.
_STEP = re.compile(r"-\[([^\]]*)\]-|-")


@dataclass(frozen=True)
class MetaPath:
    """A sequence of edge types, each of which starts at the type where the one before ends.

    Attributes:
        edge_types: The edge types in the order of the path, at least one.

    Raises:
        TypeError: `edge_types` is no sequence of triples of texts.
        ValueError: There is none, or two that follow each other do not join.

    Example:
        >>> path = MetaPath((("paper", "to", "author"), ("author", "rev_to", "paper")))
        >>> str(path), path.node_types, path.inner, len(path)
        ('paper-author-paper', ('paper', 'author', 'paper'), ('author',), 2)
    """

    edge_types: tuple[EdgeType, ...]

    def __post_init__(self) -> None:
        steps = _edge_types(self.edge_types)
        if not steps:
            raise ValueError("a meta-path needs at least one edge type, got none")
        for place, (first, second) in enumerate(pairwise(steps), start=1):
            if first[2] != second[0]:
                raise ValueError(
                    f"edge types of a meta-path must join: step {place} {first} ends at "
                    f"{first[2]!r}, but step {place + 1} {second} starts at {second[0]!r}"
                )
        object.__setattr__(self, "edge_types", steps)

    @property
    def start(self) -> str:
        """Node type where the path starts."""
        return self.edge_types[0][0]

    @property
    def end(self) -> str:
        """Node type where the path ends."""
        return self.edge_types[-1][2]

    @property
    def node_types(self) -> tuple[str, ...]:
        """Node types of all positions, 0 (the start) to `len(path)` (the end)."""
        return (self.start, *(step[2] for step in self.edge_types))

    @property
    def inner(self) -> tuple[str, ...]:
        """Node types of the positions between start and end."""
        return self.node_types[1:-1]

    def prefix(self, position: int) -> MetaPath:
        """The path from its start to a position, 1 to `len(path)`.

        Raises:
            ValueError: There is no such position.
        """
        if not 1 <= position <= len(self):
            raise ValueError(f"position must be from 1 to {len(self)} for {self}, got {position}")
        return MetaPath(self.edge_types[:position])

    def name(self, data: HeteroData) -> str:
        """The path as `parse` reads it: node types, and the relations that a graph leaves open.

        Example:
            >>> import torch
            >>> from graphcl.datasets import load
            >>> data, _ = load("countries")
            >>> data["country", "dreams_in", "language"].edge_index = torch.empty(2, 0).long()
            >>> MetaPath.parse("language-country-currency", data).name(data)
            'language-country-currency'
            >>> MetaPath.parse("country-[speaks]-language-country", data).name(data)
            'country-[speaks]-language-country'
        """
        written = self.start
        for source, relation, end in self.edge_types:
            open_relation = len(_between(data, source, end)) != 1
            written += f"-[{relation}]-{end}" if open_relation else f"-{end}"
        return written

    def __len__(self) -> int:
        """Number of steps (edge types)."""
        return len(self.edge_types)

    def __str__(self) -> str:
        return "-".join(self.node_types)

    @classmethod
    def parse(
        cls, text: str | Sequence[str] | Sequence[EdgeType] | MetaPath, data: HeteroData
    ) -> MetaPath:
        """Read a meta-path and check it against a graph.

        Args:
            text: The meta-path in one of these forms:

                - `"paper-author-paper"`: node types, where a single relation leads from each to the
                  next;
                - `"paper-[cites]-paper-author"`: with relations in brackets, where several do (or
                  wherever wanted);
                - `("paper", "author", "paper")`: node types, also those with hyphens in them;
                - `(("paper", "to", "author"), ("author", "rev_to", "paper"))`: edge types;
                - a `MetaPath`.
            data: The graph.

        Raises:
            TypeError: `data` is no `HeteroData`, or `text` none of the forms above.
            ValueError: The graph lacks a node type or relation of the path, or several relations
                are possible; the message lists those that exist.

        Example:
            >>> from graphcl.datasets import load
            >>> data, _ = load("countries")
            >>> MetaPath.parse("country-language-country", data).edge_types[0]
            ('country', 'speaks', 'language')
        """
        check_heterogeneous(data)
        if isinstance(text, MetaPath):
            return _checked(text, data)
        if isinstance(text, str):
            parts: list[str | None] = [part and part.strip() for part in _STEP.split(text)]
            return _from_names(parts[::2], parts[1::2], data, text)
        if not isinstance(text, Sequence) or not text:
            raise TypeError(
                "a meta-path must be a text such as 'paper-author-paper', a sequence of node "
                f"types or of edge types, or a MetaPath; got {text!r}"
            )
        names = [part for part in text if isinstance(part, str)]
        if len(names) == len(text):
            return _from_names(names, [None] * (len(names) - 1), data, "-".join(names))
        return _checked(cls(_edge_types(text)), data)


def check_heterogeneous(data: HeteroData) -> None:
    """Refuse what is no heterogeneous graph.

    Raises:
        TypeError: `data` is no `HeteroData`.
    """
    if not isinstance(data, HeteroData):
        raise TypeError(f"data must be a HeteroData, got {type(data).__name__}")


def check_node_type(name: str, value: str, data: HeteroData) -> str:
    """Return a node type of a graph.

    Raises:
        ValueError: The graph has no such type.
    """
    if value not in data.node_types:
        raise ValueError(f"{name}: {unknown_name('node type', value, data.node_types)}")
    return value


def shown(edge_types: Iterable[EdgeType]) -> str:
    """Edge types for a message, as parts of meta-paths are written."""
    return listed([f"{source}-[{relation}]-{end}" for source, relation, end in edge_types])


def _from_names(
    types: Sequence[str | None], relations: Sequence[str | None], data: HeteroData, text: str
) -> MetaPath:
    names = [str(name) for name in types]
    for name in names:
        if name not in data.node_types:
            hyphens = [kind for kind in data.node_types if "-" in kind]
            hint = f". Write types with a hyphen ({listed(hyphens)}) as a sequence of types"
            message = unknown_name("node type", name, data.node_types)
            raise ValueError(f"meta-path {text!r}: {message}{hint if hyphens else ''}")
    if len(names) < 2:
        raise ValueError(f"meta-path {text!r} needs at least two node types")
    steps = zip(names, relations, names[1:], strict=False)
    return MetaPath(tuple(_find(*step, data=data, text=text) for step in steps))


def _find(source: str, relation: str | None, end: str, *, data: HeteroData, text: str) -> EdgeType:
    """The edge type of one step."""
    there = _between(data, source, end)
    if relation is not None:
        if (source, relation, end) not in there:
            raise ValueError(_missing((source, relation, end), data, text))
        return source, relation, end
    if not there:
        raise ValueError(_missing((source, None, end), data, text))
    if len(there) > 1:
        raise ValueError(
            f"meta-path {text!r}: several relations lead from {source!r} to {end!r}; write one of "
            f"{shown(there)}"
        )
    return there[0]


def _checked(path: MetaPath, data: HeteroData) -> MetaPath:
    for step in path.edge_types:
        if step not in data.edge_types:
            raise ValueError(_missing(step, data, str(path)))
    return path


def _missing(step: tuple[str, str | None, str], data: HeteroData, text: str) -> str:
    """The message for a step that the graph does not have."""
    source, relation, end = step
    wanted = "no relation" if relation is None else f"no relation {relation!r}"
    message = f"meta-path {text!r}: {wanted} leads from {source!r} to {end!r}"
    there, back = _between(data, source, end), _between(data, end, source)
    if there:
        return f"{message}, only {shown(there)}"
    if back:
        return (
            f"{message}, only back: {shown(back)}; graphcl.metapaths.add_reverse_relations(data) "
            "adds the missing direction"
        )
    return f"{message}. The graph has {shown(data.edge_types) or 'no edge types'}"


def _between(data: HeteroData, source: str, end: str) -> list[EdgeType]:
    return [step for step in data.edge_types if (step[0], step[2]) == (source, end)]


def _edge_types(steps: object) -> tuple[EdgeType, ...]:
    """A sequence of sequences of three texts as a tuple of triples."""
    if isinstance(steps, str) or not isinstance(steps, Sequence):
        raise TypeError(f"edge_types must be a sequence of triples, got {steps!r}")
    found = []
    for step in steps:
        parts = [] if isinstance(step, str) or not isinstance(step, Sequence) else list(step)
        if len(parts) != 3 or not all(isinstance(part, str) for part in parts):
            raise TypeError(
                "an edge type must be (source type, relation, target type), three texts; got "
                f"{step!r}"
            )
        found.append((parts[0], parts[1], parts[2]))
    return tuple(found)
