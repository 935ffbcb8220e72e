"""What reading a file gives: a graph, the names of its nodes, and what a user should know."""

from __future__ import annotations

from dataclasses import dataclass

from torch_geometric.data import Data, HeteroData

from graphcl.graph_files.scaling import FeatureScaling


@dataclass(frozen=True, eq=False)
class GraphFile:
    """A graph as it was read from a file.

    Attributes:
        data: The graph: `x` `[N, F]` float32, `edge_index` `[2, E]` (an undirected edge in both
            directions), `edge_weight` `[E]` where weights differ from 1, `y` `[N]` where there are
            labels (-1: none). From a PyG file it may be a list of graphs, or a `HeteroData`.
        node_ids: The name of each row, as in the file: of nodes, or the numbers of the graphs of a
            list. Whole numbers if all are. Empty for a `HeteroData`, whose nodes are numbered
            within each type.
        notes: What was decided on the way: duplicates merged, columns left out, features made.
        feature_names: The columns of `x`, where they have names.
        label_names: The class of each number in `y`, where classes have names.
        scaling: What was done to the columns of `x`; None: they are as in the file.
    """

    data: Data | list[Data] | HeteroData
    node_ids: list[str] | list[int]
    notes: tuple[str, ...] = ()
    feature_names: tuple[str, ...] = ()
    label_names: tuple[str, ...] = ()
    scaling: FeatureScaling | None = None
