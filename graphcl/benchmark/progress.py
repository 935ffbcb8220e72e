"""The live display of a run."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as RichProgress

from graphcl.benchmark.cells import Cell, CellResult
from graphcl.benchmark.tasks import Progress


class LiveProgress:
    """A progress bar over cells with a line on what is being done; failures stay on the screen.

    Where the output is not a terminal, only failures and one line a row and data set are printed.

    Args:
        console: Where to draw.
        total: Number of cells.
        finished: Cells that were finished before.
        folder: Folder of the results, beside which the logs are named.
    """

    def __init__(
        self, console: Console, *, total: int, finished: int = 0, folder: Path | None = None
    ) -> None:
        self._console = console
        self._folder = folder or Path()
        self._bar = RichProgress(
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.description}"),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task("starting", total=total, completed=finished)
        self._rows: set[str] = set()
        self._failures: set[tuple[str, str]] = set()

    def __enter__(self) -> LiveProgress:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def __call__(self, cell: Cell, event: CellResult | Progress) -> None:
        """Take note of a result or a sign of life."""
        row = f"{cell.dataset}, {cell.row}"
        if row not in self._rows:
            self._rows.add(row)
            if not self._console.is_terminal:
                self._console.print(row, markup=False, highlight=False)
        if isinstance(event, Progress):
            self._bar.update(self._task, description=escape(f"{row}: {event.text}"))
            return
        self._bar.advance(self._task)
        if not event.done and (row, event.message) not in self._failures:
            self._failures.add((row, event.message))  # once, not once a seed
            log = f" (log: {self._folder / event.log})" if event.log else ""
            self._console.print(f"[red]failed[/red] {escape(row)}: {escape(event.message + log)}")
