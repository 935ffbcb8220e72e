"""The loaders that cards may name: our own generators and readers, and PyG's classes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from torch_geometric.data import Data, HeteroData

from graphcl.datasets.countries import countries
from graphcl.datasets.digits import digit_graphs, digits
from graphcl.datasets.heco import read_heco
from graphcl.datasets.molecules import read_molecules
from graphcl.datasets.planted import planted_partition
from graphcl.datasets.planted_heterogeneous import planted_heterogeneous
from graphcl.datasets.pyg_loaders import PYG_LOADERS, run_pyg_loader
from graphcl.datasets.sdcn import read_sdcn

Graphs: TypeAlias = Data | HeteroData | list[Data]
"""What a loader returns: one graph, one of several node and edge types, or many graphs."""

EMBEDDED_LOADERS: Mapping[str, Callable[..., Graphs]] = {
    "countries": countries,
    "digits": digits,
    "digit_graphs": digit_graphs,
    "planted_heterogeneous": planted_heterogeneous,
    "planted_partition": planted_partition,
}
"""Loaders that need no file, by the name that cards use."""


FILE_LOADERS: Mapping[str, Callable[..., Graphs]] = {
    "heco": read_heco,
    "sdcn": read_sdcn,
    "molecules": read_molecules,
}
"""Our readers of formats that PyG has no loader for; they take a folder and the arguments."""

LOADERS = (*EMBEDDED_LOADERS, *FILE_LOADERS, *PYG_LOADERS)
"""All names that a card may use."""


def run_loader(
    loader: str, arguments: Mapping[str, Any], folder: Path, files: tuple[str, ...]
) -> Graphs:
    """Read raw files in a folder that may be written to.

    Args:
        loader: a name of `FILE_LOADERS` or `PYG_LOADERS`.
        arguments: its arguments; `root` is relative to `folder`.
        folder: a temporary copy of the raw files: PyG puts `processed/` beside them.
        files: the raw files, relative to `folder`.

    Raises:
        ValueError: if the files cannot be read, or would execute code when they are read.
    """
    if loader in PYG_LOADERS:
        return run_pyg_loader(loader, arguments, folder, files)
    others = {key: value for key, value in arguments.items() if key != "root"}
    return FILE_LOADERS[loader](folder / arguments["root"], **others)
