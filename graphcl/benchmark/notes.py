"""The lines under the tables: what the numbers are, where settings came from, what failed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from graphcl.benchmark.aggregate import DatasetStatistics
from graphcl.benchmark.catalogue import FOREIGN_PROTOCOLS
from graphcl.benchmark.cells import Cell, CellResult
from graphcl.benchmark.differences import differences_of
from graphcl.benchmark.metrics import FOLD_STD, RESTART_STD, style_of
from graphcl.benchmark.suite import PublishedFigure, Suite
from graphcl.benchmark.tables import show_number


def notes_of(
    suite: Suite,
    cells: Sequence[Cell],
    results: Sequence[CellResult],
    descriptions: Mapping[str, str],
    statistics: Sequence[DatasetStatistics],
    *,
    command: str,
) -> list[str]:
    """Write the notes of a report.

    Args:
        suite: The suite.
        cells: Its cells.
        results: The results of these cells, as far as there are any.
        descriptions: Protocol id -> the protocol spelt out.
        statistics: What the tables show.
        command: The command that made the results.
    """
    used = list(dict.fromkeys(cell.protocol for cell in cells))
    notes = [_reading(suite)]
    if _some_seeds_only(cells, results):
        notes.append(
            "(n/m): n of the m seeds finished; the others failed, see below, or were not run."
        )
    notes += [f"{identifier}: {descriptions[identifier]}." for identifier in used]
    notes += _spreads(
        results,
        RESTART_STD,
        "Standard deviation over restarts of the evaluation on {}, mean over seeds (the ± of the "
        "papers is this one): ",
    )
    notes += _spreads(
        results,
        FOLD_STD,
        "Standard deviation over the folds of one seed on {}, mean over seeds (some papers' ± is "
        "this one): ",
    )
    notes += _settings(results)
    notes += differences_of(statistics)
    notes += _published(suite, used)
    notes += _failures(results)
    notes += _machine(results)
    if command:
        notes.append(f"Made by: {command}")
    return notes


def _reading(suite: Suite) -> str:
    count = len(suite.seeds)
    spread = f"mean ± standard deviation over {count} seeds" if count > 1 else "one seed"
    others = [
        f"{len(entry.seeds)} on {entry.name}"
        for entry in suite.datasets
        if entry.seeds is not None and len(entry.seeds) != count
    ]
    spread += f" ({', '.join(others)})" if others else ""
    return (
        f"Percent, {spread}; a seed fixes split, encoder and probe. Bold: best of the column "
        "(conductance: the smallest). Train s: wall time until the embeddings are there, mean a "
        "seed; s / epoch: that divided by the epochs. Peak MiB: of the whole process, libraries "
        "included, also where it shares them with others (of the accelerator, where one was used)."
    )


def _some_seeds_only(cells: Sequence[Cell], results: Sequence[CellResult]) -> bool:
    """Whether a row has some of its seeds, but not all: where tables say (n/m)."""
    done = {result.cell.key for result in results if result.done}
    finished: dict[tuple[str, str, str], set[bool]] = {}
    for cell in cells:
        place = (cell.dataset, cell.row, cell.protocol)
        finished.setdefault(place, set()).add(cell.key in done)
    return any(len(kinds) == 2 for kinds in finished.values())


def _spreads(results: Sequence[CellResult], ending: str, opening: str) -> list[str]:
    """One line a data set: how much the evaluation alone varies, on the same embeddings."""
    spreads: dict[str, dict[tuple[str, str], dict[str, list[float]]]] = {}
    leaders = [metric + ending for metric in ("macro_f1", "nmi", "accuracy")]
    for result in results:
        cell = result.cell
        leading = next((metric for metric in leaders if metric in result.metrics), None)
        if leading is not None:
            place = (cell.protocol, style_of(leading.removesuffix(ending)).heading)
            rows = spreads.setdefault(cell.dataset, {}).setdefault(place, {})
            rows.setdefault(cell.row, []).append(100 * result.metrics[leading])
    return [
        opening.format(dataset)
        + "; ".join(
            f"{protocol} {heading} "
            + ", ".join(f"{row} {sum(own) / len(own):.1f}" for row, own in rows.items())
            for (protocol, heading), rows in places.items()
        )
        + "."
        for dataset, places in spreads.items()
    ]


def _settings(results: Sequence[CellResult]) -> list[str]:
    """One line a method; data sets that share a source and settings are named together."""
    lines: dict[tuple[str, str], dict[str, None]] = {}
    for result in results:
        if not result.done:
            continue
        own = ", ".join(f"{name} {value}" for name, value in result.cell.parameters.items())
        text = result.settings_source or "the method's defaults"
        text += f"; this suite sets {own}" if own else ""
        lines.setdefault((result.cell.row, text), {})[result.cell.dataset] = None
    return [
        f"Settings of {row} on {', '.join(datasets)}: {text.rstrip('.')}."
        for (row, text), datasets in lines.items()
    ]


def _published(suite: Suite, used: Sequence[str]) -> list[str]:
    """One line a source; what was measured under a protocol that we did not run comes last."""
    beside: dict[str, dict[str, list[str]]] = {}
    elsewhere: dict[str, dict[str, list[str]]] = {}
    for figure in suite.published:
        group = beside if figure.protocol in used else elsewhere
        source = figure.source.rstrip(".")
        place = f"{figure.method} on {figure.dataset}, {figure.protocol}"
        group.setdefault(source, {}).setdefault(place, []).append(_figure(figure))
    notes = [f"Published ({source}): {_join(places)}." for source, places in beside.items()]
    notes += [
        f"Published under another protocol, not comparable with a column above ({source}): "
        f"{_join(places)}."
        for source, places in elsewhere.items()
    ]
    foreign = dict.fromkeys(f.protocol for f in suite.published if f.protocol in FOREIGN_PROTOCOLS)
    return notes + [f"{identifier}: {FOREIGN_PROTOCOLS[identifier]}." for identifier in foreign]


def _join(places: Mapping[str, Sequence[str]]) -> str:
    return "; ".join(f"{place}: {', '.join(figures)}" for place, figures in places.items())


def _figure(figure: PublishedFigure) -> str:
    heading = style_of(figure.metric).heading
    return f"{heading} {show_number(figure.value, figure.std)}"


def _failures(results: Sequence[CellResult]) -> list[str]:
    """One line a reason and data set; seeds, protocols and rows that share it stand together."""
    failed = [result for result in results if not result.done]
    seeds: dict[tuple[str, str, str, str], list[str]] = {}
    logs: dict[tuple[str, str, str], dict[str, None]] = {}
    for result in failed:
        cell = result.cell
        key = (cell.dataset, result.message, cell.row, cell.protocol)
        seeds.setdefault(key, []).append(str(cell.seed))
        logs.setdefault(key[:3], {}).update({result.log: None} if result.log else {})
    protocols: dict[tuple[str, str, str, tuple[str, ...]], list[str]] = {}
    for (dataset, message, row, protocol), own in seeds.items():
        protocols.setdefault((dataset, message, row, tuple(own)), []).append(protocol)
    rows: dict[tuple[str, str, tuple[str, ...], tuple[str, ...]], list[str]] = {}
    for (dataset, message, row, own_seeds), ids in protocols.items():
        rows.setdefault((dataset, message, own_seeds, tuple(ids)), []).append(row)
    lines = []
    for (dataset, message, own_seeds, own_ids), names in rows.items():
        files = dict.fromkeys(log for row in names for log in logs[dataset, message, row])
        lines.append(
            f"Failed: {', '.join(names)} on {dataset}, {', '.join(own_ids)}, "
            f"seed{'s' if len(own_seeds) > 1 else ''} {', '.join(own_seeds)}: {message}"
            + (f" (log: {', '.join(files)})" if files else "")
        )
    return lines


def _machine(results: Sequence[CellResult]) -> list[str]:
    """Machines and versions; more than one where results were made at different times."""
    seen: dict[str, None] = {}
    for result in results:
        if result.done and result.machine:
            where = result.machine
            cores = where.get("cores")
            packages = ", ".join(f"{name} {version}" for name, version in result.versions.items())
            seen[
                f"{where.get('processor')}, {cores} core{'' if cores == 1 else 's'}, "
                f"{where.get('memory_gib')} GiB, {where.get('system')}; {packages}."
            ] = None
    return [f"Measured on {text}" for text in seen]
