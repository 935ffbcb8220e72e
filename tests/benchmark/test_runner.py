from __future__ import annotations

import errno
from collections.abc import Iterator, Sequence
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
    plan_cells,
    run_cells,
)
from graphcl.benchmark.runner import make_tasks
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
    assert [task.log for task in first.tasks] == ["digits.raw.log", "digits.ssgc.log"]
    again = FakeExecutor()
    assert run(tmp_path, again) == RunSummary(0, 12, ())
    assert again.asked == []


def test_an_interrupted_run_goes_on_with_the_missing_cells(tmp_path: Path) -> None:
    def interrupted(tasks: Sequence[Task]) -> Iterator[tuple[Cell, CellResult]]:
        for cell in tasks[0].cells[:4]:
            yield cell, result(cell)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, interrupted)
    assert len(stored(tmp_path)) == 4
    rest = FakeExecutor()
    assert run(tmp_path, rest) == RunSummary(8, 4, ())
    assert rest.asked == CELLS[4:]


def test_what_failed_is_tried_again(tmp_path: Path) -> None:
    def failing(cell: Cell) -> CellResult:
        return CellResult(cell=cell, status="failed", message="no luck", details="its last words")

    summary = run(tmp_path, FakeExecutor(lambda c: failing(c) if c.row == "raw" else result(c)))
    assert (summary.computed, len(summary.failed)) == (6, 6)
    assert stored(tmp_path)[CELLS[1].key].message == "no luck"
    again = FakeExecutor()
    assert run(tmp_path, again) == RunSummary(6, 6, ())
    assert again.asked == CELLS[:6]


def test_cells_that_were_not_answered_fail_and_answers_not_asked_for_are_left_out(
    tmp_path: Path,
) -> None:
    def odd(tasks: Sequence[Task]) -> Iterator[tuple[Cell, CellResult]]:
        stranger = replace(CELLS[0], key="0123")
        for cell in (CELLS[0], CELLS[0], stranger):
            yield cell, result(cell)

    summary = run(tmp_path, odd)
    assert summary.computed == 1
    assert {entry.message for entry in summary.failed} == {"no process gave a result"}
    assert len(stored(tmp_path)) == 12
    assert len((tmp_path / "r.jsonl").read_text().splitlines()) == 12


def test_a_result_that_cannot_be_written_ends_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    executor = FakeExecutor()

    def last(cell: Cell) -> CellResult:
        if cell is CELLS[2]:
            monkeypatch.setattr("graphcl.benchmark.store.os.fsync", full)
        return result(cell)

    executor.answer = last
    with pytest.raises(OSError, match="a result cannot be written to"):
        run(tmp_path, executor)
    assert executor.asked == CELLS[:3]
    assert list(stored(tmp_path)) == [cell.key for cell in CELLS[:2]]


def full(*arguments: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


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


def test_several_processes_get_a_seed_each() -> None:
    tasks = make_tasks(CELLS, "/data", split_rows=True)
    assert len(tasks) == 6
    assert {len(task.cells) for task in tasks} == {2}
    assert {task.data_root for task in tasks} == {"/data"}
    assert tasks[1].log == "digits.raw.seed-1.log"
    names = {
        task.log for task in make_tasks([replace(CELLS[0], row=row) for row in ("a b", "a-b")])
    }
    assert len(names) == 2
    assert all(" " not in name for name in names)
