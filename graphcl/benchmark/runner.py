"""Run what a suite lacks: missing cells only, each row in its own process, failures recorded."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from graphcl.benchmark.cells import Cell, CellResult
from graphcl.benchmark.machine import now, versions
from graphcl.benchmark.process import Executor, Progress, Task, TaskFailure
from graphcl.benchmark.store import ResultStore


@dataclass(frozen=True)
class RunSummary:
    """What a run did.

    Attributes:
        computed: Cells that were computed now.
        reused: Cells that had been finished before.
        failed: Results of the cells that failed now.
    """

    computed: int
    reused: int
    failed: tuple[CellResult, ...]


Listener = Callable[[Cell, "CellResult | Progress"], None]


def run_cells(
    cells: Sequence[Cell],
    store: ResultStore,
    *,
    execute: Executor,
    unavailable: Mapping[str, str] | None = None,
    data_root: str | None = None,
    timeout: float | None = None,
    listener: Listener | None = None,
) -> RunSummary:
    """Compute the cells that the store does not hold yet and append each as it finishes.

    A cell that failed before is tried again. An exception, a crash, a time-out or a number that is
    not finite is recorded as the cell's failure; the other cells go on.

    Args:
        cells: All cells of the suite.
        store: An opened store.
        execute: Runs one task (`WorkerProcesses` does it in a process of its own).
        unavailable: Data set -> why it cannot be loaded; its cells fail without being tried and
            without a word to the listener.
        data_root: Where the raw data live.
        timeout: Seconds a task may take.
        listener: Called with every result and every sign of life, for progress displays.
    """
    finished = {key for key, result in store.read().items() if result.done}
    missing = [cell for cell in cells if cell.key not in finished]
    computed = 0
    failed: list[CellResult] = []

    def keep(result: CellResult, *, tell: bool = True) -> None:
        nonlocal computed
        result = _refuse_nan(result)
        store.append(result)
        if result.done:
            computed += 1
        else:
            failed.append(result)
        if tell and listener is not None:
            listener(result.cell, result)

    reasons = unavailable or {}
    for cell in missing:
        if cell.dataset in reasons:
            keep(_failure(cell, reasons[cell.dataset]), tell=False)
    groups = _by_row([cell for cell in missing if cell.dataset not in reasons])
    for i, group in enumerate(groups, start=1):
        task = Task(tuple(group), data_root, timeout, followed=i < len(groups))
        pending = {cell.key: cell for cell in group}
        message, details = "the process ended without a result", ""
        try:
            for event in execute(task):
                if isinstance(event, Progress):
                    if listener is not None:
                        listener(group[0], event)
                elif pending.pop(event.cell.key, None) is not None:
                    keep(event)
        except TaskFailure as failure:
            message, details = str(failure), failure.details
        for cell in pending.values():
            keep(_failure(cell, message, details))
    return RunSummary(computed, len(cells) - len(missing), tuple(failed))


def _by_row(cells: Sequence[Cell]) -> list[list[Cell]]:
    groups: dict[tuple[str, str], list[Cell]] = {}
    for cell in cells:
        groups.setdefault((cell.dataset, cell.row), []).append(cell)
    return list(groups.values())


def _failure(cell: Cell, message: str, details: str = "") -> CellResult:
    return CellResult(
        cell=cell,
        status="failed",
        message=message,
        details=details,
        versions=versions(),
        timestamp=now(),
    )


def _refuse_nan(result: CellResult) -> CellResult:
    """A number that is not finite is a failure, not a result."""
    bad = [
        f"{name} is {value}" for name, value in result.metrics.items() if not math.isfinite(value)
    ]
    if not result.done or not bad:
        return result
    return replace(result, status="failed", metrics={}, message=", ".join(bad))
