"""Write tables as Markdown, as CSV and on a terminal."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

from graphcl.benchmark.aggregate import DatasetStatistics
from graphcl.benchmark.metrics import ordered
from graphcl.benchmark.tables import Field, TextTable

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

# What a heading becomes where the terminal is narrow.
SHORT_HEADINGS = {
    "Modularity": "Mod.",
    "Conductance": "Cond.",
    "Clusters": "Clus.",
    "published": "publ.",
}


def to_markdown(table: TextTable) -> str:
    """A table in GitHub's Markdown, the best of each column in bold.

    Example:
        >>> print(to_markdown(TextTable("t", ("Method", "ACC"), ((Field("raw"), Field("9")),))))
        | Method | ACC |
        | :--- | ---: |
        | raw | 9 |
    """
    align = [":---", *["---:"] * (len(table.headings) - 1)]
    lines = [table.headings, align, *[[_markdown_field(f) for f in row] for row in table.rows]]
    return "\n".join("| " + " | ".join(_escape(text) for text in line) + " |" for line in lines)


def _markdown_field(field: Field) -> str:
    return f"**{field.text}**" if field.bold else f"*{field.text}*" if field.failed else field.text


def _escape(text: str) -> str:
    return text.replace("|", "\\|")


def to_csv(statistics: Sequence[DatasetStatistics]) -> str:
    """All statistics, one line a data set and row; each column belongs to one protocol.

    Percent for all metrics that are fractions; intervals are 95 %.
    """
    columns: dict[tuple[str, str], None] = {}
    for dataset in statistics:
        for entry in dataset.protocols:
            columns.update(dict.fromkeys((entry.protocol, metric) for metric in entry.metrics))
    protocols = list(dict.fromkeys(protocol for protocol, _ in columns))
    by_protocol = {
        protocol: ordered(metric for p, metric in columns if p == protocol)
        for protocol in protocols
    }
    header = ["dataset", "method"]
    for protocol in protocols:
        header += [f"{protocol} seeds", f"{protocol} seeds failed", f"{protocol} seeds asked"]
        for metric in by_protocol[protocol]:
            name = f"{protocol} {metric}"
            header += [name, f"{name} std", f"{name} ci95 low", f"{name} ci95 high"]
            header += [f"{name} published", f"{name} published std"]
    header += ["training seconds", "seconds an epoch", "peak memory MiB"]
    text = io.StringIO()
    writer = csv.DictWriter(text, header, lineterminator="\n")
    writer.writeheader()
    for dataset in statistics:
        for row, cost in dataset.costs.items():
            line: dict[str, object] = {"dataset": dataset.dataset, "method": row}
            for entry in dataset.protocols:
                line |= _csv_fields(entry.protocol, row, dataset)
            line |= {"training seconds": _digits(cost.seconds)}
            line |= {"seconds an epoch": _digits(cost.epoch_seconds)}
            line |= {"peak memory MiB": _digits(cost.peak_mib)}
            writer.writerow(line)
    return text.getvalue()


def _csv_fields(protocol: str, label: str, dataset: DatasetStatistics) -> dict[str, object]:
    entry = next(entry for entry in dataset.protocols if entry.protocol == protocol)
    row = next(row for row in entry.rows if row.row == label)
    done = max((value.count for value in row.metrics.values()), default=0)
    fields: dict[str, object] = {
        f"{protocol} seeds": done,
        f"{protocol} seeds failed": row.failed,
        f"{protocol} seeds asked": row.asked,
    }
    for metric, value in row.metrics.items():
        name = f"{protocol} {metric}"
        fields[name] = _digits(value.mean)
        fields[f"{name} std"] = _digits(value.std)
        fields[f"{name} ci95 low"] = _digits(value.low)
        fields[f"{name} ci95 high"] = _digits(value.high)
    for metric, figure in row.published.items():
        fields[f"{protocol} {metric} published"] = _digits(figure.value)
        fields[f"{protocol} {metric} published std"] = _digits(figure.std)
    return fields


def _digits(value: float | None) -> str:
    """Four digits after the point; nothing where there is no number (one seed has no std)."""
    return "" if value is None or value != value else f"{value:.4f}"


def print_table(table: TextTable, console: Console) -> None:
    """Print a table; one that is too wide is first tightened, then cut into several."""
    count = len(table.headings)
    loose = _draw(table, range(1, count), tight=False)
    if _width(loose, console) <= console.width:
        console.print(loose)
        return
    start = 1
    while start < count:
        end = start + 1
        while end < count:
            wider = _draw(table, range(start, end + 1), tight=True)
            if _width(wider, console) > console.width:
                break
            end += 1
        if start > 1:
            console.print()
        console.print(_draw(table, range(start, end), tight=True))
        start = end


def _width(drawn: Table, console: Console) -> int:
    """The width that a table would like to have, however narrow the console is."""
    unlimited = console.options.update(max_width=10_000)
    return drawn.__rich_measure__(console, unlimited).maximum


def _draw(table: TextTable, columns: range, *, tight: bool) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    drawn = Table(
        title=table.title,
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        padding=(0, 0) if tight else (0, 1),
        pad_edge=False,
        show_edge=False,
    )
    drawn.add_column(table.headings[0], no_wrap=True)
    for column in columns:
        heading = table.headings[column]
        if tight:
            heading = SHORT_HEADINGS.get(heading, heading.replace(" ", "\n"))
        drawn.add_column(Text(heading), justify="right", no_wrap=True)
    for row in table.rows:
        drawn.add_row(
            Text(row[0].text),
            *[
                Text(
                    row[i].text.replace(" ± ", "±") if tight else row[i].text,
                    style="bold green" if row[i].bold else "red" if row[i].failed else "",
                )
                for i in columns
            ],
        )
    return drawn
