"""Where to train, and with how many digits."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, Literal, get_args

import torch

if TYPE_CHECKING:
    from lightning_fabric import Fabric

Precision = Literal["32-true", "bf16-mixed", "16-mixed"]
PRECISIONS: tuple[Precision, ...] = get_args(Precision)
"""Precisions of :func:`fit`: the weights are float32 in all of them."""


def make_fabric(device: str, precision: Precision) -> Fabric:
    """Lightning Fabric for one device, as :func:`fit` uses it.

    Args:
        device: ``"auto"`` (CUDA where there is one), ``"cpu"``, ``"cuda"`` or ``"cuda:<index>"``.
        precision: One of :data:`PRECISIONS`.

    Raises:
        ValueError: An unknown name, or a device that is not there.

    Example:
        >>> make_fabric("cpu", "32-true").device
        device(type='cpu')
    """
    from lightning_fabric import Fabric  # 0.1 s that only training has to pay

    if precision not in PRECISIONS:
        raise ValueError(f"precision must be one of {', '.join(PRECISIONS)}, got {precision!r}")
    count = torch.cuda.device_count()
    name = str(device)
    if name == "auto":
        name = "cuda" if count else "cpu"
    kind, _, index = name.partition(":")
    if kind not in ("cpu", "cuda") or (index and (kind == "cpu" or not index.isdecimal())):
        raise ValueError(f"device must be auto, cpu, cuda or cuda:<index>, got {device!r}")
    if kind == "cpu":
        if precision == "16-mixed":
            raise ValueError("precision 16-mixed needs CUDA; on a CPU use bf16-mixed")
        return Fabric(accelerator="cpu", devices=1, precision=precision)
    if int(index or 0) >= count:
        raise ValueError(f"device {device!r} is not there: torch sees {count} CUDA devices")
    return Fabric(accelerator="cuda", devices=[int(index or 0)], precision=precision)


def move(data: Any, device: torch.device) -> Any:
    """A graph, or a list of graphs, on another device; the caller's stays where it is."""
    # PyG's `to` writes into the object that it is called on.
    if isinstance(data, (list, tuple)):
        return [copy.copy(graph).to(device) for graph in data]
    return copy.copy(data).to(device)
