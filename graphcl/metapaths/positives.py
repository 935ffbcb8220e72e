"""Which nodes several meta-paths together join most closely: the positives of HeCo."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import reduce
from operator import add

import numpy as np
import torch
from scipy import sparse
from torch import Tensor

from graphcl.arguments import check_whole, unknown_name
from graphcl.metapaths.adjacency import as_edges
from graphcl.metapaths.pathsim import top_neighbours
from graphcl.metapaths.relations import check_square, to_scipy, to_torch

SCORES = ("degree", "count")

_MOST_BY_DEFAULT = 32


def metapath_positives(
    reached: Sequence[Tensor],
    keep: int | None,
    *,
    score: str = "degree",
    ties: str = "index",
    seed: int = 0,
) -> Tensor:
    r"""For each node the nodes that most meta-paths lead to, itself first.

    .. math:: C_{ij} = \sum_p A_p[i, j] \quad \text{(count)}, \qquad
              C_{ij} = \sum_p A_p[i, j] / \mathrm{deg}_p(i) \quad \text{(degree)}

    where :math:`A_p` is 1 where path p leads from i to j, and :math:`\mathrm{deg}_p(i)` the number
    of nodes that it leads to from i: a path with few ends counts more. A node is a positive of its
    own, whatever its score and also where no path leaves it; then come higher scores above 0. The
    relation is not symmetric in general: i may be among the best of j and not the other way round.

    Source: Wang et al. (HeCo), https://arxiv.org/abs/2105.09111, section 4.4, scores by "count";
    the authors' code, liun-online/HeCo, scores by "degree" and lets ties push out the node itself.

    Args:
        reached: For each meta-path a matrix `[N, N]`, CSR, whose entries above 0 say where it leads
            (:func:`reach` to the end of the path, :func:`count_paths`).
        keep: Most positives of a node, itself counted; None: :func:`usual_positives`.
        score: "degree" or "count".
        ties: Which of equal scores stay at the cut, as for :func:`top_neighbours`: most nodes have
            ties there.
        seed: Seed of `ties="random"`.

    Returns:
        (node, positive) `[2, P]`, sorted, for `graphcl.contrast.Pairs(positive=...)`.

    Raises:
        TypeError: A matrix that is no CSR tensor of floating-point numbers, `keep` no whole number.
        ValueError: No matrix, matrices of different sizes, `keep` below 1, an unknown `score` or
            `ties`.

    Example:
        >>> by_author = torch.tensor([[1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 0.0]])
        >>> metapath_positives([by_author.to_sparse_csr()], 2)
        tensor([[0, 0, 1, 1, 2],
                [0, 1, 0, 1, 2]])
    """
    if score not in SCORES:
        raise ValueError(unknown_name("score", score, SCORES))
    size = _size(reached)
    keep = usual_positives(reached) if keep is None else check_whole("keep", keep, least=1)
    total = reduce(add, (_scored(matrix, score) for matrix in _reached(reached)))
    start = np.repeat(np.arange(size), np.diff(total.indptr))
    total.data[start == total.indices] = 0
    total.eliminate_zeros()
    # PathSim's scores on an empty diagonal are twice the entries. One place is the node's own.
    scores = to_torch(total, reached[0].device)
    column, row = as_edges(top_neighbours(scores, max(keep - 1, 1), ties=ties, seed=seed))[0]
    keys = torch.arange(size, device=scores.device) * (size + 1)
    if keep > 1:
        keys = torch.cat([row * size + column, keys]).sort().values
    return torch.stack([keys // max(size, 1), keys % max(size, 1)])


def usual_positives(reached: Sequence[Tensor]) -> int:
    """How many positives to keep where nobody says: the median number that there are, at most 32.

    Args:
        reached: As for :func:`metapath_positives`.

    Returns:
        The (lower) median over the nodes of the number of nodes that any meta-path leads to, the
        node itself counted; from 1 to 32.

    Raises:
        TypeError: A matrix that is no CSR tensor of floating-point numbers.
        ValueError: No matrix, or matrices of different sizes.

    Example:
        >>> usual_positives([torch.ones(3, 3).to_sparse_csr()])
        3
    """
    size = _size(reached)
    if size == 0:
        return 1
    total = sparse.eye_array(size, dtype=np.float32, format="csr")
    for matrix in _reached(reached):
        total = total + matrix
    median = np.sort(np.diff(total.indptr))[(size - 1) // 2]
    return int(min(median, _MOST_BY_DEFAULT))


def _scored(matrix: sparse.csr_matrix, score: str) -> sparse.csr_matrix:
    """What a path adds to the score of each pair."""
    if score == "degree":
        degrees = np.diff(matrix.indptr)
        matrix.data[:] = np.repeat(1 / np.maximum(degrees, 1), degrees)
    return matrix


def _size(reached: Sequence[Tensor]) -> int:
    """Number of nodes N of the matrices, which are checked."""
    if len(reached) == 0:
        raise ValueError("reached must have one matrix for each meta-path, got none")
    for matrix in reached:
        check_square("reached", matrix)
    sizes = sorted({matrix.size(0) for matrix in reached})
    if len(sizes) > 1:
        raise ValueError(f"reached must hold matrices of one size, got sizes {sizes}")
    return int(sizes[0])


def _reached(reached: Sequence[Tensor]) -> Iterator[sparse.csr_matrix]:
    """The matrices with ones where their entries are above 0, copies."""
    for matrix in reached:
        ones = to_scipy("reached", matrix).copy()
        ones.data = (ones.data > 0).astype(np.float32)
        ones.eliminate_zeros()
        yield ones
