"""Graphs that NetworkX reads: GraphML, GML, and edge lists with attributes."""

from __future__ import annotations

import ast
import math
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

import networkx as nx
import numpy as np

from graphcl.arguments import plural
from graphcl.graph_files.assemble import Parts
from graphcl.graph_files.attributes import read_attributes
from graphcl.graph_files.edge_list import EdgeList
from graphcl.graph_files.tables import integers, not_text

_WEIGHT = "weight"


def read_graphml(path: Path, *, label: str | None) -> Parts:
    """Read GraphML; raises `ValueError` where it is broken."""
    try:
        graph = nx.read_graphml(path)
    except ParseError as error:
        line, column = error.position
        reason = str(error).split(":")[0]
        raise ValueError(
            f"{path.name} is not valid XML: {reason} in line {line}, column {column}"
        ) from None
    except (nx.NetworkXException, KeyError, ValueError, TypeError) as error:
        raise _broken(path, "GraphML", error) from None
    return _parts(graph, path, label=label)


def read_gml(path: Path, *, label: str | None) -> Parts:
    """Read GML; nodes are called by their label where all have one, else by their id."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise not_text(path, error) from None
    lines = text.splitlines()
    try:
        try:
            graph = nx.parse_gml(lines, label="label")
        except nx.NetworkXError as error:
            if "label" not in str(error):
                raise
            graph = nx.parse_gml(lines, label="id")
    except (nx.NetworkXException, KeyError, ValueError, TypeError, IndexError) as error:
        raise _broken(path, "GML", error) from None
    return _parts(graph, path, label=label)


def read_attributed_edges(path: Path) -> Parts:
    """Read what `networkx.write_edgelist` writes: ``source target {'weight': 2}``."""
    listed: list[tuple[str, str, dict[str, Any]]] = []
    for number, line in enumerate(path.read_text(encoding="utf-8-sig").splitlines(), start=1):
        text = line.split("#")[0].strip()
        if not text:
            continue
        words = text.split(None, 2)
        try:
            attributes = ast.literal_eval(words[2]) if len(words) > 2 else {}
        except (ValueError, SyntaxError):
            attributes = None
        if len(words) < 2 or not isinstance(attributes, dict):
            raise ValueError(
                f"{path.name}, line {number}: an edge is two nodes and perhaps attributes in "
                f"braces, got {text[:60]!r}"
            )
        listed.append((words[0], words[1], attributes))
    return _parts(nx.MultiDiGraph(listed), path, label=None, listed=listed)


def _parts(
    graph: nx.Graph[Any],
    path: Path,
    *,
    label: str | None,
    listed: list[tuple[Any, Any, dict[str, Any]]] | None = None,
) -> Parts:
    names = list(graph.nodes)
    if not names:
        raise ValueError(f"{path.name} holds no nodes")
    ids = np.array([str(name) for name in names], dtype=object)
    numbers = integers(ids)
    rows = list(graph.nodes(data=True))
    if numbers is not None and listed is not None:  # ids of an edge list have no order of their own
        order = np.argsort(numbers, kind="stable")
        rows, numbers = [rows[i] for i in order], sorted(numbers)
    columns: dict[str, list[str]] = {}
    for attribute in dict.fromkeys(key for _, values in rows for key in values):
        columns[str(attribute)] = [_text(values.get(attribute)) for _, values in rows]
    place_of = [f"{path.name}, node {str(name)!r}" for name, _ in rows]
    attributes = None
    if columns or label is not None:
        attributes = read_attributes(columns, label=label, place=place_of.__getitem__)
    edges = listed if listed is not None else list(graph.edges(data=True))
    notes = list(attributes.notes) if attributes else []
    return Parts(
        node_ids=[str(name) for name, _ in rows] if numbers is None else numbers,
        attributes=attributes,
        edges=_edge_list(edges, {name: i for i, (name, _) in enumerate(rows)}, path, notes),
        directed=None if listed is not None else graph.is_directed(),
        notes=tuple(notes),
    )


def _edge_list(
    edges: list[tuple[Any, Any, dict[str, Any]]],
    number: dict[Any, int],
    path: Path,
    notes: list[str],
) -> EdgeList:
    def place(edge: int) -> str:
        source, target, _ = edges[edge]
        return f"{path.name}, edge {str(source)!r} - {str(target)!r}"

    source = np.array([number[edge[0]] for edge in edges], dtype=np.int64)
    target = np.array([number[edge[1]] for edge in edges], dtype=np.int64)
    weighted = [edge for edge in edges if _WEIGHT in edge[2]]
    others = {str(key) for edge in edges for key in edge[2]} - {_WEIGHT}
    if others:
        names = ", ".join(sorted(others))
        notes.append(
            f"{plural(len(others), 'attribute')} of edges left out: {names} (only weight is used)"
        )
    if not weighted:
        return EdgeList(source, target, None, place)
    if len(weighted) < len(edges):
        without = plural(len(edges) - len(weighted), "edge")
        notes.append(f"{without} without a weight, while others have one: taken as 1")
    weight = np.empty(len(edges))
    for position, (_, _, data) in enumerate(edges):
        given = data.get(_WEIGHT, 1)
        try:
            weight[position] = float(given)
        except (TypeError, ValueError):
            raise ValueError(
                f"{place(position)}: the weight must be a number, got {given!r}"
            ) from None
    return EdgeList(source, target, weight, place)


def _text(value: object) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return str(value)


def _broken(path: Path, kind: str, error: Exception) -> ValueError:
    reason = str(error).strip().strip("'\"") or type(error).__name__
    return ValueError(f"{path.name} is not valid {kind}: {reason}")
