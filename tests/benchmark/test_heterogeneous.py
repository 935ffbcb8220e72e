"""Heterogeneous data sets in suites, workers and reports."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

import graphcl.evaluation
from graphcl.benchmark import (
    Catalogue,
    CellResult,
    Report,
    Suite,
    SuiteError,
    Task,
    load_suite,
    make_report,
    parse_suite,
    plan_cells,
)
from graphcl.benchmark.cells import installed_fingerprint
from graphcl.benchmark.metrics import RESTART_STD
from graphcl.benchmark.tables import tables_of
from graphcl.benchmark.worker import run_task
from graphcl.datasets import available

TEXT = """\
name: tiny
datasets: [countries]
methods: [metapath-means]
evaluations: [P-CLU, P-HET20]
seeds: 1
"""


def results_of(suite: Suite) -> list[CellResult]:
    found: list[Any] = []
    run_task(Task(tuple(plan_cells(suite))), found.append)
    return [event for event in found if isinstance(event, CellResult)]


def test_a_worker_takes_target_and_metapaths_from_the_card() -> None:
    refused, done = results_of(parse_suite(TEXT))
    assert refused.message.startswith("P-HET20 needs the splits of HeCo, but the data set has no")
    assert done.status == "done"
    assert done.settings["target"] == "country"
    assert len(done.settings["metapaths"]) == 3
    assert done.metrics["nmi"] > 0.1
    assert CellResult.from_json(done.to_json()).metrics == done.metrics


def test_parameters_of_the_suite_go_before_the_card() -> None:
    paths = "{method: metapath-means, parameters: {metapaths: [country-country]}}"
    (done,) = results_of(
        parse_suite(TEXT.replace("metapath-means", paths).replace(", P-HET20", ""))
    )
    assert len(done.settings["metapaths"]) == 1


def test_settings_by_edge_type_can_be_stored() -> None:
    (done,) = results_of(parse_suite(TEXT.replace(", P-HET20", "")))
    by_type = replace(done, settings={"neighbours": {("author", "wrote", "paper"): 7}})
    assert "('author', 'wrote', 'paper')" in by_type.to_json()


def test_the_identity_of_a_cell_holds_metapaths_and_probe(monkeypatch: pytest.MonkeyPatch) -> None:
    def identity(**parameters: Any) -> Any:
        return installed_fingerprint("HeCo-ACM", "raw", parameters)

    first = identity()
    assert first["settings"]["target"] == "paper"
    assert first["settings"]["metapaths"][0] == ["paper", "author", "paper"]
    assert first["probe"]["learning_rate"] == 0.03
    assert identity(metapaths=["paper-author-paper"]) != first
    other = graphcl.evaluation.ProbeSettings(learning_rate=0.5)
    monkeypatch.setattr(graphcl.evaluation, "probe_settings", lambda name: other)
    assert identity() != first
    assert "probe" not in installed_fingerprint("digits", "raw", {})


@pytest.mark.parametrize(
    ("dataset", "method", "kind"),
    [("countries", "grace", "heterogeneous"), ("digits", "metapath-means", "node-level")],
)
def test_methods_meet_only_the_kind_of_data_they_are_for(
    dataset: str, method: str, kind: str
) -> None:
    text = TEXT.replace("countries", dataset).replace("metapath-means", method)
    message = f"method '{method}' does not work on the {kind} data set '{dataset}'"
    with pytest.raises(SuiteError, match=message):
        parse_suite(text)


def test_the_shipped_suite_runs_what_can_be_run() -> None:
    suite = load_suite("heterogeneous")
    cards = {card.name: card for card in available()}
    assert len(suite.seeds) == 5
    for entry in suite.datasets:
        card = cards[entry.name]
        rows = {row.name for row in suite.rows_for(entry)}
        assert {"random-encoder", "heco", "meow", "adameow"} <= rows
        assert ("raw" in rows) == ("metapath-means" in rows) == (card.num_features > 0)
        assert ("P-HET20" in suite.evaluations_for(entry)) == entry.name.startswith("HeCo-")
        assert ("P-PUB" in suite.evaluations_for(entry)) == entry.name.endswith("-MAGNN")
        assert card.metapaths
    assert len({cell.key for cell in plan_cells(suite)}) == len(plan_cells(suite))


def probe_report() -> Report:
    suite = parse_suite(
        TEXT.replace("P-CLU, P-HET20", "P-HET20, P-HET40").replace("seeds: 1", "seeds: 2")
        + "published:\n  - {dataset: countries, method: metapath-means, protocol: P-HET40, "
        "metric: auc, value: 70, std: 1, source: Paper}\n"
    )
    cells = plan_cells(suite)
    results = {}
    for cell in cells:
        metrics = dict.fromkeys(("macro_f1", "micro_f1", "auc"), 0.5 + 0.1 * cell.seed) | {
            "macro_f1_restart_std": 0.01 + 0.01 * cell.seed,
            "validation_macro_f1": 0.5,
        }
        results[cell.key] = CellResult(cell=cell, status="done", metrics=metrics)
    return make_report(suite, cells, results)


def test_each_probe_of_three_numbers_has_a_table_of_its_own() -> None:
    report = probe_report()
    first, second = tables_of(report.statistics[0])
    assert first.title == "countries: linear probe, P-HET20"
    assert first.headings[:4] == ("Method", "Macro-F1", "Micro-F1", "AUC")
    assert first.rows[0][1].text == "55.0 ± 7.1"
    assert second.headings == ("Method", "Macro-F1", "Micro-F1", "AUC", "published")


def test_the_spread_over_restarts_is_told_beside() -> None:
    (note,) = [note for note in probe_report().notes if "over restarts" in note]
    assert note.endswith(
        "P-HET20 Macro-F1 metapath-means 1.5; P-HET40 Macro-F1 metapath-means 1.5."
    )
    measured = probe_report().statistics[0].protocols[0].rows[0].metrics["macro_f1_restart_std"]
    assert measured.mean == pytest.approx(1.5)
    assert RESTART_STD == graphcl.evaluation.RESTART_STD


def test_the_catalogue_knows_both_kinds() -> None:
    known = Catalogue.installed()
    assert known.datasets["countries"] == "heterogeneous"
    assert known.methods["raw"] == {"node", "graph", "heterogeneous"}
    assert known.methods["metapath-means"] == {"heterogeneous"}
