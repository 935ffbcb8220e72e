"""kill -9 at random moments: nothing that was finished is lost, nothing is computed twice.

`GRAPHCL_KILL_LOG=FILE python -m pytest -m slow tests/benchmark/test_kill.py` writes the log.
"""

from __future__ import annotations

import csv
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from graphcl.benchmark import ResultStore
from graphcl.benchmark.machine import machine, now

ROOT = Path(__file__).parents[2]
KILLS = 10
SUITE = """\
name: killed
datasets: [digits]
methods: [raw, ssgc, random-encoder, {method: grace, parameters: {epochs: 5}}]
evaluations: [P-CLU, P-RND2]
seeds: 4
"""
CELLS = 32
SECONDS_OF_WORK = 8.0
"""A run is killed at most so long after its first result."""


@dataclass(frozen=True)
class Kill:
    """One run and its end."""

    seconds: float
    victim: str
    jobs: int
    before: int
    after: int
    cut_off: bool
    processes: int
    seconds_until_gone: float


def start(suite: Path, results: Path, jobs: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "graphcl", "bench", str(suite), "--results", str(results)]
    return subprocess.Popen(
        [*command, "--jobs", str(jobs)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},  # the same numbers with one process and two
        start_new_session=True,
    )


def undisturbed(suite: Path, results: Path) -> float:
    """Run the suite; return the seconds until the first result."""
    begin = time.monotonic()
    file = results / "killed" / "results.jsonl"
    running = start(suite, results, jobs=1)
    while not (file.exists() and file.stat().st_size):
        assert running.poll() is None, running.communicate()[1]
        time.sleep(0.05)
    first = time.monotonic() - begin
    assert running.wait() == 0
    return first


def kill(
    suite: Path, results: Path, *, wait: float, after_first: bool, group: bool, jobs: int
) -> Kill | None:
    """Start a run and kill it; None where it was finished before.

    It is killed `wait` seconds after its start, or after its first result.
    """
    file = results / "killed" / "results.jsonl"
    before = finished(file)
    kept = whole_lines(file)
    begin = time.monotonic()
    running = start(suite, results, jobs)
    while after_first and len(whole_lines(file)) <= len(kept) and running.poll() is None:
        time.sleep(0.01)
    try:
        running.wait(timeout=wait)
    except subprocess.TimeoutExpired:
        pass
    else:
        assert running.returncode == 0, running.communicate()[1]
        return None
    processes = psutil.Process(running.pid).children(recursive=True)
    if group:
        os.killpg(running.pid, signal.SIGKILL)
    else:
        running.kill()
    killed = time.monotonic()
    running.wait()
    assert whole_lines(file)[: len(kept)] == kept  # nothing that was finished is lost
    while any(map(alive, processes)):
        assert time.monotonic() - killed < 120, "processes outlive their runner"
        time.sleep(0.02)
    gone = time.monotonic() - killed
    content = file.read_bytes() if file.exists() else b""
    return Kill(
        seconds=killed - begin,
        victim="its process group" if group else "the runner",
        jobs=jobs,
        before=before,
        after=finished(file),
        cut_off=bool(content) and not content.endswith(b"\n"),
        processes=len(processes),
        seconds_until_gone=gone,
    )


def alive(process: psutil.Process) -> bool:
    """Whether it still does anything; what has ended may wait for its parent to take note."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def whole_lines(file: Path) -> list[bytes]:
    return file.read_bytes().split(b"\n")[:-1] if file.exists() else []


def finished(file: Path) -> int:
    return sum(result.done for result in ResultStore(file).read().values())


def numbers(results: Path) -> list[dict[str, str]]:
    """The table without what is different in every run."""
    with (results / "killed" / "table.csv").open() as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        del row["training seconds"], row["seconds an epoch"], row["peak memory MiB"]
    return rows


def check_whole(results: Path, undisturbed: Path) -> None:
    """Everything is there, once, and equal to what an undisturbed run gives."""
    file = results / "killed" / "results.jsonl"
    entries = [json.loads(line) for line in file.read_text().splitlines()]
    assert {entry["status"] for entry in entries} == {"done"}
    keys = [entry["cell"]["key"] for entry in entries]
    assert len(keys) == len(set(keys)) == CELLS  # none is lost, none is there twice
    assert numbers(results) == numbers(undisturbed)
    assert {path.name for path in file.parent.iterdir()} == {
        "results.jsonl", "table.md", "table.csv", "plot.png", "plot.svg",
    }  # fmt: skip


def log(kills: Sequence[Kill], first: float, seed: int) -> str:
    where = machine()
    lines = [
        "# Kill test",
        "",
        f"A suite of {CELLS} cells on `digits` (raw, ssgc, random-encoder, grace; 4 seeds, 2 "
        f"protocols) was killed with SIGKILL {len(kills)} times at random moments, each time "
        "continued by the same command at once, and at last left to finish. Then: no finished "
        "cell was lost, none was computed twice, none is recorded as failed, and every number of "
        "`table.csv` (times and memory aside) equals that of an undisturbed run. No process of a "
        "killed run was left.",
        "",
        "Where a run was finished before it could be killed, the same was checked, and the other "
        "kills came on a new folder (0 cells before).",
        "",
        f"Eight of ten kills come up to {SECONDS_OF_WORK:g} s after the run's first result, two at "
        "any moment before it is expected.",
        "",
        f"An undisturbed run has its first result after {first:.1f} s: imports take most of that, "
        "on a machine that does other work beside.",
        "",
        "| kill | seconds after its start | killed | jobs | cells finished before | at the kill | "
        "line cut off | its other processes | gone after s |",
        "| ---: | ---: | :--- | ---: | ---: | ---: | :--- | ---: | ---: |",
    ]
    lines += [
        f"| {i} | {k.seconds:.1f} | {k.victim} | {k.jobs} | {k.before} | {k.after} | "
        f"{'yes' if k.cut_off else 'no'} | {k.processes} | {k.seconds_until_gone:.2f} |"
        for i, k in enumerate(kills, start=1)
    ]
    lines += [
        "",
        f"Random seed {seed}; {where['processor']}, {where['cores']} cores; {now()}.",
        "Made by: `GRAPHCL_KILL_LOG=benchmarks/results/robustness/kill-test.md "
        "python -m pytest -m slow tests/benchmark/test_kill.py`",
    ]
    return "\n".join(lines) + "\n"


@pytest.mark.slow
def test_kill_9_at_random_moments(tmp_path: Path) -> None:
    suite = tmp_path / "killed.yaml"
    suite.write_text(SUITE)
    first = undisturbed(suite, tmp_path / "undisturbed")
    seed = int.from_bytes(os.urandom(2), "big")
    chance = random.Random(seed)
    kills: list[Kill] = []
    attempt = 0
    while len(kills) < KILLS:
        results = tmp_path / f"killed-{attempt}"
        after_first = len(kills) % 5 != 3  # two of ten while libraries load
        done = kill(
            suite,
            results,
            wait=chance.uniform(0, SECONDS_OF_WORK if after_first else first),
            after_first=after_first,
            group=len(kills) % 2 == 1,
            jobs=1 + len(kills) // 2 % 2,
        )
        if done is None:  # it was faster: the rest of the kills on a new folder
            check_whole(results, tmp_path / "undisturbed")
            attempt += 1
        else:
            kills.append(done)
    running = start(suite, results, jobs=1)
    assert running.wait() == 0, running.communicate()[1]

    check_whole(results, tmp_path / "undisturbed")
    if path := os.environ.get("GRAPHCL_KILL_LOG"):
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(log(kills, first, seed), encoding="utf-8")
