"""What MEOW and AdaMEOW share: views, encoder, projector, embedding."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import torch
from torch import Tensor
from torch_geometric.data import HeteroData

from graphcl.arguments import check_number, check_whole, one_for_each, unknown_name
from graphcl.metapaths import DEFAULT_MAX_ENTRIES
from graphcl.methods.checks import check_flag, check_share, check_temperature
from graphcl.methods.heterogeneous import HeterogeneousMethod, MetaPathLike
from graphcl.methods.metapath_encoder import MetaPathEncoder
from graphcl.methods.metapath_inputs import (
    MaskedInputs,
    PlainInputs,
    ViewOptions,
    prepare_masked,
    prepare_plain,
    sources,
)
from graphcl.nn import TanhProjector
from graphcl.prepared import Prepared

_CHOICES = {
    "ties": ("index", "random", "all"),
    "orientation": ("rows", "official"),
    "contexts": ("distinct", "paths"),
    "layer_norm": ("matrix", "rows"),
    "propagation": ("matrix", "operator"),
}


class MetaPathContrast(HeterogeneousMethod):
    """Contrast of a coarse and a fine-grained meta-path view of the target nodes.

    Coarse is which targets the meta-paths join, fine-grained what lies on the way as well. Both run
    through one encoder (`MetaPathEncoder`) and one
    projector; the embedding is the fine-grained row before the projector, without dropout. Masks
    are drawn from a seed that is part of the state: training, embedding and a method that was saved
    and loaded see the same.

    Args:
        num_features: Width of the features of each node type; None: learned rows instead.
        num_nodes: Number of nodes of each type.
        target: The node type that is embedded.
        metapaths: At least one meta-path from the target type to itself.
        width: Width of the embedding, ``d``.
        projection_width: Width of the projected rows; None: ``d``.
        dropout: Rate, from 0 to below 1.
        temperature: Divisor of the cosine, above 0.
        keep: Neighbours that stay in a meta-path graph for each node, itself counted as one, by
            PathSim; None: all. One for all paths, or one for each.
        drop_edges: Share of the edges that the masked views lack, for all paths or for each.
        mask_features: Share of the target's features other than 0 that they lack.
        resample_masks: Draw the masks anew in every epoch; False, as the authors: once. The
            embedding uses the first draw in any case.
        ties: Which of equal PathSim scores stay: ``"index"`` (the node itself, then lower
            numbers), ``"random"`` or ``"all"``. The authors' depend on an unstable sort.
        orientation: ``"rows"``: a node aggregates from the neighbours that it kept;
            ``"official"``: from those that kept it, as the authors' code does.
        binary: Take the edges of the plain views as 1, as in the masked views, instead of the
            number of path instances (the authors').
        contexts: ``"distinct"``: mean over the nodes on the way, each once (the authors');
            ``"paths"``: step by step, without the matrix of who reaches whom.
        layer_norm: ``"matrix"``: one mean and one variance for the whole matrix of rows (the
            authors'); ``"rows"``: one for each row.
        normalize_features: Divide the features of each node by the sum of their absolute values.
        propagation: ``"matrix"``, or ``"operator"``: meta-path graphs are applied relation by
            relation and never become matrices. Then there is no filter (``keep``) and masks drop
            edges of the relations, so that an instance of the path is left as often.
        contrast_batch: Number of targets that a step contrasts, drawn anew each time; None: all.
        max_entries: Most entries of a meta-path graph, or of who reaches whom.
        **configuration: Further arguments of a subclass.

    Raises:
        TypeError: An argument of the wrong type.
        ValueError: An argument outside its range, or a combination without a meaning.
    """

    mask_seed: Tensor  # a buffer: saved and loaded with the weights

    def __init__(
        self,
        num_features: Mapping[str, int | None],
        num_nodes: Mapping[str, int],
        *,
        target: str,
        metapaths: Sequence[MetaPathLike],
        width: int = 64,
        projection_width: int | None = None,
        dropout: float = 0.2,
        temperature: float = 0.4,
        keep: int | Sequence[int | None] | None = None,
        drop_edges: float | Sequence[float] = 0.2,
        mask_features: float = 0.3,
        resample_masks: bool = False,
        ties: Literal["index", "random", "all"] = "index",
        orientation: Literal["rows", "official"] = "rows",
        binary: bool = False,
        contexts: Literal["distinct", "paths"] = "distinct",
        layer_norm: Literal["matrix", "rows"] = "matrix",
        normalize_features: bool = False,
        propagation: Literal["matrix", "operator"] = "matrix",
        contrast_batch: int | None = None,
        max_entries: int = DEFAULT_MAX_ENTRIES,
        **configuration: object,
    ) -> None:
        check_whole("width", width, least=1)
        if projection_width is not None:
            check_whole("projection_width", projection_width, least=1)
        if not 0 <= check_number("dropout", dropout) < 1:
            raise ValueError(f"dropout must be from 0 to below 1, got {dropout}")
        check_temperature(temperature)
        if contrast_batch is not None:
            check_whole("contrast_batch", contrast_batch, least=2)
        check_whole("max_entries", max_entries, least=1)
        given = {
            "ties": ties,
            "orientation": orientation,
            "contexts": contexts,
            "layer_norm": layer_norm,
            "propagation": propagation,
        }
        for name, value in given.items():
            if value not in _CHOICES[name]:
                raise ValueError(unknown_name(name, value, _CHOICES[name]))
        super().__init__(
            num_features,
            num_nodes,
            target=target,
            metapaths=metapaths,
            width=width,
            projection_width=projection_width,
            dropout=dropout,
            temperature=temperature,
            keep=_plain(keep),
            drop_edges=_plain(drop_edges),
            mask_features=check_share("mask_features", mask_features),
            resample_masks=check_flag("resample_masks", resample_masks),
            binary=check_flag("binary", binary),
            normalize_features=check_flag("normalize_features", normalize_features),
            contrast_batch=contrast_batch,
            max_entries=max_entries,
            **given,
            **configuration,
        )
        if not self.metapaths:
            raise ValueError("metapaths must name at least one meta-path, got none")
        number = len(self.metapaths)
        shares = one_for_each("drop_edges", drop_edges, "meta-paths", number)
        self.options = ViewOptions(
            target=target,
            metapaths=self.metapaths,
            keep=tuple(
                None if most is None else check_whole("keep", most, least=1)
                for most in one_for_each("keep", keep, "meta-paths", number)
            ),
            drop_edges=tuple(check_share("drop_edges", share) for share in shares),
            mask_features=mask_features,
            ties=ties,
            orientation=orientation,
            binary=binary,
            contexts=contexts,
            propagation=propagation,
            normalize_features=normalize_features,
            max_entries=max_entries,
        )
        self._check_operator()
        self.temperature = float(temperature)
        self.encoder = MetaPathEncoder(
            self.num_features,
            self.num_nodes,
            target=target,
            metapaths=self.metapaths,
            width=width,
            dropout=dropout,
            layer_norm=layer_norm,
        )
        self.projector = TanhProjector(width, out=projection_width)
        self.register_buffer("mask_seed", torch.randint(2**31, ()))
        self._plain = Prepared[PlainInputs]()
        self._masked = Prepared[MaskedInputs]()
        self._draw = 0

    def _check_operator(self) -> None:
        options = self.options
        if options.propagation == "operator" and (
            set(options.keep) != {None} or options.binary or options.orientation != "rows"
        ):
            raise ValueError(
                "propagation='operator' has no matrix to filter or to change: it needs keep=None, "
                f"binary=False and orientation='rows', got keep={options.keep}, "
                f"binary={options.binary} and orientation={options.orientation!r}"
            )

    def setup(self, data: HeteroData) -> None:
        """Compose and filter the meta-paths, and draw the masks."""
        self.check_data(data)
        self._plain, self._masked = Prepared(), Prepared()
        self._inputs(data)

    def before_epoch(self, epoch: int, data: HeteroData) -> None:
        """Draw the masks anew where they are to be."""
        self._draw = epoch if self.configuration["resample_masks"] else 0

    def loss(self, data: HeteroData) -> Tensor:
        """The contrast of the two views, a scalar."""
        coarse, fine = self.encoder(*self._inputs(data, self._draw))
        return self.contrast(self.projector(coarse), self.projector(fine))

    @abstractmethod
    def contrast(self, coarse: Tensor, fine: Tensor) -> Tensor:
        """The loss of the projected rows of all targets, unit rows ``[N, d]`` of both views."""

    def encode(self, data: HeteroData) -> Tensor:
        """The fine-grained rows, ``[N, d]``."""
        rows: Tensor = self.encoder.fine(*self._inputs(data))
        return rows

    def contrasted(self, number: int, device: torch.device) -> Tensor | None:
        """Which of the targets this step contrasts, sorted, ``[B]``; None: all."""
        size: Any = self.configuration["contrast_batch"]
        if size is None or size >= number:
            return None
        return torch.randperm(number, device=device)[:size].sort().values

    def _inputs(self, data: HeteroData, draw: int = 0) -> tuple[PlainInputs, MaskedInputs]:
        seed = int(self.mask_seed)
        graph = (*sources(data, self.metapaths), seed)
        plain = self._plain.get(graph, lambda: prepare_plain(data, self.options, seed))
        masked = self._masked.get(
            (*graph, draw), lambda: prepare_masked(data, plain, self.options, seed + draw)
        )
        return plain, masked


def _plain(value: object) -> object:
    """A list as a tuple: configurations are compared and written to files."""
    return tuple(value) if isinstance(value, list) else value
