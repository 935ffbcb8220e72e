"""Adapters of meta-nodes, their losses and clustering by them (`adapters.py`)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from graphcl.clustering import (
    assignment_divergence,
    cluster_sums,
    student_t_assignment,
    target_distribution,
)
from graphcl.contrast import Block, Mask, Pairs, Rows, directions, normalize_rows
from graphcl.losses import NContrastLoss, PamCLoss
from graphcl.losses.edge_positives import log_edge_sums
from graphcl.losses.pamc_official import official_terms
from graphcl.negatives import MetaNodes
from tests.golden.harness import gradients, leaf

ORDERS = {"first": "first", "second": "second_taylor", "second_exp": "second_exp"}


def pamc_loss(*, z: Any, labels: Any, edge_index: Any, edge_weight: Any, tau: Any) -> Any:
    z, weight = leaf(z), leaf(edge_weight)
    assignment, edges = torch.from_numpy(labels), torch.from_numpy(edge_index)
    loss_fn = PamCLoss(1 / tau, order="official")
    rows, pairs = normalize_rows(z), Pairs(len(z), len(z), edges, weight)
    log_positive = log_edge_sums(rows, edges, pairs, 1 / tau)
    terms = official_terms(z, assignment, log_positive, 1 / tau)
    loss = loss_fn(z, assignment, edges, weight)
    return {
        "loss": loss,
        "pos_term": -(terms.log_positive).mean(),
        "neg_term": terms.log_negative.mean(),
        "pos_i": terms.log_positive.exp() - 1e-10,
        "neg_k": terms.log_negative.exp() - 1e-10,
        "meta_nodes": cluster_sums(z, assignment).total,
        **gradients(loss, z=z, edge_weight=weight),
    }


def _rows(z: Tensor, assignment: Tensor, tau: float, *, own: bool) -> Rows:
    rows = normalize_rows(z)
    itself = torch.arange(len(z)).expand(2, -1)
    block = Block(rows, Mask(itself[:, :0] if own else itself), view=0)
    return Rows(rows, (block,), 1 / tau, {"clusters": assignment})


def pamc_count_weighted(
    *,
    z: Any,
    labels: Any,
    edge_index: Any,
    edge_weight: Any,
    num_clusters: Any,
    tau: Any,
    soft: Any = None,
) -> dict[str, Any]:
    z, weight = leaf(z), leaf(edge_weight)
    hard, edges = torch.from_numpy(labels), torch.from_numpy(edge_index)
    assert int(hard.max()) < num_clusters
    assignments = {"hard": hard}
    if soft is not None:
        assignments["soft"] = leaf(soft)
    singles = torch.arange(len(z))
    exact = PamCLoss(1 / tau)(z, singles, edges, weight)
    other = edges[0] != edges[1]
    pairs = Pairs(len(z), len(z), edges[:, other], weight[other])
    (direction,) = directions(normalize_rows(z), None, pairs, temperature=1 / tau)
    result: dict[str, Any] = {
        "valid": direction.num_positives() > 0,
        "pos_i": direction.log_sum_positive(weighted=True).exp(),
        "exact_neg_i": MetaNodes().log_denominator(_rows(z, singles, tau, own=False)).exp(),
        "hard_first_selfincl_neg_i": MetaNodes()
        .log_denominator(_rows(z, hard, tau, own=True))
        .exp(),
        "exact_loss": exact,
        **gradients(exact, "exact_loss", z=z),
    }
    for kind, assignment in assignments.items():
        for order, called in ORDERS.items():
            name = f"{kind}_{called}"
            loss = PamCLoss(1 / tau, order=order)(z, assignment, edges, weight)
            rows = _rows(z, assignment, tau, own=False)
            inputs = {"z": z, "edge_weight": weight}
            inputs |= {"soft": assignment} if kind == "soft" else {}
            result |= {
                f"{name}_loss": loss,
                f"{name}_neg_i": MetaNodes(order).log_denominator(rows).exp(),
                **gradients(loss, f"{name}_loss", **inputs),
            }
    return result


def scgc_ncontrast(*, z: Any, adj: Any, tau: Any) -> dict[str, Any]:
    z, adj = leaf(z), leaf(adj)
    edges = torch.ones(adj.shape).nonzero().T
    loss_fn = NContrastLoss(1 / tau)
    log_positive, log_denominator = loss_fn.terms(z, edges, adj.flatten())
    loss = loss_fn(z, edges, adj.flatten())
    return {
        "loss": loss,
        "pos_i": log_positive.exp(),
        "den_i": log_denominator.exp(),
        **gradients(loss, z=z, adj=adj),
    }


def dec_clustering(*, z: Any, centroids: Any, v: Any, probe: Any) -> dict[str, Any]:
    z, centroids, probe = leaf(z), leaf(centroids), torch.from_numpy(probe)
    q = student_t_assignment(z, centroids, degrees=v)
    p = target_distribution(q)
    divergence = assignment_divergence(p.detach(), q)
    inputs = {"z": z, "centroids": centroids}
    return {
        "q": q,
        "p": p,
        "kl": divergence,
        **gradients(divergence, "kl", **inputs),
        **gradients((q * probe).sum(), "q_probe", **inputs),
        **gradients((p * probe).sum(), "p_probe", q=q),
    }
