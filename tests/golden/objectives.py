"""Adapters of the losses that have mathematics of their own."""

from typing import Any

import torch

from graphcl.clustering import sinkhorn_assignment
from graphcl.contrast import normalize_rows
from graphcl.losses import (
    AttractionRepulsionLoss,
    AUCLoss,
    BarlowTwinsLoss,
    BootstrapLoss,
    GroupOrderingLoss,
    JensenShannonLoss,
    MaxMarginLoss,
    SimilarityDistillationLoss,
    SwAVLoss,
    TripletMarginLoss,
    VICRegLoss,
)
from graphcl.losses.support_vectors import projected_gradient_weights, unclipped_weights
from tests.golden.harness import gradients, leaf


def jsd_pairs(*, z1: Any, z2: Any) -> dict[str, Any]:
    z1, z2 = leaf(z1), leaf(z2)
    loss = JensenShannonLoss()(z1, z2)
    return {"loss": loss, **gradients(loss, z1=z1, z2=z2)}


def triplet_margin(*, z1: Any, z2: Any, neg_index: Any, margin: Any) -> dict[str, Any]:
    z1, z2 = leaf(z1), leaf(z2)
    loss = TripletMarginLoss(margin)(z1, z2, negatives=z2[torch.from_numpy(neg_index)])
    return {"loss": loss, **gradients(loss, z1=z1, z2=z2)}


def byol(*, p1: Any, p2: Any, t1: Any, t2: Any) -> dict[str, Any]:
    p1, p2 = leaf(p1), leaf(p2)
    loss = BootstrapLoss()(p1, p2, targets1=leaf(t1), targets2=leaf(t2))
    return {"loss": loss, **gradients(loss, p1=p1, p2=p2)}


def barlow_twins(*, z1: Any, z2: Any, lam: Any) -> dict[str, Any]:
    z1, z2 = leaf(z1), leaf(z2)
    loss_fn = BarlowTwinsLoss(lam)
    loss = loss_fn(z1, z2)
    return {
        "loss": loss,
        "cross_correlation": loss_fn.cross_correlation(z1, z2),
        **gradients(loss, z1=z1, z2=z2),
    }


def vicreg(*, z1: Any, z2: Any, ls: Any, lv: Any, lc: Any) -> dict[str, Any]:
    z1, z2 = leaf(z1), leaf(z2)
    loss_fn = VICRegLoss(invariance=ls, variance=lv, covariance=lc)
    loss = loss_fn(z1, z2)
    terms = dict(zip(("invariance", "variance", "covariance"), loss_fn.terms(z1, z2), strict=True))
    return {"loss": loss, **terms, **gradients(loss, z1=z1, z2=z2)}


def mmcl_closed_form(*, z1: Any, z2: Any, gamma: Any, reg: Any, C: Any) -> dict[str, Any]:
    z1, z2 = leaf(z1), leaf(z2)
    loss_fn = MaxMarginLoss(gamma, ridge=reg, bound=None if C == -1 else C, symmetric=False)
    loss = loss_fn(z1, z2)
    rows = normalize_rows(z1.detach())
    kernel = ((2 * rows @ rows.T - 2) / gamma).exp()
    return {
        "loss": loss,
        "alpha": loss_fn.weights(z1),
        "alpha_unclipped": unclipped_weights(kernel, ridge=reg),
        **gradients(loss, z1=z1, z2=z2),
    }


def mmcl_pgd(
    *,
    z1: Any,
    z2: Any,
    alpha0: Any,
    gamma: Any,
    reg: Any,
    C: Any,
    eta: Any,
    n_iter: Any,
    use_norm: Any,
    solver: Any,
    theta0: Any = None,
) -> dict[str, Any]:
    z1, z2 = leaf(z1), leaf(z2)
    rows = normalize_rows(z1.detach())
    weights = projected_gradient_weights(
        ((2 * rows @ rows.T - 2) / gamma).exp(),
        ridge=reg,
        bound=None if C == -1 else C,
        iterations=n_iter,
        start=torch.from_numpy(alpha0),
        step=None if use_norm else eta,
        momentum_start=theta0 if solver == "nesterov" else None,
    )
    loss_fn = MaxMarginLoss(gamma, ridge=reg, symmetric=False)
    loss_fn._weights = lambda _: weights  # type: ignore[method-assign]  # start and step are given
    loss = loss_fn(z1, z2)
    return {"loss": loss, "alpha": weights, **gradients(loss, z1=z1, z2=z2)}


def isd(*, q: Any, k: Any, queue: Any, t_teacher: Any, t_student: Any) -> dict[str, Any]:
    q, k, queue = leaf(q), leaf(k), leaf(queue)
    loss = SimilarityDistillationLoss(t_teacher, t_student)(q, k, queue=queue)
    per_anchor = SimilarityDistillationLoss(t_teacher, t_student, reduction="none")
    logs = (normalize_rows(k) @ normalize_rows(queue).T / t_teacher).log_softmax(1)
    entropy = -(logs.exp() * logs).sum(1)
    return {
        "loss": loss,
        "cross_entropy": loss + entropy.mean(),
        "loss_per_anchor": per_anchor(q, k, queue=queue),
        **gradients(loss, q=q, k=k, queue=queue),
    }


def auc_cl(
    *, z1: Any, z2: Any, b: Any, a_pos: Any, alpha: Any, variant: Any, neg_scale: Any = 1.0
) -> dict[str, Any]:
    z1, z2 = leaf(z1), leaf(z2)
    options = {
        "positive_centre": a_pos,
        "alpha": alpha,
        "candidates": "both_views" if variant == "two_view_all" else "cross",
        "negative_centre": b,
    }
    loss_fn = AUCLoss(negative_scale=neg_scale, **options).double()
    positive_only = AUCLoss(negative_scale=0.0, **options).double()
    loss = loss_fn(z1, z2)
    scores = loss_fn.positive_scores(normalize_rows(z1), normalize_rows(z2))
    return {
        "loss": loss,
        "pos_scores": torch.cat([scores, scores]) if variant == "two_view_all" else scores,
        "mean_neg_term": (loss - positive_only(z1, z2)) / neg_scale,
        **gradients(loss, z1=z1, z2=z2, b=loss_fn.negative_centre),
    }


def swav_sinkhorn(*, z: Any, prototypes: Any, probe: Any, eps: Any, iters: Any) -> dict[str, Any]:
    z = leaf(z)
    scores = normalize_rows(z) @ normalize_rows(leaf(prototypes)).T
    codes = sinkhorn_assignment(scores, temperature=eps, iterations=iters)
    loss = (codes * torch.from_numpy(probe)).sum()
    return {
        "loss": loss,
        "codes": codes,
        "row_sums": codes.sum(1),
        "column_sums": codes.sum(0),
        **gradients(loss, z=z),
    }


def swav_loss(
    *, views: Any, prototypes: Any, assign: Any, eps: Any, iters: Any, tau: Any
) -> dict[str, Any]:
    views, prototypes = leaf(views), leaf(prototypes)
    loss_fn = SwAVLoss(tau, sinkhorn_temperature=eps, iterations=iters)
    loss = loss_fn(list(views), prototypes=prototypes, assigning=assign.tolist())
    codes = torch.stack([loss_fn.codes(views[number], prototypes) for number in assign])
    return {"loss": loss, "codes": codes, **gradients(loss, views=views, prototypes=prototypes)}


def cacr(
    *, views: Any, alpha: Any, beta: Any, t_pos: Any, t_neg: Any, detach_weight: Any
) -> dict[str, Any]:
    views = leaf(views)
    loss_fn = AttractionRepulsionLoss(
        positive_sharpness=t_pos,
        negative_sharpness=t_neg,
        positive_factor=alpha,
        negative_factor=beta,
        detach=detach_weight,
        symmetric=False,
    )
    loss = loss_fn(list(views))
    attraction, repulsion = loss_fn.terms(list(views))
    return {
        "loss": loss,
        "attraction": alpha * attraction,
        "repulsion": beta * repulsion,
        **gradients(loss, views=views),
    }


def groco(
    *, views: Any, topk: Any, steepness: Any, stop_grad: Any, n_pos: Any = None
) -> dict[str, Any]:
    views = leaf(views)
    loss_fn = GroupOrderingLoss(topk, steepness=steepness, detach=stop_grad)
    loss = loss_fn(list(views), num_positive_views=n_pos)
    return {
        "loss": loss,
        "pos_probability_view0": loss_fn.positive_probability(
            list(views), num_positive_views=n_pos
        ),
        **gradients(loss, views=views),
    }
