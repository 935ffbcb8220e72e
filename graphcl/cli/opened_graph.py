"""A graph that was read, what is embedded of it, and what to tell about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor
    from torch_geometric.data import Data, HeteroData

    from graphcl.cli.graph_target import Target
    from graphcl.datasets import Kind
    from graphcl.graph_files import FeatureScaling


@dataclass(frozen=True)
class OpenedGraph:
    """A graph, and what to tell about it.

    Attributes:
        name: File or data set.
        dataset: Name of the data set whose published settings are for this graph; None for a file.
        data: The graph, or a list of graphs.
        node_ids: Names of the rows.
        notes: What was decided on the way.
        scaling: The columns of the features and what was done to them.
        target: What is embedded of a heterogeneous graph; None: all nodes are of one type.
    """

    name: str
    dataset: str | None
    data: Data | HeteroData | list[Data]
    node_ids: list[str] | list[int]
    notes: list[str]
    scaling: FeatureScaling
    target: Target | None = None

    @property
    def heterogeneous(self) -> bool:
        """Whether there are types of nodes and edges."""
        return self.target is not None

    @property
    def kind(self) -> Kind:
        """The kind of data that a method must be able to embed."""
        from graphcl.methods import kind_of

        return kind_of(self.data)

    @property
    def single(self) -> Data:
        """The graph; `ValueError` if there are several."""
        if isinstance(self.data, list):
            raise ValueError(f"{self.name} holds a list of graphs, one graph is needed")
        return self.data

    @property
    def features(self) -> list[Tensor]:
        """All features, of each graph or of each type of nodes."""
        if isinstance(self.data, list):
            return [graph.x for graph in self.data]
        return [store.x for store in self.data.node_stores if store.get("x") is not None]

    @property
    def edges(self) -> Tensor | None:
        """The edges of a single graph whose nodes are of one type, where it has any."""
        if isinstance(self.data, list) or self.target is not None:
            return None
        return self.data.edge_index if self.data.edge_index.size(1) > 0 else None

    def describe(self) -> str:
        """Its size in one line."""
        from graphcl.arguments import plural

        if self.target is not None:
            return f"{self.name}: {_describe_types(self.data)}"
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
            *_classes(data),
        ]
        return f"{self.name}: {', '.join(parts)}"


def _loops(data: Data) -> int:
    return int((data.edge_index[0] == data.edge_index[1]).sum())


def _classes(store: Data) -> list[str]:
    """How many classes the labels have, if there are labels."""
    y = store.get("y")
    if y is None or not y.numel():
        return []
    classes = len(y[y >= 0].unique())
    return [f"{classes:,} class{'' if classes == 1 else 'es'} of labels"]


def _describe_types(data: HeteroData) -> str:
    from graphcl.arguments import listed, plural

    kinds = []
    for kind in data.node_types:
        x = data[kind].get("x")
        features = "no features" if x is None else plural(x.size(1), "feature")
        kinds.append(
            f"{data[kind].num_nodes:,} {kind} ({', '.join([features, *_classes(data[kind])])})"
        )
    relations = f"{plural(len(data.edge_types), 'relation')} ({plural(data.num_edges, 'edge')})"
    return f"{listed(kinds)}; {relations}"
