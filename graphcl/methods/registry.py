"""Methods by name, with the settings that belong to a data set."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import torch
from torch_geometric.data import Data

from graphcl.arguments import check_seed, unknown_name
from graphcl.datasets import check_graph
from graphcl.methods import grace_settings, ssgc
from graphcl.methods.checks import check_homogeneous
from graphcl.methods.grace import Grace
from graphcl.methods.grace_neighbours import GraceNeighbours
from graphcl.methods.method import Method
from graphcl.methods.published import PublishedSettings
from graphcl.methods.random_encoder import RandomEncoder
from graphcl.methods.raw import Raw
from graphcl.methods.ssgc import SSGC
from graphcl.training import TrainingSettings


@dataclass(frozen=True)
class MethodEntry:
    """One method of the registry.

    Attributes:
        name: As typed on the command line.
        cls: The class; its first argument is the width of the features.
        summary: One line.
        training: Default training settings; zero epochs where nothing is trained.
        settings: Settings by data set, names in lower case.
    """

    name: str
    cls: type[Method]
    summary: str
    training: TrainingSettings
    settings: Mapping[str, PublishedSettings]

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

    def parameter_names(self) -> list[str]:
        """What :func:`create_method` takes: the method's arguments, then the training settings."""
        return list(self._defaults()) + (_TRAINING_NAMES if self.trained else [])

    def settings_for(self, dataset: str | None) -> tuple[dict[str, object], TrainingSettings]:
        """The method's arguments and training settings on a data set: published, else defaults."""
        published = self.settings.get(str(dataset).lower())
        if published is None:
            return self._defaults(), self.training
        return {**self._defaults(), **published.parameters}, published.training or self.training

    def _defaults(self) -> dict[str, object]:
        arguments = inspect.signature(self.cls).parameters.values()
        return {a.name: a.default for a in arguments if a.kind is a.KEYWORD_ONLY}


def method_names() -> list[str]:
    """The names of all methods, from the simplest to the most involved.

    Example:
        >>> method_names()
        ['raw', 'random-encoder', 'ssgc', 'grace', 'grace-neighbours']
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
    data: Data | Sequence[Data],
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
        data: A graph, or a list of graphs where the method works at graph level.
        dataset: Name of the data set; unknown names and None give the defaults.
        seed: Seed of the initial weights, leaving torch's global generator as it was; None: they
            are drawn from the global generator.
        **parameters: Arguments of the method, and ``epochs``, ``learning_rate``, ``weight_decay``,
            ``patience``, ``steps`` where it is trained.

    Returns:
        The method, untrained, and its training settings for :func:`graphcl.training.fit`.

    Raises:
        TypeError: An argument of the wrong type.
        ValueError: An unknown method or parameter, a value out of range, broken data, data of a
            level that the method does not have.

    Example:
        >>> graph = Data(x=torch.eye(3), edge_index=torch.tensor([[0, 1], [1, 0]]))
        >>> method, settings = create_method("grace", graph, seed=0, width=8, epochs=5)
        >>> method.configuration["width"], settings.epochs
        (8, 5)
    """
    entry = get_method(name)
    allowed = entry.parameter_names()
    for given in parameters:
        if given not in allowed:
            raise ValueError(unknown_name(f"parameter of {entry.name}", given, allowed))
    if seed is not None:
        seed = check_seed(seed)
    check_graph(data)
    check_homogeneous(entry.name, data)
    arguments, training = entry.settings_for(dataset)
    ours = _TRAINING_NAMES if entry.trained else []
    changes = {key: value for key, value in parameters.items() if key in ours}
    arguments |= {key: value for key, value in parameters.items() if key not in changes}
    settings = dataclasses.replace(training, **changes)  # type: ignore[arg-type]
    first = data if isinstance(data, Data) else data[0]
    with torch.random.fork_rng(devices=[], enabled=seed is not None):
        if seed is not None:
            torch.manual_seed(seed)
        method = entry.cls(first.x.size(1), **arguments)
    method.check_level(data)
    return method, settings


def _entry(
    name: str,
    cls: type[Method],
    summary: str,
    *,
    training: TrainingSettings | None = None,
    settings: Sequence[PublishedSettings] = (),
) -> MethodEntry:
    nothing = TrainingSettings(epochs=0)
    by_name = MappingProxyType({published.dataset.lower(): published for published in settings})
    return MethodEntry(name, cls, summary, training or nothing, by_name)


_TRAINING_NAMES = [field.name for field in dataclasses.fields(TrainingSettings)]
_ENTRIES: Mapping[str, MethodEntry] = MappingProxyType(
    {
        entry.name: entry
        for entry in (
            _entry("raw", Raw, "the features as they are"),
            _entry("random-encoder", RandomEncoder, "an untrained graph convolutional encoder"),
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
        )
    }
)
