"""Read a YAML file and remember where everything stood, so that a message can name the line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import yaml


class SuiteError(ValueError):
    """A suite that cannot be run: what is wrong, and where it stands."""


@dataclass(frozen=True)
class YamlSource:
    """The content of a YAML text together with its syntax tree.

    Attributes:
        name: What to call the text in a message, usually its path.
        content: The plain Python value.
        root: The syntax tree with line and column marks.
    """

    name: str
    content: Any
    root: yaml.Node

    def place(self, location: Sequence[int | str]) -> str:
        """Name the place of a field.

        Args:
            location: Keys and list positions from the top, e.g. `("methods", 2, "label")`.

        Returns:
            File, line, column (both counted from 1) and field, as far as the location exists.
        """
        node = self.root
        for step in location:
            child = _child(node, step)
            if child is None:
                break
            node = child
        mark = node.start_mark
        where = f"{self.name}, line {mark.line + 1}, column {mark.column + 1}"
        field = field_path(location)
        return f"{where}, {field}" if field else where


def field_path(location: Sequence[int | str]) -> str:
    """Write a location the way a reader would.

    Example:
        >>> field_path(("methods", 2, "label"))
        'methods[2].label'
    """
    text = ""
    for step in location:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def read_yaml(text: str, *, name: str) -> YamlSource:
    """Parse a YAML text safely (no Python objects are built from tags).

    Args:
        text: The YAML text.
        name: What to call it in messages.

    Raises:
        SuiteError: The text is not YAML, is empty or repeats a key; with line and column.
    """
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        if root is None:
            raise SuiteError(f"{name}: the file is empty")
        _refuse_repeated_keys(root, name, [])
        content = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise SuiteError(f"{name}{where}: not valid YAML: {error.problem}") from error
    except yaml.YAMLError as error:
        raise SuiteError(f"{name}: not valid YAML: {' '.join(str(error).split())}") from error
    return YamlSource(name=name, content=content, root=root)


def _child(node: yaml.Node, step: int | str) -> yaml.Node | None:
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int):
        return node.value[step] if step < len(node.value) else None
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == str(step):
                # A long block starts on the line after its key; scalars are pointed at themselves.
                return value if isinstance(value, yaml.ScalarNode) else _with_mark(value, key)
    return None


def _with_mark(node: yaml.Node, key: yaml.Node) -> yaml.Node:
    """The same node, said to start where its key does."""
    return type(node)(node.tag, node.value, key.start_mark, node.end_mark)


def _refuse_repeated_keys(node: yaml.Node, name: str, above: list[yaml.Node]) -> None:
    # PyYAML would keep the last of two equal keys without a word. `above` stops recursive aliases.
    if any(node is parent for parent in above):
        raise SuiteError(f"{name}, line {node.start_mark.line + 1}: an alias that contains itself")
    above = [*above, node]
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _refuse_repeated_keys(item, name, above)
    elif isinstance(node, yaml.MappingNode):
        seen: dict[str, int] = {}
        for key, value in node.value:
            line, column = key.start_mark.line + 1, key.start_mark.column + 1
            text = str(key.value)
            if text in seen:
                raise SuiteError(
                    f"{name}, line {line}, column {column}: key {text!r} is given twice "
                    f"(first in line {seen[text]})"
                )
            seen[text] = line
            _refuse_repeated_keys(value, name, above)
