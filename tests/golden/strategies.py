"""Adapters of negative strategies, queues and the geometry of embeddings."""

from typing import Any

import torch
from torch import nn

from graphcl.contrast import Block, Mask, MemoryQueue, Pairs, Rows, normalize_rows, unit_rows
from graphcl.evaluation import alignment as mean_distance
from graphcl.evaluation import tolerance as mean_cosine
from graphcl.evaluation import uniformity as log_potential
from graphcl.losses import (
    BiasedTripletLoss,
    HallucinatedPositivesLoss,
    InfoNCELoss,
    MisesFisherWeights,
    SimpleContrastiveLoss,
    debiased_log_sum,
    hallucinate,
)
from graphcl.negatives import (
    BetaMixture,
    DifficultyNegatives,
    HardestNegatives,
    MixedNegatives,
    Mixing,
    ProbableNegatives,
    fit_beta_mixture,
    mix_negatives,
)
from graphcl.nn import MomentumTeacher
from tests.golden.harness import gradients, leaf


def rows_between(first: Any, second: Any, tau: float, *, direction: int = 0) -> Rows:
    """View 1 against view 2, without the positives."""
    item = torch.arange(len(first))
    return Rows(first, (Block(second, Mask(torch.stack([item, item])), view=1),), tau)


def rows_of_both(first: Any, second: Any, tau: float, **options: Any) -> Rows:
    """Both views as one set of rows: every row against every row but itself and its positive."""
    rows, size = unit_rows(torch.cat([first, second])), len(first)
    item = torch.arange(2 * size)
    masked = torch.stack([item.repeat(2), torch.cat([item, (item + size) % (2 * size)])])
    return Rows(rows, (Block(rows, Mask(masked), view=0),), tau, **options)


def dclw(*, z1: Any, z2: Any, tau: Any, sigma: Any, detach_weight: Any) -> dict[str, Any]:
    z1, z2 = leaf(z1), leaf(z2)
    weights = MisesFisherWeights(sigma, detach=detach_weight)
    options: Any = {
        "intra_view": True,
        "positive_in_denominator": "excluded",
        "positive_weights": weights,
    }
    loss = InfoNCELoss(tau, **options)(z1, z2)
    return {
        "loss": loss,
        "pos_weight": weights((normalize_rows(z1) * normalize_rows(z2)).sum(1)),
        "loss_one_way": InfoNCELoss(tau, symmetric=False, **options)(z1, z2),
        **gradients(loss, z1=z1, z2=z2),
    }


def hard_contrastive_threshold(
    *,
    z1: Any,
    z2: Any,
    tau: Any,
    s_thr: Any = None,
    alpha: Any = None,
    form: Any = "softmax",
    lam: Any = 1.0,
) -> dict[str, Any]:
    z1, z2 = leaf(z1), leaf(z2)
    strategy = HardestNegatives(share=alpha, threshold=s_thr)
    if form == "simple":
        loss = SimpleContrastiveLoss(lam, negatives=strategy)(z1, z2)
    else:
        loss = InfoNCELoss(tau, symmetric=False, negatives=strategy)(z1, z2)
    first, second = unit_rows(z1), unit_rows(z2)
    rows = rows_between(first, second, tau)
    item = torch.arange(len(first))
    threshold = strategy.prepare(rows)
    kept = strategy.log_weights(first @ second.T, item, item, rows.blocks[0], rows, threshold) == 0
    kept[item, item] = False
    return {
        "loss": loss,
        "threshold": threshold,
        "keep_mask": kept,
        **gradients(loss, z1=z1, z2=z2),
    }


def debiased_infonce(*, z1: Any, z2: Any, tau: Any, tau_plus: Any) -> dict[str, Any]:
    z1, z2 = leaf(z1), leaf(z2)
    loss = InfoNCELoss(tau, intra_view=True, debias=tau_plus)(z1, z2)
    per_anchor = InfoNCELoss(tau, intra_view=True, debias=tau_plus, reduction="none")(z1, z2)
    rows = rows_of_both(z1, z2, tau)
    _, clamped = debiased_log_sum(
        rows.logsumexp(1 / tau)[0],
        (rows.anchors * rows.anchors.roll(len(z1), 0)).sum(1) / tau,
        rows.count(),
        class_prior=tau_plus,
        temperature=tau,
    )
    return {
        "loss": loss,
        "loss_per_anchor": torch.cat(per_anchor),
        "n_clamped": clamped.sum(),
        **gradients(loss, z1=z1, z2=z2),
    }


def difficulty_infonce(
    *, z1: Any, z2: Any, b1: Any, b2: Any, tau: Any, tau_plus: Any
) -> dict[str, Any]:
    z1, z2, b1, b2 = leaf(z1), leaf(z2), leaf(b1), leaf(b2)
    strategy = DifficultyNegatives()
    options: Any = {"intra_view": True, "negatives": strategy, "debias": tau_plus}
    context = {"biased": (b1, b2)}
    loss = InfoNCELoss(tau, **options)(z1, z2, context=context)
    per_anchor = InfoNCELoss(tau, reduction="none", **options)(z1, z2, context=context)
    rows = rows_of_both(z1, z2, tau, context={"biased": (torch.cat([b1, b2]),)})
    item = torch.arange(len(rows.anchors))
    cosine = rows.anchors @ rows.anchors.T
    state = strategy.prepare(rows)
    weight = strategy.log_weights(cosine, item, item, rows.blocks[0], rows, state).exp()
    masked = rows.blocks[0].masked.index  # type: ignore[union-attr]
    return {
        "loss": loss,
        "difficulty_weight": weight.index_put(tuple(masked), weight.new_zeros(())),
        "loss_per_anchor": torch.cat(per_anchor),
        **gradients(loss, z1=z1, z2=z2),
    }


def biased_triplet(*, z1: Any, z2: Any, tau_plus: Any, debias: Any = True) -> dict[str, Any]:
    z1, z2 = leaf(z1), leaf(z2)
    loss_fn = BiasedTripletLoss(tau_plus if debias else 0.0)
    loss = loss_fn(z1, z2)
    return {
        "loss": loss,
        "loss_per_anchor": loss_fn.per_anchor(z1, z2),
        **gradients(loss, z1=z1, z2=z2),
    }


def progcl_weights(
    *,
    z1: Any,
    z2: Any,
    fit_columns: Any,
    a0: Any,
    b0: Any,
    w0: Any,
    tau: Any,
    iters: Any,
    perm: Any = None,
    mode: Any = "weight",
    sel: Any = 1000,
) -> dict[str, Any]:
    z1, z2 = leaf(z1), leaf(z2)
    first, second = unit_rows(z1.detach()), unit_rows(z2.detach())
    cosine = first @ second.T
    start = BetaMixture(*(torch.from_numpy(values) for values in (a0, b0, w0)))
    values = ((cosine[:, torch.from_numpy(fit_columns)] + 1) / 2).reshape(-1)
    fitted = fit_beta_mixture(values, start, iterations=iters)
    strategy = ProbableNegatives(mode, num_mixed=sel, iterations=iters).eval()
    strategy.mixture.copy_(torch.stack([fitted.alpha, fitted.beta, fitted.weight]))
    options: Any = {"intra_view": True, "symmetric": False, "negatives": strategy}
    context = {} if perm is None else {"permutation": torch.from_numpy(perm)}
    loss = InfoNCELoss(tau, **options)(z1, z2, context=context)
    (per_anchor,) = InfoNCELoss(tau, reduction="none", **options)(z1, z2, context=context)
    similarity = (cosine + 1) / 2
    posterior = fitted.posterior(similarity).fill_diagonal_(0)
    return {
        "loss": loss,
        "alphas": fitted.alpha,
        "betas": fitted.beta,
        "mix_weights": fitted.weight,
        "posterior_true_negative": posterior,
        "pair_weight": posterior * similarity,
        "loss_per_anchor": per_anchor,
        **gradients(loss, z1=z1, z2=z2),
    }


def mochi_mix(
    *,
    q: Any,
    k: Any,
    queue: Any,
    i1: Any,
    i2: Any,
    mix1: Any,
    i3: Any,
    mix2: Any,
    tau: Any,
    n_hard: Any,
) -> dict[str, Any]:
    q, k, queue = leaf(q), leaf(k), leaf(queue)
    mixing = Mixing(*(torch.from_numpy(values) for values in (i1, i2, mix1, i3, mix2)))
    strategy = MixedNegatives(n_hard, num_mixed=i1.shape[1], num_query_mixed=i3.shape[1])
    size = len(q)
    everyone = torch.cartesian_prod(torch.arange(size), torch.arange(size)).T
    pairs = Pairs.aligned(size, excluded=everyone)  # other items of the batch are no negatives
    loss = InfoNCELoss(tau, symmetric=False, negatives=strategy)(
        q, k.detach(), pairs=pairs, queue=queue.detach(), context={"mixing": mixing}
    )
    anchors, rows = unit_rows(q), unit_rows(queue)
    hardest = Rows(anchors, (Block(rows),), tau).nearest(n_hard)
    mixed, with_query = mix_negatives(anchors, rows, hardest, mixing)
    positive = (anchors * unit_rows(k)).sum(1, keepdim=True)
    synthetic = torch.einsum("nd,nsd->ns", anchors, torch.cat([mixed, with_query], 1))
    return {
        "loss": loss,
        "hard_index": hardest,
        "synthetic_1": mixed,
        "synthetic_2": with_query,
        "logits": torch.cat([positive, anchors @ rows.T, synthetic], 1) / tau,
        **gradients(loss, q=q, k=k, queue=queue),
    }


def moco_queue_infonce(
    *,
    q: Any,
    k: Any,
    queue: Any,
    param_q: Any,
    param_k: Any,
    tau: Any,
    ls: Any,
    norm: Any,
    momentum: Any,
    ptr: Any = 0,
) -> dict[str, Any]:
    assert (ls, norm) == (0.0, True)
    q, size = leaf(q), len(q)
    memory = MemoryQueue(*queue.shape).double()
    memory.enqueue(torch.from_numpy(queue))
    memory.position.fill_(ptr)
    memory.rows.copy_(torch.from_numpy(queue))
    everyone = torch.cartesian_prod(torch.arange(size), torch.arange(size)).T
    pairs = Pairs.aligned(size, excluded=everyone)
    keys = torch.from_numpy(k)
    loss = InfoNCELoss(tau, symmetric=False)(q, keys, pairs=pairs, queue=memory.block())
    memory.enqueue(keys)
    student, teacher = (nn.ParameterList([torch.from_numpy(p)]) for p in (param_q, param_k))
    slow = MomentumTeacher(teacher, momentum)
    slow.update(student)
    return {
        "loss": loss,
        "out_queue": memory.rows,
        "out_ptr": memory.position,
        "out_param_k": slow.module[0],
        **gradients(loss, q=q),
    }


def halp(
    *, q: Any, k: Any, prototypes: Any, target: Any, u: Any, tau: Any, mu: Any
) -> dict[str, Any]:
    q, k, prototypes = leaf(q), leaf(k), leaf(prototypes)
    made = hallucinate(k, prototypes, torch.from_numpy(target), torch.from_numpy(u))
    loss = HallucinatedPositivesLoss(tau, factor=mu)(q, k, prototypes=prototypes, made=made)
    return {
        "loss": loss,
        "t_max": made.reach,
        "generated": made.rows,
        "good_mask": made.kept,
        **gradients(loss, q=q),
    }


def alignment(*, z1: Any, z2: Any, alpha: Any) -> dict[str, Any]:
    z1, z2 = leaf(z1), leaf(z2)
    loss = mean_distance(z1, z2, exponent=alpha)
    return {"loss": loss, **gradients(loss, z1=z1, z2=z2)}


def uniformity(*, z: Any, t: Any) -> dict[str, Any]:
    z = leaf(z)
    loss = log_potential(z, sharpness=t)
    return {"loss": loss, **gradients(loss, z=z)}


def tolerance(*, z: Any, labels: Any) -> dict[str, Any]:
    z, labels = leaf(z), torch.from_numpy(labels)
    loss = mean_cosine(z, labels)
    sizes = labels.unique(return_counts=True)[1]
    joint = mean_cosine(z, labels, joint=True)
    return {
        "loss": loss,
        "joint_with_self": joint,
        "conditional_with_self": joint * len(labels) ** 2 / sizes.square().sum(),
        "n_pairs": (sizes * (sizes - 1)).sum(),
        **gradients(loss, z=z),
    }


def heco_contrast(
    *, z_mp: Any, z_sc: Any, pos_rows: Any, pos_cols: Any, tau: Any, lam: Any
) -> dict[str, Any]:
    z_mp, z_sc = leaf(z_mp), leaf(z_sc)
    size = len(z_mp)
    positive = torch.stack([torch.from_numpy(pos_rows), torch.from_numpy(pos_cols)])
    pairs = Pairs(size, size, positive)
    lone = pairs.num_positives() == 0

    def one_way(reduction: Any) -> InfoNCELoss:
        return InfoNCELoss(tau, positives="inside", symmetric=False, reduction=reduction)

    mean = one_way("mean")
    loss = lam * mean(z_mp, z_sc, pairs=pairs) + (1 - lam) * mean(z_sc, z_mp, pairs=pairs)
    forth, back = (
        one_way("none")(*views, pairs=pairs)[0].masked_fill(lone, torch.nan)
        for views in ((z_mp, z_sc), (z_sc, z_mp))
    )
    return {
        "loss": loss,
        "loss_mp_per_node": forth,
        "loss_sc_per_node": back,
        **gradients(loss, z_mp=z_mp, z_sc=z_sc),
    }
