"""Tables of text: CSV files and plain edge lists, read by pandas; wrong rows are named by line."""

from __future__ import annotations

import csv
import re
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from graphcl.graph_files.extras import need

Texts = NDArray[np.object_]
Integers = NDArray[np.int64]

_SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
_SURPLUS = "\0surplus"


@dataclass(frozen=True, eq=False)
class Table:
    """Cells of a file as text.

    Attributes:
        path: The file.
        columns: Cells by name of the column, in the order of the file; spaces around them are off.
        lines: Line of the file that each row stands in.
    """

    path: Path
    columns: dict[str, Texts]
    lines: Integers

    def place(self, row: int) -> str:
        """Where a row stands: "nodes.csv, line 3"."""
        return f"{self.path.name}, line {self.lines[row]}"


def read_csv(path: Path) -> Table:
    """Read a CSV file whose first line names the columns.

    The separator (comma, semicolon, tab, bar) is told from the first line. A file whose first line
    is all numbers has no names: its columns are called "1", "2", ...

    Raises:
        ValueError: No text, no rows, rows longer than the first line, two columns of one name.
    """
    first = _first_line(path)
    header = max((_split(first, separator) for separator in _SEPARATORS), key=len)
    separator = next(mark for mark in _SEPARATORS if _split(first, mark) == header)
    names = [name.strip() for name in header]
    has_names = not all(_is_number(name) for name in names)
    if not has_names:
        names = [str(number + 1) for number in range(len(names))]
    for position, name in enumerate(names):
        if not name:
            names[position] = name = str(position + 1)  # as pandas writes an index
        if name in names[:position]:
            raise ValueError(f"{path.name}: two columns are called {name!r}")
    return _read(path, names, separator=separator, skip=int(has_names))


def read_plain(path: Path) -> Table:
    """Read lines of two or three words, separated by spaces, tabs or commas; ``#`` is a comment.

    The columns are "source", "target" and, where there is a third one, "weight".

    Raises:
        ValueError: No text, no edges, lines of other lengths.
    """
    first = next((line for line in _lines(path) if line.split("#")[0].strip()), "")
    if not first:
        raise ValueError(f"{path.name} holds no edges: every line is empty or a comment")
    text = first.split("#")[0].strip()
    separator = next((mark for mark in ",;" if mark in text), r"\s+")
    count = len(text.split(None if separator == r"\s+" else separator))
    if count not in (2, 3):
        raise ValueError(
            f"{path.name}: an edge is two nodes and perhaps a weight, the first one reads "
            f"{text[:60]!r}"
        )
    return _read(path, ["source", "target", "weight"][:count], separator=separator, comment="#")


def _read(
    path: Path, names: list[str], *, separator: str, skip: int = 0, comment: str | None = None
) -> Table:
    pandas = need("pandas")
    try:
        with warnings.catch_warnings():  # of rows that are too long, which are refused below
            warnings.simplefilter("ignore", pandas.errors.ParserWarning)
            frame = pandas.read_csv(
                path,
                sep=separator,
                header=None,
                names=[*names, _SURPLUS],  # a row that is too long shows itself here
                skiprows=skip,
                comment=comment,
                dtype=str,
                keep_default_na=False,
                index_col=False,
                skip_blank_lines=False,
                encoding="utf-8-sig",
            )
    except pandas.errors.EmptyDataError:
        frame = pandas.DataFrame({name: [] for name in [*names, _SURPLUS]}, dtype=str)
    except pandas.errors.ParserError as error:
        found = re.search(r"in line (\d+), saw (\d+)", str(error))
        if found is None:
            reason = str(error).split("C error: ")[-1].strip()
            raise ValueError(f"{path.name} cannot be read: {reason}") from None
        raise ValueError(
            f"{path.name}, line {found[1]}: the row has {found[2]} cells, the first line has "
            f"{len(names)}"
        ) from None
    except UnicodeDecodeError as error:
        raise not_text(path, error) from None
    frame = frame.fillna("")
    columns = {name: _stripped(frame[name]) for name in [*names, _SURPLUS]}
    filled = np.logical_or.reduce([cells != "" for cells in columns.values()])
    lines = np.flatnonzero(filled).astype(np.int64) + 1 + skip
    columns = {name: cells[filled] for name, cells in columns.items()}
    surplus = columns.pop(_SURPLUS) != ""
    if surplus.any():
        raise ValueError(
            f"{path.name}, line {lines[int(surplus.argmax())]}: the row has more than the "
            f"{len(names)} cells of the first line"
        )
    if len(lines) == 0:
        raise ValueError(f"{path.name} holds no rows, only the names of columns")
    return Table(path, columns, lines)


def integers(ids: Texts) -> list[int] | None:
    """Ids as whole numbers, None if one of them is none or written otherwise ("007").

    Example:
        >>> integers(np.array(["2", "10"], dtype=object)), integers(np.array(["2", "x"]))
        ([2, 10], None)
    """
    try:
        numbers = [int(text) for text in ids]
    except ValueError:
        return None
    return numbers if all(map(str.__eq__, map(str, numbers), ids)) else None


def not_text(path: Path, error: UnicodeDecodeError) -> ValueError:
    """The error for a file that is not UTF-8."""
    return ValueError(
        f"{path.name} is not text in UTF-8 (byte {error.start}); save it as UTF-8 "
        "(in Excel: CSV UTF-8), or give the file the ending of its format"
    )


def _stripped(cells: object) -> Texts:
    texts = np.asarray(cells, dtype=object)
    return np.array([str(text).strip() for text in texts], dtype=object)


def _first_line(path: Path) -> str:
    first = next(iter(_lines(path)), "")
    if not first.strip():
        raise ValueError(f"{path.name}: the first line is empty, it must name the columns")
    return first


def _lines(path: Path) -> list[str]:
    """The first lines."""
    with path.open(encoding="utf-8-sig") as file:
        try:
            return [line.rstrip("\r\n") for _, line in zip(range(1000), file, strict=False)]
        except UnicodeDecodeError as error:
            raise not_text(path, error) from None


def _split(line: str, separator: str) -> list[str]:
    return next(csv.reader([line], delimiter=separator))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
