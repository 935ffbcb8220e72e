"""The directive ``data-cards``: a table and a section a data set, from the cards in the package."""

from __future__ import annotations

from typing import Any

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from graphcl.datasets import DataCard, available


def table(cards: list[DataCard]) -> list[str]:
    """All sets in one table, in Markdown."""
    lines = [
        "| Name | Graphs | Nodes | Edges | Features | Classes | Needs |",
        "| :--- | ---: | ---: | ---: | ---: | ---: | :--- |",
    ]
    for card in cards:
        sizes = (card.num_graphs, card.num_nodes, card.num_edges, card.num_features)
        cells = ["–" if size is None else f"{size:,}" for size in sizes]
        needs = "nothing" if card.embedded else "files"
        lines.append(f"| `{card.name}` | {' | '.join(cells)} | {card.num_classes} | {needs} |")
    return lines


def section(card: DataCard) -> list[str]:
    """What one card says, in Markdown."""
    source = f"<{card.source}>" if card.source.startswith("http") else f"`{card.source}`"
    lines = [
        f"## {card.name}",
        "",
        card.description,
        "",
        f"Level:\n: {card.level}",
        f"\nUsed for:\n: {', '.join(card.tasks)}",
        f"\nLicence:\n: {card.licence}",
        f"\nSource:\n: {source}",
    ]
    if card.graph_files:
        lines += ["\nRaw files:", ": " + ", ".join(f"`{name}`" for name in card.graph_files)]
    return [part for line in [*lines, ""] for part in line.split("\n")]


class DataCards(SphinxDirective):
    """Write what :func:`graphcl.datasets.available` knows into the page."""

    def run(self) -> list[nodes.Node]:
        """The nodes of the table and of the sections."""
        cards = available()
        lines = table(cards) + [""] + [line for card in cards for line in section(card)]
        container = nodes.Element()
        self.state.nested_parse(
            StringList(lines, source="graphcl/datasets/cards"), 0, container, match_titles=True
        )
        return container.children


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx."""
    app.add_directive("data-cards", DataCards)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
