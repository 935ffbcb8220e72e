"""Which cells of a suite are wanted: `--only digits`, `--only grace`, `--only digits/grace`."""

from __future__ import annotations

from collections.abc import Sequence

from graphcl.arguments import unknown_name
from graphcl.benchmark.cells import Cell


def select_cells(cells: Sequence[Cell], only: Sequence[str]) -> list[Cell]:
    """Choose cells by data set, by row or method, or by both.

    Args:
        cells: All cells of a suite.
        only: Any of `dataset`, `row`, `dataset/row`; a cell that one of them names is chosen.
            A row is named by its label or by its method; case does not matter. Empty: all cells.

    Returns:
        The chosen cells, in their order.

    Raises:
        ValueError: A name that no cell has, with the nearest that one has, or a combination that
            the suite does not run.

    Example:
        >>> cell = Cell("0", "digits", "my grace", "grace", {}, "P-CLU", seed=0)
        >>> [chosen.row for chosen in select_cells([cell], ["Digits/grace"])]
        ['my grace']
    """
    chosen: set[str] = set()
    for name in only:
        found = [cell.key for cell in cells if _names(name, cell)]
        if not found:
            raise ValueError(f"--only {name}: {_why_nothing(name, cells)}")
        chosen.update(found)
    return [cell for cell in cells if not only or cell.key in chosen]


def _names(name: str, cell: Cell) -> bool:
    """Whether a name means a cell; a label may contain a slash itself."""
    rows = (cell.row.lower(), cell.method.lower())
    dataset, name = cell.dataset.lower(), name.lower()
    return name == dataset or name in rows or name in [f"{dataset}/{row}" for row in rows]


def _why_nothing(name: str, cells: Sequence[Cell]) -> str:
    datasets = list(dict.fromkeys(cell.dataset for cell in cells))
    rows = list(dict.fromkeys(cell.row for cell in cells))
    if "/" not in name:
        return unknown_name("data set or row of this suite", name, [*datasets, *rows])
    dataset, row = name.split("/", 1)
    if dataset.lower() not in [known.lower() for known in datasets]:
        return unknown_name("data set of this suite", dataset, datasets)
    methods = [cell.method for cell in cells]
    if row.lower() not in [known.lower() for known in (*rows, *methods)]:
        return unknown_name("row of this suite", row, rows)
    return f"this suite does not run {row!r} on {dataset!r}"
