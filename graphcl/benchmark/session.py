"""One call of `graphcl bench`: check the data, run what is missing, report."""

from __future__ import annotations

import contextlib
import shlex
import sys
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from graphcl.benchmark.cells import Fingerprint, installed_fingerprint, plan_cells
from graphcl.benchmark.plan import plan_rows, plan_table, total_line
from graphcl.benchmark.pool import WorkerProcesses
from graphcl.benchmark.progress import LiveProgress
from graphcl.benchmark.report import make_report, print_report, write_report
from graphcl.benchmark.runner import run_cells
from graphcl.benchmark.selection import select_cells
from graphcl.benchmark.store import ResultStore
from graphcl.benchmark.suite import Suite
from graphcl.benchmark.tasks import Executor, Limits

if TYPE_CHECKING:
    from rich.console import Console

DataCheck = Callable[[Suite, "str | None"], dict[str, str]]


def missing_datasets(suite: Suite, data_root: str | None) -> dict[str, str]:
    """Find the data sets of a suite that cannot be loaded, before anything is computed.

    A data set that is not present is loaded once here, which downloads it where that is possible.

    Args:
        suite: The suite.
        data_root: Where the raw data live; None for the default.

    Returns:
        Data set -> why it cannot be loaded.

    Raises:
        FileNotFoundError: None of the data sets can be loaded.
    """
    from graphcl.datasets import available, load

    cards = {card.name: card for card in available()}
    missing: dict[str, str] = {}
    for entry in suite.datasets:
        if cards[entry.name].is_present(data_root):
            continue
        try:
            load(entry.name, data_root)
        except (OSError, ValueError) as error:
            missing[entry.name] = " ".join(str(error).split())
    if len(missing) == len(suite.datasets):
        raise FileNotFoundError("; ".join(missing.values()))
    return missing


def run_session(
    suite: Suite,
    *,
    results: Path,
    console: Console,
    only: Sequence[str] = (),
    jobs: int = 1,
    data_root: str | None = None,
    debug: bool = False,
    execute: Executor | None = None,
    fingerprint: Fingerprint = installed_fingerprint,
    find_missing: DataCheck = missing_datasets,
) -> bool:
    """Run a suite and write its report under `results/<suite>/`.

    Data sets that cannot be loaded are said at once: where others of the suite can be, their cells
    fail and the rest runs; where none can be, nothing is computed.

    Args:
        suite: The suite.
        results: Folder of all results.
        console: Where progress and tables go.
        only: Data sets, rows or `dataset/row` to run and to print (`select_cells`); empty: all.
            The files of the report show the whole suite.
        jobs: Worker processes at once.
        data_root: Where the raw data live.
        debug: Let the output of the processes through.
        execute: Runs tasks; default: in processes of their own.
        fingerprint: What determines a cell beside protocol and seed.
        find_missing: Finds the data sets that cannot be loaded.

    Returns:
        Whether every cell that was asked for has numbers.

    Raises:
        FileNotFoundError: None of the data sets can be loaded.
        ValueError: The results file was changed by others, or `only` names nothing.
        OSError: The results cannot be written.
    """
    cells = plan_cells(suite, fingerprint=fingerprint)
    wanted = select_cells(cells, only)
    names = {cell.dataset for cell in wanted}
    entries = [entry for entry in suite.datasets if entry.name in names]
    missing = find_missing(suite.model_copy(update={"datasets": entries}), data_root)
    for reason in missing.values():
        console.print(f"missing data set: {reason}", style="yellow", markup=False)
    folder = results / suite.name
    limits = Limits(seconds=suite.timeout, memory_gib=suite.memory)
    with (
        ResultStore(folder / "results.jsonl") as store,
        WorkerProcesses(folder / "logs", jobs=jobs, limits=limits, show_output=debug) as processes,
    ):
        before = store.read()
        finished = sum(cell.key in before and before[cell.key].done for cell in wanted)
        if finished:
            console.print(f"{finished} of {len(wanted)} cells are finished already", style="dim")
        to_run = [cell for cell in wanted if cell.dataset not in missing]
        ready = sum(cell.key in before and before[cell.key].done for cell in to_run)
        with LiveProgress(console, total=len(to_run), finished=ready, folder=folder) as progress:
            summary = run_cells(
                wanted,
                store,
                execute=execute or processes,
                unavailable=missing,
                data_root=data_root,
                split_rows=jobs > 1,
                listener=progress,
            )
        found = store.read()
        _remove_logs(folder / "logs", keep={r.log for r in found.values() if not r.done})
        command = command_line()
        # Printed first: files may fail to be written.
        print_report(make_report(suite, wanted, found, command=command), console)
        files = write_report(make_report(suite, cells, found, command=command), folder)
    console.print()
    if summary.failed:
        console.print(
            f"{len(summary.failed)} of {len(wanted)} cells failed; the same command tries again",
            style="red",
        )
    what = "written, with the rest of the suite: " if len(wanted) < len(cells) else "written: "
    console.print(what + ", ".join(str(file) for file in files), markup=False)
    return not summary.failed


def _remove_logs(folder: Path, *, keep: Collection[str]) -> None:
    """Keep the logs that a failure names; others are of rows that went through at last."""
    for file in folder.glob("*.log"):
        if f"{folder.name}/{file.name}" not in keep:
            file.unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # not there, or not empty
        folder.rmdir()


def print_plan(
    suite: Suite,
    *,
    results: Path,
    console: Console,
    only: Sequence[str] = (),
    jobs: int = 1,
    data_root: str | None = None,
    fingerprint: Fingerprint = installed_fingerprint,
) -> None:
    """Print what `run_session` would run, and run nothing; the arguments are the same.

    Raises:
        ValueError: The results file was changed by others, or `only` names nothing.
    """
    from graphcl.datasets import available

    cells = select_cells(plan_cells(suite, fingerprint=fingerprint), only)
    rows = plan_rows(cells, ResultStore(results / suite.name / "results.jsonl").read())
    console.print(plan_table(rows))
    console.print(total_line(rows, jobs=jobs), markup=False, highlight=False)
    to_run = {row.dataset for row in rows if row.to_run}
    absent = [c.name for c in available() if c.name in to_run and not c.is_present(data_root)]
    if absent:
        console.print(
            f"not here yet, downloaded where that is possible: {', '.join(absent)}",
            style="yellow",
            markup=False,
        )


def command_line() -> str:
    """The command that is running, to be repeated by a reader."""
    program = Path(sys.argv[0])
    name = "python -m graphcl" if program.name == "__main__.py" else program.name
    return " ".join([name, *(shlex.quote(argument) for argument in sys.argv[1:])])
