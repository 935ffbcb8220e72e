"""Graphs from CSV: a file of nodes and one of edges, or edges alone; and plain edge lists."""

from __future__ import annotations

import difflib
from pathlib import Path

import numpy as np

from graphcl.arguments import plural
from graphcl.graph_files.assemble import Parts
from graphcl.graph_files.attributes import LABEL, parse_numbers, read_attributes
from graphcl.graph_files.edge_list import EdgeList
from graphcl.graph_files.extras import need
from graphcl.graph_files.tables import Table, Texts, integers, read_csv, read_plain

_ENDS = (("source", "target"), ("src", "dst"), ("from", "to"), ("source_id", "target_id"))
_IDS = ("id", "node", "node_id")
_WEIGHT = "weight"


def read_nodes_and_edges(nodes: Path, edges: Path, *, label: str | None) -> Parts:
    """Read a file of nodes and a file of edges.

    Raises:
        ValueError: Ids that are missing or there twice, edges of unknown nodes, and all that
            `read_csv` and `read_attributes` raise.
    """
    table = read_csv(nodes)
    names = list(table.columns)
    if not {name.lower() for name in names} - {label, LABEL}:
        raise ValueError(f"{nodes.name} has no column of ids: it holds {', '.join(names)}")
    by_lower = {name.lower(): name for name in names}
    id_column = next((by_lower[name] for name in _IDS if name in by_lower), names[0])
    if id_column == label:
        raise ValueError(f"{nodes.name}: column {label!r} is that of the ids, not of labels")
    notes = []
    if id_column.lower() not in _IDS:
        notes.append(f"ids of nodes: the first column, {id_column!r}")
    ids = table.columns.pop(id_column)
    _check_ids(ids, id_column, table)
    attributes = read_attributes(table.columns, label=label, place=table.place)
    edge_table = _edge_columns(read_csv(edges), notes)
    holder = f"column {id_column!r} of {nodes.name}"
    source, target = (_numbers_of(cells, ids, edge_table, holder) for cells in _ends_of(edge_table))
    return Parts(
        node_ids=integers(ids) or list(ids),
        attributes=attributes,
        edges=EdgeList(source, target, _weights(edge_table), edge_table.place),
        notes=(*notes, *attributes.notes),
    )


def read_edges(path: Path) -> Parts:
    """Read a CSV file of edges: the nodes are those that it names."""
    notes: list[str] = []
    table = read_csv(path)
    first = next(iter(table.columns)).lower()
    if _named_ends(table) is None and (first in _IDS or len(table.columns) > 3):
        raise ValueError(
            f"{path.name} has no columns source and target (it has {', '.join(table.columns)}); "
            "if it is the file of nodes, give that of the edges by --edges (edges= in Python)"
        )
    return _edges_alone(_edge_columns(table, notes), notes)


def read_edge_list(path: Path) -> Parts:
    """Read lines "source target" or "source target weight"."""
    return _edges_alone(read_plain(path), [])


def _edges_alone(table: Table, notes: list[str]) -> Parts:
    ends = _ends_of(table)
    ids = np.asarray(list(dict.fromkeys(np.stack(ends, axis=1).ravel())), dtype=object)
    numbers = integers(ids)
    if numbers is not None:
        ids = ids[np.argsort(np.array(numbers, dtype=object), kind="stable")]
    source, target = (_numbers_of(cells, ids, table, table.path.name) for cells in ends)
    return Parts(
        node_ids=list(ids) if numbers is None else sorted(numbers),
        attributes=None,
        edges=EdgeList(source, target, _weights(table), table.place),
        notes=tuple(notes),
    )


def _named_ends(table: Table) -> tuple[str, str] | None:
    by_lower = {name.lower(): name for name in table.columns}
    for source, target in _ENDS:
        if source in by_lower and target in by_lower:
            return by_lower[source], by_lower[target]
    return None


def _edge_columns(table: Table, notes: list[str]) -> Table:
    """The table with its columns of ends and weights, called source, target, weight."""
    names = list(table.columns)
    if len(names) < 2:
        raise ValueError(
            f"{table.path.name} has a single column, {names[0][:60]!r}: an edge needs source and "
            "target, separated by a comma, semicolon, tab or bar"
        )
    ends = _named_ends(table)
    if ends is None:
        ends = names[0], names[1]
        notes.append(f"ends of edges: the first two columns, {ends[0]!r} and {ends[1]!r}")
    rest = [name for name in names if name not in ends]
    weight = next((name for name in rest if name.lower() == _WEIGHT), None)
    if weight is None and names == ["1", "2", "3"]:  # a file without names
        weight = names[2]
    unused = [name for name in rest if name != weight]
    if unused:
        notes.append(
            f"{plural(len(unused), 'column')} of edges left out: {', '.join(unused)} "
            "(only one called weight is used)"
        )
    columns = {"source": table.columns[ends[0]], "target": table.columns[ends[1]]}
    if weight is not None:
        columns[_WEIGHT] = table.columns[weight]
    return Table(table.path, columns, table.lines)


def _ends_of(table: Table) -> tuple[Texts, Texts]:
    for name in ("source", "target"):
        empty = table.columns[name] == ""
        if empty.any():
            raise ValueError(f"{table.place(int(empty.argmax()))}: the {name} of the edge is empty")
    return table.columns["source"], table.columns["target"]


def _weights(table: Table) -> np.ndarray[tuple[int], np.dtype[np.float64]] | None:
    if _WEIGHT not in table.columns:
        return None
    texts = table.columns[_WEIGHT]
    try:
        numbers, _ = parse_numbers(texts)
    except ValueError as error:
        raise ValueError(f"{table.path.name}: weights of edges: {error}") from None
    wrong = np.isnan(numbers)
    if wrong.any():
        row = int(wrong.argmax())
        what = "is empty" if texts[row] == "" else f"must be a number, got {texts[row]!r}"
        raise ValueError(f"{table.place(row)}: the weight of the edge {what}")
    return numbers


def _check_ids(ids: Texts, column: str, table: Table) -> None:
    empty = ids == ""
    if empty.any():
        raise ValueError(f"{table.place(int(empty.argmax()))}: the id (column {column!r}) is empty")
    seen: dict[str, int] = {}
    for row, name in enumerate(ids):
        if name in seen:
            raise ValueError(
                f"{table.place(row)}: id {name!r} was there before, in line "
                f"{table.lines[seen[name]]}; ids (column {column!r}) must be unique"
            )
        seen[name] = row


def _numbers_of(
    names: Texts, ids: Texts, table: Table, holder: str
) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    found = np.asarray(need("pandas").Index(ids).get_indexer(names), dtype=np.int64)
    unknown = found < 0
    if unknown.any():
        row = int(unknown.argmax())
        close = difflib.get_close_matches(names[row], list(ids[:1000]), n=1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        raise ValueError(
            f"{table.place(row)}: the edge names node {names[row]!r}, which {holder} does not "
            f"hold ({plural(int(unknown.sum()), 'such end')} in all){hint}"
        )
    return found
