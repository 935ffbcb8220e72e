"""The losses of other libraries, unchanged, each as a function of two views."""

from __future__ import annotations

from typing import Any

import torch
from contestants import TEMPERATURE, LossFunction
from torch import Tensor
from torch.nn import functional

Peer = tuple[str, Any]


def lightly(name: str, *arguments: float) -> Peer:
    def build(size: int) -> LossFunction:
        import lightly.loss

        loss: LossFunction = getattr(lightly.loss, name)(*arguments)
        return loss

    return f"lightly {name}", build


def lightly_negative_cosine() -> Peer:
    def build(size: int) -> LossFunction:
        from lightly.loss import NegativeCosineSimilarity

        loss = NegativeCosineSimilarity()
        return lambda z1, z2: (loss(z1, z2.detach()) + loss(z2, z1.detach())) / 2

    return "lightly NegativeCosineSimilarity", build


def lightly_swav(num_prototypes: int) -> Peer:
    def build(size: int) -> LossFunction:
        from lightly.loss import SwaVLoss

        loss = SwaVLoss()
        rows = torch.randn(num_prototypes, 128, generator=torch.Generator().manual_seed(1))
        prototypes = functional.normalize(rows)

        def both(z1: Tensor, z2: Tensor) -> Tensor:
            value: Tensor = loss([functional.normalize(z) @ prototypes.T for z in (z1, z2)], [])
            return value

        return both

    return "lightly SwaVLoss", build


def pygcl(name: str, *, intra_view: bool, **arguments: Any) -> Peer:
    """A loss of PyGCL in its contrast of two views, with the masks that this makes."""

    def build(size: int) -> LossFunction:
        import GCL.losses
        from GCL.models import DualBranchContrast

        loss = getattr(GCL.losses, name)(**arguments)
        model = DualBranchContrast(loss, mode="L2L", intraview_negs=intra_view)
        return lambda z1, z2: model(h1=z1, h2=z2)

    return f"PyGCL {name}", build


def pygcl_info_nce(name: str, **arguments: Any) -> Peer:
    return pygcl(name, intra_view=True, tau=TEMPERATURE, **arguments)


def pygcl_jensen_shannon() -> Peer:
    def cosines(first: Tensor, second: Tensor) -> Tensor:
        return functional.normalize(first) @ functional.normalize(second).T

    return pygcl("JSD", intra_view=False, discriminator=cosines)


def metric_learning_supcon(num_classes: int) -> Peer:
    def build(size: int) -> LossFunction:
        from pytorch_metric_learning import losses

        loss, labels = losses.SupConLoss(temperature=TEMPERATURE), torch.arange(size) % num_classes
        return lambda z1, z2: loss(z1, labels)

    return "pytorch-metric-learning SupConLoss", build
