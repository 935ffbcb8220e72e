"""`graphcl datasets` and `graphcl methods`: what there is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from graphcl.cli.common import DataRoot, Debug, check_folder, console, one_line_errors
from graphcl.cli.graph_choices import DEFAULTS
from graphcl.cli.method_details import show_method

if TYPE_CHECKING:
    from graphcl.datasets import DataCard


@one_line_errors
def datasets(data: DataRoot = None, debug: Debug = False) -> None:
    """List the data sets: size, licence, whether they are present."""
    from rich.table import Table

    from graphcl.datasets import available, data_root

    check_folder(data)
    root = data_root(data).resolve()
    # One blank between columns: names must be whole on 80 columns, they are there to be copied.
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    for heading in ("Name", "Level", "Graphs", "Nodes", "Edges", "Features", "Classes"):
        left = heading in ("Name", "Level")
        table.add_column(heading, justify="left" if left else "right", no_wrap=True)
    table.add_column("Present", no_wrap=True)
    licences: dict[str, list[str]] = {}
    for card in available():
        licences.setdefault(card.licence, []).append(card.name)
        level = "hetero" if card.heterogeneous else card.level
        sizes = (card.num_graphs, card.num_nodes, card.num_edges)
        table.add_row(
            card.name,
            level,
            *("–" if size is None else f"{size:,}" for size in sizes),
            f"{card.num_features:,}" if card.num_features else "none",
            "numbers" if card.num_classes is None else str(card.num_classes),
            _presence(card, data),
        )
    out = console()
    out.print(table)
    out.print("\nLicences", style="bold")
    for licence, names in licences.items():
        out.print(f"{', '.join(names)}: {licence}", markup=False, highlight=False)
    out.print(
        "\nEdges: an undirected edge counts twice. hetero: one graph, nodes of several types; "
        "features and classes are those of the type with labels.\nPresent: what says no is "
        "downloaded at its first use; what says by hand is yours to put there, the error message "
        "of its first use says from where.\n"
        f"Looked for files in {root}",
        markup=False,
        highlight=False,
    )


def _presence(card: DataCard, data: Path | None) -> str:
    if card.embedded:
        return "embedded"
    if card.is_present(data):
        return "yes"
    return "[red]no[/red]" if card.downloadable else "[red]by hand[/red]"


Name = Annotated[
    str | None,
    typer.Argument(
        metavar="NAME", help="Show this one's arguments and settings.", show_default=False
    ),
]


@one_line_errors
def methods(name: Name = None, debug: Debug = False) -> None:
    """List the methods, or show one: its arguments, cost and published settings."""
    from rich.table import Table

    from graphcl.methods import get_method, method_names

    if name is not None:
        show_method(get_method(name), console())
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("Name", "Level", "What it does"):
        table.add_column(heading)
    for entry in map(get_method, method_names()):
        levels = {"node": "node", "graph": "graph", "heterogeneous": "hetero"}
        able = [text for kind, text in levels.items() if kind in entry.kinds]
        table.add_row(entry.name, ", ".join(able), entry.summary)
    out = console()
    out.print(table)
    out.print(
        "\nLevel: node: the nodes of a graph; graph: each of many graphs; hetero: the nodes of one "
        "type of a graph that has several.\nWhere nothing is said, train, embed and cluster take "
        f"{DEFAULTS['node']}, for a list of graphs {DEFAULTS['graph']}, for heterogeneous graphs "
        f"{DEFAULTS['heterogeneous']}.\n"
        "graphcl methods NAME shows the arguments and settings of one.",
        markup=False,
        highlight=False,
    )
