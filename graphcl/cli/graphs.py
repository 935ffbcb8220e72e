"""`graphcl train`, `graphcl embed`, `graphcl cluster`: graphs of your own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from graphcl.cli import graph_options as options
from graphcl.cli.common import DataRoot, Debug, console, one_line_errors
from graphcl.cli.graph_choices import GraphChoice, MethodChoice

if TYPE_CHECKING:
    from torch import Tensor

    from graphcl.cli.graph_method import Trained
    from graphcl.cli.opened_graph import OpenedGraph
    from graphcl.methods import MethodEntry, SavedMethod

Output = Annotated[
    Path,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE",
        help="What to write: .csv, .parquet, or .npy with the ids beside it; replaced if there.",
    ),
]
ModelOutput = Annotated[
    Path,
    typer.Option(
        "--output", "-o", metavar="FILE", help="The trained method; replaced if it is there."
    ),
]
NumClusters = Annotated[
    str,
    typer.Option(
        "--n-clusters",
        metavar="K",
        help=(
            "Number of clusters; auto: the smallest whose modularity is within 2 % of the best, "
            "without labels (for a method with clusters of its own found before it is trained)."
        ),
    ),
]


@one_line_errors
def train(
    graph: options.Graph,
    output: ModelOutput = Path("model.pt"),
    edges: options.Edges = None,
    features: options.Features = None,
    label: options.Label = None,
    directed: options.Directed = None,
    target: options.Target = None,
    metapath: options.MetaPaths = None,
    add_reverse: options.AddReverse = False,
    standardize: options.Standardize = None,
    data: DataRoot = None,
    method: options.MethodName = None,
    settings: options.Settings = None,
    epochs: options.Epochs = None,
    steps: options.Steps = None,
    batch_size: options.BatchSize = None,
    num_neighbours: options.NumNeighbours = "10,10",
    seed: options.Seed = 0,
    device: options.Device = "auto",
    precision: options.PrecisionName = "32-true",
    checkpoint: options.Checkpoint = None,
    debug: Debug = False,
) -> None:
    """Train a method on a graph or a list of graphs, without labels, and keep it.

    Then `graphcl embed GRAPH --model model.pt --output rows.csv`, for this graph
    or another one with the same features; they are scaled as in training.

    Example: graphcl train karate.graphml --output model.pt

    Exit code 2: bad input.
    """
    from graphcl.graph_files import writable_file

    chosen = MethodChoice(
        method, None, settings, epochs, steps, batch_size, num_neighbours,
        seed, device, precision, checkpoint,
    )  # fmt: skip
    writable_file(output)
    if output.suffix != ".pt":
        raise ValueError(f"--output {output}: a trained method is a .pt file")
    _spare_inputs(output, graph, edges, features, checkpoint)
    base, opened = _begin(
        chosen,
        GraphChoice(
            graph, edges, features, label, directed, standardize, data, target, metapath,
            add_reverse,
        ),
    )  # fmt: skip
    from graphcl.cli.graph_method import obtain_method
    from graphcl.methods import save_method

    trained = obtain_method(chosen, base, opened)
    _say(*trained.lines)
    save_method(output, trained.method.cpu(), settings=trained.settings, features=opened.scaling)
    _say(f"written: {output}")


@one_line_errors
def embed(
    graph: options.Graph,
    output: Output,
    edges: options.Edges = None,
    features: options.Features = None,
    label: options.Label = None,
    directed: options.Directed = None,
    target: options.Target = None,
    metapath: options.MetaPaths = None,
    add_reverse: options.AddReverse = False,
    standardize: options.Standardize = None,
    data: DataRoot = None,
    model: options.Model = None,
    method: options.MethodName = None,
    settings: options.Settings = None,
    epochs: options.Epochs = None,
    steps: options.Steps = None,
    batch_size: options.BatchSize = None,
    num_neighbours: options.NumNeighbours = "10,10",
    seed: options.Seed = 0,
    device: options.Device = "auto",
    precision: options.PrecisionName = "32-true",
    checkpoint: options.Checkpoint = None,
    debug: Debug = False,
) -> None:
    """Embed the nodes of a graph, or the graphs of a list: a row of numbers for each, with its id.

    With a model that `graphcl train` wrote, or a method that is trained here.

    Example: graphcl embed karate.graphml --output rows.csv

    Exit code 2: bad input.
    """
    from graphcl.arguments import plural
    from graphcl.graph_files import write_rows

    chosen = MethodChoice(
        method, model, settings, epochs, steps, batch_size, num_neighbours,
        seed, device, precision, checkpoint,
    )  # fmt: skip
    _check_output(output)
    _spare_inputs(output, graph, edges, features, checkpoint, model)
    base, opened = _begin(
        chosen,
        GraphChoice(
            graph, edges, features, label, directed, standardize, data, target, metapath,
            add_reverse,
        ),
    )  # fmt: skip
    rows = _rows(chosen, base, opened)
    files = write_rows(output, rows, opened.node_ids)
    size = f"{plural(len(rows), 'row')}, width {rows.size(1)}"
    _say(f"written: {' and '.join(map(str, files))} ({size})")


@one_line_errors
def cluster(
    graph: options.Graph,
    output: Output,
    n_clusters: NumClusters = "auto",
    edges: options.Edges = None,
    features: options.Features = None,
    label: options.Label = None,
    directed: options.Directed = None,
    target: options.Target = None,
    metapath: options.MetaPaths = None,
    add_reverse: options.AddReverse = False,
    standardize: options.Standardize = None,
    data: DataRoot = None,
    model: options.Model = None,
    method: options.MethodName = None,
    settings: options.Settings = None,
    epochs: options.Epochs = None,
    steps: options.Steps = None,
    batch_size: options.BatchSize = None,
    num_neighbours: options.NumNeighbours = "10,10",
    seed: options.Seed = 0,
    device: options.Device = "auto",
    precision: options.PrecisionName = "32-true",
    checkpoint: options.Checkpoint = None,
    debug: Debug = False,
) -> None:
    """Cluster the nodes of a graph, or the graphs of a list: k-means on directions of their rows.

    A method that finds clusters by itself (pamc, scgc) keeps its own.
    With a model that `graphcl train` wrote, or a method that is trained here.
    Labels are never used to find clusters, only to compare.

    Example: graphcl cluster people.csv --edges ties.csv --output groups.csv

    Exit code 2: bad input.
    """
    from graphcl.arguments import plural
    from graphcl.graph_files import write_rows

    chosen = MethodChoice(
        method, model, settings, epochs, steps, batch_size, num_neighbours,
        seed, device, precision, checkpoint,
    )  # fmt: skip
    _check_output(output)
    _spare_inputs(output, graph, edges, features, checkpoint, model)
    number = _number_of_clusters(n_clusters)
    base, opened = _begin(
        chosen,
        GraphChoice(
            graph, edges, features, label, directed, standardize, data, target, metapath,
            add_reverse,
        ),
    )  # fmt: skip
    if number is not None and number > len(opened.node_ids):
        raise ValueError(
            f"--n-clusters {number}: {opened.name} has {plural(len(opened.node_ids), 'row')} only"
        )
    from graphcl.cli import graph_clusters as clusters

    if clusters.has_own_clusters(base, opened):
        chosen, line = clusters.with_own_number(chosen, base, opened, number)
        _say(line)
        trained = _obtain(chosen, base, opened)
        assignment, line = clusters.own_clusters(trained.method, opened, device)
    else:
        rows = _rows(chosen, base, opened)
        assignment, line = clusters.find_clusters(rows, opened, number, seed=seed)
    _say(line)
    clusters.show_clusters(console(), assignment, opened)
    files = write_rows(output, assignment, opened.node_ids, column_prefix="cluster")
    _say(f"written: {' and '.join(map(str, files))} ({plural(len(assignment), 'row')})")


def _begin(
    chosen: MethodChoice, choice: GraphChoice
) -> tuple[MethodEntry | SavedMethod, OpenedGraph]:
    """Check the options, as far as possible before the graph is read; read it."""
    from graphcl.cli.graph_input import known_kind, open_graph
    from graphcl.methods import SavedMethod

    base = chosen.check(known_kind(choice))
    saved = base if isinstance(base, SavedMethod) else None
    if saved is not None:
        _check_for_model(choice, saved)
    opened = open_graph(choice, saved)
    if base is None:
        base = chosen.entry(opened.kind)
    _say(opened.describe(), *(f"  {note}" for note in opened.notes))
    return base, opened


def _check_for_model(choice: GraphChoice, saved: SavedMethod) -> None:
    """See that the graph is left as the trained method needs it."""
    if saved.features is not None and choice.standardize is not None:
        given = "--standardize" if choice.standardize else "--keep-scales"
        raise ValueError(f"--model scales the features as in training: {given} does not go with it")
    for name, value in (("--target", choice.target), ("--metapath", choice.metapaths)):
        if value:
            raise ValueError(f"--model has the target and meta-paths of its training, not {name}")


def _obtain(chosen: MethodChoice, base: MethodEntry | SavedMethod, opened: OpenedGraph) -> Trained:
    from graphcl.cli.graph_method import obtain_method

    trained = obtain_method(chosen, base, opened)
    _say(*trained.lines)
    return trained


def _rows(chosen: MethodChoice, base: MethodEntry | SavedMethod, opened: OpenedGraph) -> Tensor:
    from graphcl.cli.graph_method import embed_graph

    trained = _obtain(chosen, base, opened)
    rows, seconds = embed_graph(trained.method, opened, chosen.device)
    _say(f"embedded in {seconds:.1f} s")
    return rows


def _number_of_clusters(text: str) -> int | None:
    """The number of clusters that was asked for, None for auto."""
    if text.lower() == "auto":
        return None
    if not text.isdecimal() or int(text) < 1:
        raise ValueError(f"--n-clusters must be auto or a whole number from 1, got {text!r}")
    return int(text)


def _check_output(output: Path) -> None:
    from graphcl.graph_files import check_output

    try:
        check_output(output)
    except ModuleNotFoundError as error:
        raise ValueError(f"--output {output}: {error}") from None


def _spare_inputs(output: Path, *inputs: str | Path | None) -> None:
    """Refuse to write over a file that is read."""
    written = {output.expanduser().resolve()}
    if output.suffix.lower() == ".npy":
        written.add(output.expanduser().with_name(f"{output.stem}.ids.csv").resolve())
    for file in inputs:
        if file is not None and Path(file).expanduser().resolve() in written:
            raise ValueError(
                f"--output {output} would replace {file}, which is needed: choose another"
            )


def _say(*lines: str) -> None:
    out = console()
    for line in lines:
        out.print(line, markup=False, highlight=False, soft_wrap=True)
