"""How good a partition is: against labels, against the graph, or both.

Cluster ids may be any integers. Rows with a negative label are unlabelled: measures against labels
leave them out, measures against edges keep them. All values are fractions.
"""

from dataclasses import dataclass

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_array
from torch import Tensor

from graphcl.evaluation.checks import check_edges, check_integers


@dataclass(frozen=True, eq=False)
class Matching:
    """Clusters matched one to one with classes.

    Attributes:
        accuracy: fraction of labelled rows whose cluster is matched to their class.
        macro_f1: F1 of each class against its matched cluster (0 if it has none), averaged.
        aligned: class of each row's cluster, `[N]` int64 on the CPU, -1 where the cluster has none.
    """

    accuracy: float
    macro_f1: float
    aligned: Tensor


@dataclass(frozen=True, eq=False)
class Conductance:
    """How much of the graph's edges leave the clusters; 0 is best.

    Attributes:
        overall: fraction of edge ends in one cluster whose other end is in another (as in DMoN).
            NaN without edges.
        per_cluster: cut over the smaller of the volumes inside and outside, `[K]` float64 for the
            cluster ids in ascending order; NaN where that volume is 0 (a cluster of isolated
            nodes, or of all edges).
        mean: mean over the clusters where it is defined; NaN where none is.
    """

    overall: float
    per_cluster: Tensor
    mean: float


def contingency_table(assignment: Tensor, labels: Tensor) -> Tensor:
    """Count rows by class and cluster.

    Args:
        assignment: cluster of each row, `[N]`, any integers.
        labels: class of each row, `[N]`, negative where unlabelled.

    Returns:
        Counts `[C, K]` int64: classes and clusters in ascending order. Clusters without a labelled
        row have a column of zeros.

    Raises:
        TypeError: an argument is not an integer tensor.
        ValueError: wrong shapes, or no labelled row.

    Example:
        >>> contingency_table(torch.tensor([5, 5, 9]), torch.tensor([0, 1, 1]))
        tensor([[1, 0],
                [1, 1]])
    """
    assignment, labels = _check(assignment, labels)
    clusters, columns = assignment.unique(return_inverse=True)
    labelled = labels >= 0
    classes, rows = labels[labelled].unique(return_inverse=True)
    cells = rows * len(clusters) + columns[labelled]
    size = len(classes) * len(clusters)
    return torch.bincount(cells, minlength=size).view(len(classes), len(clusters))


def match_clusters(assignment: Tensor, labels: Tensor) -> Matching:
    """Match clusters with classes so that as many rows as possible agree (Hungarian method).

    With more clusters than classes the members of unmatched clusters count as wrong. Among equally
    accurate matchings the one of highest macro-F1 is taken, so that both numbers depend on the
    partition only and not on how clusters are numbered.

    Args:
        assignment: cluster of each row, `[N]`, any integers.
        labels: class of each row, `[N]`, negative where unlabelled.

    Returns:
        The matching and its scores.

    Raises:
        TypeError: an argument is not an integer tensor.
        ValueError: wrong shapes, or no labelled row.

    Source:
        Kuhn, "The Hungarian method for the assignment problem", 1955.

    Example:
        >>> matching = match_clusters(torch.tensor([1, 1, 0, 0]), torch.tensor([0, 0, 1, 0]))
        >>> matching.accuracy, matching.aligned.tolist()
        (0.75, [0, 0, 1, 1])
    """
    assignment, labels = _check(assignment, labels)
    table = contingency_table(assignment, labels).double()
    f1 = 2 * table / (table.sum(1, keepdim=True) + table.sum(0, keepdim=True))
    # The scores of a matching sum to at most min(C, K), so this bonus never outweighs one row.
    bonus = f1 / (2 * min(table.shape))
    rows, columns = linear_sum_assignment((table + bonus).numpy(), maximize=True)
    classes = labels[labels >= 0].unique()
    column_of_row = assignment.unique(return_inverse=True)[1]
    class_of_column = torch.full((table.size(1),), -1)
    class_of_column[columns] = classes[rows]
    return Matching(
        accuracy=float(table[rows, columns].sum() / table.sum()),
        macro_f1=float(f1[rows, columns].sum() / len(classes)),
        aligned=class_of_column[column_of_row],
    )


def modularity(assignment: Tensor, edge_index: Tensor) -> float:
    """Fraction of edges inside clusters, less what the degrees alone would give.

    `Q = (inside / E) - sum_k (out_k / E) (in_k / E)` over the E columns of `edge_index`, with
    out_k and in_k the edge ends of cluster k. With both directions of each edge listed this is
    Newman's modularity; with one direction, the modularity of a directed graph.

    Args:
        assignment: cluster of each node, `[N]`, any integers.
        edge_index: `[2, E]`, both directions of undirected edges; repeated columns count.

    Returns:
        A value in [-1/2, 1] (undirected); 0 for one cluster. NaN without edges (undefined).

    Raises:
        TypeError: the assignment is not an integer tensor.
        ValueError: wrong shapes, or a node number out of range.

    Source:
        Newman, "Modularity and community structure in networks", PNAS 2006, equation 1; Leicht and
        Newman, "Community structure in directed networks", 2008, equation 3.

    Example:
        >>> edges = torch.tensor([[0, 1, 2, 3], [1, 0, 3, 2]])
        >>> modularity(torch.tensor([0, 0, 1, 1]), edges)
        0.5
    """
    between = _edges_between(assignment, edge_index)
    total = float(between.sum())
    if total == 0:
        return float("nan")
    outgoing, incoming = between.sum(axis=1), between.sum(axis=0)
    return float(between.diagonal().sum() / total - (outgoing / total) @ (incoming / total))


def conductance(assignment: Tensor, edge_index: Tensor) -> Conductance:
    """How many edges leave the clusters.

    Args:
        assignment: cluster of each node, `[N]`, any integers.
        edge_index: `[2, E]`, both directions of undirected edges; repeated columns count. A
            directed graph counts as undirected with half the weight on each direction.

    Returns:
        The overall, per-cluster and mean conductance; see `Conductance` for where it is undefined.

    Raises:
        TypeError: the assignment is not an integer tensor.
        ValueError: wrong shapes, or a node number out of range.

    Source:
        Overall: Tsitsulin et al., "Graph clustering with graph neural networks", JMLR 2023.
        Per cluster: Kannan, Vempala and Vetta, "On clusterings: good, bad and spectral", 2004.

    Example:
        >>> edges = torch.tensor([[0, 1, 1, 2], [1, 0, 2, 1]])
        >>> conductance(torch.tensor([0, 0, 1]), edges).overall
        0.5
    """
    between = _edges_between(assignment, edge_index)
    total, inside = between.sum(), between.diagonal()
    volume = (between.sum(axis=0) + between.sum(axis=1)) / 2
    smaller = np.minimum(volume, total - volume)
    defined = smaller > 0
    share = np.full(len(volume), np.nan)
    share[defined] = (volume - inside)[defined] / smaller[defined]
    return Conductance(
        overall=float(1 - inside.sum() / total) if total else float("nan"),
        per_cluster=torch.from_numpy(share),
        mean=float(share[defined].mean()) if defined.any() else float("nan"),
    )


def clustering_metrics(
    assignment: Tensor, *, labels: Tensor | None = None, edge_index: Tensor | None = None
) -> dict[str, float]:
    """Score a clustering by all that its arguments allow.

    Args:
        assignment: cluster of each row, `[N]`, any integers.
        labels: class of each row, `[N]`, negative where unlabelled.
        edge_index: `[2, E]`, both directions of undirected edges.

    Returns:
        `clusters` (number of clusters found); with labels `acc` and `f1_macro` (after
        `match_clusters`), `nmi` (arithmetic average) and `ari`, both as scikit-learn defines them:
        1 for one cluster against one class; with edges `modularity` and `conductance` (the
        overall one). A graph without edges has neither, so its two keys are absent.

    Raises:
        TypeError: the assignment or the labels are not integer tensors.
        ValueError: wrong shapes, no labelled row, or a node number out of range.

    Example:
        >>> clustering_metrics(torch.tensor([1, 1, 0, 0]), labels=torch.tensor([0, 0, 1, 1]))
        {'clusters': 2.0, 'acc': 1.0, 'nmi': 1.0, 'ari': 1.0, 'f1_macro': 1.0}
    """
    assignment = check_integers(assignment, name="assignment")
    scores = {"clusters": float(assignment.unique().numel())}
    if labels is not None:
        from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

        matching = match_clusters(assignment, labels)
        known = labels.cpu() >= 0
        truth, found = labels.cpu()[known].numpy(), assignment[known].numpy()
        scores["acc"] = matching.accuracy
        scores["nmi"] = float(normalized_mutual_info_score(truth, found))
        scores["ari"] = float(adjusted_rand_score(truth, found))
        scores["f1_macro"] = matching.macro_f1
    if edge_index is not None:
        edges = check_edges(edge_index, num_nodes=len(assignment))
        if edges.size(1) > 0:
            scores["modularity"] = modularity(assignment, edges)
            scores["conductance"] = conductance(assignment, edges).overall
    return scores


def _check(assignment: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    assignment = check_integers(assignment, name="assignment")
    labels = check_integers(labels, name="labels", length=len(assignment))
    if not (labels >= 0).any():
        raise ValueError("labels hold no label: every entry is negative (unlabelled)")
    return assignment, labels


def _edges_between(assignment: Tensor, edge_index: Tensor) -> coo_array:
    """Number of edges from each cluster to each, `[K, K]` (sparse: K may be large)."""
    assignment = check_integers(assignment, name="assignment")
    edges = check_edges(edge_index, num_nodes=len(assignment))
    clusters, ids = assignment.unique(return_inverse=True)
    source, target = ids[edges].numpy()
    weight = np.ones(edges.size(1))
    size = (len(clusters), len(clusters))
    table = coo_array((weight, (source, target)), shape=size)
    table.sum_duplicates()
    return table
