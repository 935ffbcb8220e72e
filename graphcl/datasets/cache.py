"""Processed data sets in the user's cache, keyed by all that determines their content."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
import torch_geometric
from torch_geometric.data import Data

_FORMAT = 1  # raise it when this package changes what it makes of the same raw files


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


def read_cached(name: str, key: str) -> Data | None:
    """The cached graph, or None if there is none that can be read."""
    try:
        return Data.from_dict(torch.load(_path(name, key), weights_only=True))
    except (OSError, EOFError, RuntimeError, ValueError, pickle.UnpicklingError):
        return None  # absent or damaged: it is built again


def write_cached(name: str, key: str, data: Data) -> None:
    """Put a graph into the cache; a cache that cannot be written is no reason to stop."""
    path = _path(name, key)
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".part")
        with os.fdopen(handle, "wb") as file:
            torch.save(data.to_dict(), file)
        os.replace(temporary, path)  # at once and whole, whoever else writes the same file
    except OSError:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)


def _path(name: str, key: str) -> Path:
    return cache_folder() / "processed" / f"{name.lower()}-{key}.pt"
