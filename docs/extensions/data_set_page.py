"""The page of data sets is written from the cards in the package: tables, then one entry a set."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sphinx.application import Sphinx

from graphcl.datasets import DataCard, available

PAGE = "datasets"
FILES_SHOWN = 4
GROUPS: dict[str, Callable[[DataCard], bool]] = {
    "Embedded: neither files nor network": lambda card: card.embedded,
    "One graph, labels of nodes": lambda card: card.level == "node" and not card.heterogeneous,
    "Several types of nodes": lambda card: card.heterogeneous,
    "Many graphs, labels of graphs": lambda card: card.level == "graph",
}


def tables(cards: list[DataCard]) -> list[str]:
    """One table a group, in Markdown; a set is in the first group that takes it."""
    lines: list[str] = []
    left = list(cards)
    for title, belongs in GROUPS.items():
        group = [card for card in left if belongs(card)]
        left = [card for card in left if card not in group]
        lines += ["", f"## {title}", "", "| name | graphs | nodes | edges | features | classes |"]
        lines += ["| :--- | ---: | ---: | ---: | ---: | ---: |"]
        for card in group:
            sizes = (card.num_graphs, card.num_nodes, card.num_edges, card.num_features)
            numbers = [_number(size) for size in (*sizes, card.num_classes)]
            lines.append(f"| [{card.name}](#{anchor(card)}) | {' | '.join(numbers)} |")
    assert not left, f"no group takes {[card.name for card in left]}"
    return lines


def entry(card: DataCard) -> list[str]:
    """What one card says, in Markdown."""
    source = f"<{card.source}>" if card.source.startswith("http") else f"`{card.source}`"
    facts = {
        "Labels of": f"{card.target or card.level}s, for {' and '.join(card.tasks)}",
        "Split": card.split,
        "Nodes": _listed(f"{count:,} {kind}" for kind, count in card.node_types.items()),
        "Edges": _listed(f"{count:,} {kind}" for kind, count in card.edge_types.items()),
        "Meta-paths": _listed("–".join(path) for path in card.metapaths),
        "Licence": card.licence,
        "Source": source,
        "Raw files": _files(card),
    }
    lines = ["", f"({anchor(card)})=", f"### {card.name}", "", card.description, ""]
    return lines + [f"- {name}: {fact}" for name, fact in facts.items() if fact]


def anchor(card: DataCard) -> str:
    """Where the entry of a set is."""
    return f"data-set-{card.name.lower()}"


def _files(card: DataCard) -> str:
    shown = _listed(f"`{name}`" for name in card.graph_files[:FILES_SHOWN])
    more = len(card.graph_files) - FILES_SHOWN
    return f"{shown} and {more} more" if more > 0 else shown


def _listed(parts: Any) -> str:
    return ", ".join(parts)


def _number(value: int | None) -> str:
    return "–" if value is None else f"{value:,}"


def write_page(app: Sphinx, page: str, source: list[str]) -> None:
    """Add the cards to the page."""
    if page == PAGE:
        cards = available()
        lines = [*tables(cards), "", "## All sets"]
        lines += [line for card in cards for line in entry(card)]
        source[0] += "\n".join([*lines, ""])


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx."""
    app.connect("source-read", write_page)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
