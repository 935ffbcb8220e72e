"""Tables as the reader sees them, before they become Markdown, CSV or colours on a terminal."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from graphcl.benchmark.aggregate import (
    DatasetStatistics,
    Measured,
    ProtocolStatistics,
    RowStatistics,
)
from graphcl.benchmark.metrics import style_of
from graphcl.benchmark.suite import PublishedFigure

SIDE_BY_SIDE = ("probe", "cross-validation")
"""Tasks of one number, whose protocols share a table."""
KINDS = {
    "clustering": "clustering",
    "cross-validation": "classified graphs",
    "scaffold-probe": "classified molecules",
}


@dataclass(frozen=True)
class Field:
    """One field of a table; `bold` marks the best of its column, `failed` a failure."""

    text: str
    bold: bool = False
    failed: bool = False


@dataclass(frozen=True)
class TextTable:
    """A table for readers.

    Attributes:
        title: What it shows.
        headings: One a column; the first is the row's name.
        rows: Fields, as many as headings.
    """

    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[Field, ...], ...]


def tables_of(statistics: DatasetStatistics) -> list[TextTable]:
    """The tables of a data set: its probes of one number side by side, then each other protocol.

    A column belongs to one protocol, whose id stands in the title or the heading. Time and memory
    stand in the first table.
    """
    groups = [[p] for p in statistics.protocols if p.task not in SIDE_BY_SIDE]
    for task in SIDE_BY_SIDE:
        same = [entry for entry in statistics.protocols if entry.task == task]
        groups[:0] = [same] if same else []
    tables = [_table(group) for group in groups]
    return [_with_costs(tables[0], statistics), *tables[1:]]


def show_measured(value: Measured, metric: str) -> str:
    """Write mean and deviation, and how many seeds there are where some are missing.

    Example:
        >>> show_measured(Measured(79.12, 0.44, 78.6, 79.7, count=4, asked=5), "acc")
        '79.1 ± 0.4 (4/5)'
    """
    seeds = "" if value.count == value.asked else f" ({value.count}/{value.asked})"
    spread = value.std > 0  # False for NaN, the deviation of a single seed
    if not style_of(metric).percent and not spread and value.mean == int(value.mean):
        return f"{value.mean:.0f}{seeds}"
    return f"{show_number(value.mean, value.std)}{seeds}"


def show_number(mean: float, std: float | None) -> str:
    """Write a mean with its deviation, where there is one.

    Example:
        >>> show_number(81.7, 0.4), show_number(81.7, None)
        ('81.7 ± 0.4', '81.7')
    """
    return f"{mean:.1f}" if std is None or math.isnan(std) else f"{mean:.1f} ± {std:.1f}"


def _table(group: Sequence[ProtocolStatistics]) -> TextTable:
    first = group[0]
    headings = ["Method"]
    columns: list[list[Field]] = [[Field(row.row) for row in first.rows]]
    for entry in group:
        # The heading names the protocol where the title cannot name it alone.
        suffix = f" {entry.protocol}" if len(group) > 1 else ""
        for metric in entry.metrics:
            if not style_of(metric, entry.task).in_tables:
                continue
            headings.append(style_of(metric).heading + suffix)
            columns.append(_column(entry, metric))
            if entry.has_published(metric):
                headings.append(f"published{suffix}")
                columns.append([_published(row.published.get(metric)) for row in entry.rows])
    kind = KINDS.get(first.task, "linear probe")
    ids = ", ".join(entry.protocol for entry in group)
    return TextTable(
        title=f"{first.dataset}: {kind}, {ids}",
        headings=tuple(headings),
        rows=tuple(zip(*columns, strict=True)),
    )


def _column(entry: ProtocolStatistics, metric: str) -> list[Field]:
    better = style_of(metric).better
    shown = [round(better * m.mean, 1) for row in entry.rows if (m := row.metrics.get(metric))]
    best = max(shown, default=None)
    comparable = better != 0 and len(set(shown)) > 1  # among equals there is no best
    fields = []
    for row in entry.rows:
        value = row.metrics.get(metric)
        if value is None:
            fields.append(_absent(row))
            continue
        is_best = comparable and round(better * value.mean, 1) == best
        fields.append(Field(show_measured(value, metric), bold=is_best))
    return fields


def _absent(row: RowStatistics) -> Field:
    if row.metrics or not row.asked:
        return Field("–")
    return Field("failed", failed=True) if row.failed else Field("not run")


def _published(figure: PublishedFigure | None) -> Field:
    return Field("–" if figure is None else show_number(figure.value, figure.std))


def _with_costs(table: TextTable, statistics: DatasetStatistics) -> TextTable:
    costs = [statistics.costs[row[0].text] for row in table.rows]
    seconds = [cost.seconds for cost in costs]
    columns = {"Train s": [_shown(each, show_seconds) for each in seconds]}
    by_epoch = [cost.epoch_seconds for cost in costs]
    if any(each is not None for each in by_epoch):
        columns["s / epoch"] = [_shown(each, show_epoch_seconds) for each in by_epoch]
    columns["Peak MiB"] = [_shown(cost.peak_mib, "{:.0f}".format) for cost in costs]
    rows = [
        (*row, *fields)
        for row, fields in zip(table.rows, zip(*columns.values(), strict=True), strict=True)
    ]
    return TextTable(table.title, (*table.headings, *columns), tuple(rows))


def _shown(value: float | None, show: Callable[[float], str]) -> Field:
    return Field("–" if value is None else show(value))


def show_seconds(seconds: float) -> str:
    """Seconds with as many digits as mean something.

    Example:
        >>> show_seconds(0.034), show_seconds(7.26), show_seconds(512.4)
        ('0.03', '7.3', '512')
    """
    return (
        f"{seconds:.2f}" if seconds < 1 else f"{seconds:.1f}" if seconds < 100 else f"{seconds:.0f}"
    )


def show_epoch_seconds(seconds: float) -> str:
    """Seconds of an epoch, which may be milliseconds: two digits that mean something.

    Example:
        >>> show_epoch_seconds(0.00312), show_epoch_seconds(0.041), show_epoch_seconds(2.26)
        ('0.0031', '0.041', '2.3')
    """
    return f"{seconds:.2g}" if seconds < 10 else show_seconds(seconds)
