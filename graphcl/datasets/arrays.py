"""Number files of the formats that PyG has no loader for; what cannot be read is named."""

from __future__ import annotations

import contextlib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
import torch
from numpy.typing import NDArray
from torch import Tensor


def read_archive(path: Path) -> dict[str, NDArray[Any]]:
    """Read all arrays of a NumPy archive (`.npz`), none of which may be a pickle."""
    with _naming(path), np.load(path, allow_pickle=False) as archive:
        return dict(archive)


def read_vector(path: Path) -> NDArray[Any]:
    """Read a one-dimensional NumPy array (`.npy`)."""
    with _naming(path):
        values = np.load(path, allow_pickle=False)
        if not isinstance(values, np.ndarray) or values.ndim != 1:
            raise ValueError("one array of one dimension was expected")
        return values


def read_matrix(path: Path) -> Tensor:
    """Read features `[N, F]` as float32, whether they are a SciPy archive or one plain array.

    HeCo's `dblp/t_feat.npz` is a plain array, in spite of its name.
    """
    with _naming(path):
        if zipfile.is_zipfile(path):
            return dense(sp.load_npz(path))
        values = np.load(path, allow_pickle=False)
        if values.ndim != 2:
            raise ValueError(f"a matrix was expected, its shape is {values.shape}")
        return torch.from_numpy(values.astype(np.float32))


def read_table(path: Path, *, columns: int, delimiter: str | None = None) -> NDArray[np.float64]:
    """Read a text file of numbers, compressed if it is called `.gz`, as `[rows, columns]`."""
    with _naming(path):
        table = np.loadtxt(path, delimiter=delimiter, ndmin=2)
        if table.shape[1] != columns:
            raise ValueError(f"{columns} columns were expected, there are {table.shape[1]}")
        return table


def whole(values: NDArray[Any], path: Path) -> Tensor:
    """Turn whole numbers of any type (HeCo's labels of ACM are float64) into int64."""
    numbers = values.astype(np.int64)
    if not np.array_equal(numbers, values):
        raise ValueError(f"{path.name} cannot be used: whole numbers were expected")
    return torch.from_numpy(numbers)


def dense(matrix: Any) -> Tensor:
    """Turn a SciPy matrix into a dense float32 tensor."""
    return torch.from_numpy(matrix.astype(np.float32).toarray())


@contextlib.contextmanager
def _naming(path: Path) -> Iterator[None]:
    try:
        yield
    except (MemoryError, OSError):
        raise
    except Exception as error:  # a damaged file can fail in every way there is
        raise ValueError(f"{path.name} cannot be read: {error or type(error).__name__}") from error
