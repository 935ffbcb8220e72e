"""What is finished, what failed, what is missing, and how long the rest may take."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from graphcl.benchmark.cells import Cell, CellResult

if TYPE_CHECKING:
    from rich.table import Table


@dataclass(frozen=True)
class RowPlan:
    """One row on one data set.

    Attributes:
        dataset: Name of the data set.
        row: Label of the row.
        finished: Cells that have numbers.
        failed: Cells that failed when they were last tried; a run tries them again.
        missing: Cells that have not been tried.
        seconds: What the failed and the missing ones may take one after the other, from former
            cells of the row; None where there are none.
    """

    dataset: str
    row: str
    finished: int
    failed: int
    missing: int
    seconds: float | None

    @property
    def to_run(self) -> int:
        """Cells that a run would compute."""
        return self.failed + self.missing


def plan_rows(cells: Sequence[Cell], results: Mapping[str, CellResult]) -> list[RowPlan]:
    """Compare the cells that are wanted with the results that are there.

    Args:
        cells: The cells wanted.
        results: Cell key -> result (`ResultStore.read`); also those of other cells, whose times
            serve for the estimate.

    Returns:
        One entry a row and data set, in the order of the cells.
    """
    groups: dict[tuple[str, str], list[Cell]] = {}
    for cell in cells:
        groups.setdefault((cell.dataset, cell.row), []).append(cell)
    rows = []
    for (dataset, row), group in groups.items():
        tried = [results[cell.key].done for cell in group if cell.key in results]
        to_run = [c for c in group if c.key not in results or not results[c.key].done]
        former = [
            result
            for result in results.values()
            if result.done and (result.cell.dataset, result.cell.row) == (dataset, row)
        ]
        finished = sum(tried)
        failed = len(tried) - finished
        missing = len(group) - len(tried)
        seconds = _estimate(to_run, former)
        rows.append(RowPlan(dataset, row, finished, failed, missing, seconds))
    return rows


def _estimate(cells: Sequence[Cell], former: Sequence[CellResult]) -> float | None:
    """Each seed trains once; each cell is evaluated."""
    if not cells:
        return 0.0
    if not former:
        return None
    training = _mean(r.seconds_training for r in former if r.seconds_training is not None)
    evaluations = [r for r in former if r.seconds_evaluation is not None]
    total = training * len({cell.seed for cell in cells})
    for cell in cells:
        same = [r for r in evaluations if r.cell.protocol == cell.protocol] or evaluations
        total += _mean(r.seconds_evaluation or 0.0 for r in same)
    return total


def _mean(values: Iterable[float]) -> float:
    listed = list(values)
    return sum(listed) / len(listed) if listed else 0.0


def plan_table(rows: Sequence[RowPlan], *, missing_known: bool = True) -> Table:
    """The rows as a table for the terminal.

    Args:
        rows: The rows.
        missing_known: Whether it is known which cells are missing.
    """
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("Data set", "Row"):
        table.add_column(heading)
    for heading in ("Finished", "Failed", "Missing", "Time to go"):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in rows:
        table.add_row(
            Text(row.dataset),
            Text(row.row),
            str(row.finished),
            Text(str(row.failed), style="red" if row.failed else ""),
            str(row.missing) if missing_known else "?",
            ("–" if row.to_run == 0 else show_duration(row.seconds)) if missing_known else "?",
        )
    return table


def total_line(rows: Sequence[RowPlan], *, jobs: int = 1) -> str:
    """How much is to be run and how long that may take, in one line.

    Example:
        >>> total_line([RowPlan("digits", "raw", 0, 1, 3, 120.0), RowPlan("a", "b", 0, 0, 2, None)])
        '6 cells to run: about 2 min, without those of b on a, which was not run before'
    """
    count = sum(row.to_run for row in rows)
    if count == 0:
        return "nothing to run: every cell is finished"
    known = [row.seconds for row in rows if row.to_run and row.seconds is not None]
    unknown = [f"{row.row} on {row.dataset}" for row in rows if row.to_run and row.seconds is None]
    text = f"{count} cell{'s' if count > 1 else ''} to run: "
    if not known:
        return text + "no former cells to tell how long that takes"
    text += f"about {show_duration(sum(known) / jobs)}"
    if unknown:
        verb = "was" if len(unknown) == 1 else "were"
        text += f", without those of {', '.join(unknown)}, which {verb} not run before"
    return text


def show_duration(seconds: float | None) -> str:
    """A duration, rounded for readers.

    Example:
        >>> [show_duration(s) for s in (None, 0.2, 42, 150, 9000)]
        ['unknown', '1 s', '42 s', '2.5 min', '2.5 h']
    """
    if seconds is None:
        return "unknown"
    for unit, name in ((3600, "h"), (60, "min")):
        if seconds >= unit:
            return f"{seconds / unit:.1f}".removesuffix(".0") + f" {name}"
    return f"{max(1, round(seconds))} s"
