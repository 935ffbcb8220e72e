"""How the loader named by a card is called: our own generators, or PyG's data set classes."""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from torch_geometric.data import Data, HeteroData

from graphcl.datasets.digits import digit_graphs, digits
from graphcl.datasets.pickles import check_pickle
from graphcl.datasets.planted import planted_partition

Graphs: TypeAlias = Data | HeteroData | list[Data]
"""What a loader returns: one graph, one of several node and edge types, or many graphs."""

EMBEDDED_LOADERS: Mapping[str, Callable[..., Graphs]] = {
    "digits": digits,
    "digit_graphs": digit_graphs,
    "planted_partition": planted_partition,
}
"""Loaders that need no file, by the name that cards use."""


def _check_planetoid(path: Path) -> None:
    if path.suffix != ".index":  # the only text file among them
        check_pickle(path)


PYG_LOADERS: Mapping[str, Callable[[Path], None] | None] = {
    "Planetoid": _check_planetoid,
    "Amazon": None,  # NumPy archives, which PyG opens without allowing pickles
}
"""Classes of `torch_geometric.datasets`, each with the check of a raw file before PyG reads it."""

LOADERS = (*EMBEDDED_LOADERS, *PYG_LOADERS)
"""All names that a card may use."""


def run_pyg_loader(
    loader: str, arguments: Mapping[str, Any], folder: Path, files: tuple[str, ...]
) -> Data:
    """Let PyG read raw files in a folder that it may write to.

    Args:
        loader: a name of `PYG_LOADERS`.
        arguments: arguments of that class; `root` is relative to `folder`.
        folder: a temporary copy of the raw files: PyG puts `processed/` beside them.
        files: the raw files, relative to `folder`.

    Raises:
        ValueError: if a file would execute code when it is read, or PyG cannot read the files.
    """
    check = PYG_LOADERS[loader]
    if check is not None:
        for file in files:
            check(folder / file)
    dataset_class = pyg_class(loader)
    try:
        # PyG reports "Processing..." on standard error and changes the filters of warnings.
        with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
            dataset = dataset_class(**{**arguments, "root": str(folder / arguments["root"])})
    except (MemoryError, OSError):
        raise
    except Exception as error:  # anything else means that PyG stumbled over the files' content
        raise ValueError(
            f"PyG's {loader} cannot read the raw files {', '.join(files)}: "
            f"{type(error).__name__}: {error}"
        ) from error
    return dataset[0]


def pyg_class(loader: str) -> Any:
    """The data set class of PyG; they take a second to import, hence not at the top."""
    import torch_geometric.datasets

    return getattr(torch_geometric.datasets, loader)
