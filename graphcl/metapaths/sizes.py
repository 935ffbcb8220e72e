"""How large a meta-path graph can become, known before it is computed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from torch_geometric.data import HeteroData

from graphcl.arguments import check_whole
from graphcl.metapaths.metapath import MetaPath
from graphcl.metapaths.relations import incidences

DEFAULT_MAX_ENTRIES = 100_000_000
"""Most non-zeros of a matrix before `PathTooLarge` is raised: 1.2 GB."""

BYTES_AN_ENTRY = 12  # an int64 column and a float32 value


@dataclass(frozen=True)
class PathSize:
    """Upper bounds on a meta-path graph.

    Attributes:
        entries: Non-zeros of the counts: no row has more than there are instances of the path from
            its node, nor more than there are end nodes.
        bytes: Bytes of that many entries in a torch CSR tensor.
        multiplications: Products of two numbers in a composition row by row from the start, where
            nothing is added up on the way.
    """

    entries: int
    bytes: int
    multiplications: int


class PathTooLarge(ValueError):
    """A matrix of a meta-path would have more entries than allowed."""


def estimate(data: HeteroData, path: str | MetaPath | Sequence[str]) -> PathSize:
    """Bound the size of a meta-path graph; costs no more than one pass over the edges of the path.

    Args:
        data: The graph.
        path: A meta-path, in any form that `MetaPath.parse` takes.

    Raises:
        ValueError: As `MetaPath.parse`.

    Example:
        >>> from graphcl.datasets import load
        >>> data, _ = load("countries")
        >>> estimate(data, "country-currency-country").entries
        1912
    """
    path = MetaPath.parse(path, data)
    chain = incidences(data, path, coalesce=True)
    walks = walk_counts(chain)
    entries = int(np.minimum(walks[-1], chain[-1].shape[1]).sum())
    return PathSize(
        entries=entries,
        bytes=entries * BYTES_AN_ENTRY,
        multiplications=int(sum(steps.sum() for steps in walks[1:])),
    )


def walk_counts(chain: Sequence[sparse.csr_matrix]) -> list[NDArray[np.float64]]:
    """How many walks along the first 1, 2, ... matrices start in each row; each `[N]`."""
    counts = []
    for length in range(1, len(chain) + 1):
        walks = np.diff(chain[length - 1].indptr).astype(np.float64)
        for matrix in reversed(chain[: length - 1]):
            structure = sparse.csr_matrix(
                (np.ones(matrix.nnz), matrix.indices, matrix.indptr), shape=matrix.shape
            )
            walks = structure @ walks
        counts.append(walks)
    return counts


def most_entries(left: sparse.csr_matrix, right: sparse.csr_matrix) -> int:
    """No more non-zeros than this has `left @ right`."""
    walks = walk_counts([left, right])[-1]
    return int(np.minimum(walks, right.shape[1]).sum())


def check_max_entries(max_entries: int | None) -> int | None:
    """Return a limit on entries: a whole number above 0, or None (no limit)."""
    return None if max_entries is None else check_whole("max_entries", max_entries, least=1)


def too_large(path: MetaPath, part: str, entries: int, limit: int) -> PathTooLarge:
    """The refusal of a product, with what to do instead."""
    return PathTooLarge(
        f"meta-path {path}: {part} may have {entries:,} entries "
        f"({entries * BYTES_AN_ENTRY / 1e9:.1f} GB), more than max_entries={limit:,}. Raise "
        "max_entries, keep only the best of each row (top_neighbours_of_path), or apply the path "
        "without its matrix (PathOperator)"
    )
