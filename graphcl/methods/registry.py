"""Methods by name, with the settings that belong to a data set."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import torch
from torch_geometric.data import Data, HeteroData

from graphcl.arguments import check_seed, listed, unknown_name
from graphcl.datasets import check_graph
from graphcl.methods import (
    control_gcl,
    grace_settings,
    graphcl,
    heco_settings,
    infograph,
    meow_settings,
    pamc,
    scgc,
    ssgc,
)
from graphcl.methods.adameow import AdaMeow
from graphcl.methods.checks import wrong_kind
from graphcl.methods.control_gcl import ControlGCL
from graphcl.methods.control_grace import ControlGrace
from graphcl.methods.ctrl import CTRL
from graphcl.methods.degree_statistics import DegreeStatistics
from graphcl.methods.grace import Grace
from graphcl.methods.grace_neighbours import GraceNeighbours
from graphcl.methods.graphcl import GraphCL
from graphcl.methods.heco import HeCo
from graphcl.methods.heterogeneous import HeterogeneousMethod, node_type_sizes
from graphcl.methods.infograph import InfoGraph
from graphcl.methods.meow import Meow
from graphcl.methods.metapath_means import MetaPathMeans
from graphcl.methods.method import Method
from graphcl.methods.pamc import PamC
from graphcl.methods.published import PublishedSettings
from graphcl.methods.random_encoder import RandomEncoder, RandomMetaPathEncoder
from graphcl.methods.raw import Raw, RawTarget
from graphcl.methods.scgc import SCGC
from graphcl.methods.ssgc import SSGC
from graphcl.methods.weisfeiler_lehman import WeisfeilerLehman
from graphcl.training import TrainingSettings


@dataclass(frozen=True)
class MethodEntry:
    """One method of the registry.

    Attributes:
        name: As typed on the command line.
        cls: The class; its first argument is the width of the features. A
            :class:`HeterogeneousMethod` if the method is for heterogeneous graphs only.
        summary: One line.
        training: Default training settings; zero epochs where nothing is trained.
        settings: Settings by data set, names in lower case.
        for_heterogeneous: The class that does the same for a ``HeteroData``, where there is one
            beside ``cls``.
    """

    name: str
    cls: type[Method]
    summary: str
    training: TrainingSettings
    settings: Mapping[str, PublishedSettings]
    for_heterogeneous: type[HeterogeneousMethod] | None = None

    @property
    def version(self) -> int:
        """Version of the method's mathematics."""
        return self.cls.version

    @property
    def levels(self) -> frozenset[str]:
        """The levels at which it embeds, of ``"node"`` and ``"graph"``."""
        return self.cls.levels

    @property
    def trained(self) -> bool:
        """Whether there is anything to train."""
        return self.cls.trained

    @property
    def classes(self) -> tuple[type[Method], ...]:
        """The class; where there are two, that for homogeneous graphs first."""
        return (self.cls,) if self.for_heterogeneous is None else (self.cls, self.for_heterogeneous)

    def class_for(self, *, heterogeneous: bool) -> type[Method]:
        """The class for this kind of graph; ``ValueError`` where the method has none."""
        for cls in self.classes:
            if cls.heterogeneous is heterogeneous:
                return cls
        raise ValueError(wrong_kind(self.name, heterogeneous=not heterogeneous))

    def parameter_names(self, *, heterogeneous: bool | None = None) -> list[str]:
        """What :func:`create_method` takes: the method's arguments, then the training settings.

        Args:
            heterogeneous: For which kind of graph; None: for any.
        """
        names = [
            argument.name
            for cls in self.classes
            if heterogeneous is None or cls.heterogeneous is heterogeneous
            for argument in _keywords(cls)
        ]
        return list(dict.fromkeys(names)) + (_TRAINING_NAMES if self.trained else [])

    def settings_for(
        self, dataset: str | None, *, heterogeneous: bool | None = None
    ) -> tuple[dict[str, object], TrainingSettings]:
        """The method's arguments and training settings on a data set: published, else defaults.

        Arguments without a default (the target and the meta-paths of a heterogeneous graph) are not
        among them.

        Args:
            dataset: Name of the data set; None: none.
            heterogeneous: For which kind of graph; None: for that of ``cls``.
        """
        cls = self.cls if heterogeneous is None else self.class_for(heterogeneous=heterogeneous)
        defaults = {a.name: a.default for a in _keywords(cls) if a.default is not a.empty}
        published = self.settings.get(str(dataset).lower())
        if published is None:
            return defaults, self.training
        return {**defaults, **published.parameters}, published.training or self.training


def method_names() -> list[str]:
    """The names of all methods, from the simplest to the most involved.

    Example:
        >>> method_names()
        ['raw', 'random-encoder', 'degree-statistics', 'weisfeiler-lehman', 'ctrl', \
'metapath-means', 'ssgc', 'grace', 'grace-neighbours', 'control-grace', 'graphcl', 'infograph', \
'control-gcl', 'scgc', 'pamc', 'heco', 'meow', 'adameow']
    """
    return list(_ENTRIES)


def get_method(name: str) -> MethodEntry:
    """The registry's entry of a method.

    Args:
        name: One of :func:`method_names`; case does not matter.

    Raises:
        ValueError: An unknown name; the message suggests the nearest.

    Example:
        >>> get_method("ssgc").levels
        frozenset({'node'})
    """
    entry = _ENTRIES.get(str(name).lower())
    if entry is None:
        raise ValueError(unknown_name("method", name, _ENTRIES))
    return entry


def settings_source(name: str, dataset: str | None = None) -> str:
    """Where the settings of a method on a data set come from.

    Example:
        >>> settings_source("grace", "Cora")
        "the authors' configuration, CRIPAC-DIG/GRACE config.yaml"
        >>> settings_source("grace", "my own graph")
        'defaults of grace'
    """
    entry = get_method(name)
    published = entry.settings.get(str(dataset).lower())
    return f"defaults of {entry.name}" if published is None else published.source


def create_method(
    name: str,
    data: Data | HeteroData | Sequence[Data],
    *,
    dataset: str | None = None,
    seed: int | None = None,
    **parameters: object,
) -> tuple[Method, TrainingSettings]:
    """Build a method for a data set, and say how to train it.

    The settings start from those published for ``dataset`` (:func:`settings_source` names where),
    or else from the method's defaults; ``parameters`` replace them one by one.

    Args:
        name: One of :func:`method_names`.
        data: A graph, or a list of graphs where the method works at graph level; a ``HeteroData``
            for a method of heterogeneous graphs.
        dataset: Name of the data set; unknown names and None give the defaults.
        seed: Seed of the initial weights, leaving torch's global generator as it was; None: they
            are drawn from the global generator.
        **parameters: Arguments of the method, and ``epochs``, ``learning_rate``, ``weight_decay``,
            ``patience``, ``steps``, ``final_weights``, ``batch_size`` where it is trained. For a
            ``HeteroData`` also ``target``, the node type to embed, and ``metapaths``, a list of
            meta-paths from it to itself (:meth:`graphcl.metapaths.MetaPath.parse` says how they are
            written).

    Returns:
        The method, untrained, and its training settings for :func:`graphcl.training.fit`.

    Raises:
        TypeError: An argument of the wrong type.
        ValueError: An unknown method or parameter, a value out of range, broken data, data of a
            kind or level that the method does not have, a missing target or meta-paths.

    Example:
        >>> graph = Data(x=torch.eye(3), edge_index=torch.tensor([[0, 1], [1, 0]]))
        >>> method, settings = create_method("grace", graph, seed=0, width=8, epochs=5)
        >>> method.configuration["width"], settings.epochs
        (8, 5)
    """
    entry = get_method(name)
    check_graph(data)
    heterogeneous = isinstance(data, HeteroData)
    cls: Any = entry.class_for(heterogeneous=heterogeneous)
    allowed = entry.parameter_names(heterogeneous=heterogeneous)
    for given in parameters:
        if given not in allowed:
            raise ValueError(unknown_name(f"parameter of {entry.name}", given, allowed))
    if seed is not None:
        seed = check_seed(seed)
    arguments, training = entry.settings_for(dataset, heterogeneous=heterogeneous)
    ours = _TRAINING_NAMES if entry.trained else []
    changes = {key: value for key, value in parameters.items() if key in ours}
    arguments |= {key: value for key, value in parameters.items() if key not in changes}
    settings = dataclasses.replace(training, **changes)  # type: ignore[arg-type]
    sizes = _sizes(entry.name, data, arguments)
    if isinstance(data, HeteroData) and issubclass(cls, HeterogeneousMethod):
        arguments = cls.read_arguments(data, arguments)
    with torch.random.fork_rng(devices=[], enabled=seed is not None):
        if seed is not None:
            torch.manual_seed(seed)
        method = cls(*sizes, **arguments)
    method.check_data(data)
    return method, settings


def _sizes(
    name: str, data: Data | HeteroData | Sequence[Data], arguments: dict[str, object]
) -> tuple[Any, ...]:
    """What the class takes first; a heterogeneous graph needs a target and meta-paths as well."""
    if not isinstance(data, HeteroData):
        first = data if isinstance(data, Data) else data[0]
        return (first.x.size(1),)
    for needed, example in (("target", "'paper'"), ("metapaths", "['paper-author-paper']")):
        if needed not in arguments:
            raise ValueError(
                f"{name} needs {needed}, such as {needed}={example}; the graph has the node types "
                f"{listed(data.node_types)}"
            )
    if arguments["target"] not in data.node_types:
        raise ValueError(unknown_name("target type", arguments["target"], data.node_types))
    return node_type_sizes(data)


def _keywords(cls: type[Method]) -> list[inspect.Parameter]:
    """The keyword-only arguments of a class, with those that it passes on to its base classes."""
    found: dict[str, inspect.Parameter] = {}
    for base in cls.__mro__:
        if "__init__" not in vars(base):
            continue
        arguments = inspect.signature(base.__init__).parameters.values()  # type: ignore[misc]
        for argument in arguments:
            if argument.kind is argument.KEYWORD_ONLY:
                found.setdefault(argument.name, argument)
        if all(argument.kind is not argument.VAR_KEYWORD for argument in arguments):
            break
    return list(found.values())


def _entry(
    name: str,
    cls: type[Method],
    summary: str,
    *,
    training: TrainingSettings | None = None,
    settings: Sequence[PublishedSettings] = (),
    for_heterogeneous: type[HeterogeneousMethod] | None = None,
) -> MethodEntry:
    nothing = TrainingSettings(epochs=0)
    by_name = MappingProxyType({published.dataset.lower(): published for published in settings})
    return MethodEntry(name, cls, summary, training or nothing, by_name, for_heterogeneous)


_TRAINING_NAMES = [field.name for field in dataclasses.fields(TrainingSettings)]
_ENTRIES: Mapping[str, MethodEntry] = MappingProxyType(
    {
        entry.name: entry
        for entry in (
            _entry("raw", Raw, "the features as they are", for_heterogeneous=RawTarget),
            _entry(
                "random-encoder",
                RandomEncoder,
                "an untrained graph convolutional encoder",
                for_heterogeneous=RandomMetaPathEncoder,
            ),
            _entry("degree-statistics", DegreeStatistics, "seven numbers of a graph's degrees"),
            _entry(
                "weisfeiler-lehman",
                WeisfeilerLehman,
                "counts of subtrees in a graph (Weisfeiler-Lehman)",
            ),
            _entry("ctrl", CTRL, "what random leaders control in a graph"),
            _entry("metapath-means", MetaPathMeans, "features beside their means over meta-paths"),
            _entry(
                "ssgc",
                SSGC,
                "features smoothed over the graph, without training",
                settings=ssgc.SETTINGS,
            ),
            _entry(
                "grace",
                Grace,
                "two corrupted views, every node against all others",
                training=grace_settings.DEFAULT_TRAINING,
                settings=grace_settings.SETTINGS,
            ),
            _entry(
                "grace-neighbours",
                GraceNeighbours,
                "grace with graph neighbours as positives instead of negatives",
                training=grace_settings.DEFAULT_TRAINING,
                settings=grace_settings.SETTINGS,
            ),
            _entry(
                "control-grace",
                ControlGrace,
                "grace with views that keep what leaders control",
                training=grace_settings.DEFAULT_TRAINING,
                settings=grace_settings.SETTINGS,
            ),
            _entry(
                "graphcl",
                GraphCL,
                "a graph against a randomly changed copy, against all others",
                training=graphcl.DEFAULT_TRAINING,
                settings=graphcl.SETTINGS,
            ),
            _entry(
                "infograph",
                InfoGraph,
                "every node against all graphs, its own is the positive",
                training=infograph.DEFAULT_TRAINING,
                settings=infograph.SETTINGS,
            ),
            _entry(
                "control-gcl",
                ControlGCL,
                "a graph against a copy whose leaders control as much",
                training=control_gcl.DEFAULT_TRAINING,
            ),
            _entry(
                "scgc",
                SCGC,
                "clusters and an exact contrast of neighbours with all, encoder without the graph",
                training=scgc.DEFAULT_TRAINING,
                settings=scgc.SETTINGS,
            ),
            _entry(
                "pamc",
                PamC,
                "clusters and a contrast with them instead of all nodes (meta-nodes)",
                training=pamc.DEFAULT_TRAINING,
                settings=pamc.SETTINGS,
            ),
            _entry(
                "heco",
                HeCo,
                "what touches a node against what its meta-paths reach",
                training=heco_settings.DEFAULT_TRAINING,
                settings=heco_settings.SETTINGS,
            ),
            _entry(
                "meow",
                Meow,
                "meta-path graphs against their contexts, negatives weighted by clusters",
                training=meow_settings.MEOW_TRAINING,
                settings=meow_settings.MEOW_SETTINGS,
            ),
            _entry(
                "adameow",
                AdaMeow,
                "meow with weights of the negatives that are learned",
                training=meow_settings.ADAMEOW_TRAINING,
                settings=meow_settings.ADAMEOW_SETTINGS,
            ),
        )
    }
)
