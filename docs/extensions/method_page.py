"""The catalogue of methods is written from the registry, the suites and the committed results."""

from __future__ import annotations

import csv
import inspect
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

from graphcl.benchmark import load_suite
from graphcl.methods import MethodEntry, get_method, method_names
from graphcl.training import TrainingSettings

PAGE = "methods"
RESULTS = Path(__file__).parents[2] / "benchmarks" / "results"
HEADLINES = {
    "node-level": ("P-PUB accuracy", "P-RND2 accuracy"),
    "node-clustering": ("P-OWNCLU acc", "P-OWNCLU nmi"),
    "graph-classification": ("P-TU accuracy",),
    "heterogeneous": ("P-HET20 macro_f1", "P-HET60 macro_f1", "P-HETCLU nmi", "P-RND2 accuracy"),
}
"""Of each suite the figures that are shown; all others are in its table."""

Row = Mapping[str, str]


def overview(entries: list[MethodEntry]) -> list[str]:
    """All methods in one table, in Markdown."""
    lines = ["| method | embeds | what it does | trained |", "| :--- | :--- | :--- | :--- |"]
    return lines + [
        f"| [{entry.name}](#{anchor(entry)}) | {', '.join(_kinds(entry))} | {entry.summary} | "
        f"{'yes' if entry.trained else 'no'} |"
        for entry in entries
    ]


def section(entry: MethodEntry, results: Iterable[list[str]]) -> list[str]:
    """What the registry and the results say of one method, in Markdown."""
    lines = ["", f"({anchor(entry)})=", f"## {entry.name}", ""]
    for cls in entry.classes:
        name = f"graphcl.methods.{cls.__name__}"
        text = (inspect.getdoc(cls) or "").split("\n\nArgs:")[0].split("\n\nExample:")[0]
        lines += [f"{{class}}`{name}`", "", "```{eval-rst}", text, "```", ""]
        if cls.cost:
            lines += [f"**Cost**: {_as_code(cls.cost)}.", ""]
    lines += ["```bash", _command(entry), "```", "", *_settings(entry)]
    found = list(results)
    if found:
        lines += ["| data set | row | figure | ours | published |"]
        lines += ["| :--- | :--- | :--- | ---: | ---: |"]
        lines += [f"| {' | '.join(cells)} |" for cells in found]
    return lines


def results_of(entry: MethodEntry) -> Iterator[list[str]]:
    """The headline figures of a method: data set, row, figure, ours, published."""
    for name, figures in HEADLINES.items():
        table = RESULTS / name / "table.csv"
        if not table.exists():
            continue
        labels = {row.name for row in load_suite(name).methods if row.method == entry.name}
        with table.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                if row["method"] in labels:
                    for figure in figures:
                        yield from _figure(row, figure)


def _figure(row: Row, figure: str) -> Iterator[list[str]]:
    protocol, metric = figure.split(" ")
    if not row.get(figure):
        return
    ours = f"{float(row[figure]):.1f}"
    seeds = int(row[f"{protocol} seeds"])
    if seeds > 1:
        ours += f" ± {float(row[f'{figure} std']):.1f}"
    published = row.get(f"{figure} published") or ""
    if published:
        deviation = row.get(f"{figure} published std") or ""
        published = f"{float(published):.1f}" + (f" ± {float(deviation):.1f}" if deviation else "")
    seeds_said = f"{ours} ({seeds} seed{'s' * (seeds != 1)})"
    what = f"{protocol}, {metric.replace('_', ' ')}"
    yield [row["dataset"], row["method"], what, seeds_said, published or "–"]


def _settings(entry: MethodEntry) -> list[str]:
    if not entry.trained and not entry.settings:
        return []
    lines = ["| settings for | arguments | training | source |"]
    lines += ["| :--- | :--- | :--- | :--- |"]
    lines += [f"| anything else | defaults | {_training(entry.training)} | |"]
    for one in entry.settings.values():
        changed = ", ".join(f"`{key}={value}`" for key, value in one.parameters.items())
        training = _training(one.training or entry.training)
        lines += [f"| {one.dataset} | {changed or 'defaults'} | {training} | {one.source} |"]
    return [*lines, ""]


def _training(settings: TrainingSettings) -> str:
    if settings.epochs == 0:
        return "none"
    parts = [f"{settings.epochs:,} epochs", f"rate {settings.learning_rate:g}"]
    if settings.weight_decay:
        parts.append(f"weight decay {settings.weight_decay:g}")
    if settings.patience:
        parts.append(f"patience {settings.patience}")
    if settings.batch_size:
        parts.append(f"batches of {settings.batch_size}")
    return ", ".join(parts)


def _command(entry: MethodEntry) -> str:
    if entry.cls.heterogeneous:
        graph = "countries"
    else:
        graph = "digits" if "node" in entry.levels else "digit-graphs"
    return f"graphcl embed {graph} --method {entry.name} --output rows.csv"


def _kinds(entry: MethodEntry) -> list[str]:
    kinds = [] if entry.cls.heterogeneous else sorted(entry.levels, reverse=True)
    typed = any(cls.heterogeneous for cls in entry.classes)
    return [f"{kind}s" for kind in kinds] + ["a type of nodes"] * typed


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
        lines += [line for entry in entries for line in section(entry, results_of(entry))]
        source[0] += "\n".join(["", *lines, ""])


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx."""
    app.connect("source-read", write_page)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
