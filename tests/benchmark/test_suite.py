from __future__ import annotations

from pathlib import Path

import pytest

from graphcl.benchmark import SuiteError, load_suite, parse_suite, shipped_suites
from tests.benchmark.fakes import CATALOGUE, SUITE, suite

PUBLISHED = """\
published:
  - {dataset: digits, method: raw, protocol: P-RND2, value: 50, source: a paper}
"""


def test_short_forms_and_defaults() -> None:
    small = suite()
    assert small.seeds == [0, 1, 2]
    assert [row.name for row in small.methods] == ["raw", "ssgc"]
    assert small.timeout is None
    assert suite(SUITE.replace("seeds: 3\n", "")).seeds == [0, 1, 2, 3, 4]
    assert suite(SUITE.replace("seeds: 3", "seeds: [7, 3]")).seeds == [7, 3]
    assert small.with_seeds(2).seeds == [0, 1]
    with pytest.raises(ValueError, match="seeds must be at least 1, got 0"):
        small.with_seeds(0)
    assert small.with_memory(2).memory == 2.0
    with pytest.raises(ValueError, match="memory must be above 0"):
        small.with_memory(0)


def test_a_data_set_may_have_seeds_of_its_own() -> None:
    own = suite(SUITE.replace("[digits]", "[{name: digits, seeds: 2}]"))
    assert own.seeds_for(own.datasets[0]) == [0, 1]
    assert own.with_seeds(4).seeds_for(own.with_seeds(4).datasets[0]) == [0, 1, 2, 3]
    with pytest.raises(SuiteError, match="seed 1 is given twice"):
        suite(SUITE.replace("[digits]", "[{name: digits, seeds: [1, 1]}]"))


def test_one_method_twice_with_labels_and_parameters_per_dataset() -> None:
    rows = """[raw, {method: ssgc, parameters: {steps: 2}},
      {method: ssgc, label: far, parameters: {steps: 9}, per_dataset: {DIGITS: {steps: 12}}}]"""
    far = suite(SUITE.replace("[raw, ssgc]", rows)).methods[2]
    assert far.name == "far"
    assert far.parameters_for("digits") == {"steps": 12}
    assert far.parameters_for("Cora") == {"steps": 9}


def test_data_set_names_are_spelt_as_on_their_card() -> None:
    small = suite(SUITE.replace("[digits]", "[cora]") + PUBLISHED.replace("digits", "CORA"))
    assert small.datasets[0].name == "Cora"
    assert small.published[0].dataset == "Cora"


def test_a_data_set_may_choose_rows_and_evaluations() -> None:
    entry = "{name: digit-graphs, methods: [raw], evaluations: [P-CLU]}"
    graphs = suite(SUITE.replace("[digits]", f"[{entry}]"))
    assert [row.name for row in graphs.rows_for(graphs.datasets[0])] == ["raw"]
    assert graphs.evaluations_for(graphs.datasets[0]) == ["P-CLU"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[digits]", "[digitz]", "line 2, column 12, datasets[0]: unknown data set 'digitz'; did "
         "you mean 'digits'? Known: Cora, digit-graphs, digits"),
        ("[raw, ssgc]", "[raw, sgc]", "line 3, column 16, methods[1].method: unknown method 'sgc'; "
         "did you mean 'ssgc'? Known: grace, raw, ssgc"),
        ("[P-RND2, P-CLU]", "[P-RND3, P-CLU]", "line 4, column 15, evaluations[0]: unknown "
         "protocol 'P-RND3'; did you mean 'P-RND2'? Known: P-CLU, P-PUB, P-RND2"),
        ("[digits]", "[digits, Digits]", "datasets[1]: name 'digits' is given twice"),
        ("[P-RND2, P-CLU]", "[P-CLU, P-CLU]", "evaluations[1]: protocol 'P-CLU' is given twice"),
        ("seeds: 3", "seeds: [1, 1]", "seeds[1]: seed 1 is given twice"),
        ("seeds: 3", "seeds: 0", "line 5, column 8, seeds: at least one seed is needed, got 0"),
        ("seeds: 3", "seeds: [-1]", "seeds[0]: must be greater than or equal to 0, got -1"),
        ("seeds: 3", "seeds: many", "seeds: must be a number of seeds or a "
         "list of them, got 'many'"),
        ("[raw, ssgc]", "[raw, raw]", "methods[1]: row 'raw' is given twice (first as methods[0])"),
        ("[raw, ssgc]", "[raw, {method: raw, label: b}]", "row 'b' computes the same as row 'raw'"),
        ("[raw, ssgc]", "[raw, {method: ssgc, parameters: {step: 2}}]", "line 3, column "
         "50, methods[1].parameters.step: unknown parameter of ssgc 'step'; did you mean 'steps'?"),
        ("[raw, ssgc]", "[{method: raw, parameters: {a: 2}}]", "unknown parameter of raw 'a'. "
         "Known: none"),
        ("[raw, ssgc]", "[{method: ssgc, per_dataset: {Cora: {steps: 1}}}]",
         "methods[0].per_dataset.Cora: unknown data set of this suite 'Cora'. Known: digits"),
        ("[raw, ssgc]", "[{label: a}]", "methods[0]: field 'method' is missing"),
        ("[raw, ssgc]", "[{method: raw, lable: a}]", "methods[0].lable: unknown field 'lable'; "
         "did you mean 'label'? Known: label, method, parameters, per_dataset"),
        ("[raw, ssgc]", "[]", "methods: list should have at least 1 item"),
        ("name: small", "nom: small", "nom: unknown field 'nom'; did you mean 'name'? "
         "Known: datasets, description, evaluations, literature, memory, methods, name, published, "
         "quick, seeds, sort, timeout (and 1 more problem)"),
        ("name: small", "name: ../up", "line 1, column 7, name: must be letters, digits, "
         "'.', '_' and '-' (not first), got '../up'"),
        ("name: small", "name: 3", "name: must be a text, got 3"),
        ("name: small", "", "field 'name' is missing"),
        ("[digits]", "digits", "datasets: must be a list, got 'digits'"),
        ("[digits]", "[3]", "datasets[0]: must be a name or a mapping, got 3"),
        ("[raw, ssgc]", "[{method: raw, parameters: 3}]", "parameters: must be a mapping, got 3"),
        ("seeds: 3", "sedes: 3", "sedes: unknown field 'sedes'; did you mean 'seeds'?"),
        ("[digits]", "[digit-graphs]", "datasets[0]: method 'ssgc' does not work on the "
         "graph-level data set 'digit-graphs'; name the rows that do with a 'methods' list"),
        ("[digits]", "[{name: digits, methods: [grace]}]", "datasets[0].methods[0]: unknown row "
         "'grace'"),
        ("[digits]", "[{name: digits, evaluations: [P]}]", "datasets[0].evaluations[0]: unknown "
         "protocol 'P'"),
        ("seeds: 3", "literature: [ssgc]", "literature[0]: 'ssgc' is a row that is run"),
        ("seeds: 3", "literature: [A, A]", "literature[1]: name 'A' is given twice"),
        ("seeds: 3", "timeout: -1", "timeout: must be greater than 0, got -1"),
        ("seeds: 3", "memory: 0", "memory: must be greater than 0, got 0"),
    ],
)  # fmt: skip
def test_messages(old: str, new: str, message: str) -> None:
    with pytest.raises(SuiteError) as caught:
        parse_suite(SUITE.replace(old, new), name="s.yaml", catalogue=CATALOGUE)
    text = str(caught.value)
    assert text.startswith("s.yaml, line ")
    assert message in text
    assert "\n" not in text


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("digits", "Cora", "published[0].dataset: unknown data set of this suite 'Cora'"),
        ("raw", "rav", "published[0].method: unknown row of this suite 'rav'; did you mean 'raw'?"),
        ("P-RND2", "P-RND9", "published[0].protocol: unknown protocol 'P-RND9'; did you mean"),
        ("50", "500", "published[0].value: must be less than or equal to 100, got 500"),
        (", source: a paper", "", "published[0]: field 'source' is missing"),
        ("50", "'50'", "published[0].value: must be a valid number, got '50'"),
    ],
)
def test_messages_of_published_figures(old: str, new: str, message: str) -> None:
    with pytest.raises(SuiteError) as caught:
        suite(SUITE + PUBLISHED.replace(old, new))
    assert message in str(caught.value)


def test_the_same_published_figure_twice() -> None:
    twice = PUBLISHED + PUBLISHED.splitlines()[1].replace("50", "51")
    with pytest.raises(SuiteError, match=r"published\[1\]: the same figure is already given as"):
        suite(SUITE + twice)


def test_a_published_figure_may_carry_a_protocol_that_is_not_run() -> None:
    assert suite(SUITE + PUBLISHED.replace("P-RND2", "P-RND1")).published[0].protocol == "P-RND1"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "s.yaml: the file is empty"),
        ("- a\n", "s.yaml: a suite is a mapping with the fields name, description, datasets"),
        ("name: [a\nb: c", "s.yaml, line 2, column 2: not valid YAML: expected ',' or ']'"),
        ("name: a\nname: b\n", "line 2, column 1: key 'name' is given twice (first in line 1)"),
        ("a: !!python/object:os.system 1", "line 1, column 4: not valid YAML: could not determine"),
        ("a: &x [*x]", "s.yaml, line 1: an alias that contains itself"),
        ("a: \x00", "s.yaml: not valid YAML: unacceptable character"),
    ],
)
def test_broken_yaml(text: str, message: str) -> None:
    with pytest.raises(SuiteError) as caught:
        parse_suite(text, name="s.yaml", catalogue=CATALOGUE)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_loading_files(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(SUITE)
    assert load_suite(path, catalogue=CATALOGUE).name == "small"
    with pytest.raises(FileNotFoundError, match="unknown suite 'quik'; did you mean 'quick'"):
        load_suite("quik")
    with pytest.raises(IsADirectoryError, match="is a folder; a suite is a YAML file"):
        load_suite(tmp_path)
    path.write_bytes(b"name: \xff")
    with pytest.raises(SuiteError, match="not a UTF-8 text file"):
        load_suite(path)


@pytest.mark.parametrize("name", shipped_suites())
def test_shipped_suites_are_valid(name: str) -> None:
    shipped = load_suite(name)
    assert shipped.name == name
    assert len(shipped.seeds) == 5
