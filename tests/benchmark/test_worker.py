from __future__ import annotations

import pytest

import graphcl.methods
from graphcl.benchmark import CellResult, Progress, Suite, Task, parse_suite, plan_cells
from graphcl.benchmark.worker import run_task

TEXT = """\
name: tiny
datasets: [digits]
methods: [raw]
evaluations: [P-CLU, P-PUB]
seeds: 1
"""


def results_of(suite: Suite) -> list[CellResult]:
    found: list[CellResult | Progress] = []
    run_task(Task(tuple(plan_cells(suite))), found.append)
    return [event for event in found if isinstance(event, CellResult)]


def test_a_split_that_cannot_be_made_costs_its_cell_only() -> None:
    refused, done = results_of(parse_suite(TEXT))
    assert (refused.status, refused.cell.protocol) == ("failed", "P-PUB")
    assert refused.message.startswith("P-PUB needs the public split, but the data set has no")
    assert (done.status, done.cell.protocol) == ("done", "P-CLU")
    assert done.split_hash is not None
    assert done.metrics["acc"] > 0.5


def test_nothing_is_trained_for_splits_that_cannot_be_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(graphcl.methods, "create_method", None)
    (refused,) = results_of(parse_suite(TEXT.replace("P-CLU, ", "")))
    assert refused.message.startswith("P-PUB needs the public split")


def test_a_wrong_value_of_a_parameter_is_named() -> None:
    row = "[{method: random-encoder, parameters: {width: wide}}]"
    for result in results_of(parse_suite(TEXT.replace("[raw]", row).replace(", P-PUB", ""))):
        assert result.message == "TypeError: width must be a whole number, got 'wide'"
        assert "Traceback" in result.details
