"""What the benchmark of augmentations times: ours, and PyG's counterparts.

`GROUPS` maps a group to its rows; a row is a function that takes the graph and returns the step
that is timed. "x ours" of a peer's row refers to the last row of ours above it. A step returns a
number that tells how large the result is (edges, nodes, non-zero features).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch_geometric.data import Data
from torch_geometric.utils import (
    add_random_edge,
    dropout_edge,
    dropout_node,
    mask_feature,
    to_undirected,
)

from graphcl.augmentations import (
    AdaptiveDropEdges,
    AdaptiveMaskFeatures,
    AddEdges,
    DropEdges,
    DropNodes,
    HeatDiffusion,
    MaskFeatures,
    PPRDiffusion,
    RandomWalkSubgraph,
    TwoSubgraphs,
    edge_drop_probabilities,
    feature_mask_probabilities,
)

Step = Callable[[], float]
Row = Callable[[Data], Step]
PEER = "PyG"


def prepare_augmentation(group: str, name: str, num_nodes: int, num_edges: int, width: int) -> Step:
    """The step of one row, on a random graph that is the same for all rows."""
    torch.manual_seed(0)
    edge_index = torch.randint(num_nodes, (2, num_edges // 2))
    edge_index = to_undirected(edge_index[:, edge_index[0] != edge_index[1]])
    graph = Data(x=torch.randn(num_nodes, width), edge_index=edge_index)
    return GROUPS[group][name](graph)


def transform(made: Callable[[Data], Any], size: Callable[[Any], float]) -> Row:
    """A row of ours: the transform, and how large its result is."""
    return lambda graph: lambda: float(size(made(graph)))


def edges(view: Data) -> float:
    return view.num_edges


def nodes(view: Data) -> float:
    return view.num_nodes or 0


def features(view: Data) -> float:
    return float(view.x[0].count_nonzero())


def pyg_drop_edges(undirected: bool) -> Row:
    def prepare(graph: Data) -> Step:
        return lambda: dropout_edge(graph.edge_index, 0.2, force_undirected=undirected)[0].size(1)

    return prepare


def pyg_add_edges(undirected: bool) -> Row:
    def prepare(graph: Data) -> Step:
        return lambda: add_random_edge(
            graph.edge_index, 0.2, force_undirected=undirected, num_nodes=graph.num_nodes
        )[0].size(1)

    return prepare


def pyg_drop_nodes(graph: Data) -> Step:
    def step() -> float:
        edge_index, _, kept = dropout_node(
            graph.edge_index, 0.2, num_nodes=graph.num_nodes, relabel_nodes=True
        )
        return float(len(Data(x=graph.x[kept], edge_index=edge_index).x))

    return step


def pyg_isolate_nodes(graph: Data) -> Step:
    return lambda: dropout_node(graph.edge_index, 0.2, num_nodes=graph.num_nodes)[0].size(1)


def pyg_mask_features(mode: str) -> Row:
    return lambda graph: lambda: float(mask_feature(graph.x, 0.3, mode)[0][0].count_nonzero())


GROUPS: dict[str, dict[str, Row]] = {
    "Drop edges, p = 0.2": {
        "DropEdges, undirected": transform(DropEdges(0.2), edges),
        "PyG dropout_edge, force_undirected": pyg_drop_edges(True),
        "DropEdges, directed": transform(DropEdges(0.2, undirected=False), edges),
        "PyG dropout_edge": pyg_drop_edges(False),
    },
    "Add edges, p = 0.2": {
        "AddEdges, undirected": transform(AddEdges(0.2), edges),
        "PyG add_random_edge, force_undirected": pyg_add_edges(True),
        "AddEdges, directed": transform(AddEdges(0.2, undirected=False), edges),
        "PyG add_random_edge": pyg_add_edges(False),
    },
    "Drop nodes, p = 0.2": {
        "DropNodes": transform(DropNodes(0.2), nodes),
        "PyG dropout_node, relabel_nodes": pyg_drop_nodes,
        "DropNodes, remove=False": transform(DropNodes(0.2, remove=False), edges),
        "PyG dropout_node": pyg_isolate_nodes,
    },
    "Mask features, p = 0.3": {
        "MaskFeatures, columns": transform(MaskFeatures(0.3), features),
        "PyG mask_feature, col": pyg_mask_features("col"),
        "MaskFeatures, entries": transform(MaskFeatures(0.3, mode="entries"), features),
        "PyG mask_feature, all": pyg_mask_features("all"),
    },
    "Subgraphs by random walks (PyG's need a compiled dependency)": {
        "RandomWalkSubgraph, 20 % of the nodes": transform(RandomWalkSubgraph(share=0.2), nodes),
        "RandomWalkSubgraph, 256 nodes": transform(RandomWalkSubgraph(256), nodes),
        "TwoSubgraphs, 64 nodes of 256": transform(
            TwoSubgraphs(64, region=256), lambda views: nodes(views[0])
        ),
    },
    "Adaptive corruption, p = 0.3 (the transforms remember a graph's probabilities)": {
        "AdaptiveDropEdges, undirected": transform(AdaptiveDropEdges(0.3), edges),
        "AdaptiveDropEdges, directed": transform(AdaptiveDropEdges(0.3, undirected=False), edges),
        "AdaptiveMaskFeatures": transform(AdaptiveMaskFeatures(0.3), features),
        "edge_drop_probabilities, degree": transform(
            lambda graph: edge_drop_probabilities(graph, 0.3), len
        ),
        "edge_drop_probabilities, pagerank": transform(
            lambda graph: edge_drop_probabilities(graph, 0.3, centrality="pagerank"), len
        ),
        "edge_drop_probabilities, eigenvector": transform(
            lambda graph: edge_drop_probabilities(graph, 0.3, centrality="eigenvector"), len
        ),
        "feature_mask_probabilities, degree": transform(
            lambda graph: feature_mask_probabilities(graph, 0.3), len
        ),
    },
    "Diffusion, 32 largest of each node (PyG's inverts a dense matrix)": {
        "PPRDiffusion, alpha = 0.15": transform(PPRDiffusion(0.15, top_k=32), edges),
        "HeatDiffusion, t = 1": transform(HeatDiffusion(1.0, top_k=32), edges),
        "HeatDiffusion, t = 3": transform(HeatDiffusion(3.0, top_k=32), edges),
    },
}
