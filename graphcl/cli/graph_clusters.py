"""Clusters of a graph: how many, how large, how good; those of its rows or of the method itself."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from torch import Tensor

    from graphcl.cli.graph_choices import MethodChoice
    from graphcl.cli.opened_graph import OpenedGraph
    from graphcl.clustering import ClusterChoice
    from graphcl.methods import Method, MethodEntry, SavedMethod

MOST_SHOWN = 30
WIDE = 64
OWN_NUMBER = "num_clusters"
"""The argument of every method with clusters of its own (`graphcl.methods.Method.clusters`)."""


def has_own_clusters(base: MethodEntry | SavedMethod, graph: OpenedGraph) -> bool:
    """Whether the method finds clusters by itself on such a graph."""
    from graphcl.methods import MethodEntry

    if isinstance(base, MethodEntry):
        return base.class_for(graph.kind).clusters
    return base.method.clusters


def with_own_number(
    choice: MethodChoice, base: MethodEntry | SavedMethod, graph: OpenedGraph, number: int | None
) -> tuple[MethodChoice, str]:
    """Tell a method that finds clusters by itself how many, before it is trained.

    Args:
        choice: The options.
        base: The method; one that is trained keeps its number.
        graph: The graph.
        number: That of ``--n-clusters``; None: it is chosen from the features and the edges.

    Returns:
        The options with the number, and what to tell about it.
    """
    from graphcl.arguments import plural
    from graphcl.methods import MethodEntry

    if not isinstance(base, MethodEntry):
        trained = base.method.configuration[OWN_NUMBER]
        if number not in (None, trained):
            raise ValueError(
                f"--n-clusters {number}: the method in {choice.model} was trained with "
                f"{trained} clusters of its own; leave the number out, or train it anew"
            )
        return choice, f"{trained} clusters, as in training"
    given = choice.parameters(base, graph.kind).get(OWN_NUMBER)
    if given is not None and number is not None:
        raise ValueError(f"--n-clusters and --set {OWN_NUMBER} say the same: one is enough")
    if given is not None:
        return choice, f"{given} clusters, as set"
    line = f"{plural(number or 0, 'cluster')}, as asked for"
    if number is None:
        number, line = _number_before_training(graph, seed=choice.seed)
    settings = [*(choice.settings or []), f"{OWN_NUMBER}={number}"]
    return replace(choice, settings=settings), line


def own_clusters(method: Method, graph: OpenedGraph, device: str) -> tuple[Tensor, str]:
    """The clusters of the method itself, the largest first, and what to tell about them."""
    from graphcl.cli.graph_method import in_blocks, on_device

    on_device(method, device)
    found = method.assignment(graph.data, batch_size=in_blocks(method, graph)).cpu()
    line = f"clusters of {type(method).__name__} itself, without k-means"
    members, wanted = len(found.unique()), method.configuration[OWN_NUMBER]
    if members != wanted:
        line += f"; {members} of the {wanted} have members"
    return _largest_first(found), line


def _number_before_training(graph: OpenedGraph, *, seed: int) -> tuple[int, str]:
    """How many clusters the features show, smoothed over the graph where it has edges."""
    import torch
    from torch_geometric.data import Data

    from graphcl.methods import SSGC

    data = graph.data
    if not isinstance(data, Data):
        raise ValueError(f"--n-clusters auto: {graph.name} is no single graph, give a number")
    rows = data.x.float() if graph.edges is None else SSGC(data.x.size(1)).embed(data).cpu()
    if rows.size(1) > WIDE:  # k-means on thousands of columns would take longer than all the rest
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            u, s, _ = torch.pca_lowrank(rows, q=min(WIDE, len(rows)))
        rows = u * s
    choice, line = _choose(rows, graph, seed=seed)
    return choice.num_clusters, f"{line}, of the features before training"


def _choose(rows: Tensor, graph: OpenedGraph, *, seed: int) -> tuple[ClusterChoice, str]:
    """The number of clusters that the rows show, and what to tell about it."""
    import torch

    from graphcl.arguments import plural
    from graphcl.cli.graph_method import LARGE
    from graphcl.clustering import choose_num_clusters
    from graphcl.evaluation import modularity

    edges = graph.edges

    def score(assignment: Tensor) -> float:
        assert edges is not None
        return modularity(assignment, edges)

    large = len(rows) > LARGE
    choice = choose_num_clusters(
        torch.nn.functional.normalize(rows),
        score=None if edges is None else score,
        restarts=3 if large else 10,
        library="mini-batch" if large else None,
        seed=seed,
    )
    criterion = "silhouette" if edges is None else "modularity"
    scores = ", ".join(f"{k}: {value:.2f}" for k, value in choice.scores.items())
    line = (
        f"{plural(choice.num_clusters, 'cluster')}: the smallest number within 2 % of the best "
        f"{criterion} ({scores})"
        if scores
        else "1 cluster: all rows are alike"
    )
    if scores and max(choice.scores.values()) <= 0:
        line += "; none is above 0: no groups were found, take these for nothing"
    return choice, line


def find_clusters(
    rows: Tensor, graph: OpenedGraph, number: int | None, *, seed: int
) -> tuple[Tensor, str]:
    """The cluster of each row, the largest cluster first, and what to tell about their number."""
    import torch

    from graphcl.arguments import plural
    from graphcl.cli.graph_method import LARGE
    from graphcl.clustering import kmeans
    from graphcl.evaluation import cluster_embeddings

    if number is None:
        choice, line = _choose(rows, graph, seed=seed)
        return _largest_first(choice.clustering.assignment), line
    line = f"{plural(number, 'cluster')}, as asked for"
    if len(rows) <= LARGE:
        return _largest_first(cluster_embeddings(rows, number, seed=seed)), line
    unit = torch.nn.functional.normalize(rows)
    found = kmeans(unit, number, seed=seed, library="mini-batch").assignment
    return _largest_first(found), f"{line}; k-means in mini-batches of rows"


def show_clusters(console: Console, assignment: Tensor, graph: OpenedGraph) -> None:
    """Print the sizes, and the scores without and with labels."""
    from rich.table import Table

    from graphcl.evaluation import clustering_metrics, conductance

    edges = graph.edges
    sizes = assignment.bincount().tolist()
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("Cluster", "Rows", "Share", *(["Edges leaving"] if edges is not None else [])):
        table.add_column(heading, justify="right")
    leaving = None if edges is None else conductance(assignment, edges).per_cluster.tolist()
    for number, size in list(enumerate(sizes))[:MOST_SHOWN]:
        cells = [str(number), f"{size:,}", f"{100 * size / len(assignment):.1f} %"]
        if leaving is not None:
            share = leaving[number]
            cells.append("–" if share != share else f"{100 * share:.1f} %")
        table.add_row(*cells)
    console.print(table)
    if len(sizes) > MOST_SHOWN:
        console.print(f"and {len(sizes) - MOST_SHOWN} smaller ones", highlight=False)
    if edges is not None:
        scores = clustering_metrics(assignment, edge_index=edges)
        console.print(
            f"modularity {scores['modularity']:.3f}, conductance {scores['conductance']:.3f} "
            "(without labels)",
            highlight=False,
            soft_wrap=True,
        )
    labels = _labels(graph)
    if labels is not None:
        scores = clustering_metrics(assignment, labels=labels)
        console.print(
            f"ACC {scores['acc']:.3f}, NMI {scores['nmi']:.3f}, ARI {scores['ari']:.3f} "
            "(compared with the labels, which nothing else has seen)",
            highlight=False,
            soft_wrap=True,
        )


def _labels(graph: OpenedGraph) -> Tensor | None:
    """One label a row, where there are such."""
    import torch

    if isinstance(graph.data, list):
        labels = [one.get("y") for one in graph.data]
        if any(y is None or y.numel() != 1 for y in labels):
            return None
        found = torch.cat([y.reshape(1) for y in labels])
    else:
        one_type = graph.data if graph.target is None else graph.data[graph.target.node_type]
        found = one_type.get("y")
        if found is None or found.dim() != 1 or len(found) != len(graph.node_ids):
            return None
    if found.is_floating_point() or not bool((found >= 0).any()):
        return None
    return found


def _largest_first(assignment: Tensor) -> Tensor:
    """The same partition; cluster 0 is the largest, of equal ones that of the first row."""
    ids, inverse, counts = assignment.cpu().unique(return_inverse=True, return_counts=True)
    first = [int((inverse == k).nonzero()[0]) for k in range(len(ids))]
    order = sorted(range(len(ids)), key=lambda k: (-int(counts[k]), first[k]))
    rank = inverse.new_empty(len(ids))
    rank[order] = inverse.new_tensor(range(len(ids)))
    return rank[inverse]
