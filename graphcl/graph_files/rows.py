"""Rows of numbers written with the names of their nodes: whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from graphcl.arguments import unknown_name
from graphcl.graph_files.extras import need

ROW_ENDINGS = (".npy", ".csv", ".parquet")
"""The endings of files that :func:`write_rows` writes."""


def check_output(path: str | Path) -> Path:
    """See that rows can be written to a file, before any work is done for them.

    Raises:
        FileNotFoundError: Its folder does not exist.
        OSError: The folder or the file cannot be written to.
        ValueError: The path of a folder, an unknown ending.
        ModuleNotFoundError: Parquet without pyarrow, CSV without pandas.

    Example:
        >>> check_output("rows.xlsx")
        Traceback (most recent call last):
        ...
        ValueError: rows.xlsx: unknown ending '.xlsx'. Known: .csv, .npy, .parquet
    """
    file = writable_file(path)
    ending = file.suffix.lower()
    if not ending:
        raise ValueError(f"{file} has no ending; known endings: {', '.join(ROW_ENDINGS)}")
    if ending not in ROW_ENDINGS:
        raise ValueError(f"{file}: {unknown_name('ending', ending, ROW_ENDINGS)}")
    if ending != ".npy":
        need("pandas")
    if ending == ".parquet":
        need("pyarrow")
    return file


def writable_file(path: str | Path) -> Path:
    """Return the path of a file that can be written to; raise as `check_output` otherwise."""
    file = Path(path).expanduser()
    if file.is_dir():
        raise ValueError(f"{file} is a folder, the name of a file is needed")
    if not file.parent.is_dir():
        raise FileNotFoundError(f"{file}: there is no folder {file.parent}")
    for place in (file.parent, file):
        if place.exists() and not os.access(place, os.W_OK):
            raise PermissionError(f"{file}: no permission to write to {place}")
    part = file.with_name(f".{file.name}.{os.getpid()}.part")  # permissions do not say it all
    try:
        part.touch()
        part.unlink()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise OSError(f"{file} cannot be written: {reason}") from None
    return file


def write_rows(
    path: str | Path,
    rows: Tensor,
    node_ids: Sequence[str] | Sequence[int],
    *,
    column_prefix: str = "z",
) -> tuple[Path, ...]:
    """Write one row for each node, with the nodes' ids; the ending of the name says how.

    ``.npy``: the array; the ids stand beside it in ``<name>.ids.csv``, in the same order.
    ``.csv``, ``.parquet``: first column ``id``, then ``<prefix>0``, ``<prefix>1``, ...; a vector
    ``[N]`` is one column called by the prefix. A file of that name is replaced at once: whoever
    looks finds the old one or the new one, whole.

    Args:
        path: The file.
        rows: ``[N, d]`` or ``[N]``, finite.
        node_ids: ``N`` names.
        column_prefix: What the columns are called.

    Returns:
        The files that were written.

    Raises:
        ValueError: Wrong shapes, values that are not finite; and all that `check_output` raises.

    Example:
        >>> import tempfile, torch
        >>> path = Path(tempfile.mkdtemp()) / "rows.csv"
        >>> _ = write_rows(path, torch.eye(2), ["ann", "bob"])
        >>> print(path.read_text().strip())
        id,z0,z1
        ann,1.0,0.0
        bob,0.0,1.0
    """
    file = check_output(path)
    if rows.dim() not in (1, 2):
        raise ValueError(f"rows must have shape [N, d] or [N], got {list(rows.shape)}")
    if len(rows) != len(node_ids):
        raise ValueError(f"there are {len(rows)} rows for {len(node_ids)} node_ids")
    if not bool(rows.isfinite().all()):
        raise ValueError("rows contain NaN or infinite values")
    array = rows.detach().cpu().numpy()
    if file.suffix.lower() == ".npy":
        ids = file.with_name(f"{file.stem}.ids.csv")
        _replace(ids, lambda part: _frame(array[:, :0], node_ids, "").to_csv(part, index=False))
        _replace(file, lambda part: _save_array(part, array))
        return file, ids
    frame = _frame(array, node_ids, column_prefix)
    if file.suffix.lower() == ".csv":
        _replace(file, lambda part: frame.to_csv(part, index=False))
    else:
        _replace(file, lambda part: frame.to_parquet(part, engine="pyarrow", index=False))
    return (file,)


def _frame(array: Any, node_ids: Sequence[str] | Sequence[int], prefix: str) -> Any:
    pandas = need("pandas")
    names = [prefix] if array.ndim == 1 else [f"{prefix}{i}" for i in range(array.shape[1])]
    frame = pandas.DataFrame(array.reshape(len(array), len(names)), columns=names)
    frame.insert(0, "id", list(node_ids))
    return frame


def _save_array(part: Path, array: Any) -> None:
    with part.open("wb") as file:  # np.save would append an ending to a name
        np.save(file, array, allow_pickle=False)


def _replace(file: Path, write: Callable[[Path], None]) -> None:
    part = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        write(part)
        os.replace(part, file)
    finally:
        part.unlink(missing_ok=True)
