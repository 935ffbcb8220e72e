"""Sums of a whole graph for mini-batches: the rows that are not here, as they were last seen."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from graphcl.arguments import check_whole
from graphcl.clustering import ClusterSums, check_assignment, cluster_sums
from graphcl.contrast import unit_rows


class RunningSums(nn.Module):
    """Keep the unit rows that a graph's nodes had when they were last in a batch, and their sums.

    A mini-batch contrasts its nodes with the meta-nodes of the whole graph: :meth:`rest` gives the
    sums of all other nodes as constants, to which the loss adds the batch's own, with gradients.
    O(N d) memory; a step costs O(B d). Nodes that were in no batch yet do not count.

    Everything is in ``state_dict``, so that a resumed run goes on as it would have.

    Args:
        num_items: Number of nodes ``N`` of the whole graph.
        width: ``d``.
        products: Keep the sums of ``x x^T`` as well, which second orders need.

    Raises:
        TypeError: A number of the wrong type.
        ValueError: A number below 1.

    Example:
        >>> from graphcl.losses import PamCLoss
        >>> memory = RunningSums(4, 2)
        >>> memory.assign(torch.tensor([0, 0, 1, 1]))
        >>> memory.update(torch.arange(4), torch.randn(4, 2))
        >>> batch, z = torch.tensor([0, 2]), torch.randn(2, 2, requires_grad=True)
        >>> edges = torch.tensor([[0, 1], [1, 0]])
        >>> loss = PamCLoss(1.0)(z, memory.assignment[batch], edges, rest=memory.rest(batch))
        >>> memory.update(batch, z)
        >>> memory.rest(batch).count  # of each cluster the node that is not in the batch
        tensor([1., 1.], dtype=torch.float64)
    """

    rows: Tensor
    seen: Tensor
    assignment: Tensor
    count: Tensor
    total: Tensor
    squares: Tensor

    def __init__(self, num_items: int, width: int, *, products: bool = False) -> None:
        super().__init__()
        check_whole("num_items", num_items, least=1)
        check_whole("width", width, least=1)
        self.products = products
        self.register_buffer("rows", torch.zeros(num_items, width))
        self.register_buffer("seen", torch.zeros(num_items, dtype=torch.bool))
        self.register_buffer("assignment", torch.zeros(num_items, dtype=torch.int64))
        # what is added and subtracted for ever: in double precision
        self.register_buffer("count", torch.zeros(1, dtype=torch.float64))
        self.register_buffer("total", torch.zeros(1, width, dtype=torch.float64))
        depth = width if products else 0
        self.register_buffer("squares", torch.zeros(1, depth, depth, dtype=torch.float64))

    @torch.no_grad()
    def assign(self, assignment: Tensor, num_clusters: int | None = None) -> None:
        """Take the clusters of all items anew; O(N d).

        Args:
            assignment: ``[N]`` from 0 up, or shares ``[N, K]``.
            num_clusters: ``K``, where some may have no member yet; None: as many as there are.

        Raises:
            TypeError: An assignment of a wrong type.
            ValueError: A broken assignment, or of another number of items.
        """
        check_assignment(assignment, len(self.rows), name="assignment")
        assignment = assignment.detach().to(self.rows.device)
        self.assignment = assignment.clone()
        size = check_assignment(assignment, name="assignment")
        if num_clusters is not None:
            size = check_whole("num_clusters", num_clusters, least=size)
        self.count = self.count.new_zeros(size)
        self.total = self.total.new_zeros(size, self.total.size(1))
        self.squares = self.squares.new_zeros(size, *self.squares.shape[1:])
        self._add(self.seen.nonzero().squeeze(1), 1)

    @torch.no_grad()
    def update(self, items: Tensor, z: Tensor, assignment: Tensor | None = None) -> None:
        """Replace the rows of some items; call it after :meth:`rest` was used.

        Args:
            items: Which items, distinct, ``[B]``.
            z: Their embeddings, ``[B, d]``; normalised here.
            assignment: Their clusters, as :meth:`assign` takes them; None: as they were.

        Raises:
            ValueError: Shapes that do not fit, items twice or out of range, clusters beyond those
                of :meth:`assign`.
        """
        self._check(items)
        if z.shape != (len(items), self.rows.size(1)):
            raise ValueError(
                f"z must have shape [{len(items)}, {self.rows.size(1)}], got {list(z.shape)}"
            )
        if assignment is not None:
            size = check_assignment(assignment, len(items), name="assignment")
            if assignment.dim() != self.assignment.dim() or size > len(self.count):
                raise ValueError(
                    f"assignment must be like that of assign, of {len(self.count)} clusters; got "
                    f"shape {list(assignment.shape)} and {size} clusters"
                )
        self._add(items[self.seen[items]], -1)
        if assignment is not None:
            self.assignment[items] = assignment.detach().to(self.assignment)
        self.rows[items] = unit_rows(z.detach()).to(self.rows)
        self.seen[items] = True
        self._add(items, 1)

    @torch.no_grad()
    def rest(self, items: Tensor) -> ClusterSums:
        """Sums of all items but the given ones, constant.

        Args:
            items: Items of the batch, distinct, ``[B]``.

        Raises:
            ValueError: Items twice or out of range.
        """
        self._check(items)
        whole = ClusterSums(self.count, self.total, self.squares if self.products else None)
        return whole - self._sums(items[self.seen[items]])

    def _add(self, items: Tensor, sign: int) -> None:
        if items.numel() == 0:
            return
        change = self._sums(items)
        self.count.add_(change.count, alpha=sign)
        self.total.add_(change.total, alpha=sign)
        if change.products is not None:
            self.squares.add_(change.products, alpha=sign)

    def _sums(self, items: Tensor) -> ClusterSums:
        if items.numel() == 0:
            zero = [torch.zeros_like(part) for part in (self.count, self.total, self.squares)]
            return ClusterSums(zero[0], zero[1], zero[2] if self.products else None)
        rows, own = self.rows[items].double(), self.assignment[items]
        return cluster_sums(rows, own, len(self.count), products=self.products)

    def _check(self, items: Tensor) -> None:
        if items.dim() != 1 or items.dtype != torch.int64:
            raise ValueError(f"items must be int64 of shape [B], got {items.dtype} {items.shape}")
        if items.numel() == 0:
            return
        if int(items.min()) < 0 or int(items.max()) >= len(self.rows):
            raise ValueError(
                f"items must be from 0 to {len(self.rows) - 1}, got {int(items.min())} to "
                f"{int(items.max())}"
            )
        if len(items.unique()) < len(items):
            raise ValueError("items must be distinct: a node is in a batch once")

    def _load_from_state_dict(self, state_dict, prefix, *arguments):  # type: ignore[no-untyped-def]
        """Buffers take the sizes of what was saved: the number of clusters may have changed."""
        for name in ("assignment", "count", "total", "squares"):
            saved = state_dict.get(prefix + name)
            if saved is not None:
                setattr(self, name, torch.empty_like(saved, device=self.rows.device))
        super()._load_from_state_dict(state_dict, prefix, *arguments)

    def extra_repr(self) -> str:
        """Sizes, for printing."""
        size, width = self.rows.shape
        return f"{size}, {width}" + (", products=True" if self.products else "")
