"""Every fault through the real command in real processes, and the table of what the user sees.

`GRAPHCL_FAULT_TABLE=FILE python -m pytest -m slow tests/benchmark/test_faults.py` writes the table.
"""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from graphcl.benchmark import ResultStore
from graphcl.benchmark.machine import now

ROOT = Path(__file__).parents[2]
FAULTS = ("abort", "segfault", "exit", "hang", "hang in C", "memory", "nan", "raise")
SUITE = """\
name: faulty
datasets: [planted-partition]
methods:
  - {method: faulty, label: sound}
%s
evaluations: [P-CLU]
seeds: 3
timeout: 15
memory: 1
"""
SMALL = """\
name: small
datasets: [planted-partition]
methods: [raw, ssgc]
evaluations: [P-CLU]
seeds: 3
"""
SLOW = SMALL.replace("ssgc", "{method: faulty, parameters: {seconds: 600}}")
DESCRIPTIONS = {
    "abort": "a cell calls `abort()`",
    "segfault": "a cell crashes (segmentation fault)",
    "exit": "a cell ends its process with exit code 3",
    "hang": "a cell hangs (`timeout: 15`)",
    "hang in C": "a cell hangs in C and lets no other thread run",
    "memory": "a cell outgrows its memory (`memory: 1`)",
    "nan": "a method gives NaN",
    "raise": "a method raises an exception",
}
seen: list[tuple[str, int, str]] = []
"""(fault, exit code, what the user sees), in the order of the tests."""


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "tests.benchmark.toys", "bench", *map(str, arguments)]


def graphcl(
    *arguments: object, prepare: Callable[[], None] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments),
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=environment(),
        preexec_fn=prepare,
        check=False,
        timeout=600,
    )


def environment() -> dict[str, str]:
    return {**os.environ, "OMP_NUM_THREADS": "1", "COLUMNS": "1000"}


def write(folder: Path, text: str) -> Path:
    path = folder / "suite.yaml"
    path.write_text(text)
    return path


def note(fault: str, code: int, text: str, folder: Path) -> None:
    seen.append((fault, code, text.strip().replace(f"{folder}/", "")))


@pytest.fixture(scope="module", autouse=True)
def table() -> object:
    """Write what was seen, where an environment variable says so."""
    yield
    if path := os.environ.get("GRAPHCL_FAULT_TABLE"):
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(to_markdown(seen), encoding="utf-8")


def to_markdown(rows: Sequence[tuple[str, int, str]]) -> str:
    lines = [
        "# Faults, and what the user sees",
        "",
        "The output of the real command, shortened to the line that matters. Where a cell fails, "
        "the other cells of its row and of the suite have numbers; the log says where in the code "
        "the process was; the same command tries the failed cells again.",
        "",
        "| fault | exit code | what the user sees |",
        "| :--- | ---: | :--- |",
    ]
    for fault, code, text in rows:
        escaped = text.replace("|", "\\|")
        lines.append(f"| {fault} | {code} | `{escaped}` |")
    lines += [
        "",
        "What kill -9 does is in the [kill test](kill-test.md).",
        "",
        f"Made on {now()[:10]} by: `GRAPHCL_FAULT_TABLE=benchmarks/results/robustness/faults.md "
        "python -m pytest -m slow tests/benchmark/test_faults.py`",
    ]
    return "\n".join(lines) + "\n"


@pytest.mark.slow
def test_cells_that_go_wrong(tmp_path: Path) -> None:
    rows = [
        f"  - {{method: faulty, label: {name}, parameters: {{fault: {name}}}}}" for name in FAULTS
    ]
    suite = write(tmp_path, SUITE % "\n".join(rows))
    results = tmp_path / "results"
    done = graphcl(suite, "--results", results)
    assert done.returncode == 1, done.stderr
    lines = done.stdout.splitlines()
    assert "8 of 27 cells failed; the same command tries again" in lines
    found = ResultStore(results / "faulty" / "results.jsonl").read()
    failed = {result.cell.row: result for result in found.values() if not result.done}
    assert set(failed) == set(FAULTS)
    assert {result.cell.seed for result in failed.values()} == {1}
    assert sum(result.done for result in found.values()) == 19
    for fault, result in failed.items():
        (line,) = (one for one in lines if one.startswith(f"failed planted-partition, {fault}: "))
        note(DESCRIPTIONS[fault], done.returncode, line, tmp_path)
        log = results / "faulty" / result.log
        assert f"(log: {log})" in line
        text = log.read_text()
        assert f"about to be: {fault}" in text
        assert fault == "exit" or "in encode" in text or fault == "nan"
        assert any(line.startswith("Failed: ") and result.message in line for line in lines)
    assert "time limit of 15 s" in failed["hang"].message
    assert "time limit of 15 s" in failed["hang in C"].message
    assert "memory limit of 1 GiB" in failed["memory"].message
    assert {log.name for log in (results / "faulty" / "logs").iterdir()} == {
        Path(result.log).name for result in failed.values()
    }


@pytest.mark.slow
def test_a_disk_that_becomes_full(tmp_path: Path) -> None:
    """The limit on the size of a file stands for the disk; it cuts the third result."""
    suite, results = write(tmp_path, SMALL), tmp_path / "results"

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (3300, 3300))

    done = graphcl(suite, "--results", results, prepare=limit)
    assert done.returncode == 2, done.stdout + done.stderr
    (line,) = done.stderr.splitlines()
    assert "a result cannot be written to" in line
    note("the disk becomes full (here: a limit on the size of a file)", 2, line, tmp_path)
    file = results / "small" / "results.jsonl"
    before = file.read_bytes()
    kept = len(ResultStore(file).read())
    assert kept >= 1
    assert before.count(b"\n") == kept
    assert before.endswith(b"\n")
    again = graphcl(suite, "--results", results)
    assert again.returncode == 0, again.stderr
    assert f"{kept} of 6 cells are finished already" in again.stdout
    assert file.read_bytes().startswith(before)


@pytest.mark.slow
def test_a_folder_that_cannot_be_written_to(tmp_path: Path) -> None:
    suite = write(tmp_path, SMALL)
    (tmp_path / "results").write_text("")
    done = graphcl(suite, "--results", tmp_path / "results")
    assert done.returncode == 2
    assert "results cannot be written to" in done.stderr
    note("the results folder is a file", 2, done.stderr, tmp_path)
    done = graphcl(suite, "--results", "/proc/results")
    assert done.returncode == 2
    assert "results cannot be written to" in done.stderr
    note("the results folder cannot be made", 2, done.stderr, tmp_path)
    folder = tmp_path / "other" / "small"
    folder.mkdir(parents=True)
    (folder / "results.jsonl").symlink_to("/dev/full")
    done = graphcl(suite, "--results", tmp_path / "other")
    assert done.returncode == 2
    assert "not a regular file" in done.stderr
    (folder / "results.jsonl").unlink()
    (folder / "results.jsonl").write_text("nonsense\n")
    done = graphcl(suite, "--results", tmp_path / "other")
    assert done.returncode == 2
    shown = done.stderr.replace("/other", "/results")
    note("somebody edited the file of results", 2, shown, tmp_path)


@pytest.mark.slow
def test_two_runs_exclude_each_other_and_ctrl_c_ends_one(tmp_path: Path) -> None:
    suite, results = write(tmp_path, SLOW), tmp_path / "results"
    first = subprocess.Popen(
        command(suite, "--results", results),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=environment(),
    )
    file = results / "small" / "results.jsonl"
    while not (file.exists() and file.read_text().count("\n") == 3):
        assert first.poll() is None
        time.sleep(0.1)
    second = graphcl(suite, "--results", results)
    assert second.returncode == 2
    assert f"another run (process {first.pid} on " in second.stderr
    assert file.read_text().count("\n") == 3
    note("a second run on the same folder", 2, second.stderr, tmp_path)
    status = graphcl("status", suite, "--results", results)
    assert f"running: another run (process {first.pid} on " in status.stdout
    first.send_signal(signal.SIGINT)
    _, errors = first.communicate(timeout=60)
    assert first.returncode == 130
    note("Ctrl-C", 130, errors, tmp_path)
    assert "nobody is running it" in graphcl("status", suite, "--results", results).stdout


@pytest.mark.slow
def test_several_processes_give_the_same_numbers(tmp_path: Path) -> None:
    suite = write(tmp_path, SMALL)
    numbers = []
    for jobs in (1, 2):
        results = tmp_path / str(jobs)
        done = graphcl(suite, "--results", results, "--jobs", jobs)
        assert done.returncode == 0, done.stderr
        found = ResultStore(results / "small" / "results.jsonl").read()
        numbers.append({key: result.metrics for key, result in found.items()})
    assert numbers[0] == numbers[1]
    assert len(numbers[0]) == 6
