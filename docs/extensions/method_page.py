"""The catalogue of methods is written from the registry, the suites and the committed results."""

from __future__ import annotations

import csv
import inspect
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

from graphcl.benchmark import load_suite
from graphcl.methods import MethodEntry, get_method, method_names

PAGE = "methods"
RESULTS = Path(__file__).parents[2] / "benchmarks" / "results"
HEADLINES = {
    "node-level": {
        "P-PUB accuracy": "P-PUB",
        "P-RND2 accuracy": "P-RND2",
        "P-CLU acc": "P-CLU ACC",
        "P-CLU nmi": "P-CLU NMI",
    },
    "node-clustering": {"P-OWNCLU acc": "P-OWNCLU ACC", "P-OWNCLU nmi": "P-OWNCLU NMI"},
    "graph-classification": {
        "P-TU accuracy": "P-TU",
        "P-TU-LOGISTIC accuracy": "P-TU-LOGISTIC",
    },
    "heterogeneous": {
        "P-HET20 macro_f1": "P-HET20 Macro-F1",
        "P-HET60 macro_f1": "P-HET60 Macro-F1",
        "P-HETCLU nmi": "P-HETCLU NMI",
        "P-RND2 accuracy": "P-RND2",
    },
}
"""Of each suite the figures that are shown and their columns; all others are in its table."""
COSTS = {"seconds an epoch": "s / epoch", "peak memory MiB": "peak MiB"}

Row = Mapping[str, str]


def overview(entries: list[MethodEntry]) -> list[str]:
    """All methods in one table, in Markdown."""
    lines = ["| method | embeds | what it does | trained |", "| :--- | :--- | :--- | :--- |"]
    return lines + [
        f"| [{entry.name}](#{anchor(entry)}) | {', '.join(_kinds(entry))} | {entry.summary} | "
        f"{'yes' if entry.trained else 'no'} |"
        for entry in entries
    ]


def section(entry: MethodEntry) -> list[str]:
    """What the registry and the results say of one method, in Markdown."""
    lines = ["", f"({anchor(entry)})=", f"## {entry.name}", ""]
    for cls in entry.classes:
        name = f"graphcl.methods.{cls.__name__}"
        text = (inspect.getdoc(cls) or "").split("\n\nArgs:")[0].split("\n\nExample:")[0]
        lines += [f"{{class}}`{name}`", "", "```{eval-rst}", text, "```", ""]
        if cls.cost:
            lines += [f"**Cost**: {_as_code(cls.cost)}.", ""]
    lines += ["```bash", _command(entry), "```", "", *_settings(entry)]
    return [*lines, *results_of(entry)]


def results_of(entry: MethodEntry) -> Iterator[str]:
    """The headline figures of a method, a table for each suite, in Markdown."""
    for name, figures in HEADLINES.items():
        table = RESULTS / name / "table.csv"
        if not table.exists():
            continue
        labels = {row.name for row in load_suite(name).methods if row.method == entry.name}
        with table.open(encoding="utf-8", newline="") as file:
            rows = [row for row in csv.DictReader(file) if row["method"] in labels]
        shown = {figure: text for figure, text in figures.items() if any(map(_has(figure), rows))}
        costs = {key: text for key, text in COSTS.items() if any(map(_has(key), rows))}
        if not shown:
            continue
        head = ["data set", "row", *shown.values(), *costs.values()]
        yield f"Suite `{name}`:\n"
        yield f"| {' | '.join(head)} |"
        yield f"| :--- | :--- |{' ---: |' * (len(head) - 2)}"
        for row in rows:
            cells = [row["dataset"], row["method"], *(_figure(row, figure) for figure in shown)]
            cells += [_cost(row.get(key)) for key in costs]
            yield f"| {' | '.join(cells)} |"
        yield ""


def _has(key: str) -> Callable[[Row], bool]:
    return lambda row: bool(row.get(key))


def _figure(row: Row, figure: str) -> str:
    """Ours, with the number of seeds, and the published figure after a stroke."""
    if not row.get(figure):
        return "–"
    protocol = figure.split(" ")[0]
    seeds = int(row[f"{protocol} seeds"])
    text = _with_deviation(row[figure], row[f"{figure} std"] if seeds > 1 else "") + f" ({seeds})"
    published = row.get(f"{figure} published")
    if published:
        text += f" / {_with_deviation(published, row.get(f'{figure} published std') or '')}"
    return text


def _cost(value: str | None) -> str:
    if not value:
        return "–"
    return f"{float(value):.0f}" if float(value) >= 100 else f"{float(value):.2g}"


def _with_deviation(value: str, deviation: str) -> str:
    return f"{float(value):.1f}" + (f" ± {float(deviation):.1f}" if deviation else "")


def _settings(entry: MethodEntry) -> list[str]:
    if not entry.trained and not entry.settings:
        return []
    lines = ["| settings for | arguments | training | source |"]
    lines += ["| :--- | :--- | :--- | :--- |"]
    lines += [f"| anything else | defaults | {entry.training} | |"]
    if entry.training_of_graphs is not None:
        lines += [f"| lists of graphs | defaults | {entry.training_of_graphs} | |"]
    for one in entry.settings.values():
        changed = ", ".join(f"`{key}={value}`" for key, value in one.parameters.items())
        training = one.training or entry.training
        lines += [f"| {one.dataset} | {changed or 'defaults'} | {training} | {one.source} |"]
    return [*lines, ""]


def _command(entry: MethodEntry) -> str:
    if entry.cls.heterogeneous:
        graph = "countries"
    else:
        graph = "digits" if "node" in entry.levels else "digit-graphs"
    return f"graphcl embed {graph} --method {entry.name} --output rows.csv"


def _kinds(entry: MethodEntry) -> list[str]:
    texts = {"node": "nodes", "graph": "graphs", "heterogeneous": "a type of nodes"}
    return [text for kind, text in texts.items() if kind in entry.kinds]


def _as_code(text: str) -> str:
    """O(...) as code: Markdown would read its signs."""
    parts, depth, out = text, 0, ""
    for place, sign in enumerate(parts):
        if depth == 0 and parts[place : place + 2] == "O(":
            out += "`"
        out += sign
        depth += {"(": 1, ")": -1}.get(sign, 0)
        if sign == ")" and depth == 0:
            out += "`"
    return out


def anchor(entry: MethodEntry) -> str:
    """Where the section of a method is."""
    return f"method-{entry.name}"


def write_page(app: Sphinx, page: str, source: list[str]) -> None:
    """Add the methods to the page."""
    if page == PAGE:
        entries = [get_method(name) for name in method_names()]
        lines = [*overview(entries)]
        lines += [line for entry in entries for line in section(entry)]
        source[0] += "\n".join(["", *lines, ""])


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx."""
    app.connect("source-read", write_page)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
