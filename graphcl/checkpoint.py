"""Checkpoint files: written whole or not at all, read without executing anything."""

from __future__ import annotations

import hashlib
import os
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

_FORMAT = 2
_DIGESTED_FIELDS = ("x", "edge_index", "edge_weight", "edge_attr")


def prepare_checkpoint(path: str | Path) -> Path:
    """Make the folder of a checkpoint and see that it can be written to, before training.

    Raises:
        OSError: The folder cannot be made or written to.
        ValueError: The path is that of a folder.
    """
    file = Path(path)
    if file.is_dir():
        raise ValueError(f"checkpoint {file} is a folder, it must be a file")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        if not os.access(file.parent, os.W_OK):
            raise PermissionError("no permission to write there")
    except OSError as error:
        reason = error.strerror or error
        raise OSError(f"checkpoint {file} cannot be written: {reason}") from error
    return file


def write_checkpoint(path: Path, content: Mapping[str, Any]) -> None:
    """Replace the file atomically: whoever looks finds the old state or the new one.

    Args:
        path: The file; its folder exists.
        content: Tensors, plain values, and dicts, lists and tuples of them; ``identity`` among its
            keys, a dict of strings.
    """
    partial = path.with_name(path.name + ".partial")
    with partial.open("wb") as file:
        torch.save({"format": _FORMAT, **content}, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(partial, path)


def read_checkpoint(path: Path, identity: Mapping[str, str]) -> dict[str, Any]:
    """Read what :func:`write_checkpoint` wrote, on the CPU.

    Args:
        path: The file.
        identity: What the checkpoint must agree on: method, settings, data.

    Raises:
        OSError: The file cannot be read.
        ValueError: It is damaged, something else, of another format, or of another identity.
    """
    with path.open("rb") as file:
        try:
            content = torch.load(file, map_location="cpu", weights_only=True)
        except Exception as error:  # torch raises a dozen types, by where the damage is
            raise damaged_checkpoint(path, "torch cannot read it") from error
    if not isinstance(content, dict) or not isinstance(content.get("identity"), dict):
        raise damaged_checkpoint(path, "it holds something else")
    if content.get("format") != _FORMAT:
        raise ValueError(
            f"checkpoint {path} has format {content.get('format')}, this version of graphcl reads "
            f"{_FORMAT}. Use another file, or resume=False to overwrite it"
        )
    theirs = content["identity"]
    details = "; ".join(
        f"{key}: {theirs.get(key)} there, {mine} now"
        for key, mine in identity.items()
        if mine != theirs.get(key)
    )
    if details:
        raise ValueError(
            f"checkpoint {path} belongs to another run ({details}). Use another file, or "
            "resume=False to overwrite it"
        )
    return content


def damaged_checkpoint(path: Path, why: object) -> ValueError:
    """The error for a file that is no checkpoint, or not all of one."""
    reason = str(why).strip().split("\n")[0][:200]
    return ValueError(
        f"{path} is not a usable checkpoint of graphcl ({reason}). Delete it, or use resume=False "
        "to overwrite it"
    )


def data_digest(data: Any) -> str:
    """A short hash of the features and edges of a graph or of a list of graphs."""
    digest = hashlib.sha256()
    for graph in data if isinstance(data, (list, tuple)) else [data]:
        for store in graph.stores:
            for key in _DIGESTED_FIELDS:
                if key in store:
                    values = store[key].detach().cpu().contiguous().numpy()
                    digest.update(f"{key}{values.dtype}{values.shape}".encode())
                    digest.update(values.reshape(-1).view(np.uint8))  # without a copy
    return digest.hexdigest()[:16]


def random_state() -> dict[str, Any]:
    """The state of Python's, NumPy's and torch's random generators."""
    # Tensors and plain values only, so that the file loads without executing anything.
    numpy_state: Any = np.random.get_state(legacy=True)  # noqa: NPY002
    kind, keys, position, has_gauss, cached = numpy_state
    return {
        "python": random.getstate(),
        "numpy": (kind, torch.from_numpy(keys.astype(np.int64)), position, has_gauss, cached),
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else [],
    }


def set_random_state(state: Mapping[str, Any]) -> None:
    """Put back what :func:`random_state` returned."""
    random.setstate(state["python"])
    kind, keys, *rest = state["numpy"]
    np.random.set_state((kind, keys.numpy().astype(np.uint32), *rest))  # noqa: NPY002
    torch.set_rng_state(state["torch"])
    if state["cuda"] and len(state["cuda"]) == torch.cuda.device_count():
        torch.cuda.set_rng_state_all(state["cuda"])
