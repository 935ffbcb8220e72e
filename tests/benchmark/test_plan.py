from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from graphcl.benchmark import (
    CellResult,
    ResultStore,
    RowPlan,
    load_suite,
    plan_cells,
    plan_rows,
)
from graphcl.benchmark.plan import plan_table, total_line
from tests.benchmark.fakes import fingerprint, result, suite

ROOT = Path(__file__).parents[2]
CELLS = plan_cells(suite(), fingerprint=fingerprint)


def test_nothing_was_run() -> None:
    assert plan_rows(CELLS, {}) == [
        RowPlan("digits", "raw", 0, 0, 6, None),
        RowPlan("digits", "ssgc", 0, 0, 6, None),
    ]
    assert total_line(plan_rows(CELLS, {})) == (
        "12 cells to run: no former cells to tell how long that takes"
    )


def test_counts_and_the_time_to_go() -> None:
    results = {cell.key: result(cell) for cell in CELLS[:3]}
    results[CELLS[3].key] = CellResult(cell=CELLS[3], status="failed", message="no luck")
    raw, ssgc = plan_rows(CELLS, results)
    assert (raw.finished, raw.failed, raw.missing, raw.to_run) == (3, 1, 2, 3)
    # The seeds 1 and 2 train once more (2 s each), three cells are evaluated (0.1 s each).
    assert raw.seconds == pytest.approx(2 * 2 + 3 * 0.1)
    assert ssgc.seconds is None
    line = total_line([raw, ssgc])
    assert line == (
        "9 cells to run: about 4 s, without those of ssgc on digits, which was not run before"
    )


def test_cells_of_other_settings_serve_for_the_estimate() -> None:
    old = replace(CELLS[0], key="0123")
    raw, _ = plan_rows(CELLS, {old.key: result(old)})
    assert (raw.finished, raw.missing) == (0, 6)
    assert raw.seconds == pytest.approx(3 * 2 + 6 * 0.1)


def test_everything_is_finished() -> None:
    rows = plan_rows(CELLS, {cell.key: result(cell) for cell in CELLS})
    assert total_line(rows) == "nothing to run: every cell is finished"
    assert {row.seconds for row in rows} == {0.0}


def test_several_processes_share_the_time() -> None:
    row = RowPlan("a", "b", 0, 0, 1, 7200.0)
    assert total_line([row], jobs=4) == "1 cell to run: about 30 min"


def test_the_table() -> None:
    out = io.StringIO()
    rows = [RowPlan("a", "[b]", 1, 2, 3, 90.0), RowPlan("a", "c", 1, 0, 0, 0.0)]
    Console(file=out, width=80).print(plan_table(rows))
    lines = [line.split() for line in out.getvalue().splitlines()]
    assert lines[1] == ["a", "[b]", "1", "2", "3", "1.5", "min"]
    assert lines[2] == ["a", "c", "1", "0", "0", "–"]


def test_a_later_setting_does_not_disown_what_was_finished() -> None:
    stored = ResultStore(ROOT / "benchmarks/results/losses/results.jsonl").read()
    planned = {cell.key for cell in plan_cells(load_suite("losses").with_seeds(3))}
    assert stored
    assert stored.keys() <= planned
