"""What the benchmark of controllability times; a step returns a number that tells its result."""

from __future__ import annotations

from collections.abc import Callable

import networkx as nx
import numpy as np
import torch
from torch_geometric.data import Batch, Data
from torch_geometric.utils import to_undirected

from graphcl import control
from graphcl.augmentations import (
    ControllableAddEdges,
    ControllableDropEdges,
    ControllableRewire,
    PrepareControl,
)

Step = Callable[[], float]
VIEWS = {
    "drop": ControllableDropEdges,
    "add": ControllableAddEdges,
    "rewire": ControllableRewire,
}
RATIO = 0.2


def random_graph(num_nodes: int, num_edges: int, seed: int = 0) -> Data:
    """A uniform random graph, both directions of every edge, sorted."""
    generator = torch.Generator().manual_seed(seed)
    pairs = torch.randint(num_nodes, (2, num_edges), generator=generator)
    edge_index = to_undirected(pairs[:, pairs[0] != pairs[1]], num_nodes=num_nodes)
    return Data(edge_index=edge_index, num_nodes=num_nodes)


def prepare_large(work: str, mode: str, num_nodes: int, num_edges: int, num_leaders: int) -> Step:
    """Preparation ("prepare") or a view of one large graph."""
    return _step(work, mode, random_graph(num_nodes, num_edges), num_leaders)


def prepare_batch(work: str, mode: str, data_set: str, graphs: int, root: str | None) -> Step:
    """Preparation ("prepare") or a view of a batch of small graphs."""
    from graphcl.datasets import load

    loaded, _ = load(data_set, root)
    return _step(work, mode, Batch.from_data_list(list(loaded[:graphs])), None)


def _step(work: str, mode: str, graph: Data, num_leaders: int | None) -> Step:
    prepare = PrepareControl(mode, num_leaders=num_leaders, seed=0)
    if work == "prepare":
        return lambda: float(prepare(graph).control_totals[:, 1].sum())
    prepared = prepare(graph)
    view = VIEWS[work](RATIO, mode=mode, seed=0)
    return lambda: float(view(prepared).control_ratio.mean())


def prepare_exact_bound(num_nodes: int, num_edges: int, num_leaders: int) -> Step:
    """The exact bound of one graph, distances given."""
    distances = _distances(num_nodes, num_edges, num_leaders)
    return lambda: control.pmi_sequence(distances, method="exact").bound


def prepare_distances(num_nodes: int, num_edges: int, num_leaders: int, how: str) -> Step:
    """Distances to the leaders: ours, or NetworkX's searches."""
    graph = random_graph(num_nodes, num_edges)
    leaders = list(range(num_leaders))
    if how == "graphcl":
        return lambda: float(
            control.leader_distances(graph.edge_index, leaders, num_nodes=num_nodes).max()
        )
    other = nx.Graph(graph.edge_index.t().tolist())
    return lambda: float(
        max(max(nx.single_source_shortest_path_length(other, k).values()) for k in leaders)
    )


def prepare_safe_deletions(num_nodes: int, num_edges: int, num_leaders: int, how: str) -> Step:
    """How many single edges may go with all distances kept: the rule, or trying every edge."""
    graph = random_graph(num_nodes, num_edges)
    leaders = list(range(num_leaders))
    if how == "graphcl":

        def by_rule() -> float:
            distances = control.leader_distances(graph.edge_index, leaders, num_nodes=num_nodes)
            return float(control.safe_deletions(graph.edge_index, distances).sum()) / 2

        return by_rule
    other = nx.Graph(graph.edge_index.t().tolist())

    def distances_of() -> list[dict[int, int]]:
        return [dict(nx.single_source_shortest_path_length(other, k)) for k in leaders]

    def by_trying() -> float:
        before, safe = distances_of(), 0
        for edge in list(other.edges):
            other.remove_edge(*edge)
            safe += distances_of() == before
            other.add_edge(*edge)
        return float(safe)

    return by_trying


def _distances(num_nodes: int, num_edges: int, num_leaders: int) -> np.ndarray:
    graph = random_graph(num_nodes, num_edges)
    leaders = list(range(num_leaders))
    return control.leader_distances(graph.edge_index.numpy(), leaders, num_nodes=num_nodes)
