"""The last step of reading: nodes, edges and features become a graph."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch_geometric.data import Data

from graphcl.graph_files.attributes import Attributes
from graphcl.graph_files.edge_list import EdgeList, tidy_edges
from graphcl.graph_files.graph_file import GraphFile
from graphcl.graph_files.structural import ROLES, structural_features, structural_names


@dataclass(frozen=True, eq=False)
class Parts:
    """What a file holds, before it is a graph.

    Attributes:
        node_ids: One for each node.
        attributes: Features and labels of the nodes, None where the file has none.
        edges: The edges as listed.
        directed: What the file says about directions; None: nothing.
        notes: What a user should know.
    """

    node_ids: list[str] | list[int]
    attributes: Attributes | None
    edges: EdgeList
    directed: bool | None = None
    notes: tuple[str, ...] = ()


def assemble(
    parts: Parts,
    *,
    name: str,
    directed: bool | None,
    features: Tensor | None,
    structural: bool,
) -> GraphFile:
    """Make a graph; structural features are not scaled yet.

    Args:
        parts: What the file holds.
        name: Name of the file, for messages.
        directed: What the caller says about directions; None: as the file says, else undirected.
        features: Features from a file of their own, `[N, F]`, in the order of the nodes.
        structural: Whether to make structural features even if there are others.
    """
    notes = list(parts.notes)
    parts = _with_isolated(parts, features)
    num_nodes = len(parts.node_ids)
    if directed is None:
        directed = parts.directed
    tidy = tidy_edges(parts.edges, num_nodes, directed=bool(directed))
    notes += tidy.notes
    data = Data(edge_index=tidy.edge_index, num_nodes=num_nodes)
    if tidy.edge_weight is not None:
        data.edge_weight = tidy.edge_weight
    feature_names: tuple[str, ...] = ()
    label_names: tuple[str, ...] = ()
    if parts.attributes is not None:
        feature_names, label_names = parts.attributes.feature_names, parts.attributes.label_names
        if parts.attributes.features is not None:
            data.x = parts.attributes.features
        if parts.attributes.labels is not None:
            data.y = parts.attributes.labels
    if features is not None:
        if feature_names:
            notes.append("the features of the file are replaced by those of the features file")
        _check_rows(features, num_nodes, name)
        data.x, feature_names = features, ()
    if structural or data.x is None:
        data.x, note = make_structural(data, asked=structural)
        notes.append(note)
        feature_names = structural_names()
    del data.num_nodes  # the features tell it
    return GraphFile(data, parts.node_ids, tuple(notes), feature_names, label_names)


def make_structural(data: Data, *, asked: bool) -> tuple[Tensor, str]:
    """Structural features of a graph, not scaled, and the note that says so."""
    features = structural_features(
        data.edge_index,
        data.num_nodes,
        edge_weight=data.get("edge_weight"),
        standardize=False,
    )
    positions = features.size(1) - len(ROLES)
    why = "structural features" if asked else "no features in the file"
    return features, (
        f"{why}: {features.size(1)} were made from the edges ({', '.join(ROLES)}, "
        f"{positions} positions)"
    )


def _with_isolated(parts: Parts, features: Tensor | None) -> Parts:
    """Nodes without edges, which a list of edges cannot name but a file of features counts."""
    ids = parts.node_ids
    if features is None or parts.attributes is not None or len(features) <= len(ids):
        return parts
    numbers = [number for number in ids if isinstance(number, int)]
    if len(numbers) < len(ids) or not 0 <= min(numbers) <= max(numbers) < len(features):
        return parts
    place = torch.tensor(numbers).numpy()
    edges = parts.edges
    moved = EdgeList(place[edges.source], place[edges.target], edges.weight, edges.place)
    return Parts(list(range(len(features))), None, moved, parts.directed, parts.notes)


def _check_rows(features: Tensor, num_nodes: int, name: str) -> None:
    if len(features) != num_nodes:
        raise ValueError(
            f"the file of features has {len(features)} rows, {name} has {num_nodes} nodes: one row "
            "for each node is needed, in the order of the nodes (ascending for whole numbers)"
        )
