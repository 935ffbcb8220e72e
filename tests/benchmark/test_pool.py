"""Real processes with light workers: what each fault costs, and what is told of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from graphcl.benchmark import (
    CellResult,
    Limits,
    Progress,
    Task,
    WorkerProcesses,
    plan_cells,
)
from graphcl.benchmark.process import threads_for, worker_environment
from graphcl.benchmark.runner import make_tasks
from tests.benchmark.fakes import fingerprint, result, suite
from tests.benchmark.light import NURSERY

CELLS = plan_cells(suite(), fingerprint=fingerprint)[:6]  # three seeds, two protocols
ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def from_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def faulty(fault: str, **more: object) -> Task:
    cells = [replace(cell, parameters={"fault": fault, **more}) for cell in CELLS]
    return Task(tuple(cells), log="row.log")


def run(tmp_path: Path, *tasks: Task, **options: object) -> list[CellResult]:
    options = {"command": NURSERY, **options}
    with WorkerProcesses(tmp_path / "logs", **options) as execute:  # type: ignore[arg-type]
        events = list(execute(tasks))
    results = [event for _, event in events if isinstance(event, CellResult)]
    assert [cell for cell, event in events if isinstance(event, CellResult)] == [
        result.cell for result in results
    ]
    assert len(results) == sum(len(task.cells) for task in tasks)
    assert not psutil.Process().children(recursive=True)
    return results


def failures(results: list[CellResult]) -> dict[tuple[int, str], str]:
    return {(r.cell.seed, r.cell.protocol): r.message for r in results if not r.done}


def test_results_and_signs_of_life_arrive_and_nothing_is_left(tmp_path: Path) -> None:
    with WorkerProcesses(tmp_path / "logs", command=NURSERY) as execute:
        events = list(execute([Task(tuple(CELLS))]))
    assert events[0] == (CELLS[0], Progress("loading"))
    assert [event for _, event in events[1:]] == [result(cell) for cell in CELLS]
    assert len(run(tmp_path, faulty("repeat"))) == 6


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("abort", "the process was ended by SIGABRT while training"),
        ("segfault", "the process was ended by SIGSEGV while training"),
        ("be killed", "the process was ended by SIGKILL while training (out of memory?)"),
        ("exit", "the process ended with exit code 3 while training: the licence has expired"),
        ("return", "the process ended without a result while training"),
        ("raise", "the process ended with exit code 1 while training: KeyError: 'lost'"),
        ("hang", "exceeded the time limit of 1 s while training"),
    ],
)
def test_a_fault_costs_its_seed_only(tmp_path: Path, fault: str, message: str) -> None:
    results = run(tmp_path, faulty(fault), limits=Limits(seconds=1))
    assert failures(results) == {(1, "P-RND2"): message, (1, "P-CLU"): message}
    (failure, _) = [entry for entry in results if not entry.done]
    assert failure.log == "logs/row.log"
    log = (tmp_path / failure.log).read_text()
    assert log.count("--- ") == 2  # the process, and the one that ran the rest
    assert f"about to: {fault}" in log
    assert f"about to: {fault}" in failure.details
    assert "Extension modules" not in failure.details
    if fault in ("abort", "segfault", "hang"):  # the log says where
        assert "light.py" in failure.details
        assert "in go_wrong" in failure.details


def test_a_fault_in_an_evaluation_costs_that_cell_only(tmp_path: Path) -> None:
    results = run(tmp_path, faulty("abort", at="P-CLU"))
    message = "the process was ended by SIGABRT while evaluating"
    assert failures(results) == {(1, "P-CLU"): message}


def test_a_number_that_is_not_finite_is_a_failure(tmp_path: Path) -> None:
    results = run(tmp_path, faulty("nan"))
    assert failures(results) == {(1, "P-RND2"): "nmi is nan", (1, "P-CLU"): "nmi is nan"}
    failed = [entry for entry in results if not entry.done]
    assert [entry.metrics for entry in failed] == [{}, {}]
    assert {entry.log for entry in failed} == {"logs/row.log"}


def test_too_much_memory(tmp_path: Path) -> None:
    (one, two) = [
        entry
        for entry in run(tmp_path, faulty("grow"), limits=Limits(memory_gib=0.25))
        if not entry.done
    ]
    assert one.message.startswith("exceeded the memory limit of 0.25 GiB while training (it had 0.")
    assert one.peak_memory_mib is not None
    assert one.peak_memory_mib > 256
    assert "in go_wrong" in one.details
    assert {one.cell.seed, two.cell.seed} == {1}


def test_what_a_worker_started_ends_with_it(tmp_path: Path) -> None:
    run(tmp_path, faulty("hang with a child"), limits=Limits(seconds=1))
    log = (tmp_path / "logs" / "row.log").read_text()
    child = int(log.split("\nchild ")[1].split()[0])
    wait_until_gone([child])


def test_a_nursery_that_is_killed_is_replaced(tmp_path: Path) -> None:
    results = run(tmp_path, faulty("kill the nursery"))
    assert set(failures(results).values()) == {"the process was lost while training"}
    assert len(failures(results)) == 2


def test_a_nursery_that_cannot_start(tmp_path: Path) -> None:
    command = (sys.executable, "-c", "raise ImportError('libtorch is broken')")
    results = run(tmp_path, Task(tuple(CELLS)), command=command)
    assert len(failures(results)) == 6
    assert {message.split(":")[0] for message in failures(results).values()} == {
        "no process could be started"
    }
    assert "libtorch is broken" in results[0].message


def test_several_at_once(tmp_path: Path) -> None:
    slow = [replace(cell, parameters={"seconds": 0.7}) for cell in CELLS]
    tasks = make_tasks(slow, split_rows=True)
    begin = time.monotonic()
    together = run(tmp_path, *tasks, jobs=3)
    assert time.monotonic() - begin < 3 * 0.7 + 5
    key = lambda entry: entry.cell.key  # noqa: E731
    assert sorted(together, key=key) == sorted(run(tmp_path, *tasks), key=key)
    with pytest.raises(ValueError, match="jobs must be at least 1, got 0"):
        WorkerProcesses(tmp_path, jobs=0)


def test_a_log_is_appended_to_and_a_failure_quotes_its_own_process_only(tmp_path: Path) -> None:
    run(tmp_path, faulty("exit"))
    first = (tmp_path / "logs" / "row.log").read_text()
    results = run(tmp_path, faulty("return"))
    assert (tmp_path / "logs" / "row.log").read_text().startswith(first)
    failed = [entry for entry in results if not entry.done]
    assert "about to: return" in failed[0].details
    assert "the licence has expired" not in failed[0].details


def test_a_task_that_is_longer_than_the_buffers(tmp_path: Path) -> None:
    cells = [replace(CELLS[0], key=str(i), row="x" * 500) for i in range(2000)]
    assert len(run(tmp_path, Task(tuple(cells)))) == 2000


def test_a_log_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("")
    with pytest.raises(OSError, match=r"no log can be written to .*logs \(File exists\)"):
        run(tmp_path, Task(tuple(CELLS)))


def test_output_may_go_to_the_terminal(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    results = run(tmp_path, faulty("exit"), show_output=True)
    assert "the licence has expired" in capfd.readouterr().err
    assert {entry.log for entry in results} == {""}
    assert not (tmp_path / "logs").exists()


def wait_until_gone(processes: list[int], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while any(alive(process) for process in processes):
        assert time.monotonic() < deadline, f"still there: {processes}"
        time.sleep(0.05)


def alive(process: int) -> bool:
    try:
        return psutil.Process(process).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


RUNNER = """
import sys
from graphcl.benchmark import WorkerProcesses
from tests.benchmark.test_pool import NURSERY, faulty
with WorkerProcesses(sys.argv[1], jobs=2, command=NURSERY) as execute:
    for cell, event in execute([faulty("hang", wrong_seed=0), faulty("hang with a child")]):
        print("event", flush=True)
"""


@pytest.mark.parametrize("whole_group", [False, True], ids=["runner alone", "its whole group"])
def test_no_worker_outlives_a_runner_that_was_killed(tmp_path: Path, whole_group: bool) -> None:
    runner = subprocess.Popen(
        [sys.executable, "-c", RUNNER, str(tmp_path / "logs")],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert runner.stdout is not None
    for _ in range(4):  # two tasks were begun, and two cells of the second are done
        assert runner.stdout.readline() == "event\n"
    log = tmp_path / "logs" / "row.log"
    while "child " not in log.read_text():
        time.sleep(0.05)
    processes = [child.pid for child in psutil.Process(runner.pid).children(recursive=True)]
    assert len(processes) >= 4  # nursery, two workers, the child of one
    if whole_group:
        os.killpg(runner.pid, signal.SIGKILL)
    else:
        runner.kill()
    runner.wait()
    wait_until_gone(processes)


def test_the_environment_of_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
    assert worker_environment(3)["OMP_NUM_THREADS"] == "3"
    assert worker_environment(3)["OMP_WAIT_POLICY"] == "PASSIVE"
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    assert worker_environment(3)["OMP_NUM_THREADS"] == "7"
    monkeypatch.setattr("graphcl.benchmark.process.usable_cores", lambda: 8)
    assert [threads_for(jobs) for jobs in (1, 3, 99)] == [8, 2, 1]


@pytest.mark.slow
def test_the_nursery_is_safe_to_fork() -> None:
    """One thread, no accelerator, after all imports."""
    code = (
        "from graphcl.benchmark.nursery import import_ahead; import_ahead()\n"
        "import os, torch\n"
        "print(len(os.listdir('/proc/self/task')), torch.cuda.is_initialized())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env=worker_environment(2),
    )
    assert done.stdout == "1 False\n"
