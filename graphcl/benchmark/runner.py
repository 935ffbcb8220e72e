"""Run what a suite lacks: missing cells only, each kept as it finishes, failures recorded."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from graphcl.benchmark.cells import Cell, CellResult
from graphcl.benchmark.machine import now, versions
from graphcl.benchmark.store import ResultStore
from graphcl.benchmark.tasks import Executor, Progress, Task


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
    split_rows: bool = False,
    listener: Listener | None = None,
) -> RunSummary:
    """Compute the cells that the store does not hold yet and append each as it finishes.

    A cell that failed before is tried again.

    Args:
        cells: The cells wanted.
        store: An opened store.
        execute: Runs tasks (`WorkerProcesses` does it in processes of their own).
        unavailable: Data set -> why it cannot be loaded; its cells fail without being tried and
            without a word to the listener.
        data_root: Where the raw data live.
        split_rows: Make each seed of a row a task of its own, so that several processes find work;
            otherwise the seeds of a row on a data set share a task, and the data are loaded once.
        listener: Called with every result and every sign of life, for progress displays.

    Raises:
        OSError: A result cannot be written; those before it are kept.
    """
    finished = {key for key, result in store.read().items() if result.done}
    missing = {cell.key: cell for cell in cells if cell.key not in finished}
    reused = len(cells) - len(missing)
    computed = 0
    failed: list[CellResult] = []

    def keep(result: CellResult, *, tell: bool = True) -> None:
        nonlocal computed
        store.append(result)
        del missing[result.cell.key]
        if result.done:
            computed += 1
        else:
            failed.append(result)
        if tell and listener is not None:
            listener(result.cell, result)

    for cell in list(missing.values()):
        if unavailable and cell.dataset in unavailable:
            keep(_failure(cell, unavailable[cell.dataset]), tell=False)
    for cell, event in execute(make_tasks(missing.values(), data_root, split_rows=split_rows)):
        if isinstance(event, CellResult):
            if event.cell.key in missing:
                keep(event)
        elif listener is not None:
            listener(cell, event)
    for cell in list(missing.values()):
        keep(_failure(cell, "no process gave a result"))
    return RunSummary(computed, reused, tuple(failed))


def make_tasks(
    cells: Iterable[Cell], data_root: str | None = None, *, split_rows: bool = False
) -> list[Task]:
    """Put cells that share a process together.

    Args:
        cells: Cells to run.
        data_root: Where the raw data live.
        split_rows: One task a seed instead of one task a row and data set.
    """
    groups: dict[tuple[str, ...], list[Cell]] = {}
    for cell in cells:
        seed = (f"seed-{cell.seed}",) if split_rows else ()
        groups.setdefault((cell.dataset, cell.row, *seed), []).append(cell)
    return [
        Task(tuple(group), data_root, log=_file_name(".".join(names)) + ".log")
        for names, group in groups.items()
    ]


def _file_name(text: str) -> str:
    """The text, with what a file name should not hold replaced (labels are free text).

    Example:
        >>> _file_name("digits.ssgc"), _file_name("digits.a/b")
        ('digits.ssgc', 'digits.a-b-52c4ae63')
    """
    safe = re.sub(r"[^A-Za-z0-9._-]+", "-", text)
    return safe if safe == text else f"{safe}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def _failure(cell: Cell, message: str) -> CellResult:
    return CellResult(
        cell=cell, status="failed", message=message, versions=versions(), timestamp=now()
    )
