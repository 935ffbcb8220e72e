from __future__ import annotations

from dataclasses import replace

import pytest

from graphcl.benchmark import plan_cells, select_cells
from tests.benchmark.fakes import SUITE, fingerprint, suite

TEXT = SUITE.replace("[digits]", "[digits, Cora]").replace(
    "[raw, ssgc]", "[raw, ssgc, {method: ssgc, label: far, parameters: {steps: 9}}]"
)
CELLS = plan_cells(suite(TEXT), fingerprint=fingerprint)


def chosen(*only: str) -> set[tuple[str, str]]:
    return {(cell.dataset, cell.row) for cell in select_cells(CELLS, only)}


def test_by_data_set_row_method_and_both() -> None:
    assert select_cells(CELLS, []) == CELLS
    assert chosen("cora") == {("Cora", "raw"), ("Cora", "ssgc"), ("Cora", "far")}
    assert chosen("Far") == {("Cora", "far"), ("digits", "far")}
    assert len(chosen("ssgc")) == 4  # the method, under both of its labels
    assert chosen("CORA/raw", "digits/far") == {("Cora", "raw"), ("digits", "far")}
    assert [cell for cell in CELLS if cell.row == "raw"] == select_cells(CELLS, ["raw", "raw"])
    slash = [replace(CELLS[0], row="a/b")]
    assert select_cells(slash, ["a/b"]) == select_cells(slash, ["digits/a/b"]) == slash


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("digit", "--only digit: unknown data set or row of this suite 'digit'; did you mean "
         "'digits'? Known: Cora, digits, far, raw, ssgc"),
        ("Coar/raw", "unknown data set of this suite 'Coar'; did you mean 'Cora'"),
        ("Cora/rav", "unknown row of this suite 'rav'; did you mean 'raw'"),
    ],
)  # fmt: skip
def test_unknown_names(name: str, message: str) -> None:
    with pytest.raises(ValueError, match="--only") as caught:
        select_cells(CELLS, ["raw", name])
    assert message in str(caught.value)


def test_a_combination_that_the_suite_does_not_run() -> None:
    cells = [cell for cell in CELLS if (cell.dataset, cell.row) != ("Cora", "far")]
    with pytest.raises(ValueError, match="this suite does not run 'far' on 'Cora'"):
        select_cells(cells, ["Cora/far"])
