"""What the registry knows of a method."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

from graphcl.datasets import Kind
from graphcl.methods.checks import wrong_kind, wrong_level
from graphcl.methods.heterogeneous import HeterogeneousMethod
from graphcl.methods.method import Method
from graphcl.methods.published import PublishedSettings
from graphcl.methods.signatures import keyword_arguments
from graphcl.training import TrainingSettings

TRAINING_NAMES = [field.name for field in dataclasses.fields(TrainingSettings)]


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
        for_graphs: The class that does the same for a list of graphs, where there is one beside
            ``cls``.
        training_of_graphs: Default training settings of that class.

    Example:
        >>> from graphcl.methods import get_method
        >>> entry = get_method("grace")
        >>> entry.settings_for("Cora")[1].epochs, sorted(entry.kinds)
        (200, ['node'])
    """

    name: str
    cls: type[Method]
    summary: str
    training: TrainingSettings
    settings: Mapping[str, PublishedSettings]
    for_heterogeneous: type[HeterogeneousMethod] | None = None
    for_graphs: type[Method] | None = None
    training_of_graphs: TrainingSettings | None = None

    @property
    def version(self) -> int:
        """Version of the method's mathematics."""
        return self.cls.version

    @property
    def levels(self) -> frozenset[Kind]:
        """The levels at which it embeds, of ``"node"`` and ``"graph"``."""
        return frozenset().union(*(cls.levels for cls in self.classes))

    @property
    def kinds(self) -> frozenset[Kind]:
        """The kinds of data that it embeds."""
        return frozenset().union(*map(kinds_of, self.classes))

    @property
    def trained(self) -> bool:
        """Whether there is anything to train."""
        return self.cls.trained

    @property
    def classes(self) -> tuple[type[Method], ...]:
        """The class; where there are several, ``cls`` first."""
        others = (self.for_graphs, self.for_heterogeneous)
        return (self.cls, *(cls for cls in others if cls is not None))

    def class_for(self, kind: Kind) -> type[Method]:
        """The class for this kind of data; ``ValueError`` where the method has none."""
        for cls in self.classes:
            if kind in kinds_of(cls):
                return cls
        if kind == "heterogeneous" or self.cls.heterogeneous:
            raise ValueError(wrong_kind(self.name, heterogeneous=self.cls.heterogeneous))
        raise ValueError(wrong_level(self.name, self.levels, kind))

    def training_for(self, kind: Kind) -> TrainingSettings:
        """Default training settings for this kind of data."""
        own = self.training_of_graphs
        return self.training if own is None or kind != "graph" else own

    def parameter_names(self, kind: Kind | None = None) -> list[str]:
        """What :func:`create_method` takes: the method's arguments, then the training settings.

        Args:
            kind: For which kind of data; None: for any.
        """
        classes = self.classes if kind is None else (self.class_for(kind),)
        names = [argument.name for cls in classes for argument in keyword_arguments(cls)]
        return list(dict.fromkeys(names)) + (TRAINING_NAMES if self.trained else [])

    def settings_for(
        self, dataset: str | None, kind: Kind | None = None
    ) -> tuple[dict[str, object], TrainingSettings]:
        """The method's arguments and training settings on a data set: published, else defaults.

        Arguments without a default (the target and the meta-paths of a heterogeneous graph) are not
        among them.

        Args:
            dataset: Name of the data set; None: none.
            kind: For which kind of data; None: for that of ``cls``.
        """
        cls = self.cls if kind is None else self.class_for(kind)
        training = self.training if kind is None else self.training_for(kind)
        defaults = {a.name: a.default for a in keyword_arguments(cls) if a.default is not a.empty}
        published = self.settings.get(str(dataset).lower())
        if published is None:
            return defaults, training
        return {**defaults, **published.parameters}, published.training or training


def kinds_of(cls: type[Method]) -> frozenset[Kind]:
    """The kinds of data that a class embeds."""
    return frozenset({"heterogeneous"}) if cls.heterogeneous else cls.levels
