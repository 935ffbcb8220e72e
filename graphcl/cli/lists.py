"""`graphcl datasets` and `graphcl methods`: what there is."""

from __future__ import annotations

from graphcl.cli.common import DataRoot, Debug, check_folder, console, one_line_errors


@one_line_errors
def datasets(data: DataRoot = None, debug: Debug = False) -> None:
    """List the data sets: size, licence, whether they are present."""
    from rich.table import Table

    from graphcl.datasets import available, data_root

    check_folder(data)
    root = data_root(data).resolve()
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("Name", "Level", "Graphs", "Nodes", "Edges", "Features", "Classes"):
        table.add_column(heading, justify="left" if heading in ("Name", "Level") else "right")
    table.add_column("Present", no_wrap=True)
    licences: dict[str, list[str]] = {}
    for card in available():
        licences.setdefault(card.licence, []).append(card.name)
        where = "embedded" if card.embedded else "yes" if card.is_present(data) else "no"
        sizes = (card.num_graphs, card.num_nodes, card.num_edges, card.num_features)
        table.add_row(
            card.name,
            card.level,
            *("–" if size is None else f"{size:,}" for size in sizes),
            str(card.num_classes),
            f"[red]{where}[/red]" if where == "no" else where,
        )
    out = console()
    out.print(table)
    out.print("\nLicences", style="bold")
    for licence, names in licences.items():
        out.print(f"{', '.join(names)}: {licence}", markup=False, highlight=False)
    out.print(
        "\nEdges: an undirected edge counts twice. What is not present is downloaded at its "
        f"first use. Looked for files in {root}",
        markup=False,
        highlight=False,
    )


@one_line_errors
def methods(debug: Debug = False) -> None:
    """List the methods."""
    from rich.table import Table

    from graphcl.methods import get_method, method_names

    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("Name", "Level", "What it does"):
        table.add_column(heading)
    for name in method_names():
        entry = get_method(name)
        table.add_row(name, ", ".join(sorted(entry.levels, reverse=True)), entry.summary)
    console().print(table)
