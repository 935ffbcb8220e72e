from __future__ import annotations

import math
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from graphcl.benchmark import (
    Cell,
    CellResult,
    Progress,
    ResultStore,
    RunSummary,
    Task,
    TaskFailure,
    WorkerProcesses,
    plan_cells,
    run_cells,
)
from graphcl.benchmark.process import worker_environment
from tests.benchmark.fakes import FakeExecutor, fingerprint, result, suite

CELLS = plan_cells(suite(), fingerprint=fingerprint)


def run(path: Path, execute: object, **options: object) -> RunSummary:
    with ResultStore(path / "r.jsonl") as store:
        return run_cells(CELLS, store, execute=execute, **options)  # type: ignore[arg-type]


def stored(path: Path) -> dict[str, CellResult]:
    return ResultStore(path / "r.jsonl").read()


def test_one_task_a_row_and_nothing_twice(tmp_path: Path) -> None:
    first = FakeExecutor()
    assert run(tmp_path, first) == RunSummary(12, 0, ())
    assert [len(task.cells) for task in first.tasks] == [6, 6]
    assert [task.followed for task in first.tasks] == [True, False]
    again = FakeExecutor()
    assert run(tmp_path, again) == RunSummary(0, 12, ())
    assert again.asked == []


def test_an_interrupted_run_goes_on_with_the_missing_cells(tmp_path: Path) -> None:
    def interrupted(task: Task) -> Iterator[CellResult]:
        for cell in task.cells[:4]:
            yield result(cell)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, interrupted)
    assert len(stored(tmp_path)) == 4
    rest = FakeExecutor()
    assert run(tmp_path, rest) == RunSummary(8, 4, ())
    assert rest.asked == CELLS[4:]


def test_a_crash_costs_its_row_only_and_is_tried_again(tmp_path: Path) -> None:
    def crashing(task: Task) -> Iterator[CellResult]:
        yield result(task.cells[0])
        if task.cells[0].method == "raw":
            raise TaskFailure("the process was ended by SIGKILL", "its last words")
        yield from map(result, task.cells[1:])

    summary = run(tmp_path, crashing)
    assert (summary.computed, len(summary.failed)) == (7, 5)
    failure = stored(tmp_path)[CELLS[1].key]
    assert failure.message == "the process was ended by SIGKILL"
    assert failure.details == "its last words"
    again = FakeExecutor()
    assert run(tmp_path, again) == RunSummary(5, 7, ())
    assert again.asked == CELLS[1:6]


def test_cells_that_were_not_answered_fail(tmp_path: Path) -> None:
    summary = run(tmp_path, lambda task: iter(()))
    assert {entry.message for entry in summary.failed} == {"the process ended without a result"}


def test_a_number_that_is_not_finite_is_a_failure(tmp_path: Path) -> None:
    def sick(cell: Cell) -> CellResult:
        good = result(cell)
        bad = {**good.metrics, "nmi": math.nan}
        return replace(good, metrics=bad) if cell.protocol == "P-CLU" else good

    summary = run(tmp_path, FakeExecutor(sick))
    assert summary.computed == 6
    assert {entry.message for entry in summary.failed} == {"nmi is nan"}
    assert all(not entry.metrics for entry in summary.failed)


def test_data_sets_that_are_missing_fail_without_being_tried(tmp_path: Path) -> None:
    executor = FakeExecutor()
    summary = run(tmp_path, executor, unavailable={"digits": "put it there"})
    assert {entry.message for entry in summary.failed} == {"put it there"}
    assert executor.asked == []


def test_the_listener_hears_everything(tmp_path: Path) -> None:
    heard: list[object] = []
    run(tmp_path, FakeExecutor(), listener=lambda cell, event: heard.append(event))
    assert heard.count(Progress("working")) == 2
    assert sum(isinstance(event, CellResult) for event in heard) == 12


# Real processes, with small workers in place of the real one.

ECHO = f"""
import json, sys
task = json.loads(sys.stdin.read())
print(json.dumps({{"progress": "on it"}}), flush=True)
line = {result(CELLS[0]).to_json()!r}
print(line, flush=True)
"""


def start(code: str, **options: object) -> list[CellResult | Progress]:
    task = Task(tuple(CELLS[:6]), **options)  # type: ignore[arg-type]
    with WorkerProcesses(command=(sys.executable, "-c", code)) as execute:
        return list(execute(task))


def test_messages_of_a_process() -> None:
    assert start(ECHO) == [Progress("on it"), result(CELLS[0])]


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", r"SIGKILL \(out of memory\?\)"),
        ("import os; os.abort()", "the process was ended by SIGABRT"),
        ("import sys; sys.stdin.read(); raise OSError('disk')", "exit code 1: OSError: disk"),
        ("import sys; sys.exit(3)", "exit code 3: it printed nothing"),
    ],
)
def test_crashes(code: str, message: str) -> None:
    with pytest.raises(TaskFailure, match=message):
        start(code)


def test_results_before_a_crash_are_kept(tmp_path: Path) -> None:
    command = (sys.executable, "-c", ECHO + "import os; print('{\"cut', end=''); os.abort()")
    with WorkerProcesses(command=command) as execute:
        summary = run(tmp_path, execute)
    assert summary.computed == 1
    assert len(summary.failed) == 11


def test_a_process_that_takes_too_long_is_ended() -> None:
    begin = time.monotonic()
    with pytest.raises(TaskFailure, match=r"not finished within the time limit of 0\.3 s"):
        start("import time; time.sleep(60)", timeout=0.3)
    assert time.monotonic() - begin < 20


def test_the_next_process_is_started_early_and_never_left_behind() -> None:
    with WorkerProcesses(command=(sys.executable, "-c", ECHO)) as execute:
        list(execute(Task(tuple(CELLS[:6]), followed=True)))
        early = execute._next
        assert early is not None
    assert early.process.poll() is not None


def test_worker_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
    assert worker_environment()["OMP_WAIT_POLICY"] == "PASSIVE"
    assert int(worker_environment()["OMP_NUM_THREADS"]) >= 1
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    assert worker_environment()["OMP_NUM_THREADS"] == "7"
