from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from graphcl.benchmark import CellResult, ResultStore, load_suite, plan_cells, print_status
from tests.benchmark.fakes import fingerprint, result

MINE = """\
name: mine
datasets: [digits]
methods: [raw, ssgc]
evaluations: [P-CLU]
seeds: 4
"""


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """A suite of eight cells: one is finished, seven failed one after the other."""
    path = tmp_path / "mine.yaml"
    path.write_text(MINE)
    cells = plan_cells(load_suite(path), fingerprint=fingerprint)
    with ResultStore(tmp_path / "results" / "mine" / "results.jsonl") as store:
        store.append(result(cells[0]))
        store.append(result(replace(cells[0], key="0123")))
        for i, cell in enumerate(cells[1:7]):
            store.append(
                CellResult(
                    cell=cell,
                    status="failed",
                    message=f"reason {i}",
                    log="logs/row.log",
                    timestamp=f"2026-01-0{i + 1}",
                )
            )
    return path


def status(source: object, results: Path) -> str:
    out = io.StringIO()
    console = Console(file=out, width=400)
    text = None if source is None else str(source)
    print_status(text, results=results, console=console, fingerprint=fingerprint)
    return out.getvalue()


def test_of_a_file(mine: Path, tmp_path: Path) -> None:
    text = status(mine, tmp_path / "results")
    lines = [line.split() for line in text.splitlines()]
    assert lines[0] == ["mine"]
    assert lines[2][:5] == ["digits", "raw", "1", "3", "0"]
    assert lines[3][:5] == ["digits", "ssgc", "0", "3", "1"]
    assert "7 cells to run: about 6 s" in text
    log = tmp_path / "results" / "mine" / "logs" / "row.log"
    assert f"failed 2026-01-06: digits, ssgc, P-CLU, seed 2: reason 5 (log: {log})" in text
    assert text.index("reason 5") < text.index("reason 4")
    assert "reason 0" not in text
    assert "and 1 earlier failures" in text
    assert "1 results of other seeds, settings or versions are kept" in text
    assert "nobody is running it" in text


def test_of_a_folder_without_its_file(mine: Path, tmp_path: Path) -> None:
    for text in (status("mine", tmp_path / "results"), status(None, tmp_path / "results")):
        assert "which cells are missing is known with the suite's YAML file only" in text
        assert text.splitlines()[2].split() == ["digits", "raw", "2", "3", "?", "?"]


def test_while_it_runs(mine: Path, tmp_path: Path) -> None:
    with ResultStore(tmp_path / "results" / "mine" / "results.jsonl"):
        assert "running: another run (process " in status(mine, tmp_path / "results")


def test_of_a_suite_that_was_not_run(tmp_path: Path) -> None:
    text = status("quick", tmp_path)
    assert "cells to run: no former cells" in text
    assert "nobody is running it" in text


def test_unknown(mine: Path, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="unknown suite 'mien'; did you mean 'mine'"):
        status("mien", tmp_path / "results")
    with pytest.raises(FileNotFoundError, match="there are no results in"):
        status(None, tmp_path)
