"""Adapters of meta-paths, cluster weights and learned weights (`adapters.py`)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch_geometric.data import HeteroData

from graphcl.clustering import Clustering, concentrations
from graphcl.contrast import Block, Rows
from graphcl.losses import InfoNCELoss, PrototypicalLoss
from graphcl.metapaths import (
    EdgeType,
    MetaPath,
    count_paths,
    normalized,
    pathsim,
    reach,
    top_neighbours,
)
from graphcl.negatives import ClusterNegatives, LearnedNegatives, NegativeStrategy
from tests.golden.harness import gradients, leaf


def metapath_adjacency(
    *, num_nodes: Any, node_types: Any, metapaths: Any, **edges: Any
) -> dict[str, Any]:
    data = HeteroData()
    for kind, number in zip(node_types.split(","), num_nodes, strict=True):
        data[kind].num_nodes = int(number)
    for name, edge_index in edges.items():
        if edge_index is not None:
            _, source, relation, end = name.split("__")
            data[source, relation, end].edge_index = torch.from_numpy(edge_index)
    result: dict[str, Any] = {}
    for written in metapaths.split("; "):
        name, steps = written.split(": ")
        edge_types: list[EdgeType] = [tuple(s.split(" ")) for s in steps.split(", ")]  # type: ignore[misc]
        path = MetaPath.parse(edge_types, data)
        counts = count_paths(data, path, coalesce=False)
        entries = counts.to_sparse_coo().coalesce()
        result |= {
            f"{name}__counts": counts.to_dense().double(),
            f"{name}__edge_count": entries.values().double(),
            f"{name}__edge_index": entries.indices(),
        }
        for position in range(1, len(path) + 1):
            partial = count_paths(data, path.prefix(position), coalesce=False).to_dense()
            reached = reach(data, path, position).to_dense()
            assert torch.equal(reached, (partial > 0).float())
            result[f"{name}__reach_{position}"] = partial.double()
    return result


def pathsim_topk(*, incidence: Any, k: Any) -> dict[str, Any]:
    data = HeteroData()
    edge_index = torch.from_numpy(incidence).nonzero().T
    data["target"].num_nodes, data["middle"].num_nodes = incidence.shape
    data["target", "to", "middle"].edge_index = edge_index
    data["middle", "to", "target"].edge_index = edge_index.flip(0)
    counts = count_paths(data, "target-middle-target").to(torch.float64)
    kept = top_neighbours(counts, k)
    entries = counts.to_sparse_coo().coalesce()
    rows, columns = entries.indices()
    return {
        "pathsim": pathsim(counts).to_dense(),
        "keep_strict": _strictly_above(counts, k),
        "keep_with_ties": top_neighbours(counts, k, ties="all").to_dense() > 0,
        "keep_stable": kept.to_dense() > 0,
        "kept_counts_stable": kept.to_dense(),
        "norm_stable": normalized(kept).to_dense(),
        "norm_stable_authors_orientation": normalized(kept, orientation="official").to_dense(),
        "counts_row": rows,
        "counts_col": columns,
        "counts_val": entries.values(),
    }


def _strictly_above(counts: Tensor, k: int) -> Tensor:
    """Scores above the k-th, or above the last where a row has fewer: no tie can cost them."""
    scores = pathsim(counts).to_dense()
    last = scores.masked_fill(scores == 0, torch.inf).amin(dim=1, keepdim=True)
    cut = scores.sort(dim=1, descending=True).values[:, k - 1 : k]
    return scores > torch.maximum(cut, last)


def _weights(strategy: NegativeStrategy, rows: Rows) -> Tensor:
    item = torch.arange(len(rows.anchors))
    cosine = rows.anchors @ rows.blocks[0].candidates.T
    state = strategy.prepare(rows)
    return strategy.log_weights(cosine, item, item, rows.blocks[0], rows, state).exp()


def meow_weighted_infonce(
    *, z_anchor: Any, z: Any, assignments: Any, num_clusters: Any, tau: Any
) -> dict[str, Any]:
    z_anchor, z = leaf(z_anchor), leaf(z)
    strategy = ClusterNegatives(same=0.0)
    context = {"clusters": torch.from_numpy(assignments).T}
    options: Any = {
        "normalize": False,
        "symmetric": False,
        "positive_in_denominator": "excluded",
        "negatives": strategy,
    }
    loss = InfoNCELoss(tau, **options)(z_anchor, z, context=context)
    (per_node,) = InfoNCELoss(tau, reduction="none", **options)(z_anchor, z, context=context)
    rows = Rows(z_anchor, (Block(z, view=1),), tau, context)
    number = len(num_clusters)  # our weights are shares: w / M
    shift = torch.tensor(float(number), dtype=torch.float64).log()
    return {
        "loss": loss + shift,
        "weights": number * _weights(strategy, rows),
        "per_node_loss": per_node + shift,
        **gradients(loss, z_anchor=z_anchor, z=z),
    }


def meow_prototypical(
    *,
    z: Any,
    assignments: Any,
    num_clusters: Any,
    inner_products: Any,
    tau: Any,
    **centroids: Any,
) -> dict[str, Any]:
    z = leaf(z)
    labels, inner = torch.from_numpy(assignments), torch.from_numpy(inner_products)
    clusterings, densities = [], []
    for number, size in enumerate(num_clusters):
        prototypes = torch.from_numpy(centroids[f"centroids_{number}"])
        clusterings.append(Clustering(labels[number], prototypes, 0.0))
        # points of one dimension whose inner products with their centroids are those given
        line = Clustering(labels[number], torch.ones(size, 1, dtype=inner.dtype), 0.0)
        densities.append(concentrations(inner[number].unsqueeze(1), line, temperature=tau))
    loss = PrototypicalLoss(normalize=False)(z, clusterings, densities)
    per_node = PrototypicalLoss(normalize=False, reduction="none")(z, clusterings, densities)
    shift = (len(z) / torch.from_numpy(num_clusters).double()).log().mean()
    return {
        "loss_sum": loss,
        "loss_authors": loss + shift,
        "per_node_loss_sum": per_node,
        **{f"density_{number}": density for number, density in enumerate(densities)},
        **gradients(loss, "loss_sum", z=z),
    }


def adameow_weighted_infonce(
    *, z_anchor: Any, z: Any, W1: Any, b1: Any, W2: Any, b2: Any, tau: Any
) -> dict[str, Any]:
    z_anchor, z = leaf(z_anchor), leaf(z)
    strategy = LearnedNegatives(W1.shape[1], hidden=W1.shape[0]).double()
    network = {"W1": strategy.first.weight, "b1": strategy.first.bias}
    network |= {"W2": strategy.second.weight, "b2": strategy.second.bias}
    with torch.no_grad():
        for parameter, value in zip(network.values(), (W1, b1, W2, b2), strict=True):
            parameter.copy_(torch.from_numpy(value))
    options: Any = {
        "normalize": False,
        "symmetric": False,
        "positive_in_denominator": "weighted",
        "negatives": strategy,
    }
    loss = InfoNCELoss(tau, **options)(z_anchor, z)
    (per_node,) = InfoNCELoss(tau, reduction="none", **options)(z_anchor, z)
    return {
        "loss": loss,
        "weights": _weights(strategy, Rows(z_anchor, (Block(z, view=1),), tau)),
        "per_node_loss": per_node,
        **gradients(loss, z_anchor=z_anchor, z=z, **network),
    }
