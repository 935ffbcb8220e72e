"""The options of `graphcl train`, `embed` and `cluster`, and what they say together."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from graphcl.methods import MethodEntry, SavedMethod

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
        help="A method of `graphcl methods`; default: grace.",
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
            "Nodes in a mini-batch; 0: the whole graph at once. Default: the whole graph up to "
            "50,000 nodes, else 1024."
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


@dataclass(frozen=True)
class GraphChoice:
    """Which graph, and how to read it."""

    graph: str
    edges: Path | None
    features: str | None
    label: str | None
    directed: bool | None
    standardize: bool | None
    data: Path | None


@dataclass(frozen=True)
class MethodChoice:
    """Which method, and how to train it."""

    method: str | None
    model: Path | None
    settings: list[str] | None
    epochs: int | None
    steps: int | None
    batch_size: int | None
    num_neighbours: str
    seed: int
    device: str
    precision: str
    checkpoint: Path | None

    def check(self) -> MethodEntry | SavedMethod:
        """See that the options fit together, before the graph is read.

        Returns:
            What is in the file of ``--model``, else the registry's entry of the method to train.
        """
        from graphcl.arguments import check_seed
        from graphcl.checkpoint import prepare_checkpoint
        from graphcl.methods import get_method, load_saved_method
        from graphcl.training import make_fabric

        check_seed(self.seed)
        self.fan_out()
        if self.batch_size is not None and self.batch_size < 0:
            raise ValueError(f"--batch-size must be at least 0, got {self.batch_size}")
        if self.batch_size == 1:
            raise ValueError(
                "--batch-size must be 0 (all at once) or at least 2, got 1: nodes are compared "
                "with others of their mini-batch"
            )
        make_fabric(self.device, self.precision)  # type: ignore[arg-type]
        training = {
            "--method": self.method,
            "--set": self.settings,
            "--epochs": self.epochs,
            "--steps": self.steps,
            "--checkpoint": self.checkpoint,
        }
        given = [name for name, value in training.items() if value is not None and value != []]
        if self.model is not None:
            if given:
                raise ValueError(f"--model is trained already: {given[0]} does not go with it")
            return load_saved_method(self.model)
        entry = get_method(self.method or "grace")
        if entry.cls.heterogeneous:
            raise ValueError(
                f"--method {entry.name} is for heterogeneous graphs, this command takes those with "
                "one type of nodes; for others there is `graphcl bench heterogeneous`, and in "
                "Python graphcl.methods.create_method(name, data, target=..., metapaths=[...])"
            )
        late = [name for name in given if name not in ("--method", "--set")]
        if late and not entry.trained:
            raise ValueError(f"{entry.name} is not trained: {late[0]} does not go with it")
        _check_values(entry, self.parameters(entry))
        if self.checkpoint is not None:
            prepare_checkpoint(self.checkpoint)
        return entry

    def fan_out(self) -> tuple[int, ...]:
        """The neighbours to draw at each hop."""
        try:
            return tuple(int(part) for part in self.num_neighbours.split(","))
        except ValueError:
            raise ValueError(
                f"--num-neighbours must be whole numbers such as 10,10, got {self.num_neighbours!r}"
            ) from None

    def parameters(self, entry: MethodEntry) -> dict[str, Any]:
        """What the options say about the method and its training."""
        import yaml

        from graphcl.arguments import unknown_name

        found: dict[str, Any] = {}
        for setting in self.settings or []:
            key, equals, text = setting.partition("=")
            key = key.strip().replace("-", "_")
            if not equals or not key:
                raise ValueError(f"--set takes KEY=VALUE, got {setting!r}")
            known = entry.parameter_names(heterogeneous=False)
            if key not in known:
                raise ValueError(unknown_name(f"parameter of {entry.name}", key, known))
            try:
                found[key] = yaml.safe_load(_number(text))
            except yaml.YAMLError:
                raise ValueError(f"--set {key}: {text!r} is no value") from None
        for key in ("epochs", "steps"):
            value = getattr(self, key)
            if value is not None:
                if key in found:
                    raise ValueError(f"--{key} is given twice: by itself and by --set")
                found[key] = value
        return found


def _check_values(entry: MethodEntry, parameters: dict[str, Any]) -> None:
    """See that a method takes the values, by making one for a tiny graph."""
    import torch
    from torch_geometric.data import Data

    from graphcl.methods import create_method

    pair = Data(x=torch.ones(2, 1), edge_index=torch.tensor([[0, 1], [1, 0]]))
    tiny = pair if "node" in entry.cls.levels else [pair]
    create_method(entry.name, tiny, seed=0, **parameters)


def _number(text: str) -> str:
    """`1e-3` is a number to everybody but YAML, which wants `1.0e-3`."""
    try:
        return repr(float(text)) if "e" in text.lower() else text
    except ValueError:
        return text
