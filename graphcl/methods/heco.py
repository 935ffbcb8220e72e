"""HeCo: what touches a node against what its meta-paths reach."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch_geometric.data import HeteroData

from graphcl.arguments import check_number, check_whole, listed, unknown_name
from graphcl.contrast import Pairs
from graphcl.metapaths import (
    DEFAULT_MAX_ENTRIES,
    FixedMatrix,
    metapath_positives,
    reach,
    usual_positives,
)
from graphcl.methods.checks import check_flag, check_share, check_temperature
from graphcl.methods.heco_inputs import (
    Neighbours,
    adjacencies,
    check_feature_types,
    check_neighbours,
    neighbours_by_target,
    read_neighbours,
    with_self_loops,
)
from graphcl.methods.heco_loss import co_contrast
from graphcl.methods.heco_views import GAIN, PathConvolution
from graphcl.methods.heterogeneous import HeterogeneousMethod, MetaPathLike
from graphcl.methods.metapath_inputs import Features, faster_form, feature_rows
from graphcl.nn import NeighbourAttention, Projector, SemanticAttention, TypeProjection
from graphcl.prepared import Prepared
from graphcl.sampling import draw_neighbours

_SCORES = ("degree", "count")
_TIES = ("index", "random", "all")

_log = logging.getLogger(__name__)


class HeCo(HeterogeneousMethod):
    """Heterogeneous graph neural network with co-contrastive learning (HeCo).

    Two views of each target node, of different parts of the graph:

    - network schema: for each relation that leads to the target, attention over a few neighbours,
      drawn anew in every step; then attention over the relations. The node's own features steer
      the attention and nothing else.
    - meta-paths: for each path a graph convolution ``PReLU(D^-1/2 A D^-1/2 h W + c)`` over the
      nodes that it reaches; then attention over the paths. What lies on the way has no say.

    Both go through one projector, to rows u and v. With cosines s and the positives P(i), the nodes
    that most meta-paths lead to (:func:`graphcl.metapaths.metapath_positives`), the loss
    (``InfoNCELoss(positives="inside")``) is the mean over i of ::

        - log(sum over j in P(i) of e^(s(u_i, v_j) / t) / sum over all j of e^(s(u_i, v_j) / t))

    and of the same with u and v exchanged, in shares of ``metapath_share`` and the rest. The
    embedding is the meta-path view before the projector. Draws and dropout follow torch's global
    generator, which a checkpoint of :func:`graphcl.training.fit` keeps.

    Source: Wang, Liu, Han and Shi, KDD 2021, https://arxiv.org/abs/2105.09111, and the authors'
    code, liun-online/HeCo. Unlike theirs, ours keeps a node among its own positives whatever the
    ties say, and gives a node without neighbours of some type a zero row there, which does not
    count in the attention.

    Args:
        num_features: Width of the features of each node type; None: it has none, and every node has
            a learned row.
        num_nodes: Number of nodes of each type.
        target: The node type that is embedded, N nodes.
        metapaths: At least one meta-path from the target to itself.
        neighbours: Relations of the schema view with the number of neighbours to draw. A mapping of
            source types or edge types to numbers, or one number for all relations that lead from
            another type to the target, or None: as many as the targets have on average.
            :func:`graphcl.methods.create_method` looks the relations up; the class itself takes a
            mapping of edge types.
        width: Width of all rows, ``d``.
        temperature: Divisor of the cosine, above 0.
        metapath_share: Share of the direction from the meta-path view to the schema view, 0 to 1.
        drop_features: Dropout of the projected features, from 0 to below 1.
        drop_attention: Dropout of the attention vectors, from 0 to below 1.
        num_positives: Most positives of a node, itself counted; None: the median number of nodes
            that its paths reach, at most 32 (ours; logged).
        score: How nodes are ranked as positives, ``"degree"`` (the authors' code) or ``"count"``
            (the paper).
        ties: ``"random"``, ``"index"`` or ``"all"``: which of equal scores are positives. Random
            ones are drawn once, whatever the seed. Where most are equal (for 92% of ACM's papers at
            the cut) the lower index makes a few nodes the positives of hundreds, as the sort of the
            authors' code does too.
        feature_types: The node types whose features are read; None: all that have some. Of the
            others every node has a learned row. The authors read those of the target alone.
        normalize_features: Divide the rows of features by the sum of their absolute values.
        max_entries: Most entries of a meta-path graph, N x N at worst; None: any number.

    Raises:
        TypeError: An argument of the wrong type.
        ValueError: An argument outside its range.

    Example:
        >>> from graphcl.datasets import load
        >>> from graphcl.methods import create_method
        >>> data, card = load("planted-heterogeneous")
        >>> method, settings = create_method(
        ...     "heco", data, seed=0, target=card.target, metapaths=card.metapaths, width=8
        ... )
        >>> method.loss(data).shape, method.embed(data).shape
        (torch.Size([]), torch.Size([1000, 8]))
    """

    cost = (
        "all pairs of targets: O(N^2 d) time, O(N d) memory beside a tile, and the meta-path graphs"
    )
    monitor: str | None = "loss"

    def __init__(
        self,
        num_features: Mapping[str, int | None],
        num_nodes: Mapping[str, int],
        *,
        target: str,
        metapaths: Sequence[MetaPathLike],
        neighbours: Neighbours = None,
        width: int = 64,
        temperature: float = 0.8,
        metapath_share: float = 0.5,
        drop_features: float = 0.3,
        drop_attention: float = 0.5,
        num_positives: int | None = None,
        score: str = "degree",
        ties: str = "random",
        feature_types: Sequence[str] | None = None,
        normalize_features: bool = True,
        max_entries: int | None = DEFAULT_MAX_ENTRIES,
    ) -> None:
        width = check_whole("width", width, least=1)
        if num_positives is not None:
            num_positives = check_whole("num_positives", num_positives, least=1)
        for name, rate in (("drop_features", drop_features), ("drop_attention", drop_attention)):
            if not 0 <= check_number(name, rate) < 1:
                raise ValueError(f"{name} must be from 0 to below 1, got {rate}")
        for name, value, known in (("score", score, _SCORES), ("ties", ties, _TIES)):
            if value not in known:
                raise ValueError(unknown_name(name, value, known))
        if max_entries is not None:
            max_entries = check_whole("max_entries", max_entries, least=1)
        check_temperature(temperature)
        steps = check_neighbours(neighbours, target)
        feature_types = check_feature_types(feature_types, num_features)
        super().__init__(
            num_features,
            num_nodes,
            target=target,
            metapaths=metapaths,
            neighbours=steps,
            width=width,
            temperature=temperature,
            metapath_share=check_share("metapath_share", metapath_share),
            drop_features=drop_features,
            drop_attention=drop_attention,
            num_positives=num_positives,
            score=score,
            ties=ties,
            feature_types=feature_types,
            normalize_features=check_flag("normalize_features", normalize_features),
            max_entries=max_entries,
        )
        if not self.metapaths:
            raise ValueError("metapaths must have at least one meta-path, got none")
        for source, _, _ in steps:
            if source not in self.num_features:
                raise ValueError(unknown_name("node type in neighbours", source, self.num_features))
        self.neighbours = steps
        self.needed_types = frozenset([target])  # to embed; more to train
        self.temperature, self.metapath_share = temperature, metapath_share
        self.num_positives, self.score, self.ties = num_positives, score, ties
        self.normalize_features, self.max_entries = normalize_features, max_entries
        self.feature_types: Collection[str] = (
            self.num_features if feature_types is None else feature_types
        )
        self.kinds = list(dict.fromkeys([target, *(step[0] for step in self.neighbours)]))
        self.projections = nn.ModuleList(  # names of types may hold dots: no ModuleDict
            TypeProjection(self._features_read(kind), self.num_nodes[kind], width)
            for kind in self.kinds
        )
        self.drop_features = nn.Dropout(drop_features)
        self.schema = nn.ModuleList(
            NeighbourAttention(width, dropout=drop_attention) for _ in self.neighbours
        )
        self.relation_attention = SemanticAttention(width, dropout=drop_attention)
        self.convolutions = nn.ModuleList(PathConvolution(width) for _ in self.metapaths)
        self.path_attention = SemanticAttention(width, dropout=drop_attention)
        self.projector = Projector(width)
        for projection in self.projections:
            nn.init.xavier_normal_(projection.get_parameter("weight"), gain=GAIN)
        for layer in (self.projector.first, self.projector.second):
            nn.init.xavier_normal_(layer.weight, gain=GAIN)
        self._metapath_inputs = Prepared[_MetaPathInputs]()
        self._schema_inputs = Prepared[_SchemaInputs]()

    @classmethod
    def read_arguments(cls, data: HeteroData, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments, with the meta-paths and the relations of the schema view looked up."""
        found = super().read_arguments(data, arguments)
        neighbours = read_neighbours(data, found["target"], found["neighbours"])
        return {**found, "neighbours": neighbours}

    def setup(self, data: HeteroData) -> None:
        """Compose the meta-paths and find the positives."""
        self.check_data(data)
        self._metapath_inputs, self._schema_inputs = Prepared(), Prepared()
        self._metapaths_of(data)
        self._schema_of(data)

    def loss(self, data: HeteroData) -> Tensor:
        """The contrast of both views of all targets, a scalar."""
        paths, schema = self._metapaths_of(data), self._schema_of(data)
        with torch.autocast(self.projector.first.weight.device.type, enabled=False):
            rows = {self.target: self._project(self.target, paths.features)}
            for kind, features in schema.features.items():
                rows[kind] = self._project(kind, features)
            one = self.projector(self._metapath_view(rows[self.target], paths))
            other = self.projector(self._schema_view(rows, schema))
            return co_contrast(
                one,
                other,
                schema.positives,
                temperature=self.temperature,
                share=self.metapath_share,
            )

    def encode(self, data: HeteroData) -> Tensor:
        """The meta-path view of the targets, ``[N, d]``."""
        paths = self._metapaths_of(data)
        with torch.autocast(self.projector.first.weight.device.type, enabled=False):
            return self._metapath_view(self._project(self.target, paths.features), paths)

    def positives(self, data: HeteroData, reached: Sequence[Tensor]) -> Pairs:
        """Which targets belong together.

        Args:
            data: The graph.
            reached: Where each meta-path leads, ``[N, N]``, sparse CSR of ones.
        """
        keep = self.num_positives
        if keep is None:
            keep = usual_positives(reached)
            _log.info("num_positives=%d: the median number of nodes in reach, at most 32", keep)
        index = metapath_positives(reached, keep, score=self.score, ties=self.ties)
        size = reached[0].size(0)
        return Pairs(size, size, positive=index)

    def _metapath_view(self, rows: Tensor, paths: _MetaPathInputs) -> Tensor:
        views = [
            convolution(rows, matrix)
            for convolution, matrix in zip(self.convolutions, paths.matrices, strict=True)
        ]
        fused: Tensor = self.path_attention(views)
        return fused

    def _schema_view(self, rows: Mapping[str, Tensor], schema: _SchemaInputs) -> Tensor:
        views, masks = [], []
        for (step, count), attention, sources in zip(
            self.neighbours.items(), self.schema, schema.neighbours, strict=True
        ):
            drawn, present = draw_neighbours(sources, count)
            views.append(attention(rows[self.target], rows[step[0]], drawn, present))
            masks.append(present)
        fused: Tensor = self.relation_attention(views, masks)
        return fused

    def _project(self, kind: str, features: Features) -> Tensor:
        projected = self.projections[self.kinds.index(kind)](features)
        return functional.elu(self.drop_features(projected))

    def _metapaths_of(self, data: HeteroData) -> _MetaPathInputs:
        """What the meta-path view needs: all that there is to an embedding."""
        return self._metapath_inputs.get(
            self._metapath_sources(data), lambda: self._prepare_metapaths(data)
        )

    def _prepare_metapaths(self, data: HeteroData) -> _MetaPathInputs:
        reached = self._reached(data)
        for path, matrix in zip(self.metapaths, reached, strict=True):
            if matrix.values().numel() == 0:
                warnings.warn(
                    f"meta-path {path} has no instance in this graph: leave it out",
                    stacklevel=2,
                )
        return _MetaPathInputs(
            self._features(data, self.target), adjacencies(with_self_loops(reached))
        )

    def _schema_of(self, data: HeteroData) -> _SchemaInputs:
        """What training needs beside that."""
        kinds = [data[kind].get("x") for kind in self.kinds[1:] if kind in data.node_types]
        steps = [
            data[step].get("edge_index") for step in self.neighbours if step in data.edge_types
        ]
        sources = (*self._metapath_sources(data), *kinds, *steps)
        return self._schema_inputs.get(sources, lambda: self._prepare_schema(data))

    def _prepare_schema(self, data: HeteroData) -> _SchemaInputs:
        self.check_types(data, self.kinds)
        for step in self.neighbours:
            if step not in data.edge_types:
                raise ValueError(
                    f"HeCo was built for edges of type {step}, the graph has "
                    f"{listed([str(kind) for kind in data.edge_types])}"
                )
        pairs = self.positives(data, self._reached(data))
        if pairs.positive_index().size(1) == 0:
            warnings.warn("no node has a positive: the loss is 0", stacklevel=2)
        return _SchemaInputs(
            {kind: self._features(data, kind) for kind in self.kinds[1:]},
            tuple(neighbours_by_target(data, step) for step in self.neighbours),
            pairs,
        )

    def check_types(self, data: HeteroData, kinds: Iterable[str]) -> None:
        """Also where features are there but not read: then nodes have learned rows as well."""
        kinds = list(kinds)
        super().check_types(data, kinds)
        for kind in sorted({*kinds} - {*self.feature_types}):
            if data[kind].num_nodes != self.num_nodes[kind]:
                raise ValueError(
                    f"data[{kind!r}] has {data[kind].num_nodes} nodes; HeCo was built for "
                    f"{self.num_nodes[kind]}, and with their features left out it knows only those"
                )

    def _features_read(self, kind: str) -> int | None:
        return self.num_features[kind] if kind in self.feature_types else None

    def _features(self, data: HeteroData, kind: str) -> Features:
        if kind not in self.feature_types:
            return None
        return faster_form(feature_rows(data, kind, normalize=self.normalize_features))

    def _reached(self, data: HeteroData) -> list[Tensor]:
        """Where each meta-path leads, ``[N, N]``, sparse CSR of ones."""
        return [
            reach(data, path, len(path), max_entries=self.max_entries) for path in self.metapaths
        ]

    def _metapath_sources(self, data: HeteroData) -> tuple[object, ...]:
        steps = dict.fromkeys(step for path in self.metapaths for step in path.edge_types)
        kinds = dict.fromkeys(kind for path in self.metapaths for kind in path.node_types)
        return (
            data[self.target].get("x"),
            *(data[step].edge_index for step in steps),
            *(int(data[kind].num_nodes) for kind in kinds),
        )


@dataclass(frozen=True, eq=False)
class _MetaPathInputs:
    """Features of the target type, and the normalised adjacency of each meta-path."""

    features: Features
    matrices: tuple[FixedMatrix, ...]


@dataclass(frozen=True, eq=False)
class _SchemaInputs:
    """Features of the other types, whom to draw from for each relation, and the positives."""

    features: dict[str, Features]
    neighbours: tuple[Tensor, ...]
    positives: Pairs
