"""Graphs from SciPy's sparse matrices, features from NumPy and SciPy files."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy import sparse
from torch import Tensor

from graphcl.graph_files.assemble import Parts
from graphcl.graph_files.edge_list import EdgeList

FEATURE_ENDINGS = (".npy", ".npz")


def read_matrix(path: Path) -> Parts:
    """Read an adjacency matrix that `scipy.sparse.save_npz` wrote; entries are weights.

    A symmetric matrix is an undirected graph, another one a directed graph with edges from the row
    to the column.

    Raises:
        ValueError: No sparse matrix, or none that is square.
    """
    matrix = _load_sparse(path)
    if matrix is None:
        with np.load(path, allow_pickle=False) as arrays:
            held = ", ".join(arrays.files) or "nothing"
        raise ValueError(
            f"{path.name} is no sparse matrix of scipy.sparse.save_npz (it holds {held})"
        )
    rows, columns = matrix.shape
    if rows != columns:
        raise ValueError(
            f"{path.name}: an adjacency matrix is square, this one has the shape {rows} x {columns}"
        )
    if rows == 0:
        raise ValueError(f"{path.name} holds no nodes: the matrix is empty")
    if matrix.dtype.kind not in "buif":
        raise ValueError(f"{path.name}: the weights must be real numbers, got {matrix.dtype}")
    matrix.sum_duplicates()
    edges = matrix.astype(np.float64).tocoo()
    source, target = edges.row.astype(np.int64), edges.col.astype(np.int64)

    def place(edge: int) -> str:
        return f"{path.name}, row {source[edge]}, column {target[edge]}"

    # What is not finite is never equal to itself; tidy_edges says so later.
    symmetric = not np.isfinite(edges.data).all() or abs(edges - edges.T).nnz == 0
    notes = () if symmetric else ("the matrix is not symmetric",)
    return Parts(
        node_ids=list(range(rows)),
        attributes=None,
        edges=EdgeList(source, target, edges.data, place),
        directed=not symmetric,
        notes=notes,
    )


def read_features(path: Path) -> Tensor:
    """Read features `[N, F]` from `.npy` (an array) or `.npz` (a sparse matrix, or one array).

    Raises:
        ValueError: Another shape, no numbers, values that are not finite.
    """
    if path.suffix.lower() == ".npy":
        array = _load_array(path)
    else:
        matrix = _load_sparse(path)
        array = _only_array(path) if matrix is None else matrix.toarray()
    if array.ndim == 1:
        array = array[:, None]
    if array.ndim != 2 or 0 in array.shape:
        raise ValueError(f"{path.name}: features must have the shape [N, F], got {array.shape}")
    if array.dtype.kind not in "buif":
        raise ValueError(f"{path.name}: features must be real numbers, got {array.dtype}")
    features = torch.from_numpy(array.astype(np.float32))
    if not bool(features.isfinite().all()):
        row, column = (~features.isfinite()).nonzero()[0].tolist()
        raise ValueError(
            f"{path.name}: the feature in row {row}, column {column} is "
            f"{array[row, column]:g}, it must be finite"
        )
    return features


def _load_sparse(path: Path) -> Any | None:
    """The sparse matrix of a file, None where it holds something else."""
    if not zipfile.is_zipfile(path):
        raise ValueError(f"{path.name} is damaged or no .npz file")
    try:
        with np.load(path, allow_pickle=False) as arrays:
            if "format" not in arrays.files:
                return None
        matrix: Any = sparse.load_npz(path)
        return matrix.tocsr()
    except (ValueError, OSError, zipfile.BadZipFile, KeyError) as error:
        raise ValueError(f"{path.name} cannot be read: {error}") from None


def _load_array(path: Path) -> Any:
    try:
        return np.load(path, allow_pickle=False)
    except (ValueError, OSError, EOFError) as error:
        raise ValueError(f"{path.name} cannot be read: {error}") from None


def _only_array(path: Path) -> Any:
    with np.load(path, allow_pickle=False) as arrays:
        if len(arrays.files) != 1:
            raise ValueError(
                f"{path.name} must hold one array of features or a sparse matrix, it holds "
                f"{', '.join(arrays.files) or 'nothing'}"
            )
        try:
            return arrays[arrays.files[0]]
        except ValueError as error:
            raise ValueError(f"{path.name} cannot be read: {error}") from None
