"""Which candidates are positive for, and which are kept out of, each anchor."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import torch
from scipy import sparse
from torch import Tensor

from graphcl.contrast.pair_products import PairIndex
from graphcl.contrast.same_label import SameLabel, check_vector
from graphcl.contrast.tiles import Mask


class Pairs:
    """A relation between anchors and candidates: positive, excluded, or (all others) negative.

    Build one with :meth:`aligned`, :meth:`from_edges`, :meth:`from_labels`, :meth:`from_clusters`
    or :meth:`membership`, or from indices of your own. Pairs are kept sorted by anchor, without
    duplicates (weights of duplicates are added); a pair that is both positive and excluded is
    positive.

    Where anchors and candidates are the same items (nodes in two views, say), the relation is one
    between items: it holds for the other view, and for the own view but for the item itself, which
    is never its own negative nor its own positive there. Pairs are not changed once they are built.

    Args:
        num_anchors: Number of anchors ``N``.
        num_candidates: Number of candidates ``M``.
        positive: (anchor, candidate), ``[2, P]``, or None: ``i`` with ``i`` (:meth:`aligned`).
        weight: Relative weights of the positives, ``[P]``, at least 0; None: all alike.
        excluded: (anchor, candidate) that are neither positive nor negative, ``[2, X]``.
        same_items: True where anchor ``i`` and candidate ``i`` are the same item.

    All are attributes as well. Beside them ``same_label`` is the relation of :meth:`from_labels` in
    O(N) memory, from which ``positive`` is made when it is first asked for; None for others.

    Raises:
        TypeError: An index that is not int64.
        ValueError: A wrong shape, an index out of range, a negative or non-finite weight.

    Example:
        >>> pairs = Pairs(3, 3, positive=torch.tensor([[2, 0], [1, 0]]))
        >>> pairs.positive
        tensor([[0, 2],
                [0, 1]])
    """

    def __init__(
        self,
        num_anchors: int,
        num_candidates: int,
        positive: Tensor | None = None,
        weight: Tensor | None = None,
        excluded: Tensor | None = None,
        same_items: bool = True,
    ) -> None:
        n, m = num_anchors, num_candidates
        if positive is None and n != m:
            raise ValueError(f"aligned pairs need as many anchors as candidates, got {n} and {m}")
        if same_items and n != m:
            raise ValueError(
                f"same_items=True needs as many anchors as candidates, got {n} and {m}"
            )
        if positive is None and weight is not None:
            raise ValueError("weight needs positive: aligned pairs all weigh the same")
        self.num_anchors = num_anchors
        self.num_candidates = num_candidates
        self.same_items = same_items
        self.same_label: SameLabel | None = None
        self.weight = weight
        self.excluded = excluded
        self._positive = positive
        self._masks: dict[tuple[bool, torch.device | None], PairMasks] = {}
        if positive is not None:
            check_index("positive", positive, n, m)
            self._positive, self.weight = _coalesce(positive, weight, m)
        if excluded is not None:
            check_index("excluded", excluded, n, m)
            self.excluded = difference(excluded, self.positive_index(excluded.device), m)

    def __repr__(self) -> str:
        return f"Pairs(num_anchors={self.num_anchors}, num_candidates={self.num_candidates})"

    @classmethod
    def aligned(cls, num_items: int, *, excluded: Tensor | None = None) -> Pairs:
        """Item ``i`` of one view belongs to item ``i`` of the other; no indices are stored.

        Args:
            num_items: Number of items ``N``.
            excluded: Pairs that are no negatives either, ``[2, X]``, such as an ``edge_index``.

        Example:
            >>> Pairs.aligned(4).num_positives()
            tensor([1, 1, 1, 1])
        """
        return cls(num_items, num_items, excluded=excluded)

    @classmethod
    def from_edges(cls, edge_index: Tensor, num_nodes: int, *, hops: int = 1) -> Pairs:
        """A node and its neighbours within ``hops`` steps are positives of each other.

        Args:
            edge_index: ``[2, E]``; an edge (i, j) makes j a positive of i.
            num_nodes: Number of nodes ``N``.
            hops: Greatest distance of a positive, at least 1.

        Example:
            >>> Pairs.from_edges(torch.tensor([[0, 1], [1, 0]]), 3).positive
            tensor([[0, 0, 1, 1, 2],
                    [0, 1, 0, 1, 2]])
        """
        reach = within_hops(edge_index, num_nodes, hops)
        return cls(num_nodes, num_nodes, reach)

    @classmethod
    def without_neighbours(cls, edge_index: Tensor, num_nodes: int, *, hops: int = 1) -> Pairs:
        """Aligned pairs; what is within ``hops`` steps of a node is no negative of it.

        Args:
            edge_index: ``[2, E]``.
            num_nodes: Number of nodes ``N``.
            hops: Greatest distance that is left out, at least 1.

        Example:
            >>> Pairs.without_neighbours(torch.tensor([[0, 1], [1, 0]]), 3).excluded
            tensor([[0, 1],
                    [1, 0]])
        """
        return cls.aligned(num_nodes, excluded=within_hops(edge_index, num_nodes, hops))

    @classmethod
    def from_labels(cls, labels: Tensor) -> Pairs:
        """Items of the same label are positives of each other (SupCon, arXiv 2004.11362).

        Takes O(N) memory; a loss lists all N^2 / C pairs only where it needs them (not for SupCon).

        Args:
            labels: One integer an item, ``[N]``.

        Example:
            >>> Pairs.from_labels(torch.tensor([7, 3, 7])).positive
            tensor([[0, 0, 1, 2, 2],
                    [0, 2, 1, 0, 2]])
        """
        pairs = cls.aligned(labels.numel())
        pairs.same_label = SameLabel(labels)
        return pairs

    @classmethod
    def from_clusters(cls, assignment: Tensor) -> Pairs:
        """Aligned pairs; other members of the own cluster are no negatives.

        A cluster is a guess, so its members are kept out of the negatives and not pulled together;
        to pull them together use :meth:`from_labels` on the assignment.

        Args:
            assignment: Cluster of each item, ``[N]``.

        Example:
            >>> Pairs.from_clusters(torch.tensor([0, 1, 0])).excluded
            tensor([[0, 2],
                    [2, 0]])
        """
        mates = SameLabel(assignment, name="assignment")
        return cls.aligned(assignment.numel(), excluded=mates.index)

    @classmethod
    def membership(cls, batch: Tensor, num_graphs: int | None = None) -> Pairs:
        """Node against graph: the graph that a node belongs to is its positive.

        Args:
            batch: Graph of each node, ``[N]``, as in a PyG ``Batch``.
            num_graphs: Number of graphs ``B``; None: the largest of ``batch``, plus one.

        Example:
            >>> Pairs.membership(torch.tensor([0, 0, 1])).positive
            tensor([[0, 1, 2],
                    [0, 0, 1]])
        """
        check_vector(batch, "batch")
        size = (int(batch.max()) + 1 if batch.numel() else 0) if num_graphs is None else num_graphs
        nodes = torch.arange(batch.numel(), device=batch.device)
        return cls(batch.numel(), size, torch.stack([nodes, batch]), same_items=False)

    @property
    def positive(self) -> Tensor | None:
        """(anchor, candidate), ``[2, P]``, sorted; None: ``i`` with ``i``."""
        return self._positive if self.same_label is None else self.same_label.index

    @property
    def is_aligned(self) -> bool:
        """Whether the positives are ``i`` with ``i`` and nothing else."""
        return self._positive is None and self.same_label is None

    def positive_index(self, device: torch.device | None = None) -> Tensor:
        """The positives as indices, also when aligned, ``[2, P]``."""
        positive = self.positive
        if positive is not None:
            return positive.to(device)
        return torch.arange(self.num_anchors, device=device).expand(2, -1)

    @cached_property
    def listed(self) -> PairIndex | None:
        """The positives as an index that remembers its order; None for aligned pairs and labels."""
        if self._positive is None:
            return None
        return PairIndex(self._positive, self.num_anchors, self.num_candidates)

    def num_positives(self) -> Tensor:
        """Number of positives of each anchor, ``[N]``."""
        if self.same_label is not None:
            return self.same_label.mates
        return torch.bincount(self.positive_index()[0], minlength=self.num_anchors)

    def transpose(self) -> Pairs:
        """The relation seen from the candidates; found once and remembered.

        Example:
            >>> Pairs(2, 3, torch.tensor([[0, 0], [1, 2]]), same_items=False).transpose().positive
            tensor([[1, 2],
                    [0, 0]])
        """
        return self._transposed

    @cached_property
    def _transposed(self) -> Pairs:
        if self.same_label is not None:
            return self
        return Pairs(
            self.num_candidates,
            self.num_anchors,
            positive=None if self._positive is None else self._positive.flip(0),
            weight=self.weight,
            excluded=None if self.excluded is None else self.excluded.flip(0),
            same_items=self.same_items,
        )

    def masks(
        self, *, positives_in_sum: bool = False, device: torch.device | None = None
    ) -> PairMasks:
        """What a contrast does not sum over; found once and remembered.

        Args:
            positives_in_sum: Leave the positives in the sums.
            device: Where the masks shall lie.
        """
        known = self._masks.get((positives_in_sum, device))
        if known is None:
            positive = None if positives_in_sum else self.positive_index(device)
            excluded = None if self.excluded is None else self.excluded.to(device)
            cross = union(positive, excluded, num_columns=self.num_candidates)
            if cross is None:
                cross = torch.empty(2, 0, dtype=torch.int64, device=device)
            known = self._masks[positives_in_sum, device] = PairMasks(cross, self)
        return known

    def to(self, device: torch.device | str) -> Pairs:
        """The same relation on another device."""
        number = None if self.same_label is None else self.same_label.number
        parts = (self._positive, self.weight, self.excluded, number)
        tensors = [x for x in parts if x is not None]
        if all(x.device == torch.device(device) for x in tensors):
            return self
        if number is not None:
            return Pairs.from_labels(number.to(device))
        return Pairs(
            self.num_anchors,
            self.num_candidates,
            positive=None if self._positive is None else self._positive.to(device),
            weight=None if self.weight is None else self.weight.to(device),
            excluded=None if self.excluded is None else self.excluded.to(device),
            same_items=self.same_items,
        )


class PairMasks:
    """Masks of a relation: view 1 against view 2 and back, and each view against itself.

    Args:
        cross: (anchor, candidate) outside the sums, ``[2, X]``, sorted.
        pairs: The relation.
    """

    def __init__(self, cross: Tensor, pairs: Pairs) -> None:
        self.cross = Mask(cross)
        self._sizes = (pairs.num_anchors, pairs.num_candidates)

    @cached_property
    def back(self) -> Mask:
        """View 2 against view 1."""
        mirrored = union(self.cross.index.flip(0), num_columns=self._sizes[0])
        assert mirrored is not None
        return Mask(mirrored)

    @cached_property
    def own(self) -> Mask:
        """View 1 against itself: without the item itself."""
        return self._without_self(self.cross)

    @cached_property
    def own_back(self) -> Mask:
        """View 2 against itself."""
        return self.own if self.cross.is_symmetric else self._without_self(self.back)

    def _without_self(self, mask: Mask) -> Mask:
        diagonal = torch.arange(self._sizes[0], device=mask.index.device).expand(2, -1)
        found = union(mask.index, diagonal, num_columns=self._sizes[0])
        assert found is not None
        return Mask(found)


def within_hops(edge_index: Tensor, num_nodes: int, hops: int) -> Tensor:
    """All (node, node at most ``hops`` steps away), the node itself among them, ``[2, P]``.

    Args:
        edge_index: ``[2, E]``; steps go from row 0 to row 1.
        num_nodes: Number of nodes.
        hops: At least 1.

    Example:
        >>> within_hops(torch.tensor([[0, 1], [1, 2]]), 3, 2)
        tensor([[0, 0, 0, 1, 1, 2],
                [0, 1, 2, 1, 2, 2]])
    """
    if hops < 1:
        raise ValueError(f"hops must be at least 1, got {hops}")
    check_index("edge_index", edge_index, num_nodes, num_nodes)
    row, column = edge_index.cpu().numpy()
    step = sparse.csr_array(
        (np.ones(row.size, dtype=bool), (row, column)), shape=(num_nodes, num_nodes)
    )
    step = (step + sparse.eye_array(num_nodes, dtype=bool, format="csr")).astype(bool)
    reach = step
    for _ in range(hops - 1):
        reach = (reach @ step).astype(bool)
    reach.sort_indices()
    return torch.from_numpy(np.stack(reach.nonzero()).astype(np.int64)).to(edge_index.device)


def check_index(name: str, index: Tensor, num_rows: int, num_columns: int) -> None:
    """Refuse what is no list of (row, column) pairs within the given sizes."""
    if index.dtype != torch.int64:
        raise TypeError(f"{name} must have dtype int64, got {index.dtype}")
    if index.dim() != 2 or index.size(0) != 2:
        raise ValueError(f"{name} must have shape [2, P], got {list(index.shape)}")
    for row, size in zip(index, (num_rows, num_columns), strict=True):
        if row.numel() and (row.min() < 0 or row.max() >= size):
            bad = int(row.min()) if row.min() < 0 else int(row.max())
            raise ValueError(f"{name} holds the index {bad}, allowed are 0 to {size - 1}")


def union(*parts: Tensor | None, num_columns: int) -> Tensor | None:
    """All pairs that are in any part, sorted, ``[2, X]``; None when there is no part."""
    present = [part for part in parts if part is not None]
    if not present:
        return None
    return _from_keys(torch.cat([p[0] * num_columns + p[1] for p in present]).unique(), num_columns)


def difference(index: Tensor, without: Tensor, num_columns: int) -> Tensor:
    """The pairs of ``index`` that ``without`` lacks, sorted, ``[2, X]``."""
    keys = (index[0] * num_columns + index[1]).unique()
    gone = torch.isin(keys, without[0] * num_columns + without[1])
    return _from_keys(keys[~gone], num_columns)


def _from_keys(keys: Tensor, num_columns: int) -> Tensor:
    width = max(num_columns, 1)
    return torch.stack([keys // width, keys % width])


def _coalesce(
    index: Tensor, weight: Tensor | None, num_columns: int
) -> tuple[Tensor, Tensor | None]:
    if weight is not None:
        if weight.shape != index.shape[1:]:
            raise ValueError(
                f"weight must have one entry a positive pair, shape [{index.size(1)}], "
                f"got {list(weight.shape)}"
            )
        if not bool((torch.isfinite(weight) & (weight >= 0)).all()):
            raise ValueError("weight must be finite and at least 0")
    keys, inverse = (index[0] * num_columns + index[1]).unique(return_inverse=True)
    if weight is not None:
        weight = weight.new_zeros(keys.numel()).index_add(0, inverse, weight)
    return _from_keys(keys, num_columns), weight
