from __future__ import annotations

import csv
import io
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
from rich.console import Console

from graphcl.benchmark import (
    Cell,
    CellResult,
    Report,
    make_report,
    parse_suite,
    plan_cells,
    print_report,
    select_cells,
    write_report,
)
from graphcl.benchmark.formats import to_csv, to_markdown
from graphcl.benchmark.report import _panel
from graphcl.benchmark.tables import TextTable, tables_of
from graphcl.plotting import Bar, BarPanel, plot_bars
from tests.benchmark.fakes import CATALOGUE, SUITE, fingerprint, result

PUBLISHED = """\
published:
  - {dataset: digits, method: ssgc, protocol: P-RND2, value: 70.5, std: 0.4, source: Paper A}
  - {dataset: digits, method: ssgc, protocol: P-RND1, value: 72.5, source: Paper B}
  - {dataset: digits, method: raw, protocol: P-CLU, metric: acc, value: 40, source: Paper A}
"""


def report_of(
    text: str = SUITE, failing: set[tuple[str, str, int]] | None = None, missing: str = ""
) -> Report:
    suite = parse_suite(text, catalogue=CATALOGUE)
    cells = plan_cells(suite, fingerprint=fingerprint)

    def answer(cell: Cell) -> CellResult:
        if failing and (cell.row, cell.protocol, cell.seed) in failing:
            return CellResult(cell=cell, status="failed", message="the loss is nan in epoch 3")
        return result(cell)

    results = {cell.key: answer(cell) for cell in cells if cell.row != missing}
    return make_report(suite, cells, results, command="graphcl bench small.yaml")


def tables(report: Report) -> list[TextTable]:
    return [table for dataset in report.statistics for table in tables_of(dataset)]


def column(table: TextTable, heading: str) -> list[str]:
    place = table.headings.index(heading)
    return [row[place].text for row in table.rows]


def test_the_best_row_stands_first_on_request_and_what_did_not_run_last() -> None:
    probe = tables(report_of())[0]
    labels, means = column(probe, "Method"), column(probe, "Accuracy")
    assert means != sorted(means, reverse=True)
    best = [label for _, label in sorted(zip(means, labels, strict=True), reverse=True)]
    assert column(tables(report_of("sort: true\n" + SUITE))[0], "Method") == best
    shorter = tables(report_of("sort: true\n" + SUITE, missing=best[0]))[0]
    assert column(shorter, "Method") == [*best[1:], best[0]]


def test_methods_that_are_only_published_have_rows_of_their_own() -> None:
    text = (
        SUITE
        + """\
literature: [NS4GC, unseen]
published:
  - {dataset: digits, method: NS4GC, protocol: P-CLU, metric: acc, value: 74.9, source: Paper C}
"""
    )
    report = report_of(text)
    probe, clustering = tables(report)
    for table in (probe, clustering):
        assert column(table, "Method") == ["raw", "ssgc", "NS4GC"]
    assert column(clustering, "published") == ["–", "–", "74.9"]
    assert column(clustering, "NMI")[-1] == column(probe, "Train s")[-1] == "–"
    assert not any(field.bold or field.failed for field in clustering.rows[-1])
    lines = list(csv.DictReader(io.StringIO(to_csv(report.statistics))))
    assert [line["method"] for line in lines] == ["raw", "ssgc", "NS4GC"]
    assert lines[-1]["P-CLU seeds asked"] == "0"
    assert "Published (Paper C): NS4GC on digits, P-CLU: ACC 74.9." in report.notes
    for panel in map(_panel, report.statistics[0].protocols):
        assert panel.labels == ["raw", "ssgc"]


def test_probe_and_clustering_stand_in_tables_of_their_own() -> None:
    probe, clustering = tables(report_of())
    assert probe.title == "digits: linear probe, P-RND2"
    assert probe.headings == ("Method", "Accuracy", "Train s", "Peak MiB")
    assert column(probe, "Accuracy") == ["51.0 ± 1.0", "71.0 ± 1.0"]
    assert column(probe, "Train s") == ["2.0", "2.0"]
    assert column(probe, "Peak MiB") == ["500", "500"]
    assert clustering.headings == ("Method", "ACC", "NMI", "Conductance", "Clusters")
    assert column(clustering, "Clusters") == ["10", "10"]


def test_seconds_of_an_epoch_stand_beside_rows_that_are_trained() -> None:
    suite = parse_suite(SUITE, catalogue=CATALOGUE)
    cells = plan_cells(suite, fingerprint=fingerprint)
    results = {
        cell.key: replace(result(cell), epochs=80 if cell.row == "ssgc" else None) for cell in cells
    }
    report = make_report(suite, cells, results, command="graphcl bench small.yaml")
    assert column(tables(report)[0], "s / epoch") == ["–", "0.025"]
    lines = csv.DictReader(io.StringIO(to_csv(report.statistics)))
    assert [line["seconds an epoch"] for line in lines] == ["", "0.0250"]


def test_two_protocols_never_share_a_column() -> None:
    text = SUITE.replace("[P-RND2, P-CLU]", "[P-PUB, P-RND2]")
    (probe,) = tables(report_of(text))
    assert probe.headings[1:3] == ("Accuracy P-PUB", "Accuracy P-RND2")
    header = next(csv.reader(io.StringIO(to_csv(report_of(text).statistics))))
    numbers = [name for name in header if name.startswith("P-")]
    assert "P-PUB accuracy" in numbers
    assert "P-RND2 accuracy" in numbers
    assert len(set(header)) == len(header)


def test_the_best_is_bold_and_conductance_is_best_where_it_is_small() -> None:
    probe, clustering = tables(report_of())
    assert [row[1].bold for row in probe.rows] == [False, True]
    place = clustering.headings.index("Conductance")
    assert [row[place].bold for row in clustering.rows] == [False, True]
    assert not any(row[-1].bold for row in clustering.rows)  # clusters: no best
    alone = tables(report_of(SUITE.replace("[raw, ssgc]", "[raw]")))
    assert not any(field.bold for table in alone for row in table.rows for field in row)


def test_published_figures_stand_beside_ours_under_the_same_protocol_only() -> None:
    report = report_of(SUITE + PUBLISHED)
    probe, clustering = tables(report)
    assert column(probe, "published") == ["–", "70.5 ± 0.4"]
    assert clustering.headings[1:3] == ("ACC", "published")
    notes = "\n".join(report.notes)
    assert "Published (Paper A): ssgc on digits, P-RND2: Accuracy 70.5 ± 0.4; raw" in notes
    assert "not comparable with a column above (Paper B): ssgc on digits, P-RND1" in notes
    assert "P-RND1: random 10% train / 90% test" in notes


def test_notes_tell_which_figures_agree_with_published_ones() -> None:
    figure = "  - {dataset: digits, method: %s, protocol: %s, metric: %s, value: %s, source: A}"
    values = [
        ("raw", "P-RND2", "accuracy", "51.9, std: .2"),  # ours: 51.0 ± 1.0
        ("ssgc", "P-RND2", "accuracy", "73.0"),  # 71.0 ± 1.0
        ("raw", "P-CLU", "modularity", "99.0"),
    ]
    published = "\n".join(["published:", *(figure % value for value in values)])
    notes = "\n".join(report_of(SUITE + published + "\n").notes)
    assert "of the published figure: raw on digits, P-RND2, Accuracy -0.9." in notes
    assert "Further below the published figure: ssgc on digits, P-RND2, Accuracy -2.0." in notes
    assert "Further above" not in notes
    one = SUITE.replace("seeds: 3", "seeds: 1") + published.replace("73.0", "60.0") + "\n"
    assert "ssgc on digits, P-RND2, Accuracy +10.0 (one seed)" in "\n".join(report_of(one).notes)


def test_failures_are_shown_and_explained() -> None:
    some = {("raw", "P-RND2", 0)}
    all_of = {("ssgc", "P-CLU", seed) for seed in range(3)}
    report = report_of(failing=some | all_of)
    probe, clustering = tables(report)
    assert column(probe, "Accuracy")[0] == "51.5 ± 0.7 (2/3)"
    assert column(clustering, "ACC")[1] == "failed"
    assert clustering.rows[1][1].failed
    notes = "\n".join(report.notes)
    assert "Failed: raw on digits, P-RND2, seed 0: the loss is nan in epoch 3" in notes
    assert "Failed: ssgc on digits, P-CLU, seeds 0, 1, 2: the loss is nan" in notes
    assert "n of the m seeds finished" in notes
    assert "*failed*" in to_markdown(clustering)


def test_failures_of_one_reason_are_told_once() -> None:
    everything = set(product(("raw", "ssgc"), ("P-RND2", "P-CLU"), range(3)))
    told = [note for note in report_of(failing=everything).notes if note.startswith("Failed")]
    assert told == [
        "Failed: raw, ssgc on digits, P-RND2, P-CLU, seeds 0, 1, 2: the loss is nan in epoch 3"
    ]


def test_what_was_not_run_says_so_and_nothing_at_all_still_makes_a_table() -> None:
    probe, _ = tables(report_of(missing="ssgc"))
    assert column(probe, "Accuracy")[1] == "not run"
    assert column(probe, "Train s")[1] == "–"
    everything = set(product(("raw", "ssgc"), ("P-RND2", "P-CLU"), range(3)))
    _, clustering = tables(report_of(failing=everything))
    assert clustering.headings == ("Method", "ACC", "NMI")


def test_data_sets_that_were_not_begun_are_only_named() -> None:
    text = SUITE.replace("datasets: [digits]", "datasets: [digits, Cora]") + PUBLISHED.replace(
        "dataset: digits, method: raw", "dataset: Cora, method: raw"
    )
    suite = parse_suite(text, catalogue=CATALOGUE)
    cells = plan_cells(suite, fingerprint=fingerprint)
    results = {cell.key: result(cell) for cell in cells if cell.dataset == "digits"}
    report = make_report(suite, cells, results)
    assert [dataset.dataset for dataset in report.statistics] == ["digits"]
    assert report.notes[0] == "Not run yet, so not shown: Cora."
    assert not any("on Cora" in note for note in report.notes)
    assert not any("n of the m seeds" in note for note in report.notes)


def test_the_legend_of_missing_seeds_stands_only_where_a_table_needs_it() -> None:
    def legend(**options: object) -> bool:
        notes = report_of(**options).notes  # type: ignore[arg-type]
        return any(note.startswith("(n/m)") for note in notes)

    assert not legend()
    assert legend(failing={("raw", "P-CLU", 1)})
    assert not legend(failing={("raw", "P-CLU", seed) for seed in range(3)})


def test_one_seed_has_no_spread(tmp_path: Path) -> None:
    report = report_of(SUITE.replace("seeds: 3", "seeds: 1"))
    assert column(tables(report)[1], "Clusters") == ["10", "10"]
    assert column(tables(report)[0], "Accuracy") == ["50.0", "70.0"]
    assert "Percent, one seed;" in report.notes[0]
    write_report(report, tmp_path)
    row = next(csv.DictReader((tmp_path / "table.csv").open()))
    assert row["P-RND2 accuracy std"] == ""


def test_notes_name_protocols_settings_machine_and_command() -> None:
    notes = "\n".join(report_of().notes)
    assert "mean ± standard deviation over 3 seeds" in notes
    assert "P-RND2: random 10/10/80 split" in notes
    assert "Settings of raw on digits: defaults of raw." in notes
    assert "Measured on a processor, 2 cores, 8.0 GiB, Linux; graphcl 0.1.0." in notes
    assert "Made by: graphcl bench small.yaml" in notes
    rows = "[raw, {method: ssgc, parameters: {steps: 2}}]"
    own = "\n".join(report_of(SUITE.replace("[raw, ssgc]", rows)).notes)
    assert "defaults of ssgc; this suite sets steps 2." in own


def test_a_report_of_some_cells_shows_their_rows_alone() -> None:
    suite = parse_suite(SUITE + PUBLISHED, catalogue=CATALOGUE)
    cells = plan_cells(suite, fingerprint=fingerprint)
    results = {cell.key: result(cell) for cell in cells}
    report = make_report(suite, select_cells(cells, ["ssgc"]), results)
    assert [column(table, "Method") for table in tables(report)] == [["ssgc"], ["ssgc"]]
    notes = "\n".join(report.notes)
    assert "ssgc on digits, P-RND2: Accuracy 70.5" in notes
    assert "raw" not in notes


def test_files(tmp_path: Path) -> None:
    files = write_report(report_of(SUITE + PUBLISHED), tmp_path / "new")
    assert [file.name for file in files] == ["table.md", "table.csv", "plot.png", "plot.svg"]
    markdown = files[0].read_text()
    assert markdown.startswith("# Benchmark: small\n")
    assert "| ssgc | **71.0 ± 1.0** | 70.5 ± 0.4 | 2.0 | 500 |" in markdown
    row = list(csv.DictReader(files[1].open()))[1]
    assert (row["dataset"], row["method"]) == ("digits", "ssgc")
    assert row["P-RND2 accuracy"] == "71.0000"
    assert float(row["P-RND2 accuracy ci95 low"]) == pytest.approx(71 - 4.302653 / 3**0.5, abs=1e-3)
    assert row["P-RND2 macro_f1"] == "69.0000"
    assert row["P-RND2 accuracy published"] == "70.5000"
    assert files[2].read_bytes().startswith(b"\x89PNG")
    svg = files[3].read_text()
    assert "graphcl benchmark: small" in svg
    assert "mean over 3 seeds, error bars: standard deviation" in svg
    (tmp_path / "again" / ".report" / "table.md").mkdir(parents=True)  # of a run that was killed
    again = write_report(report_of(SUITE + PUBLISHED), tmp_path / "again")
    assert not (tmp_path / "again" / ".report").exists()
    assert again[3].read_text() == svg


@pytest.mark.parametrize("width", [40, 80, 200])
def test_tables_fit_the_terminal_and_lose_nothing(width: int) -> None:
    text = io.StringIO()
    print_report(report_of(SUITE + PUBLISHED), Console(file=text, width=width))
    lines = text.getvalue().splitlines()
    assert max(map(len, lines)) <= width
    assert "…" not in text.getvalue()
    shown = text.getvalue().replace(" ± ", "±")
    for number in ("51.0±1.0", "70.5±0.4", "61.0±1.0", "500"):
        assert number in shown


def test_plots_refuse_what_cannot_be_drawn(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="panels must hold at least one panel, got none"):
        plot_bars([], [tmp_path / "p.png"], title="t")
    panel = BarPanel("p", ["a", "b"], {"ACC": [Bar(1.0)]})
    with pytest.raises(ValueError, match="series 'ACC' has 1 bars for 2 labels"):
        plot_bars([[panel]], [tmp_path / "p.png"], title="t")


def test_plots_of_negative_values_and_failures(tmp_path: Path) -> None:
    bars = {"ARI": [Bar(-3.0, 1.0), Bar(None, note="failed"), Bar(9.0, float("nan"), published=8)]}
    panels = [[BarPanel("p", list("abc"), bars)], [BarPanel("q", list("abc"), bars)] * 2]
    plot_bars(panels, [tmp_path / "p.svg"], title="t")
    assert "failed" in (tmp_path / "p.svg").read_text()
