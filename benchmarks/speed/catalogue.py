"""Every loss and strategy, the same as a plain dense formula, and the peer that has it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import dense
import peers
import torch
from contestants import TEMPERATURE, LossFunction
from torch import Tensor

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


def ring_index(size: int) -> Tensor:
    """Ten neighbours a node, five on either side."""
    step = torch.tensor([*range(-NEIGHBOURS // 2, 0), *range(1, NEIGHBOURS // 2 + 1)])
    node = torch.arange(size).repeat_interleave(NEIGHBOURS)
    other = (node + step.repeat(size)) % size
    return torch.stack([node, other])


def ring(size: int) -> dict[str, Any]:
    """The ten neighbours are no negatives."""
    index = ring_index(size)
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
    pairs = Pairs.from_edges(ring_index(size), size)
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


ENTRIES: tuple[Entry, ...] = (
    Entry(
        "nt-xent",
        info_nce(intra_view=True),
        dense.ntxent,
        peers.lightly("NTXentLoss", TEMPERATURE),
    ),
    Entry(
        "dcl",
        named("dcl", temperature=TEMPERATURE),
        dense.dcl,
        peers.lightly("DCLLoss", TEMPERATURE),
    ),
    Entry(
        "dclw",
        named("dclw", temperature=TEMPERATURE),
        dense.dclw,
        peers.lightly("DCLWLoss", TEMPERATURE),
    ),
    Entry(
        "debiased",
        info_nce(intra_view=True, debias=0.1),
        dense.debiased,
        peers.pygcl_info_nce("DebiasedInfoNCE"),
    ),
    Entry(
        "hard (HCL, beta 1)",
        strategy("hard"),
        dense.hard,
        peers.pygcl_info_nce("HardnessInfoNCE"),
    ),
    Entry(
        "hardest 10 %",
        strategy("hardest", share=0.1),
        dense.strategy("hardest", share=0.1),
        largest=8192,
    ),
    Entry("probable (ProGCL)", strategy("probable"), dense.strategy("probable")),
    Entry(
        "mixed (MoCHi)",
        strategy("mixed", num_hardest=HARDEST, num_mixed=HARDEST),
        dense.strategy("mixed", num_hardest=HARDEST, num_mixed=HARDEST),
    ),
    Entry(
        "clusters",
        strategy("clusters", groups, same=0.1),
        dense.strategy("clusters", groups, same=0.1),
    ),
    Entry("sparse, 10 a node", strategy("sparse", ring), dense.strategy("sparse", ring)),
    Entry(
        "difficulty (WCL)",
        strategy("difficulty", second_encoder),
        dense.strategy("difficulty", second_encoder),
    ),
    Entry("10 neighbours positive", neighbours, dense.neighbours(ring_index)),
    Entry(
        "supcon, 10 classes",
        supcon,
        dense.supcon(CLUSTERS),
        peers.metric_learning_supcon(CLUSTERS),
    ),
    Entry("queue of N", queue, dense.queue),
    Entry("simple", named("simple"), dense.simple),
    Entry(
        "jensen-shannon",
        named("jensen-shannon"),
        dense.jensen_shannon,
        peers.pygcl_jensen_shannon(),
    ),
    Entry("triplet, all", named("triplet"), dense.triplet),
    Entry(
        "attraction-repulsion (CACR)",
        named("attraction-repulsion"),
        dense.attraction_repulsion,
    ),
    Entry("group-ordering (GroCo)", named("group-ordering", topk=TOPK)),
    Entry("similarity distillation (ISD)", similarity_distillation, dense.similarity_distillation),
    Entry("max-margin (MMCL)", named("max-margin"), linear_memory=False, largest=4096),
    Entry("auc", named("auc"), dense.auc),
    Entry("barlow-twins", named("barlow-twins"), None, peers.lightly("BarlowTwinsLoss")),
    Entry("vicreg", named("vicreg"), None, peers.lightly("VICRegLoss")),
    Entry("bootstrap (BYOL)", bootstrap, None, peers.lightly_negative_cosine()),
    Entry("swav, 100 prototypes", swav, None, peers.lightly_swav(PROTOTYPES)),
)


def find(name: str) -> Entry:
    return next(entry for entry in ENTRIES if entry.name == name)
