"""Clusters of a graph's embeddings: how many, how large, how good."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from torch import Tensor

    from graphcl.cli.opened_graph import OpenedGraph

MOST_SHOWN = 30


def find_clusters(
    rows: Tensor, graph: OpenedGraph, number: int | None, *, seed: int
) -> tuple[Tensor, str]:
    """The cluster of each row, the largest cluster first, and what to tell about their number."""
    import torch

    from graphcl.arguments import plural
    from graphcl.clustering import choose_num_clusters
    from graphcl.evaluation import cluster_embeddings, modularity

    if number is not None:
        found = cluster_embeddings(rows, number, seed=seed)
        line = f"{plural(number, 'cluster')}, as asked for"
    else:
        edges = graph.edges
        by_edges = edges is not None

        def score(assignment: Tensor) -> float:
            assert edges is not None
            return modularity(assignment, edges)

        choice = choose_num_clusters(
            torch.nn.functional.normalize(rows), score=score if by_edges else None, seed=seed
        )
        found = choice.clustering.assignment
        criterion = "modularity" if by_edges else "silhouette"
        scores = ", ".join(f"{k}: {value:.2f}" for k, value in choice.scores.items())
        line = (
            f"{plural(choice.num_clusters, 'cluster')}: the smallest number within 2 % of the best "
            f"{criterion} ({scores})"
            if scores
            else "1 cluster: all rows are alike"
        )
        if scores and max(choice.scores.values()) <= 0:
            line += "; none is above 0: no groups were found, take these for nothing"
    return _largest_first(found), line


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
