from __future__ import annotations

import csv
import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from graphcl.benchmark import (
    Cell,
    CellResult,
    Limits,
    load_suite,
    plan_cells,
    select_cells,
    shipped_suites,
)
from tests.benchmark.fakes import FakeExecutor
from tests.cli.support import graphcl, refused

MINI = """\
name: mini
datasets: [digits]
methods: [raw, ssgc]
evaluations: [P-CLU, P-RND2]
seeds: 2
"""


@pytest.fixture
def mini(tmp_path: Path) -> Path:
    path = tmp_path / "mini.yaml"
    path.write_text(MINI)
    return path


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> FakeExecutor:
    executor = FakeExecutor()

    class Processes:
        def __init__(self, logs: Path, **options: object) -> None:
            executor.options = options

        def __enter__(self) -> FakeExecutor:
            return executor

        def __exit__(self, *exc: object) -> None: ...

    monkeypatch.setattr("graphcl.benchmark.session.WorkerProcesses", Processes)
    return executor


def test_bench_runs_reports_and_continues(mini: Path, tmp_path: Path, fake: FakeExecutor) -> None:
    results = str(tmp_path / "results")
    outcome = graphcl("bench", str(mini), "--results", results, "--seeds", "3")
    assert outcome.exit_code == 0, outcome.output
    assert "digits: clustering, P-CLU" in outcome.stdout
    assert len(fake.asked) == 12
    folder = tmp_path / "results" / "mini"
    assert {f.name for f in folder.iterdir()} == {
        "results.jsonl", "table.md", "table.csv", "plot.png", "plot.svg",
    }  # fmt: skip
    outcome = graphcl("bench", str(mini), "--results", results, "--seeds", "4")
    assert "12 of 16 cells are finished already" in outcome.stdout
    assert len(fake.asked) == 16


def test_failed_cells_give_exit_code_1(
    mini: Path, tmp_path: Path, fake: FakeExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("graphcl.benchmark.session.missing_datasets", lambda suite, root: {})
    from dataclasses import replace

    good = fake.answer

    def sick(cell):  # type: ignore[no-untyped-def]
        done = good(cell)
        bad = replace(done, status="failed", metrics={}, message="the loss is nan")
        return bad if cell.method == "ssgc" else done

    fake.answer = sick
    outcome = graphcl("bench", str(mini), "--results", str(tmp_path))
    assert outcome.exit_code == 1
    assert "failed digits, ssgc: the loss is nan" in outcome.stdout
    assert "4 of 8 cells failed; the same command tries again" in outcome.stdout


def test_missing_data(mini: Path, tmp_path: Path, fake: FakeExecutor, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    def no_download(*arguments: object) -> Path:
        raise OSError("no network")

    monkeypatch.setattr("graphcl.datasets.loading.download", no_download)
    where = ("--results", str(tmp_path / "results"), "--data", str(tmp_path))
    mini.write_text(MINI.replace("[digits]", "[Cora]"))
    refused(graphcl("bench", str(mini), *where), "Cora: raw files are missing", "ind.cora")
    assert not (tmp_path / "results").exists()
    assert fake.asked == []

    mini.write_text(MINI.replace("[digits]", "[Cora, digits]"))
    outcome = graphcl("bench", str(mini), *where)
    assert outcome.exit_code == 1
    assert outcome.stdout.startswith("missing data set: Cora: raw files are missing")
    assert "failed Cora" not in outcome.stdout
    assert {cell.dataset for cell in fake.asked} == {"digits"}
    table = list(csv.DictReader((tmp_path / "results" / "mini" / "table.csv").open()))
    assert table[0]["P-RND2 seeds failed"] == "2"


@pytest.mark.parametrize(
    ("old", "new", "parts"),
    [
        (
            "[raw",
            "[rav",
            ("mini.yaml, line 3, column 11", "unknown method 'rav'; did you mean 'raw'"),
        ),
        ("[raw", "[raw, [", ("mini.yaml, line 3, column", "not valid YAML")),
        ("digits", "digitz", ("unknown data set 'digitz'; did you mean 'digits'",)),
    ],
)
def test_a_broken_suite(mini: Path, old: str, new: str, parts: tuple[str, ...]) -> None:
    mini.write_text(MINI.replace(old, new))
    refused(graphcl("bench", str(mini)), *parts)


def test_other_bad_input(mini: Path, tmp_path: Path, fake: FakeExecutor) -> None:
    refused(
        graphcl("bench", "quikc"),
        "unknown suite 'quikc'; did you mean 'quick'? Known: graph-classification, "
        "heterogeneous, losses, node-clustering, node-level, quick",
    )
    refused(graphcl("bench", str(mini), "--data", "/nowhere"), "--data /nowhere: no such folder")
    refused(graphcl("bench", str(mini), "--seeds", "0"), "seeds must be at least 1, got 0")
    (tmp_path / "mini").mkdir()
    (tmp_path / "mini" / "results.jsonl").write_text("nonsense\n")
    refused(graphcl("bench", str(mini), "--results", str(tmp_path)), "results.jsonl, line 1")
    (tmp_path / "file").write_text("")
    written = ("bench", str(mini), "--results", str(tmp_path / "file"))
    refused(graphcl(*written), "results cannot be written to", "file/mini/results.jsonl")
    refused(graphcl("bench", str(tmp_path)), "is a folder; a suite is a YAML file")


def test_a_report_that_cannot_be_written(mini: Path, tmp_path: Path, fake: FakeExecutor) -> None:
    """The numbers are shown and kept all the same."""
    (tmp_path / "mini" / "table.md").mkdir(parents=True)
    outcome = graphcl("bench", str(mini), "--results", str(tmp_path))
    refused(outcome, "table.md: is a directory")
    assert "digits: clustering, P-CLU" in outcome.stdout
    assert len((tmp_path / "mini" / "results.jsonl").read_text().splitlines()) == 8


def test_debug_shows_the_traceback() -> None:
    for arguments in (["--debug", "bench", "quikc"], ["bench", "quikc", "--debug"]):
        assert isinstance(graphcl(*arguments).exception, FileNotFoundError)
    refused(graphcl("bench", "quikc"), "unknown suite")  # and is forgotten by the next call


def test_interrupted(mini: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*arguments: object, **options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("graphcl.benchmark.run_session", stop)
    outcome = graphcl("bench", str(mini), "--results", str(tmp_path))
    assert outcome.exit_code == 130
    assert "interrupted; finished results are in" in outcome.stderr


def test_interrupted_while_libraries_load() -> None:
    code = (
        "import os, signal, sys, graphcl.benchmark as benchmark\n"
        "benchmark.load_suite = lambda name: os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.argv = ['graphcl', 'bench', 'quick']\n"
        "from graphcl.cli import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (130, "graphcl: interrupted\n")


def test_run_may_be_left_out(mini: Path, tmp_path: Path, fake: FakeExecutor) -> None:
    where = ("--results", str(tmp_path))
    assert graphcl("bench", "run", str(mini), *where).exit_code == 0
    assert graphcl("bench", *where, str(mini)).exit_code == 0
    assert len(fake.asked) == 8
    shown = graphcl("bench", "--help").stdout
    assert "SUITE" in shown
    assert "status" in shown
    assert "--dry-run" in graphcl("bench", "run", "--help").stdout


def test_only(mini: Path, tmp_path: Path, fake: FakeExecutor) -> None:
    where = (str(mini), "--results", str(tmp_path))
    outcome = graphcl("bench", *where, "--only", "digits/ssgc")
    assert outcome.exit_code == 0
    assert {cell.row for cell in fake.asked} == {"ssgc"}
    # What was asked for is printed, the files show the whole suite.
    assert "raw" not in outcome.stdout
    assert "not run" not in outcome.stdout
    assert "written, with the rest of the suite" in outcome.stdout
    assert "not run" in (tmp_path / "mini" / "table.md").read_text()
    refused(
        graphcl("bench", *where, "--only", "sgc"),
        "--only sgc: unknown data set or row of this suite 'sgc'; did you mean 'ssgc'?",
    )
    assert "4 of 4 cells are finished" in graphcl("bench", *where, "--only", "ssgc").stdout


def test_quick(mini: Path, tmp_path: Path, fake: FakeExecutor) -> None:
    where = (str(mini), "--results", str(tmp_path), "--quick")
    refused(graphcl("bench", *where), "--quick: the suite mini names no quick part")
    mini.write_text(mini.read_text() + "quick: [ssgc]\n")
    refused(graphcl("bench", *where, "--only", "ssgc"), "--only does not go with it")
    shown = graphcl("bench", *where, "--dry-run")
    assert "2 cells to run" in shown.stdout, shown.output
    shown = graphcl("bench", *where, "--dry-run", "--seeds", "2")
    assert "4 cells to run" in shown.stdout


@pytest.mark.parametrize("name", [suite for suite in shipped_suites() if suite != "quick"])
def test_every_larger_suite_has_a_quick_part(name: str) -> None:
    suite = load_suite(name).with_seeds(1)
    assert 0 < len(select_cells(plan_cells(suite), suite.quick)) <= 30


def test_dry_run(mini: Path, tmp_path: Path, fake: FakeExecutor) -> None:
    where = (str(mini), "--results", str(tmp_path))
    outcome = graphcl("bench", *where, "--dry-run", "--seeds", "3")
    assert outcome.exit_code == 0
    assert "12 cells to run: no former cells" in outcome.stdout
    assert fake.asked == []
    assert not (tmp_path / "mini").exists()
    graphcl("bench", *where, "--only", "ssgc")
    shown = graphcl("bench", *where, "--dry-run", "--only", "ssgc", "--seeds", "3").stdout
    assert "2 cells to run: about 2 s" in shown
    mini.write_text(MINI.replace("[digits]", "[Cora]"))
    shown = graphcl("bench", *where, "--dry-run", "--data", str(tmp_path)).stdout
    assert "not here yet, downloaded where that is possible: Cora" in shown


def test_limits_and_jobs_reach_the_processes(
    mini: Path, tmp_path: Path, fake: FakeExecutor
) -> None:
    mini.write_text(MINI + "timeout: 60\nmemory: 8\n")
    where = ("bench", str(mini), "--results", str(tmp_path))
    graphcl(*where)
    assert fake.options["limits"] == Limits(seconds=60, memory_gib=8)
    assert fake.options["jobs"] == 1
    graphcl(*where, "--jobs", "3", "--memory", "1.5", "--seeds", "3")
    assert fake.options["limits"] == Limits(seconds=60, memory_gib=1.5)
    assert fake.options["jobs"] == 3
    assert [task.log for task in fake.tasks[-2:]] == [
        "digits.raw.seed-2.log",
        "digits.ssgc.seed-2.log",
    ]
    refused(graphcl(*where, "--memory", "0"), "memory must be above 0")
    assert graphcl(*where, "--jobs", "0").exit_code == 2


def test_status(mini: Path, tmp_path: Path, fake: FakeExecutor) -> None:
    where = ("--results", str(tmp_path))
    refused(graphcl("bench", "status", *where), "there are no results in")
    graphcl("bench", str(mini), *where, "--only", "raw")
    shown = graphcl("bench", "status", str(mini), *where).stdout
    assert "4 cells to run" in shown
    assert "nobody is running it" in shown
    refused(graphcl("bench", "status", "quikc", *where), "did you mean 'quick'?")


def test_results_that_can_no_longer_be_written(
    mini: Path, tmp_path: Path, fake: FakeExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The third result meets a full disk; the first two stay, and the command goes on later."""
    good = fake.answer

    def full(file: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    def third(cell: Cell) -> CellResult:
        if len(fake.asked) == 3:
            monkeypatch.setattr("graphcl.benchmark.store.os.fsync", full)
        return good(cell)

    fake.answer = third
    arguments = ("bench", str(mini), "--results", str(tmp_path))
    refused(graphcl(*arguments), "a result cannot be written to", "(no space left on device)")
    assert len((tmp_path / "mini" / "results.jsonl").read_text().splitlines()) == 2
    assert not (tmp_path / "mini" / "table.md").exists()


@pytest.mark.slow
def test_ctrl_c_for_real(mini: Path, tmp_path: Path) -> None:
    """What was finished stays, no process stays, and the same command goes on."""
    slow = "{method: grace, parameters: {epochs: 100000}}"
    mini.write_text(MINI.replace("ssgc", slow))
    command = [sys.executable, "-m", "graphcl", "bench", str(mini), "--results", str(tmp_path)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    running = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    )
    results = tmp_path / "mini" / "results.jsonl"
    deadline = time.monotonic() + 120
    while not (results.exists() and results.read_text().count("\n") == 4):
        assert time.monotonic() < deadline
        assert running.poll() is None
        time.sleep(0.1)
    running.send_signal(signal.SIGINT)
    _, errors = running.communicate(timeout=60)
    assert running.returncode == 130
    assert errors == (
        f"graphcl: interrupted; finished results are in {tmp_path / 'mini'}, "
        "the same command continues\n"
    )
    assert results.read_text().count("\n") == 4
    mini.write_text(MINI)
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    assert "4 of 8 cells are finished already" in done.stdout


@pytest.mark.slow
def test_a_mini_suite_for_real(mini: Path, tmp_path: Path) -> None:
    """The real command with real processes on embedded data."""
    command = [sys.executable, "-m", "graphcl", "bench", str(mini), "--results", str(tmp_path)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    rows = {r["method"]: r for r in csv.DictReader((tmp_path / "mini" / "table.csv").open())}
    assert 50 < float(rows["raw"]["P-CLU acc"]) < 70
    assert float(rows["ssgc"]["P-CLU acc"]) > 70
    assert float(rows["ssgc"]["P-RND2 accuracy"]) > 85
    assert rows["ssgc"]["P-CLU seeds"] == "2"
    assert "written: " in done.stdout
