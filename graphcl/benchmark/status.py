"""`graphcl bench status`: how far results are, what failed last, whether somebody is at it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from graphcl.arguments import unknown_name
from graphcl.benchmark.cells import CellResult, Fingerprint, installed_fingerprint, plan_cells
from graphcl.benchmark.plan import plan_rows, plan_table, total_line
from graphcl.benchmark.store import ResultStore, active_run
from graphcl.benchmark.suite import load_suite, shipped_suites

if TYPE_CHECKING:
    from rich.console import Console

FAILURES_SHOWN = 5


def folders_with_results(results: Path) -> list[Path]:
    """The folders of suites that have results, in alphabetical order."""
    return sorted(file.parent for file in results.glob("*/results.jsonl"))


def print_status(
    source: str | None,
    *,
    results: Path,
    console: Console,
    fingerprint: Fingerprint = installed_fingerprint,
) -> None:
    """Print how far the results of one suite, or of all, are.

    Args:
        source: A shipped suite, a YAML file, or the folder of a suite under `results`; None: all
            folders there. Which cells are missing is known of shipped suites and YAML files only.
        results: Folder of all results.
        console: Where to print.
        fingerprint: What determines a cell beside protocol and seed.

    Raises:
        FileNotFoundError: There are no results, or no suite of that name.
        ValueError: A suite or a file of results that cannot be read.
    """
    folders = folders_with_results(results)
    if source is None:
        if not folders:
            raise FileNotFoundError(f"there are no results in {results}")
        for folder in folders:
            known = folder.name if folder.name in shipped_suites() else None
            _print_folder(folder, known, console, fingerprint)
        return
    names = [folder.name for folder in folders]
    if source in shipped_suites() or Path(source).is_file():
        _print_folder(results / load_suite(source).name, source, console, fingerprint)
    elif source in names:
        _print_folder(results / source, None, console, fingerprint)
    else:
        message = unknown_name("suite", source, {*shipped_suites(), *names})
        raise FileNotFoundError(f"{message}; nor is there a YAML file of that name")


def _print_folder(
    folder: Path, source: str | None, console: Console, fingerprint: Fingerprint
) -> None:
    file = folder / "results.jsonl"
    found = ResultStore(file).read()
    if source is not None:
        cells = plan_cells(load_suite(source), fingerprint=fingerprint)
    else:
        cells = [result.cell for result in found.values()]
    rows = plan_rows(cells, found)
    console.print(folder.name, style="bold", markup=False, highlight=False)
    console.print(plan_table(rows, missing_known=source is not None))
    if source is not None:
        _say(console, total_line(rows))
    else:
        _say(console, "which cells are missing is known with the suite's YAML file only")
    asked = {cell.key for cell in cells}
    failures = [r for r in found.values() if not r.done and r.cell.key in asked]
    for line in failure_lines(failures, folder):
        _say(console, line)
    other = len(found.keys() - asked)
    if other:
        _say(console, f"{other} results of other seeds, settings or versions are kept")
    holder = active_run(file)
    _say(console, f"running: {holder}" if holder else "nobody is running it")
    console.print()


def failure_lines(failures: Sequence[CellResult], folder: Path) -> list[str]:
    """The failures that came last, one line each, with their logs.

    Args:
        failures: Results of cells that failed.
        folder: Folder of the suite's results.
    """
    latest = sorted(failures, key=lambda result: result.timestamp)[-FAILURES_SHOWN:]
    lines = [
        f"failed {r.timestamp}: {r.cell.dataset}, {r.cell.row}, {r.cell.protocol}, "
        f"seed {r.cell.seed}: {r.message}" + (f" (log: {folder / r.log})" if r.log else "")
        for r in reversed(latest)
    ]
    if len(failures) > len(latest):
        lines.append(f"and {len(failures) - len(latest)} earlier failures")
    return lines


def _say(console: Console, text: str) -> None:
    console.print(text, markup=False, highlight=False)
