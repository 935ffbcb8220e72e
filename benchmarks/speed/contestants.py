"""Who computes InfoNCE: ours, plain torch, and the losses of three libraries.

A peer's own loss code runs, unchanged. Two of the peers import, at package level, libraries that
their losses do not use and that this project does not need (`STAND_INS`); where such a library is
absent an empty module takes its place.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

OURS = "graphcl"
PLAIN = "plain torch"
TEMPERATURE = 0.5
STAND_INS = ("dgl", "torch_scatter", "torch_sparse", "torchvision")

LossFunction = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class Contestant:
    """One way to compute the loss of a group.

    Attributes:
        name: As printed.
        build: From the number of items to the loss of two views, each ``[N, d]``.
        note: What to know of it, printed below the table.
    """

    name: str
    build: Callable[[int], LossFunction]
    note: str = ""

    @property
    def is_peer(self) -> bool:
        """Whether it needs a library that graphcl does not need."""
        return self.name not in (OURS, PLAIN)


def ours(*, intra_view: bool) -> Callable[[int], LossFunction]:
    def build(size: int) -> LossFunction:
        from graphcl.losses import InfoNCELoss

        return InfoNCELoss(TEMPERATURE, intra_view=intra_view)

    return build


def torch_ntxent(size: int) -> LossFunction:
    """The dense 2N x 2N cross-entropy, as anybody would write it."""
    target = torch.arange(2 * size).roll(size)

    def loss(z1: Tensor, z2: Tensor) -> Tensor:
        z = functional.normalize(torch.cat([z1, z2]))
        logits = (z @ z.T / TEMPERATURE).fill_diagonal_(-torch.inf)
        return functional.cross_entropy(logits, target)

    return loss


def torch_cross(size: int) -> LossFunction:
    """The dense N x N cross-entropy over rows and over columns (CLIP)."""
    target = torch.arange(size)

    def loss(z1: Tensor, z2: Tensor) -> Tensor:
        logits = functional.normalize(z1) @ functional.normalize(z2).T / TEMPERATURE
        rows = functional.cross_entropy(logits, target)
        return (rows + functional.cross_entropy(logits.T, target)) / 2

    return loss


def lightly_ntxent(size: int) -> LossFunction:
    from lightly.loss.ntx_ent_loss import NTXentLoss

    loss: LossFunction = NTXentLoss(TEMPERATURE)
    return loss


def metric_learning(name: str) -> Callable[[int], LossFunction]:
    """A loss of pytorch-metric-learning on the stacked views, labelled by item."""

    def build(size: int) -> LossFunction:
        from pytorch_metric_learning import losses

        function = getattr(losses, name)(temperature=TEMPERATURE)
        labels = torch.arange(size).repeat(2)
        return lambda z1, z2: function(torch.cat([z1, z2]), labels)

    return build


def pygcl(*, intra_view: bool) -> Callable[[int], LossFunction]:
    """PyGCL's InfoNCE with the dense masks that its contrast model samples in every step."""

    def build(size: int) -> LossFunction:
        from GCL.losses import InfoNCE
        from GCL.models import DualBranchContrast

        model = DualBranchContrast(InfoNCE(TEMPERATURE), mode="L2L", intraview_negs=intra_view)
        return lambda z1, z2: model(h1=z1, h2=z2)

    return build


PYGCL_NOTE = (
    "PyGCL 0.1.2: `add_extra_mask` replaces the sampled negatives by all that is not positive, so "
    "that each node is its own negative in its own view"
)
METRIC_LEARNING_NOTE = (
    "pytorch-metric-learning's NTXentLoss holds (positive pairs) x (negative pairs) entries: "
    "memory grows with N^3"
)

INTRA = "two views, cross and intra (NT-Xent, GRACE)"
CROSS = "two views, cross only, both directions (CLIP)"
GROUPS: dict[str, tuple[Contestant, ...]] = {
    INTRA: (
        Contestant(OURS, ours(intra_view=True)),
        Contestant(PLAIN, torch_ntxent),
        Contestant("lightly NTXentLoss", lightly_ntxent),
        Contestant("pytorch-metric-learning SupConLoss", metric_learning("SupConLoss")),
        Contestant(
            "pytorch-metric-learning NTXentLoss",
            metric_learning("NTXentLoss"),
            METRIC_LEARNING_NOTE,
        ),
        Contestant("PyGCL InfoNCE, intraview_negs", pygcl(intra_view=True), PYGCL_NOTE),
    ),
    CROSS: (
        Contestant(OURS, ours(intra_view=False)),
        Contestant(PLAIN, torch_cross),
        Contestant("PyGCL InfoNCE", pygcl(intra_view=False)),
    ),
}


def find(group: str, name: str) -> Contestant:
    return next(contestant for contestant in GROUPS[group] if contestant.name == name)


def reach_peers(path: str | None) -> None:
    """Let peers be imported: from a folder as well, and with stand-ins for what is absent."""
    if path is not None and path not in sys.path:
        sys.path.append(path)
    import torch_geometric  # noqa: F401  (it looks for optional packages: let it see none)

    absent = [name for name in STAND_INS if importlib.util.find_spec(name) is None]
    if absent:
        sys.meta_path.append(_StandIns(absent))


class _Empty(ModuleType):
    """A module in which every name is an empty class."""

    __path__: list[str] = []

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (nn.Module,), {})


class _StandIns(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds empty modules for the given packages and everything below them."""

    def __init__(self, packages: Sequence[str]) -> None:
        self.packages = packages

    def find_spec(
        self, fullname: str, path: object = None, target: object = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname.partition(".")[0] not in self.packages:
            return None
        return importlib.machinery.ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        return _Empty(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        return None
