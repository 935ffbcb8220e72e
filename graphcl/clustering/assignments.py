"""Assignments of items to clusters, and the sums over members that stand for each cluster."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint
from torch_geometric.utils import scatter

from graphcl.arguments import all_finite, check_whole

_SUM_TOLERANCE = 1e-3


@dataclass(frozen=True, eq=False)
class ClusterSums:
    """What each cluster keeps of its members: how many they are, and the sums over them.

    Attributes:
        count: Number of members (soft: their shares), ``[K]``.
        total: Sum of the members' rows, ``[K, d]``.
        products: Sum of the members' ``x x^T``, ``[K, d, d]``; None: not kept.

    Example:
        >>> one = cluster_sums(torch.eye(2), torch.tensor([0, 0]))
        >>> (one + one).total
        tensor([[2., 2.]])
    """

    count: Tensor
    total: Tensor
    products: Tensor | None = None

    def __add__(self, other: ClusterSums) -> ClusterSums:
        products = None
        if self.products is not None and other.products is not None:
            products = self.products + other.products
        return ClusterSums(self.count + other.count, self.total + other.total, products)

    def __sub__(self, other: ClusterSums) -> ClusterSums:
        products = None
        if self.products is not None and other.products is not None:
            products = self.products - other.products
        return ClusterSums(self.count - other.count, self.total - other.total, products)

    def to(self, like: Tensor) -> ClusterSums:
        """The same in the type and on the device of another tensor."""
        products = None if self.products is None else self.products.to(like)
        return ClusterSums(self.count.to(like), self.total.to(like), products)


def check_assignment(assignment: Tensor, num_items: int | None = None, *, name: str) -> int:
    """Refuse what assigns no items to clusters; return the number of clusters.

    Args:
        assignment: Cluster of each item, integers ``[N]`` from 0 up; or the share of each item in
            each cluster, floating point ``[N, K]`` with rows that sum to 1.
        num_items: Number of items that it must have; None: any.
        name: How the message calls it.

    Returns:
        ``K``: the number of columns, or the largest integer plus one.

    Raises:
        TypeError: No tensor, or of a wrong type.
        ValueError: A wrong shape; negative or non-finite entries; rows that do not sum to 1.

    Example:
        >>> check_assignment(torch.tensor([0, 2, 0]), name="assignment")
        3
    """
    if not isinstance(assignment, Tensor):
        raise TypeError(f"{name} must be a torch.Tensor, got {type(assignment).__name__}")
    soft = assignment.is_floating_point()
    if (not soft and assignment.dtype != torch.int64) or assignment.is_complex():
        raise TypeError(
            f"{name} must hold cluster numbers (int64) or shares (floating point), got "
            f"{assignment.dtype}"
        )
    if assignment.dim() != (2 if soft else 1) or 0 in assignment.shape:
        shape = "[N, K]" if soft else "[N]"
        raise ValueError(f"{name} must have shape {shape}, not empty, got {list(assignment.shape)}")
    if num_items is not None and len(assignment) != num_items:
        raise ValueError(
            f"{name} must be of the {num_items} items, as many as the embeddings have rows, got "
            f"{len(assignment)}"
        )
    given = assignment.detach()
    if not soft:
        if int(given.min()) < 0:
            raise ValueError(f"{name} must be at least 0, got {int(given.min())}")
        return int(given.max()) + 1
    if not all_finite(given) or bool((given < 0).any()):
        raise ValueError(f"{name} must be finite and at least 0")
    off = (given.sum(1) - 1).abs()
    if bool((off > _SUM_TOLERANCE).any()):
        row = int(off.argmax())
        raise ValueError(
            f"{name} must have rows that sum to 1, but row {row} sums to {float(given[row].sum())}"
        )
    return given.size(1)


def cluster_sums(
    rows: Tensor, assignment: Tensor, num_clusters: int | None = None, *, products: bool = False
) -> ClusterSums:
    """Sum the rows of each cluster: O(N d) time for hard, O(N K d) for soft assignments.

    With ``products`` O(N d^2) and O(N K d^2). Nothing larger than the rows and the result is held:
    no ``N x K x d``. Differentiable in the rows and in a soft assignment.

    Args:
        rows: ``[N, d]``.
        assignment: Cluster of each row, ``[N]``, or shares ``[N, K]``.
        num_clusters: ``K``; None: the largest number plus one.
        products: Also sum ``x x^T``.

    Returns:
        The sums; those of an empty cluster are 0.

    Raises:
        TypeError: An assignment of a wrong type.
        ValueError: A broken assignment; a cluster number that is too large.

    Example:
        >>> cluster_sums(torch.eye(3), torch.tensor([1, 0, 1]))
        ClusterSums(count=tensor([1., 2.]), total=tensor([[0., 1., 0.],
                [1., 0., 1.]]), products=None)
    """
    found = check_assignment(assignment, len(rows), name="assignment")
    if num_clusters is None:
        num_clusters = found
    check_whole("num_clusters", num_clusters, least=1)
    if found > num_clusters or (assignment.dim() == 2 and found != num_clusters):
        raise ValueError(f"assignment is to {found} clusters, but num_clusters is {num_clusters}")
    if assignment.dim() == 2:
        shares = assignment.to(rows)
        squares = _soft_products(rows, shares) if products else None
        return ClusterSums(shares.sum(0), shares.T @ rows, squares)
    assignment = assignment.to(rows.device)
    count = torch.bincount(assignment, minlength=num_clusters).to(rows)
    total = scatter(rows, assignment, 0, num_clusters, "sum")  # by torch-scatter where installed
    squares = _hard_products(rows, assignment, num_clusters) if products else None
    return ClusterSums(count, total, squares)


def _hard_products(rows: Tensor, assignment: Tensor, num_clusters: int) -> Tensor:
    """Members side by side make one matrix product a cluster."""
    order = assignment.argsort(stable=True)
    sizes = torch.bincount(assignment, minlength=num_clusters).tolist()
    return torch.stack([part.T @ part for part in rows[order].split(sizes)])


def _soft_products(rows: Tensor, shares: Tensor) -> Tensor:
    """Cluster by cluster, and again in the backward pass: else K copies of the rows are kept."""

    def weighted(rows: Tensor, share: Tensor) -> Tensor:
        return (rows * share.unsqueeze(1)).T @ rows

    return torch.stack(
        [
            checkpoint(weighted, rows, share, use_reentrant=False, preserve_rng_state=False)
            for share in shares.unbind(1)
        ]
    )
