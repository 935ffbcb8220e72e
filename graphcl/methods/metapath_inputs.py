"""What MEOW computes once for a graph: meta-path adjacencies, contexts, features, masks."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch_geometric.data import HeteroData

from graphcl.augmentations import mask_entries, metapath_counts
from graphcl.metapaths import (
    EdgeType,
    FixedMatrix,
    MetaPath,
    PathDifference,
    PathOperator,
    PathTooLarge,
    masked,
    mean_rows,
    normalized,
    reach,
)
from graphcl.nn import Adjacency, compress_features

SPARSE_UP_TO = 0.2
"""Share of features other than 0 up to which the sparse product is the faster one (measured)."""

Features = Tensor | FixedMatrix | None
Chain = tuple[FixedMatrix, ...]


@dataclass(frozen=True)
class ViewOptions:
    """How the views of a heterogeneous graph are made; :class:`MetaPathContrast` says what is what.

    What differs by meta-path has one entry for each.
    """

    target: str
    metapaths: tuple[MetaPath, ...]
    keep: tuple[int | None, ...]
    drop_edges: tuple[float, ...]
    mask_features: float
    ties: str
    orientation: str
    binary: bool
    contexts: str
    propagation: str
    normalize_features: bool
    max_entries: int


@dataclass(frozen=True, eq=False)
class PlainInputs:
    """What does not depend on masks.

    Attributes:
        features: Of each node type; None: the type has none.
        adjacencies: The normalised adjacency of each meta-path, ``[N, N]``.
        contexts: For each meta-path and each of its inner positions the matrices whose product
            averages over the nodes there, ``[N, N_q]``.
        counts: What masks are drawn from, sparse CSR ``[N, N]``; None where relations are masked.
        target_rows: Features of the target type, dense; None: it has none.
    """

    features: dict[str, Features]
    adjacencies: tuple[Adjacency, ...]
    contexts: tuple[tuple[Chain, ...], ...]
    counts: tuple[Tensor, ...] | None
    target_rows: Tensor | None


@dataclass(frozen=True, eq=False)
class MaskedInputs:
    """One draw of the masks.

    Attributes:
        features: Of the target type; None: it has none.
        kept: Without features, which rows of the identity are left, ``[N]`` of 0 and 1.
        adjacencies: The masked adjacency of each meta-path, ``[N, N]``.
    """

    features: Features
    kept: Tensor | None
    adjacencies: tuple[Adjacency, ...]


def prepare_plain(data: HeteroData, options: ViewOptions, seed: int) -> PlainInputs:
    """Compose and filter the meta-paths of a graph, and bring features into the faster form.

    Args:
        data: The graph.
        options: How.
        seed: Of ``ties="random"``.

    Raises:
        PathTooLarge: A meta-path graph or a reach set with more than ``max_entries``.
    """
    kinds = dict.fromkeys(kind for path in options.metapaths for kind in path.inner)
    rows = {
        kind: feature_rows(data, kind, normalize=options.normalize_features)
        for kind in (*kinds, options.target)
    }
    adjacencies: list[Adjacency] = []
    counts: list[Tensor] = []
    for path, keep in zip(options.metapaths, options.keep, strict=True):
        if options.propagation == "operator":
            operator = PathOperator(data, path)
            _warn_if_empty(path, empty=not bool(operator.degrees.any()))
            adjacencies.append(operator)
            continue
        count = _counts(data, path, keep, options, seed)
        _warn_if_empty(path, empty=count.values().numel() == 0)
        counts.append(count)
        adjacencies.append(_adjacency(data, path, keep, count, options))
    return PlainInputs(
        features={kind: faster_form(x) for kind, x in rows.items()},
        adjacencies=tuple(adjacencies),
        contexts=_contexts(data, options),
        counts=tuple(counts) or None,
        target_rows=rows[options.target],
    )


def prepare_masked(
    data: HeteroData, plain: PlainInputs, options: ViewOptions, seed: int
) -> MaskedInputs:
    """Draw the masks; the same seed draws the same."""
    adjacencies: list[Adjacency] = []
    for place, (path, share) in enumerate(zip(options.metapaths, options.drop_edges, strict=True)):
        own = _derived(seed, place)
        if plain.counts is None:
            adjacencies.append(PathOperator(_without_edges(data, path, share, own), path))
            continue
        generator = torch.Generator().manual_seed(own)
        counts = plain.counts[place]
        kept = masked(counts, share, generator=generator, orientation=options.orientation)
        unfiltered = isinstance(plain.adjacencies[place], PathOperator)
        adjacencies.append(_masked_adjacency(data, path, counts, kept, unfiltered=unfiltered))
    own = _derived(seed, len(options.metapaths))
    x = plain.target_rows
    if x is not None:
        features = faster_form(mask_entries(x, options.mask_features, seed=own))
        return MaskedInputs(features, None, tuple(adjacencies))
    ones = torch.ones(1, int(data[options.target].num_nodes), device=_device(data, options))
    kept = mask_entries(ones, options.mask_features, seed=own)[0]
    return MaskedInputs(None, kept, tuple(adjacencies))


def feature_rows(data: HeteroData, kind: str, *, normalize: bool) -> Tensor | None:
    """The features of a node type, ``[N, F]`` float32; None: it has none.

    Args:
        data: The graph.
        kind: The node type.
        normalize: Divide each row by the sum of its absolute values.
    """
    x = data[kind].get("x")
    if x is None:
        return None
    x = x.float()
    if normalize:
        x = x / x.abs().sum(1, keepdim=True).clamp(min=torch.finfo(x.dtype).tiny)
    return x


def faster_form(x: Tensor | None) -> Features:
    """Features as a sparse matrix that knows its transpose, where that is the faster form."""
    if x is None:
        return None
    compressed = compress_features(x, max_density=SPARSE_UP_TO)
    return compressed if compressed.layout == torch.strided else FixedMatrix(compressed)


def _counts(
    data: HeteroData, path: MetaPath, keep: int | None, options: ViewOptions, seed: int
) -> Tensor:
    try:
        return metapath_counts(
            data, path, keep, ties=options.ties, seed=seed, max_entries=options.max_entries
        )
    except PathTooLarge as error:
        raise PathTooLarge(
            f"{error}. As arguments of the method: keep=<number of neighbours>, or "
            "propagation='operator'"
        ) from None


def _warn_if_empty(path: MetaPath, *, empty: bool) -> None:
    if empty:
        warnings.warn(
            f"meta-path {path} has no instance in this graph: its view tells nothing apart but the "
            "targets themselves. Leave it out",
            stacklevel=2,
        )


def _adjacency(
    data: HeteroData, path: MetaPath, keep: int | None, counts: Tensor, options: ViewOptions
) -> Adjacency:
    if not options.binary and options.orientation == "rows":
        operator = PathOperator(data, path)
        everything = keep is None or torch.equal(
            counts @ torch.ones(counts.size(1), 1).to(counts), operator.degrees.view(-1, 1)
        )
        # nothing was filtered out: the same product, cheaper
        if everything and 2 * operator.num_entries < counts.values().numel():
            return operator
    return FixedMatrix(normalized(counts, orientation=options.orientation, binary=options.binary))


def _masked_adjacency(
    data: HeteroData, path: MetaPath, counts: Tensor, kept: Tensor, *, unfiltered: bool
) -> Adjacency:
    if unfiltered and bool((counts.values() == 1).all()):
        difference = PathDifference(PathOperator(data, path, normalize="none"), counts, kept)
        if 2 * difference.num_entries < kept.values().numel():
            return difference
    return FixedMatrix(kept)


def _contexts(data: HeteroData, options: ViewOptions) -> tuple[tuple[Chain, ...], ...]:
    """The chains of each path; paths that begin alike share theirs."""
    found: dict[tuple[EdgeType, ...], Chain] = {}
    for path in options.metapaths:
        for position in range(1, len(path)):
            prefix = path.prefix(position)
            if prefix.edge_types in found:
                continue
            if options.contexts == "distinct":
                found[prefix.edge_types] = (FixedMatrix(_reached(data, prefix, options)),)
            else:
                steps = (MetaPath((step,)) for step in prefix.edge_types)
                found[prefix.edge_types] = tuple(
                    FixedMatrix(_reached(data, step, options)) for step in steps
                )
    return tuple(
        tuple(found[path.edge_types[:position]] for position in range(1, len(path)))
        for path in options.metapaths
    )


def _reached(data: HeteroData, path: MetaPath, options: ViewOptions) -> Tensor:
    try:
        return mean_rows(reach(data, path, len(path), max_entries=options.max_entries))
    except PathTooLarge as error:
        raise PathTooLarge(
            f"{error}. For the contexts of the method: contexts='paths' averages step by step and "
            "needs no such matrix"
        ) from None


def _without_edges(data: HeteroData, path: MetaPath, share: float, seed: int) -> HeteroData:
    """The graph without some edges: an instance of the path is left with probability 1 - share."""
    steps = dict.fromkeys(path.edge_types)
    random = np.random.default_rng(seed)
    result = copy.copy(data)
    for step in steps:
        edges = data[step].edge_index
        stays = torch.from_numpy(random.random(edges.size(1)) < (1 - share) ** (1 / len(path)))
        result[step].edge_index = edges[:, stays.to(edges.device)]
    return result


def _derived(seed: int, place: int) -> int:
    """A seed for one of several draws."""
    return int(np.random.SeedSequence([seed, place]).generate_state(1)[0])


def _device(data: HeteroData, options: ViewOptions) -> torch.device:
    return data[options.metapaths[0].edge_types[0]].edge_index.device


def sources(data: HeteroData, metapaths: Sequence[MetaPath]) -> tuple[object, ...]:
    """Everything in a graph that the inputs depend on, for :class:`graphcl.prepared.Prepared`."""
    kinds = dict.fromkeys(kind for path in metapaths for kind in path.node_types)
    steps = dict.fromkeys(step for path in metapaths for step in path.edge_types)
    return (
        *(data[kind].get("x") for kind in kinds),
        *(int(data[kind].num_nodes) for kind in kinds),
        *(data[step].edge_index for step in steps),
    )
