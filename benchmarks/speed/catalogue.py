"""Every loss and strategy, the same as a plain dense formula, and the peer that has it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from contestants import TEMPERATURE, LossFunction
from torch import Tensor
from torch.nn import functional

Builder = Callable[[int], LossFunction]
NEIGHBOURS, CLUSTERS, PROTOTYPES, HARDEST, TOPK = 10, 10, 100, 64, 10


@dataclass(frozen=True)
class Entry:
    """One loss or strategy.

    Attributes:
        name: As printed.
        ours: From the number of items to the loss of two views.
        dense: The same as a dense formula of plain torch, or None.
        peer: The library's name and the loss there, or None.
        linear_memory: Whether the specification calls it tileable: O(N) memory.
        largest: Largest N that makes sense.
    """

    name: str
    ours: Builder
    dense: Builder | None = None
    peer: tuple[str, Builder] | None = None
    linear_memory: bool = True
    largest: int = 1 << 20


def cosines(z1: Tensor, z2: Tensor) -> Tensor:
    return functional.normalize(z1) @ functional.normalize(z2).T


def info_nce(**options: Any) -> Builder:
    def build(size: int) -> LossFunction:
        from graphcl.losses import InfoNCELoss

        return InfoNCELoss(TEMPERATURE, **options)

    return build


def named(name: str, **options: Any) -> Builder:
    def build(size: int) -> LossFunction:
        from graphcl.losses import make_loss

        return make_loss(name, **options)

    return build


def strategy(
    name: str, context: Callable[[int], dict[str, Any]] | None = None, **options: Any
) -> Builder:
    """Both views of nt-xent under a strategy."""

    def build(size: int) -> LossFunction:
        from graphcl.losses import InfoNCELoss
        from graphcl.negatives import make_negatives

        loss = InfoNCELoss(TEMPERATURE, intra_view=True, negatives=make_negatives(name, **options))
        given = None if context is None else context(size)
        return lambda z1, z2: loss(z1, z2, context=given)

    return build


def ring(size: int) -> dict[str, Any]:
    """Ten neighbours a node, that are no negatives."""
    node = torch.arange(size).repeat_interleave(NEIGHBOURS)
    other = (node + torch.arange(1, NEIGHBOURS + 1).repeat(size)) % size
    index = torch.stack([node, other])
    weights = torch.sparse_coo_tensor(
        index, torch.zeros(index.size(1)), (size, size), check_invariants=True
    )
    return {"weights": weights}


def groups(size: int) -> dict[str, Any]:
    return {"clusters": torch.arange(size) % CLUSTERS}


def second_encoder(size: int) -> dict[str, Any]:
    generator = torch.Generator().manual_seed(1)
    return {"biased": tuple(torch.randn(2, size, 64, generator=generator))}


def supcon(size: int) -> LossFunction:
    from graphcl.contrast import Pairs
    from graphcl.losses import InfoNCELoss

    loss, pairs = InfoNCELoss(TEMPERATURE), Pairs.from_labels(torch.arange(size) % CLUSTERS)
    return lambda z1, z2: loss(z1, pairs=pairs)


def neighbours(size: int) -> LossFunction:
    from graphcl.contrast import Pairs
    from graphcl.losses import InfoNCELoss

    loss = InfoNCELoss(TEMPERATURE, intra_view=True)
    pairs = Pairs.from_edges(ring(size)["weights"].coalesce().indices(), size)
    return lambda z1, z2: loss(z1, z2, pairs=pairs)


def queue(size: int) -> LossFunction:
    from graphcl.losses import InfoNCELoss

    rows = torch.randn(size, 128, generator=torch.Generator().manual_seed(1))
    loss = InfoNCELoss(TEMPERATURE, symmetric=False)
    return lambda z1, z2: loss(z1, z2, queue=rows)


def similarity_distillation(size: int) -> LossFunction:
    from graphcl.losses import SimilarityDistillationLoss

    rows = torch.randn(size, 128, generator=torch.Generator().manual_seed(1))
    loss = SimilarityDistillationLoss(0.1, 0.1)
    return lambda z1, z2: loss(z1, z2, queue=rows)


def swav(size: int) -> LossFunction:
    from graphcl.losses import SwAVLoss

    prototypes = torch.randn(PROTOTYPES, 128, generator=torch.Generator().manual_seed(1))
    loss = SwAVLoss()
    return lambda z1, z2: loss([z1, z2], prototypes=prototypes)


def bootstrap(size: int) -> LossFunction:
    from graphcl.losses import BootstrapLoss

    loss = BootstrapLoss()
    return lambda z1, z2: loss(z1, z2, targets1=z1, targets2=z2)


def both_views(z1: Tensor, z2: Tensor) -> tuple[Tensor, Tensor]:
    """Logits of all rows of both views, self at -inf, and those of the positives."""
    z = functional.normalize(torch.cat([z1, z2]))
    logits = (z @ z.T / TEMPERATURE).fill_diagonal_(-math.inf)
    positive = (z * z.roll(len(z1), 0)).sum(1) / TEMPERATURE
    return logits, positive


def without_positive(logits: Tensor) -> Tensor:
    size = len(logits) // 2
    item = torch.arange(2 * size)
    return logits.index_put((item, item.roll(size)), torch.tensor(-math.inf))


def dense_ntxent(size: int) -> LossFunction:
    def loss(z1: Tensor, z2: Tensor) -> Tensor:
        logits, positive = both_views(z1, z2)
        return (logits.logsumexp(1) - positive).mean()

    return loss


def dense_dcl(size: int) -> LossFunction:
    def loss(z1: Tensor, z2: Tensor) -> Tensor:
        logits, positive = both_views(z1, z2)
        return (without_positive(logits).logsumexp(1) - positive).mean()

    return loss


def dense_hard(size: int) -> LossFunction:
    def loss(z1: Tensor, z2: Tensor) -> Tensor:
        logits, positive = both_views(z1, z2)
        negative = without_positive(logits)
        weighted = (2 * negative).logsumexp(1) - negative.logsumexp(1) + math.log(2 * size - 2)
        return (torch.logaddexp(weighted, positive) - positive).mean()

    return loss


def dense_jensen_shannon(size: int) -> LossFunction:
    def loss(z1: Tensor, z2: Tensor) -> Tensor:
        s = cosines(z1, z2)
        off = ~torch.eye(size, dtype=torch.bool)
        negative = (functional.softplus(s) - math.log(2))[off].mean()
        return negative - (math.log(2) - functional.softplus(-s.diagonal())).mean()

    return loss


def dense_triplet(size: int) -> LossFunction:
    def loss(z1: Tensor, z2: Tensor) -> Tensor:
        s = cosines(z1, z2)
        hinge = (2 * (s - s.diagonal()[:, None]) + 1).relu()
        return (hinge.sum() - hinge.diagonal().sum()) / (size * (size - 1))

    return loss


def dense_auc(size: int) -> LossFunction:
    def loss(z1: Tensor, z2: Tensor) -> Tensor:
        s = (1 + cosines(z1, z2)) / 2
        p = s.diagonal()
        cost = s.square() + 2 * s
        rest = (cost.sum() - cost.diagonal().sum()) / (size * (size - 1))
        return ((p - 10).square() - 2 * p).mean() + rest

    return loss


def dense_simple(size: int) -> LossFunction:
    def loss(z1: Tensor, z2: Tensor) -> Tensor:
        s = cosines(z1, z2)
        return (s.sum(1) - 2 * s.diagonal()).mean()

    return loss


def lightly(name: str, *arguments: float) -> tuple[str, Builder]:
    def build(size: int) -> LossFunction:
        import lightly.loss

        loss: LossFunction = getattr(lightly.loss, name)(*arguments)
        return loss

    return f"lightly {name}", build


def metric_learning_supcon(size: int) -> LossFunction:
    from pytorch_metric_learning import losses

    loss, labels = losses.SupConLoss(temperature=TEMPERATURE), torch.arange(size) % CLUSTERS
    return lambda z1, z2: loss(z1, labels)


ENTRIES: tuple[Entry, ...] = (
    Entry("nt-xent", info_nce(intra_view=True), dense_ntxent, lightly("NTXentLoss", TEMPERATURE)),
    Entry("dcl", named("dcl", temperature=TEMPERATURE), dense_dcl, lightly("DCLLoss", TEMPERATURE)),
    Entry("dclw", named("dclw", temperature=TEMPERATURE), None, lightly("DCLWLoss", TEMPERATURE)),
    Entry("debiased", info_nce(intra_view=True, debias=0.1)),
    Entry("hard (HCL, beta 1)", strategy("hard"), dense_hard),
    Entry("hardest 10 %", strategy("hardest", share=0.1), largest=8192),
    Entry("probable (ProGCL)", strategy("probable")),
    Entry("mixed (MoCHi)", strategy("mixed", num_hardest=HARDEST, num_mixed=HARDEST)),
    Entry("clusters", strategy("clusters", groups, same=0.1)),
    Entry("sparse, 10 a node", strategy("sparse", ring)),
    Entry("difficulty (WCL)", strategy("difficulty", second_encoder)),
    Entry("10 neighbours positive", neighbours),
    Entry(
        "supcon, 10 classes",
        supcon,
        None,
        ("pytorch-metric-learning SupConLoss", metric_learning_supcon),
        largest=8192,
    ),
    Entry("queue of N", queue),
    Entry("simple", named("simple"), dense_simple),
    Entry("jensen-shannon", named("jensen-shannon"), dense_jensen_shannon),
    Entry("triplet, all", named("triplet"), dense_triplet),
    Entry("attraction-repulsion (CACR)", named("attraction-repulsion")),
    Entry("group-ordering (GroCo)", named("group-ordering", topk=TOPK)),
    Entry("similarity distillation (ISD)", similarity_distillation),
    Entry("max-margin (MMCL)", named("max-margin"), linear_memory=False, largest=4096),
    Entry("auc", named("auc"), dense_auc),
    Entry("barlow-twins", named("barlow-twins"), None, lightly("BarlowTwinsLoss")),
    Entry("vicreg", named("vicreg"), None, lightly("VICRegLoss")),
    Entry("bootstrap (BYOL)", bootstrap),
    Entry("swav, 100 prototypes", swav),
)


def find(name: str) -> Entry:
    return next(entry for entry in ENTRIES if entry.name == name)
