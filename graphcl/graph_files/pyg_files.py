"""Graphs that PyTorch Geometric users save: `torch.save(data, "graph.pt")`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch_geometric.data import Data, HeteroData
from torch_geometric.data.data import DataEdgeAttr, DataTensorAttr
from torch_geometric.data.storage import BaseStorage, EdgeStorage, GlobalStorage, NodeStorage
from torch_geometric.utils import contains_self_loops, is_undirected, to_undirected

from graphcl.arguments import plural
from graphcl.datasets import check_graph
from graphcl.graph_files.assemble import make_structural
from graphcl.graph_files.features import as_features
from graphcl.graph_files.graph_file import GraphFile
from graphcl.graph_files.heterogeneous_files import heterogeneous_file
from graphcl.graph_files.structural import structural_names

_INERT = (
    Data,
    HeteroData,
    DataEdgeAttr,
    DataTensorAttr,
    BaseStorage,
    GlobalStorage,
    NodeStorage,
    EdgeStorage,
)
_HOW = "save a graph as torch.save(data, path), without objects of your own in it"


def read_pyg(
    path: Path,
    *,
    directed: bool | None,
    features: Tensor | None,
    structural: bool,
) -> GraphFile:
    """Read a `Data`, a list of them, a `HeteroData`, or what `to_dict()` makes of one.

    Nothing in the file is executed.

    The graph is taken as it is: self-loops, repeated edges and edge attributes stay. Structural
    features are not scaled yet.

    Raises:
        ValueError: Another kind of content, or a broken graph.
    """
    content = _load(path)
    if isinstance(content, dict) and isinstance(content.get("edge_index"), Tensor):
        content = Data.from_dict(content)
    if isinstance(content, dict) and "_global_store" in content:
        content = HeteroData.from_dict(content)
    if isinstance(content, HeteroData):
        if directed is not None or features is not None or structural:
            given = "features" if directed is None else "directions"
            raise ValueError(
                f"{path.name} holds a HeteroData, whose types have features and directions of "
                f"their own: {given} cannot be given"
            )
        return heterogeneous_file(content, path)
    if isinstance(content, list) and content and all(isinstance(g, Data) for g in content):
        return _graphs(content, path, features=features, structural=structural)
    if not isinstance(content, Data):
        raise ValueError(f"{path.name} holds {_what(content)}; {_HOW}")
    notes: list[str] = []
    data = content.clone()
    num_nodes = data.num_nodes
    if not num_nodes or not isinstance(data.edge_index, Tensor):
        raise ValueError(f"{path.name} holds a graph without nodes or without edge_index")
    check_graph(_with_features(data, num_nodes), name=path.name)
    if directed is False and not is_undirected(data.edge_index, num_nodes=num_nodes):
        _add_reverse(data, num_nodes)
        notes.append("the graph is directed in the file: the other direction of edges was added")
    if contains_self_loops(data.edge_index):
        notes.append("the graph has self-loops: kept, as all of a PyG file")
    if features is not None:
        if len(features) != num_nodes:
            raise ValueError(
                f"the file of features has {len(features)} rows, {path.name} has "
                f"{plural(num_nodes, 'node')}"
            )
        data.x = features
    names: tuple[str, ...] = ()
    if structural or data.x is None:
        data.x, note = make_structural(data, asked=structural)
        names = structural_names()
        notes.append(note)
    else:
        data.x = as_features(data.x, notes)
    if isinstance(data.y, Tensor) and data.y.dim() == 2 and data.y.size(1) == 1:
        data.y = data.y.flatten()
    check_graph(data, name=path.name)
    return GraphFile(data, list(range(num_nodes)), tuple(notes), names)


def _graphs(
    graphs: list[Data], path: Path, *, features: Tensor | None, structural: bool
) -> GraphFile:
    if features is not None or structural:
        raise ValueError(f"{path.name} holds a list of graphs: features can be given for one graph")
    notes: list[str] = []
    read = []
    for position, graph in enumerate(graphs):
        if graph.x is None:
            raise ValueError(f"{path.name}: graph {position} has no features (x)")
        graph = graph.clone()
        graph.x = as_features(graph.x, notes)
        read.append(graph)
    check_graph(read, name=path.name)
    return GraphFile(read, list(range(len(read))), tuple(dict.fromkeys(notes)))


def _load(path: Path) -> Any:
    # Classes that only hold data; registering them is what PyG itself does on newer versions.
    torch.serialization.add_safe_globals(list(_INERT))
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises a dozen types, by where the damage is
        text = str(error)
        if "Unsupported global: GLOBAL " in text:
            name = text.split("Unsupported global: GLOBAL ")[1].split()[0]
            raise ValueError(
                f"{path.name} is refused: reading it would execute {name}; {_HOW}"
            ) from None
        raise ValueError(f"{path.name} is damaged or no file of torch.save") from None


def _what(content: Any) -> str:
    if isinstance(content, dict) and content.get("kind") == "graphcl method":
        return "a trained method, no graph (give it by --model)"
    if isinstance(content, tuple):
        return "a tuple, perhaps a processed data set of PyG (save dataset[0])"
    if isinstance(content, Data):
        return "a graph"
    return f"a {type(content).__name__}, no graph"


def _with_features(data: Data, num_nodes: int) -> Data:
    """The same edges with features that are surely fine: what is wrong is the edges' fault."""
    return Data(
        x=torch.zeros(num_nodes, 1),
        edge_index=data.edge_index,
        edge_weight=data.get("edge_weight"),
    )


def _add_reverse(data: Data, num_nodes: int) -> None:
    weight = data.get("edge_weight")
    for name in data.edge_attrs():
        if name not in ("edge_index", "edge_weight"):
            del data[name]  # what an added edge has of them, nobody knows
    if weight is None:
        data.edge_index = to_undirected(data.edge_index, num_nodes=num_nodes)
    else:
        data.edge_index, data.edge_weight = to_undirected(
            data.edge_index, weight, num_nodes=num_nodes, reduce="mean"
        )
