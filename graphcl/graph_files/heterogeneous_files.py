"""A `HeteroData` from a file: several types of nodes and edges."""

from __future__ import annotations

from pathlib import Path

from torch import Tensor
from torch_geometric.data import HeteroData

from graphcl.datasets import check_graph
from graphcl.graph_files.features import as_features
from graphcl.graph_files.graph_file import GraphFile


def heterogeneous_file(content: HeteroData, path: Path) -> GraphFile:
    """Check a `HeteroData` and bring the features of its types into the form that methods take.

    It is taken as it is: parallel edges, attributes and missing reverse relations stay so. Types of
    nodes may lack features where the file says how many nodes there are.

    Raises:
        TypeError: Features or edges that are no tensors.
        ValueError: A broken graph; the message names the type of nodes or edges.
    """
    data = content.clone()
    notes: list[str] = []
    for kind in data.node_types:
        store = data[kind]
        x, y = store.get("x"), store.get("y")
        if isinstance(x, Tensor):
            found: list[str] = []
            store.x = as_features(x, found)
            notes += [f"{kind}: {note}" for note in found]
        if isinstance(y, Tensor) and y.dim() == 2 and y.size(1) == 1:
            store.y = y.flatten()
    check_graph(data, name=path.name)
    return GraphFile(data, [], tuple(notes))
