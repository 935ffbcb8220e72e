"""The report of a suite: tables on the terminal, `table.md`, `table.csv` and plots."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from graphcl.benchmark.aggregate import DatasetStatistics, ProtocolStatistics, gather
from graphcl.benchmark.cells import Cell, CellResult
from graphcl.benchmark.formats import print_table, to_csv, to_markdown
from graphcl.benchmark.metrics import style_of
from graphcl.benchmark.notes import notes_of
from graphcl.benchmark.suite import Suite
from graphcl.benchmark.tables import tables_of

if TYPE_CHECKING:
    from rich.console import Console

    from graphcl.plotting import Bar, BarPanel


@dataclass(frozen=True)
class Report:
    """A suite's results, put together.

    Attributes:
        suite: The suite.
        statistics: One entry for each data set of which anything was run.
        notes: Lines under the tables.
    """

    suite: Suite
    statistics: tuple[DatasetStatistics, ...]
    notes: tuple[str, ...]


def make_report(
    suite: Suite,
    cells: Sequence[Cell],
    results: Mapping[str, CellResult],
    *,
    command: str = "",
) -> Report:
    """Put the results of a suite together; data sets that were not begun are only named.

    Args:
        suite: The suite.
        cells: Its cells (`plan_cells`), or some of them (`select_cells`), whose data sets and rows
            alone are shown then.
        results: Cell key -> result (`ResultStore.read`).
        command: The command that made the results, for the notes.
    """
    from graphcl.evaluation import PROTOCOLS

    tasks = {identifier: protocol.task for identifier, protocol in PROTOCOLS.items()}
    texts = {identifier: protocol.description for identifier, protocol in PROTOCOLS.items()}
    used = [results[cell.key] for cell in cells if cell.key in results]
    asked = dict.fromkeys(cell.dataset for cell in cells)
    begun = {result.cell.dataset for result in used}
    rest = [name for name in asked if name not in begun]
    suite = suite.restricted_to(begun or asked, {cell.row for cell in cells})
    cells = [cell for cell in cells if cell.dataset in (begun or asked)]
    statistics = gather(suite, cells, results, tasks)
    notes = notes_of(suite, cells, used, texts, statistics, command=command)
    if begun and rest:
        notes.insert(0, f"Not run yet, so not shown: {', '.join(rest)}.")
    return Report(
        suite=suite,
        statistics=tuple(statistics),
        notes=tuple(notes),
    )


def print_report(report: Report, console: Console) -> None:
    """Print the tables and notes on a terminal."""
    for dataset in report.statistics:
        for table in tables_of(dataset):
            print_table(table, console)
            console.print()
    for note in report.notes:
        console.print(note, markup=False, highlight=False, soft_wrap=False)


def write_report(report: Report, folder: str | Path) -> list[Path]:
    """Write `table.md`, `table.csv`, `plot.png` and `plot.svg`.

    Args:
        report: The report.
        folder: Where to; made where missing, files of an earlier report are replaced.

    Returns:
        The files.

    Raises:
        OSError: They cannot be written; the files of an earlier report stay whole.
    """
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    seeds = len(report.suite.seeds)
    # Made beside and then moved: a full disk must not leave half a table in place of the last.
    beside = target / ".report"
    shutil.rmtree(beside, ignore_errors=True)  # of a run that was killed here
    beside.mkdir()
    try:
        files = [beside / name for name in ("table.md", "table.csv", "plot.png", "plot.svg")]
        files[0].write_text(_markdown(report), encoding="utf-8")
        files[1].write_text(to_csv(report.statistics), encoding="utf-8")
        from graphcl.plotting import plot_bars  # torch comes with it, which no worker may wait for

        plot_bars(
            [[_panel(entry) for entry in dataset.protocols] for dataset in report.statistics],
            files[2:],
            title=f"graphcl benchmark: {report.suite.name}",
            subtitle=(
                f"mean over {seeds} seeds, error bars: standard deviation"
                if seeds > 1
                else "one seed, no error bars"
            ),
        )
        return [_move(file, target / file.name) for file in files]
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _move(file: Path, target: Path) -> Path:
    try:
        return file.replace(target)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(target)) from error


def _markdown(report: Report) -> str:
    parts = [f"# Benchmark: {report.suite.name}"]
    if report.suite.description:
        parts.append(" ".join(report.suite.description.split()))
    for dataset in report.statistics:
        for table in tables_of(dataset):
            parts += [f"## {table.title}", to_markdown(table)]
    parts += ["![plot](plot.png)", "## Notes"]
    parts.append("\n".join(f"- {note}" for note in report.notes))
    return "\n\n".join(parts) + "\n"


def _panel(entry: ProtocolStatistics) -> BarPanel:
    from graphcl.plotting import BarPanel

    metrics = [metric for metric in entry.metrics if style_of(metric, entry.task).in_plots]
    return BarPanel(
        title=f"{entry.dataset}, {entry.protocol}",
        labels=[row.row for row in entry.rows if row.asked],
        series={style_of(metric).heading: _bars(entry, metric) for metric in metrics},
        axis="percent"
        if len(metrics) > 1
        else f"{style_of(metrics[0]).heading.lower()} in percent",
    )


def _bars(entry: ProtocolStatistics, metric: str) -> list[Bar]:
    from graphcl.plotting import Bar

    bars = []
    for row in (row for row in entry.rows if row.asked):
        value, figure = row.metrics.get(metric), row.published.get(metric)
        bars.append(
            Bar(
                value=None if value is None else value.mean,
                spread=None if value is None else value.std,
                note="failed" if row.failed else "not run",
                published=None if figure is None else figure.value,
                published_spread=None if figure is None else figure.std,
            )
        )
    return bars
