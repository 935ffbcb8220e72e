"""From frozen embeddings to the numbers of a protocol."""

import numpy as np
import torch
from torch import Tensor
from torch_geometric.data import Data

from graphcl.arguments import check_seed
from graphcl.clustering import kmeans
from graphcl.evaluation.checks import Graphs, check_embeddings, labels_of
from graphcl.evaluation.clustering_scores import clustering_metrics
from graphcl.evaluation.graph_classification import graph_classification
from graphcl.evaluation.probe import linear_probe
from graphcl.evaluation.probe_settings import probe_settings
from graphcl.evaluation.protocols import CROSS_VALIDATED, get_protocol, make_split
from graphcl.evaluation.restarted_probe import restarted_probe
from graphcl.evaluation.restarts import over_restarts
from graphcl.evaluation.scaffold_probe import scaffold_probe

FOLD_STD = "_fold_std"
"""What ends the name of a standard deviation over the folds of a cross-validation."""
FITS = 10
"""How often P-HETCLU fits k-means."""


def cluster_embeddings(
    embeddings: Tensor, num_clusters: int, *, seed: int = 0, restarts: int = 10
) -> Tensor:
    """Cluster embeddings by k-means on their rows scaled to unit length.

    Rows of zeros stay zeros. Where duplicated rows leave fewer clusters than asked for, a warning
    says so.

    Args:
        embeddings: `[N, d]`, finite.
        num_clusters: number of clusters, `1 .. N`.
        seed: seed of the restarts.
        restarts: number of k-means++ starts; the best one is kept.

    Returns:
        Cluster of each row, `[N]` int64, on the device of the embeddings.

    Raises:
        TypeError: the embeddings are not floating point.
        ValueError: wrong shapes, values that are not finite, or a number out of range.

    Example:
        >>> rows = torch.tensor([[1.0, 0.0], [9.0, 0.1], [0.0, 1.0]])
        >>> found = cluster_embeddings(rows, 2)
        >>> bool(found[0] == found[1]), bool(found[0] == found[2])
        (True, False)
    """
    rows = torch.nn.functional.normalize(check_embeddings(embeddings))
    # scikit-learn's, whatever else is installed: a table must not depend on it
    found = kmeans(
        rows, num_clusters, seed=seed, restarts=restarts, library="scikit-learn"
    ).assignment
    return found.to(embeddings.device)


def evaluate(
    protocol: str,
    embeddings: Tensor,
    data: Graphs,
    seed: int,
    *,
    target: str | None = None,
    dataset: str | None = None,
    assignment: Tensor | None = None,
) -> dict[str, float]:
    """Score frozen embeddings under a protocol.

    Args:
        protocol: an id of `PROTOCOLS`.
        embeddings: one row per node `[N, d]`, of a heterogeneous graph per node of the target type,
            or per graph `[B, d]` where `data` is a list.
        data: one graph with node labels, or a list of graphs with one label each.
        seed: seed of the split, of k-means and of the initial weights of P-HET's restarts.
        target: the node type that was embedded, of a heterogeneous graph; default: the only type
            with labels.
        dataset: name of the data set, whose `probe_settings` P-HET20 to P-HET60 use.
        assignment: for P-OWNCLU the clusters that the method itself found, `[N]`; default: it finds
            none, so its rows are clustered as P-CLU does it.

    Returns:
        Fractions by name, those of `linear_probe` for P-PUB and P-RND2, of `restarted_probe` for
        P-HET20 to P-HET60, of `scaffold_probe` for P-SCAFFOLD, of `clustering_metrics` for P-CLU
        and P-OWNCLU. P-TU, P-TU-LINEAR and P-TU-LOGISTIC have `accuracy` and its deviation over
        folds. P-HETCLU has means of the clustering metrics and their standard deviations over the
        fits. The k of k-means is the number of classes among the labels, as is the custom. Lists of
        graphs and heterogeneous graphs have no edge measures.

    Raises:
        TypeError: the embeddings are not floating point.
        ValueError: an unknown protocol or target, wrong number of rows, values that are not finite,
            data that the protocol cannot use, or an assignment that it does not.

    Example:
        >>> data = Data(x=torch.eye(40), y=torch.arange(40) // 20)
        >>> data.edge_index = torch.empty(2, 0, dtype=torch.long)
        >>> evaluate("P-CLU", torch.eye(2)[data.y], data, seed=0)["acc"]
        1.0
    """
    kind = get_protocol(protocol)
    seed = check_seed(seed)
    labels = labels_of(data, target)
    embeddings = check_embeddings(embeddings, num_rows=len(labels))
    if assignment is not None and not kind.own_clusters:
        raise ValueError(f"assignment is for P-OWNCLU alone, {kind.id} does not read it")
    if kind.task != "clustering":
        split = make_split(protocol, data, seed, target=target)
        if kind.task == "cross-validation":
            return _cross_validated(kind.id, embeddings[split.test], labels[split.test], seed)
        if kind.task == "scaffold-probe":
            return scaffold_probe(embeddings, labels, split, seed=seed)
        if kind.task == "probe":
            return linear_probe(embeddings, labels, split, seed=seed)
        settings = probe_settings(dataset)
        return restarted_probe(embeddings, labels, split, settings=settings, seed=seed)
    num_classes = int(labels[labels >= 0].unique().numel())
    if kind.id == "P-HETCLU":
        return _mean_over_fits(embeddings, labels, num_classes, seed)
    if assignment is None:
        assignment = cluster_embeddings(embeddings, num_classes, seed=seed)
    edge_index = data.edge_index if isinstance(data, Data) else None
    return clustering_metrics(assignment, labels=labels, edge_index=edge_index)


def _cross_validated(protocol: str, rows: Tensor, labels: Tensor, seed: int) -> dict[str, float]:
    """Accuracy and its spread over the folds of one seed."""
    found = graph_classification(rows, labels, classifier=CROSS_VALIDATED[protocol], seeds=[seed])
    return {"accuracy": found.mean, f"accuracy{FOLD_STD}": found.std_over_folds}


def _mean_over_fits(
    embeddings: Tensor, labels: Tensor, num_classes: int, seed: int
) -> dict[str, float]:
    """Scores of several k-means on the rows as they are."""
    seeds = np.random.SeedSequence(seed).generate_state(FITS).tolist()
    fits = [
        clustering_metrics(
            kmeans(
                embeddings, num_classes, seed=one, restarts=1, library="scikit-learn"
            ).assignment,
            labels=labels,
        )
        for one in seeds
    ]
    scores: dict[str, float] = {}
    for name in fits[0]:
        scores |= over_restarts(name, torch.tensor([fit[name] for fit in fits]).double())
    return scores
