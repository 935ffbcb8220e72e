"""PyG's data set classes: which ones cards may name, and how they are made to read raw files."""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from torch_geometric.data import Data, HeteroData

from graphcl.datasets.pickles import check_pickle


def _check_planetoid(path: Path) -> None:
    if path.suffix != ".index":  # the only text file among them
        check_pickle(path)


# NumPy and SciPy archives PyG opens without allowing pickles; the others are text files.
PYG_LOADERS: Mapping[str, Callable[[Path], None] | None] = {
    "Planetoid": _check_planetoid,
    "Amazon": None,
    "Coauthor": None,
    "CitationFull": None,
    "Actor": None,
    "WebKB": None,
    "Airports": None,
    "DBLP": None,
    "IMDB": None,
    "TUDataset": None,
}
"""Classes of `torch_geometric.datasets`, each with the check of a raw file before PyG reads it."""


def run_pyg_loader(
    loader: str, arguments: Mapping[str, Any], folder: Path, files: tuple[str, ...]
) -> Data | HeteroData | list[Data]:
    """Let PyG read raw files in a folder that it may write to.

    Args:
        loader: a name of `PYG_LOADERS`.
        arguments: arguments of that class, see `pyg_arguments`.
        folder: a temporary copy of the raw files: PyG puts `processed/` beside them.
        files: the raw files, relative to `folder`.

    Returns:
        The graph of the set, or a list of graphs if it is a `TUDataset`.

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
            dataset = dataset_class(**pyg_arguments(arguments, folder))
            graphs = [dataset[i] for i in range(len(dataset))]
    except (MemoryError, OSError):
        raise
    except Exception as error:  # anything else means that PyG stumbled over the files' content
        raise ValueError(
            f"PyG's {loader} cannot read the raw files {', '.join(files)}: "
            f"{type(error).__name__}: {error}"
        ) from error
    if loader != "TUDataset":
        return graphs[0]
    return [Data(**{key: graph[key].clone() for key in _fields(graph)}) for graph in graphs]


def pyg_arguments(arguments: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """The arguments of PyG's class: those of the card, with two that are not PyG's translated.

    Args:
        arguments: as on the card. `root` is relative to `folder`. `max_degree`, if given, makes
            features of a set that has none: the degree of a node, one-hot, `max_degree + 1` wide.
        folder: the folder of all data sets.
    """
    translated = {**arguments, "root": str(folder / arguments["root"])}
    max_degree = translated.pop("max_degree", None)
    if max_degree is not None:
        from torch_geometric.transforms import OneHotDegree

        translated["transform"] = OneHotDegree(max_degree)
    return translated


def pyg_class(loader: str) -> Any:
    """The data set class of PyG; they take a second to import, hence not at the top."""
    import torch_geometric.datasets

    return getattr(torch_geometric.datasets, loader)


def _fields(graph: Data) -> list[str]:
    """What a graph of `TUDataset` holds; its number of nodes is that of its features."""
    return [key for key in ("x", "edge_index", "edge_attr", "y") if graph.get(key) is not None]
