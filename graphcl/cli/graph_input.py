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


@dataclass(frozen=True)
class OpenedGraph:
    """A graph, and what to tell about it.

    Attributes:
        name: File or data set.
        dataset: Name of the data set, None for a file.
        data: The graph, or a list of graphs.
        node_ids: Names of the rows.
        notes: What was decided on the way.
    """

    name: str
    dataset: str | None
    data: Data | list[Data]
    node_ids: list[str] | list[int]
    notes: list[str]

    @property
    def single(self) -> Data:
        """The graph; `ValueError` if there are several."""
        if isinstance(self.data, list):
            raise ValueError(f"{self.name} holds a list of graphs, one graph is needed")
        return self.data

    def describe(self) -> str:
        """Its size in one line."""
        if isinstance(self.data, list):
            nodes = sum(graph.x.size(0) for graph in self.data)
            width = self.data[0].x.size(1)
            return f"{self.name}: {len(self.data):,} graphs, {nodes:,} nodes, {width:,} features"
        data = self.data
        columns = data.edge_index.size(1)
        undirected = data.is_undirected()
        kind = "undirected" if undirected else "directed"
        edges = (columns + _loops(data)) // 2 if undirected else columns
        weights = ", weighted" if data.get("edge_weight") is not None else ""
        parts = [
            f"{data.x.size(0):,} nodes",
            f"{edges:,} edges ({kind}{weights})",
            f"{data.x.size(1):,} features",
        ]
        if data.get("y") is not None and data.y.numel():
            parts.append(f"{len(data.y[data.y >= 0].unique()):,} classes of labels")
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


def open_graph(choice: GraphChoice) -> OpenedGraph:
    """Read the graph that the options name."""
    if is_dataset(choice):
        return _dataset(choice)
    from graphcl.graph_files import read_graph, standardize_columns

    file = read_graph(
        choice.graph,
        edges=choice.edges,
        features=choice.features,
        label=choice.label,
        directed=choice.directed,
    )
    notes = list(file.notes)
    wanted = bool(file.feature_names) if choice.standardize is None else choice.standardize
    if wanted:
        graphs = file.data if isinstance(file.data, list) else [file.data]
        if len(graphs) > 1:
            raise ValueError("--standardize is for a single graph")
        graphs[0].x = standardize_columns(graphs[0].x)
        if not _structural(file.feature_names):
            notes.append(
                f"features: {_listed(file.feature_names)}; each scaled to mean 0 and variance 1 "
                "(--keep-scales leaves them)"
                if choice.standardize is None
                else "every feature was scaled to mean 0 and variance 1"
            )
    return OpenedGraph(Path(choice.graph).name, None, file.data, file.node_ids, notes)


def _dataset(choice: GraphChoice) -> OpenedGraph:
    from torch_geometric.data import HeteroData

    from graphcl.datasets import load
    from graphcl.graph_files import standardize_columns

    data, card = load(choice.graph, choice.data)
    if isinstance(data, HeteroData):
        raise ValueError(
            f"{card.name} is heterogeneous, this command takes graphs with one type of nodes"
        )
    rows = len(data) if isinstance(data, list) else data.x.size(0)
    if choice.standardize:
        if isinstance(data, list):
            raise ValueError("--standardize is for a single graph")
        data.x = standardize_columns(data.x)
    return OpenedGraph(card.name, card.name, data, list(range(rows)), [])


def _loops(data: Data) -> int:
    return int((data.edge_index[0] == data.edge_index[1]).sum())


def _structural(names: tuple[str, ...]) -> bool:
    from graphcl.graph_files import structural_names

    return names == structural_names()


def _listed(names: tuple[str, ...]) -> str:
    shown = ", ".join(names[:8])
    return shown if len(names) <= 8 else f"{shown} and {len(names) - 8} more"
