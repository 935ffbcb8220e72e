"""Processed data sets in the user's cache, keyed by all that determines their content."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
import torch_geometric
from torch import Tensor
from torch_geometric.data import Data, HeteroData

_FORMAT = 3  # raise it when this package changes what it makes of the same raw files


def cache_folder() -> Path:
    """The folder that graphcl may write to: `$GRAPHCL_CACHE`, else the platform's user cache."""
    chosen = os.environ.get("GRAPHCL_CACHE")
    if chosen:
        return Path(chosen).expanduser()
    from platformdirs import user_cache_path

    return user_cache_path("graphcl")


def content_key(
    loader: str, arguments: Mapping[str, Any], folder: Path, files: Iterable[str]
) -> str:
    """A hash of the raw files, of how they are read and of the versions that read them."""
    versions = [_FORMAT, torch.__version__, torch_geometric.__version__]
    digest = hashlib.sha256(
        json.dumps([versions, loader, dict(arguments)], sort_keys=True).encode()
    )
    for file in files:
        content = hashlib.sha256((folder / file).read_bytes())
        digest.update(f"{file} {content.hexdigest()}\n".encode())
    return digest.hexdigest()[:24]


def read_cached(name: str, key: str) -> Data | HeteroData | list[Data] | None:
    """The cached data, or None if there are none that can be read."""
    try:
        stored = torch.load(_path(name, key), weights_only=True)
        kind, content = stored["kind"], _each_tensor(_unpacked, stored["content"])
        if kind == "heterogeneous":
            return HeteroData.from_dict(content)
        return Data.from_dict(content) if kind == "graph" else _apart(content, stored["sizes"])
    except (OSError, EOFError, RuntimeError, TypeError, LookupError, ValueError):
        return None  # absent or damaged: it is built again
    except pickle.UnpicklingError:
        return None


def write_cached(name: str, key: str, data: Data | HeteroData | list[Data]) -> None:
    """Put data into the cache; a cache that cannot be written is no reason to stop."""
    sizes: dict[str, list[int]] = {}
    if isinstance(data, list):
        kind = "graphs"
        content, sizes = _together(data)
    else:
        kind = "heterogeneous" if isinstance(data, HeteroData) else "graph"
        content = data.to_dict()
    stored = {"kind": kind, "content": _each_tensor(_packed, content), "sizes": sizes}
    path = _path(name, key)
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".part")
        with os.fdopen(handle, "wb") as file:
            torch.save(stored, file)
        os.replace(temporary, path)  # at once and whole, whoever else writes the same file
    except OSError:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)


def _together(graphs: list[Data]) -> tuple[dict[str, Tensor], dict[str, list[int]]]:
    """The fields of many graphs as a few large tensors, and how many rows each graph has.

    PyG's `collate` and `separate` do the same, ten times slower.
    """
    content, sizes = {}, {}
    for key in graphs[0].keys():  # noqa: SIM118  (a graph iterates over its values)
        dim = graphs[0].__cat_dim__(key, graphs[0][key])
        content[key] = torch.cat([graph[key] for graph in graphs], dim=dim)
        sizes[key] = [graph[key].size(dim) for graph in graphs]
    return content, sizes


def _apart(content: Mapping[str, Tensor], sizes: Mapping[str, list[int]]) -> list[Data]:
    """The graphs that `_together` put together; none shares memory with another."""
    pieces = [
        [
            piece.clone(memory_format=torch.contiguous_format)
            for piece in values.split(sizes[key], dim=Data().__cat_dim__(key, values))
        ]
        for key, values in content.items()
    ]
    return [Data(**dict(zip(content, fields, strict=True))) for fields in zip(*pieces, strict=True)]


def _each_tensor(function: Callable[[Tensor], Tensor], content: Any) -> Any:
    if isinstance(content, Tensor):
        return function(content)
    if isinstance(content, dict):
        return {key: _each_tensor(function, value) for key, value in content.items()}
    return content


def _packed(values: Tensor) -> Tensor:
    """Features that are mostly zeros take a hundredth of the room as a sparse matrix."""
    wide = values.dim() == 2 and values.size(1) > 8 and values.is_floating_point()
    if not wide or values.layout != torch.strided:
        return values
    return values.to_sparse() if int(values.count_nonzero()) < values.numel() // 16 else values


def _unpacked(values: Tensor) -> Tensor:
    return values.to_dense() if values.layout == torch.sparse_coo else values


def _path(name: str, key: str) -> Path:
    return cache_folder() / "processed" / f"{name.lower()}-{key}.pt"
