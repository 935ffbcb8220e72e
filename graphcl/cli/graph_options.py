"""The options of `graphcl train`, `embed` and `cluster`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from graphcl.cli.graph_choices import DEFAULTS

GRAPH, METHOD, TRAINING = "Graph", "Method", "Training"

Graph = Annotated[
    str,
    typer.Argument(
        metavar="GRAPH",
        help=(
            "A file (.pt, .graphml, .gml, .csv, .tsv, .edgelist, .txt, .npz), or the name of a "
            "data set of `graphcl datasets`."
        ),
    ),
]
Edges = Annotated[
    Path | None,
    typer.Option(
        "--edges",
        metavar="CSV",
        help="The edges, where GRAPH is a CSV file of nodes.",
        rich_help_panel=GRAPH,
    ),
]
Features = Annotated[
    str | None,
    typer.Option(
        "--features",
        metavar="FILE",
        help=(
            "Features of the nodes, .npy or .npz, in the order of the nodes; or 'structural' to "
            "make them from the edges, as is done for a graph that has none."
        ),
        rich_help_panel=GRAPH,
    ),
]
Label = Annotated[
    str | None,
    typer.Option(
        "--label",
        metavar="NAME",
        help="Column or attribute of labels: never learned from, only compared with clusters.",
        rich_help_panel=GRAPH,
    ),
]
Directed = Annotated[
    bool | None,
    typer.Option(
        "--directed/--undirected",
        help="Whether edges have a direction; default: as the file says, else undirected.",
        show_default=False,
        rich_help_panel=GRAPH,
    ),
]
Target = Annotated[
    str | None,
    typer.Option(
        "--target",
        metavar="TYPE",
        help=(
            "The type of nodes to embed, of a heterogeneous graph; default: that of the data set, "
            "or the only one."
        ),
        rich_help_panel=GRAPH,
    ),
]
MetaPaths = Annotated[
    list[str] | None,
    typer.Option(
        "--metapath",
        metavar="PATH",
        help=(
            "A meta-path from the target back to it, such as paper-author-paper or, where several "
            "relations lead on, paper-[cites]-paper; may be given several times. Default: those of "
            "the data set, or there and back along each relation of the target."
        ),
        rich_help_panel=GRAPH,
    ),
]
AddReverse = Annotated[
    bool,
    typer.Option(
        "--add-reverse",
        help=(
            "Add the opposite direction of each relation that lacks it, called rev_..., to a "
            "heterogeneous graph."
        ),
        rich_help_panel=GRAPH,
    ),
]
Standardize = Annotated[
    bool | None,
    typer.Option(
        "--standardize/--keep-scales",
        help=(
            "Give every feature mean 0 and variance 1; default: for columns of CSV and attributes "
            "of GraphML and GML."
        ),
        show_default=False,
        rich_help_panel=GRAPH,
    ),
]
MethodName = Annotated[
    str | None,
    typer.Option(
        "--method",
        metavar="NAME",
        help=(
            f"A method of `graphcl methods`; default: {DEFAULTS['node']}, for lists of graphs "
            f"{DEFAULTS['graph']}, for heterogeneous graphs {DEFAULTS['heterogeneous']}."
        ),
        rich_help_panel=METHOD,
    ),
]
Model = Annotated[
    Path | None,
    typer.Option(
        "--model",
        metavar="FILE",
        help="A method that `graphcl train` wrote, instead of training one.",
        rich_help_panel=METHOD,
    ),
]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help=(
            "An argument of the method, such as width=64 or drop_edges=[0.2,0.4]; may be given "
            "several times."
        ),
        rich_help_panel=METHOD,
    ),
]
Epochs = Annotated[
    int | None,
    typer.Option(
        "--epochs",
        metavar="N",
        help="Most epochs; default: as published or the method's.",
        rich_help_panel=TRAINING,
    ),
]
Steps = Annotated[
    int | None,
    typer.Option(
        "--steps",
        metavar="N",
        help="Most steps of the optimiser, in all epochs together.",
        rich_help_panel=TRAINING,
    ),
]
BatchSize = Annotated[
    int | None,
    typer.Option(
        "--batch-size",
        metavar="N",
        help=(
            "Nodes in a mini-batch, of a list graphs, of a heterogeneous graph targets to contrast "
            "in a step; 0: all at once. Default: all at once up to 50,000 nodes, else 1024; for a "
            "list of graphs what the method has."
        ),
        rich_help_panel=TRAINING,
    ),
]
NumNeighbours = Annotated[
    str,
    typer.Option(
        "--num-neighbours",
        metavar="N,N",
        help="Neighbours to draw for a node of a mini-batch, hop by hop; -1: all.",
        rich_help_panel=TRAINING,
    ),
]
Seed = Annotated[
    int,
    typer.Option("--seed", metavar="N", help="Of all that is random.", rich_help_panel=TRAINING),
]
Device = Annotated[
    str,
    typer.Option(
        "--device", metavar="NAME", help="auto, cpu, cuda or cuda:N.", rich_help_panel=TRAINING
    ),
]
PrecisionName = Annotated[
    str,
    typer.Option(
        "--precision",
        metavar="NAME",
        help="32-true, bf16-mixed or 16-mixed.",
        rich_help_panel=TRAINING,
    ),
]
Checkpoint = Annotated[
    Path | None,
    typer.Option(
        "--checkpoint",
        metavar="FILE",
        help=(
            "Keep the state of the training here, every 10 epochs (with mini-batches every epoch); "
            "the same command continues from it."
        ),
        rich_help_panel=TRAINING,
    ),
]
