"""Where raw files lie: the user's folder, which is only read, or those that PyG downloaded."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from graphcl.datasets.cache import cache_folder
from graphcl.datasets.pyg_loaders import PYG_LOADERS, pyg_arguments, pyg_class

_HOST = ("github.com", 443)  # whence PyG downloads most of the sets
_PATIENCE = 3.0  # seconds


def data_root(root: str | Path | None = None) -> Path:
    """The folder of all data sets: `root`, else `$GRAPHCL_DATA`, else `./datasets`."""
    return Path(root or os.environ.get("GRAPHCL_DATA") or "datasets").expanduser()


def find_raw_folder(files: Iterable[str], root: str | Path | None) -> Path | None:
    """The folder that holds all `files`: the user's, else that of earlier downloads, else None."""
    files = tuple(files)
    for folder in (data_root(root), _downloads()):
        if all((folder / file).is_file() for file in files):
            return folder
    return None


def download(loader: str, arguments: Mapping[str, Any], files: tuple[str, ...]) -> Path:
    """Let PyG download raw files into the cache, without reading them.

    Returns:
        The folder that holds `files`.

    Raises:
        OSError: if PyG has no loader for the set, there is no network, or the download fails;
            nothing is left behind then.
    """
    if loader not in PYG_LOADERS:
        raise FileNotFoundError("PyTorch Geometric has no loader for them")
    try:
        socket.create_connection(_HOST, timeout=_PATIENCE).close()  # PyG itself waits for minutes
    except OSError as error:
        raise ConnectionError(f"{_HOST[0]} cannot be reached ({error})") from None

    # PyG downloads, processes and loads in one go: keep the first step only.
    fetcher = type(loader, (pyg_class(loader),), {"_process": _stop})
    _downloads().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=_downloads()) as folder:
        try:
            with contextlib.suppress(_Downloaded):
                fetcher(**pyg_arguments(arguments, Path(folder)))
        except Exception as error:  # fsspec and aiohttp raise errors of their own
            raise ConnectionError(
                f"the download failed ({type(error).__name__}: {error})"
            ) from None
        for file in files:  # each appears at once and whole, also if another process does the same
            target = _downloads() / file
            target.parent.mkdir(parents=True, exist_ok=True)
            os.replace(Path(folder, file), target)
    return _downloads()


def copy_raw_files(files: Iterable[str], source: Path, target: Path) -> None:
    """Copy `files` from one folder to another, keeping their relative paths."""
    for file in files:
        (target / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / file, target / file)


class _Downloaded(Exception):
    """Raised where PyG would begin to process what it has downloaded."""


def _stop(_: Any) -> None:
    raise _Downloaded


def _downloads() -> Path:
    return cache_folder() / "raw"
