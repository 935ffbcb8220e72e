"""The graph that a command is about: from a file, or a data set by name."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from graphcl.cli.common import check_folder

if TYPE_CHECKING:
    from torch_geometric.data import Data

    from graphcl.cli.graph_options import GraphChoice
    from graphcl.graph_files import FeatureScaling


@dataclass(frozen=True)
class OpenedGraph:
    """A graph, and what to tell about it.

    Attributes:
        name: File or data set.
        dataset: Name of the data set, None for a file.
        data: The graph, or a list of graphs.
        node_ids: Names of the rows.
        notes: What was decided on the way.
        scaling: The columns of the features and what was done to them.
    """

    name: str
    dataset: str | None
    data: Data | list[Data]
    node_ids: list[str] | list[int]
    notes: list[str]
    scaling: FeatureScaling

    @property
    def single(self) -> Data:
        """The graph; `ValueError` if there are several."""
        if isinstance(self.data, list):
            raise ValueError(f"{self.name} holds a list of graphs, one graph is needed")
        return self.data

    def describe(self) -> str:
        """Its size in one line."""
        from graphcl.arguments import plural

        if isinstance(self.data, list):
            nodes = sum(graph.x.size(0) for graph in self.data)
            return (
                f"{self.name}: {plural(len(self.data), 'graph')}, {plural(nodes, 'node')}, "
                f"{plural(self.data[0].x.size(1), 'feature')}"
            )
        data = self.data
        columns = data.edge_index.size(1)
        undirected = data.is_undirected()
        kind = "undirected" if undirected else "directed"
        edges = (columns + _loops(data)) // 2 if undirected else columns
        weights = ", weighted" if data.get("edge_weight") is not None else ""
        parts = [
            plural(data.x.size(0), "node"),
            f"{plural(edges, 'edge')} ({kind}{weights})",
            plural(data.x.size(1), "feature"),
        ]
        if data.get("y") is not None and data.y.numel():
            classes = len(data.y[data.y >= 0].unique())
            parts.append(f"{classes:,} class{'' if classes == 1 else 'es'} of labels")
        return f"{self.name}: {', '.join(parts)}"


def is_dataset(choice: GraphChoice) -> bool:
    """Whether GRAPH names a data set, and no file.

    Raises `FileNotFoundError` where it is neither, and `ValueError` where options do not fit.
    """
    from graphcl.datasets import available
    from graphcl.graph_files import GRAPH_ENDINGS

    check_folder(choice.data)
    names = {card.name.lower(): card.name for card in available()}
    path = Path(choice.graph)
    if choice.graph.lower() not in names or path.is_file():
        if not path.exists() and not path.suffix and len(path.parts) == 1:
            nearest = difflib.get_close_matches(choice.graph.lower(), names, n=1)
            hint = f"; did you mean {names[nearest[0]]}?" if nearest else "."
            raise FileNotFoundError(
                f"no file and no data set is called {choice.graph!r}{hint} `graphcl datasets` "
                f"lists data sets; files end in {', '.join(GRAPH_ENDINGS)}"
            )
        return False
    options = {
        "--edges": choice.edges,
        "--features": choice.features,
        "--label": choice.label,
        "--directed/--undirected": choice.directed,
    }
    given = [name for name, value in options.items() if value is not None]
    if given:
        raise ValueError(f"{given[0]} is for files, {choice.graph} is a data set")
    return True


def open_graph(choice: GraphChoice, learned: FeatureScaling | None = None) -> OpenedGraph:
    """Read the graph that the options name.

    Args:
        choice: The options.
        learned: The features that a trained method knows; those of the graph are brought into the
            same form, or refused.
    """
    if is_dataset(choice):
        return _dataset(choice, learned)
    from graphcl.arguments import listed
    from graphcl.graph_files import FeatureScaling, read_graph, structural_names

    made = learned is not None and learned.names == structural_names()
    file = read_graph(
        choice.graph,
        edges=choice.edges,
        features="structural" if made and choice.features is None else choice.features,
        label=choice.label,
        directed=choice.directed,
        scaling=learned,
    )
    notes = list(file.notes)
    names, scaling = file.feature_names, file.scaling
    if learned is not None:
        notes += _as_learned(learned)
    elif bool(names) if choice.standardize is None else choice.standardize:
        scaling = scaling or _standardize(file.data, names)
        if names != structural_names():
            notes.append(
                f"features: {listed(names)}; each scaled to mean 0 and variance 1 "
                "(--keep-scales leaves them)"
                if names
                else "every feature was scaled to mean 0 and variance 1"
            )
    scaling = scaling or FeatureScaling(names)
    return OpenedGraph(Path(choice.graph).name, None, file.data, file.node_ids, notes, scaling)


def _dataset(choice: GraphChoice, learned: FeatureScaling | None) -> OpenedGraph:
    from torch_geometric.data import HeteroData

    from graphcl.datasets import load
    from graphcl.graph_files import FeatureScaling

    data, card = load(choice.graph, choice.data)
    if isinstance(data, HeteroData):
        raise ValueError(
            f"{card.name} is heterogeneous, this command takes graphs with one type of nodes; for "
            "others there is `graphcl bench heterogeneous`, and in Python "
            "graphcl.methods.create_method(name, data, target=..., metapaths=[...])"
        )
    rows = len(data) if isinstance(data, list) else data.x.size(0)
    notes: list[str] = []
    scaling = learned or FeatureScaling()
    if learned is not None:
        for one in data if isinstance(data, list) else [data]:
            try:
                one.x = learned.apply(one.x)
            except ValueError as error:
                raise ValueError(f"{card.name}: {error}") from None
        notes = _as_learned(learned)
    elif choice.standardize:
        scaling = _standardize(data, ())
    return OpenedGraph(card.name, card.name, data, list(range(rows)), notes, scaling)


def _standardize(data: Data | list[Data], names: tuple[str, ...]) -> FeatureScaling:
    """Give every feature of a graph mean 0 and variance 1."""
    from graphcl.graph_files import FeatureScaling

    if isinstance(data, list):
        raise ValueError("--standardize is for a single graph")
    scaling = FeatureScaling.standard(data.x, names)
    data.x = scaling.apply(data.x)
    return scaling


def _as_learned(learned: FeatureScaling) -> list[str]:
    """What to tell about features that were brought into the form that a model knows."""
    from graphcl.arguments import listed
    from graphcl.graph_files import structural_names

    how = "taken as they are, as in training"
    if learned.mean is not None:
        how = "scaled by the means and deviations of the training"
    made = learned.names == structural_names()
    names = f"{listed(learned.names)}; " if learned.names and not made else ""
    return [f"features: {names}{how}"]


def _loops(data: Data) -> int:
    return int((data.edge_index[0] == data.edge_index[1]).sum())
