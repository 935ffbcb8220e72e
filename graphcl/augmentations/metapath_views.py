"""Views of a heterogeneous graph: what its meta-paths reach, and what lies on the way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch_geometric.data import Data, HeteroData
from torch_geometric.transforms import BaseTransform
from torch_geometric.utils import coalesce

from graphcl.arguments import check_number, check_whole, one_for_each
from graphcl.augmentations.randomness import RandomSource
from graphcl.metapaths import (
    DEFAULT_MAX_ENTRIES,
    EdgeType,
    MetaPath,
    as_edges,
    count_paths,
    masked,
    mean_rows,
    normalized,
    reach,
    top_neighbours_of_path,
)

PathText = str | Sequence[str] | Sequence[EdgeType] | MetaPath

MOST_IDENTITY_ENTRIES = 2**27
"""Most entries of a dense identity (or of means over one) that stands for missing features."""


class CoarseView(BaseTransform):
    """Join target nodes that meta-paths lead to: the mean of the normalised meta-path graphs.

    ``1/P sum_p D_p^-1/2 K_p D_p^-1/2``, where ``K_p`` counts the instances of path p, and keeps the
    best ``keep`` of each row by PathSim (:func:`graphcl.metapaths.top_neighbours`).

    Source: the coarse view of MEOW (Yu and Li, SDM 2023, pp. 37-45).

    Args:
        target: Node type that the view is of.
        metapaths: At least one meta-path from it to itself, in any form of
            :meth:`graphcl.metapaths.MetaPath.parse`.
        keep: Neighbours of each row that stay, itself counted as one; None: all. One for each path,
            or one for all.
        ties: Which of equal PathSim scores stay, "index", "random" or "all".
        orientation: "rows": a node aggregates from the neighbours that it kept; "official": from
            those that kept it, as the authors' code does.
        seed: Of ``ties="random"``.
        max_entries: Most entries of a meta-path graph; None: no limit.

    Shapes:
        ``HeteroData`` → ``Data`` with all that the target type holds (its ``x``, or the identity
        ``[N, N]``), ``edge_index`` ``[2, E]`` and ``edge_weight`` ``[E]``: already normalised,
        self-loops included, so a graph convolution adds none: ``GCNConv(..., normalize=False)``.

    Raises:
        TypeError: On use: the input is no ``HeteroData``.
        ValueError: No path, or on use: paths that the graph does not have or that lead elsewhere.
        PathTooLarge: On use: a meta-path graph with more than ``max_entries``.

    Example:
        >>> from graphcl.datasets import load
        >>> data, card = load("countries")
        >>> view = CoarseView("country", ["country-language-country", "country-country"], keep=10)
        >>> view(data).x.shape, view(data).edge_index.shape
        (torch.Size([244, 6]), torch.Size([2, 2707]))
    """

    def __init__(
        self,
        target: str,
        metapaths: Sequence[PathText],
        keep: int | Sequence[int | None] | None = None,
        *,
        ties: str = "index",
        orientation: str = "rows",
        seed: int = 0,
        max_entries: int | None = DEFAULT_MAX_ENTRIES,
    ) -> None:
        if isinstance(metapaths, str) or len(metapaths) == 0:
            raise ValueError(
                f"metapaths must be a list of at least one meta-path, got {metapaths!r}"
            )
        self.target = target
        self.metapaths = list(metapaths)
        self.keep = one_for_each("keep", keep, "meta-paths", len(self.metapaths))
        for most in self.keep:
            if most is not None:
                check_whole("keep", most, least=1)
        self.options: dict[str, Any] = {"ties": ties, "seed": seed, "max_entries": max_entries}
        self.orientation = orientation

    def forward(self, data: HeteroData) -> Data:
        """The view; the input is not modified."""
        parts = []
        for text, keep in zip(self.metapaths, self.keep, strict=True):
            path = path_of_target(data, self.target, text)
            counts = metapath_counts(data, path, keep, **self.options)
            parts.append(as_edges(normalized(counts, orientation=self.orientation)))
        index = torch.cat([edges for edges, _ in parts], dim=1)
        weight = torch.cat([weight for _, weight in parts]) / len(parts)
        size = int(data[self.target].num_nodes)
        index, weight = coalesce(index, weight, num_nodes=size, reduce="sum")
        view = _target_nodes(data, self.target)
        view.edge_index, view.edge_weight = index, weight
        return view

    def __repr__(self) -> str:
        return f"CoarseView({self.target!r}, {self.metapaths!r}, {self.keep!r})"


class MetaPathView(BaseTransform):
    """Join target nodes that one meta-path leads to, and tell them what lies on the way.

    The plain form is the normalised meta-path graph ``D^-1/2 K D^-1/2``, weighted by counts. With
    ``drop_edges`` it is the masked form: entries of 1 without the diagonal, a share of them removed
    (each direction by itself), self-loops added, normalised. With ``contexts`` the features get
    one more part for each position between start and end of the path: the mean features of the
    nodes that the path reaches there (for a type without features: of the identity).

    Source: the fine-grained views of MEOW (Yu and Li, SDM 2023, pp. 37-45).

    Args:
        target: Node type that the view is of.
        metapath: The path from it to itself, in any form of
            :meth:`graphcl.metapaths.MetaPath.parse`.
        keep: Neighbours of each row that stay by PathSim, itself counted as one; None: all.
        drop_edges: Share of edges to remove, from 0 to 1; None: the plain form.
        mask_features: Share of the target's features other than 0 to set to 0, from 0 to 1.
        contexts: Whether to add the contexts' mean features.
        ties: As for :class:`CoarseView`.
        orientation: As for :class:`CoarseView`.
        max_entries: As for :class:`CoarseView`.
        seed: Seed of this transform's own random numbers.
        generator: Generator to draw from, instead of a seed. With neither, torch's global
            generator. In the workers of a `DataLoader` all three differ by worker and epoch.

    Shapes:
        ``HeteroData`` → ``Data`` as of :class:`CoarseView`; with ``contexts`` x is ``[N, F + sum of
        F_q]``.

    Raises:
        TypeError: An argument that is no number; on use: the input is no ``HeteroData``.
        ValueError: A share outside [0, 1]; on use: a path that the graph does not have or that
            leads elsewhere, an identity that would be too large.
        PathTooLarge: On use: a meta-path graph with more than ``max_entries``.

    Example:
        >>> from graphcl.datasets import load
        >>> data, card = load("countries")
        >>> view = MetaPathView("country", "country-language-country", 20, contexts=True)
        >>> view(data).x.shape  # 6 features, and the shares of 280 languages
        torch.Size([244, 286])
    """

    def __init__(
        self,
        target: str,
        metapath: PathText,
        keep: int | None = None,
        *,
        drop_edges: float | None = None,
        mask_features: float = 0.0,
        contexts: bool = False,
        ties: str = "index",
        orientation: str = "rows",
        max_entries: int | None = DEFAULT_MAX_ENTRIES,
        seed: int | None = None,
        generator: torch.Generator | None = None,
    ) -> None:
        for name, share in (("drop_edges", drop_edges), ("mask_features", mask_features)):
            if share is not None and not 0 <= check_number(name, share) <= 1:
                raise ValueError(f"{name} must be from 0 to 1, got {share}")
        if keep is not None:
            check_whole("keep", keep, least=1)
        self.target, self.metapath, self.keep = target, metapath, keep
        self.drop_edges, self.mask_features, self.contexts = drop_edges, mask_features, contexts
        self.ties, self.orientation, self.max_entries = ties, orientation, max_entries
        self._random = RandomSource(seed=seed, generator=generator)

    def forward(self, data: HeteroData) -> Data:
        """The view; the input is not modified."""
        path = path_of_target(data, self.target, self.metapath)
        seed = int(self._random.integers(1, device=torch.device("cpu"))) % 2**32
        counts = metapath_counts(
            data, path, self.keep, ties=self.ties, seed=seed, max_entries=self.max_entries
        )
        view = _target_nodes(data, self.target)
        if self.drop_edges is None:
            adjacency = normalized(counts, orientation=self.orientation)
        else:
            generator = torch.Generator().manual_seed(seed)
            adjacency = masked(
                counts, self.drop_edges, generator=generator, orientation=self.orientation
            )
        view.edge_index, view.edge_weight = as_edges(adjacency)
        if self.mask_features > 0:
            view.x = mask_entries(view.x, self.mask_features, seed=seed)
        if self.contexts:
            view.x = torch.cat([view.x, *self._means(data, path, view.x.dtype)], dim=1)
        return view

    def _means(self, data: HeteroData, path: MetaPath, dtype: torch.dtype) -> list[Tensor]:
        means = []
        for position, kind in enumerate(path.inner, start=1):
            matrix = mean_rows(reach(data, path, position, max_entries=self.max_entries))
            x = data[kind].get("x")
            if x is None:
                _check_identity(kind, matrix.size(0), matrix.size(1))
            means.append((matrix.to_dense() if x is None else matrix @ x.float()).to(dtype))
        return means

    def __repr__(self) -> str:
        drop = "" if self.drop_edges is None else f", drop_edges={self.drop_edges}"
        return (
            f"MetaPathView({self.target!r}, {self.metapath!r}, {self.keep!r}{drop}, "
            f"mask_features={self.mask_features}, contexts={self.contexts}"
            f"{self._random.arguments()})"
        )


def mask_entries(x: Tensor, share: float, *, seed: int) -> Tensor:
    """Set a share of the entries other than 0 to 0: exactly ``floor(share * their number)``.

    Args:
        x: ``[N, F]``, dense.
        share: From 0 to 1.
        seed: 0 or more.

    Returns:
        A new ``[N, F]``.

    Example:
        >>> mask_entries(torch.ones(2, 4), 0.5, seed=0)
        tensor([[1., 1., 0., 0.],
                [0., 1., 0., 1.]])
    """
    result = x.detach().clone(memory_format=torch.contiguous_format)
    places = result.view(-1).nonzero().squeeze(1)
    random = np.random.default_rng(seed)
    size = len(places)
    chosen = random.choice(size, int(share * size), replace=False, shuffle=False)
    result.view(-1)[places[torch.from_numpy(chosen).to(places.device)]] = 0
    return result


def metapath_counts(
    data: HeteroData,
    path: MetaPath,
    keep: int | None,
    *,
    ties: str = "index",
    seed: int = 0,
    max_entries: int | None = DEFAULT_MAX_ENTRIES,
) -> Tensor:
    """Counts of a meta-path, the best of each row if ``keep`` says so, ``[N, N]`` sparse CSR."""
    if keep is None:
        return count_paths(data, path, max_entries=max_entries)
    return top_neighbours_of_path(data, path, keep, ties=ties, seed=seed)


def path_of_target(data: HeteroData, target: str, text: PathText) -> MetaPath:
    """Read a meta-path that has to begin and end at the target type.

    Raises:
        TypeError: The data are no ``HeteroData``.
        ValueError: The graph does not have the path, or it leads elsewhere.
    """
    path = MetaPath.parse(text, data)
    if (path.start, path.end) != (target, target):
        raise ValueError(f"meta-path {path} must begin and end at the target type {target!r}")
    return path


def _target_nodes(data: HeteroData, target: str) -> Data:
    """The target type's own fields, as a graph without edges; the identity for missing features."""
    view = Data(**dict(data[target].items()))
    if view.get("x") is None:
        size = int(data[target].num_nodes)
        _check_identity(target, size, size)
        view.x = torch.eye(size)
    return view


def _check_identity(kind: str, rows: int, columns: int) -> None:
    if rows * columns > MOST_IDENTITY_ENTRIES:
        raise ValueError(
            f"node type {kind!r} has no features, and the identity in place of them would be "
            f"{rows} x {columns}: give it features, or train a method, which learns them"
        )
