"""What the registry knows of a method."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Mapping
from dataclasses import dataclass

from graphcl.methods.checks import wrong_kind
from graphcl.methods.heterogeneous import HeterogeneousMethod
from graphcl.methods.method import Method
from graphcl.methods.published import PublishedSettings
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
            for argument in keyword_arguments(cls)
        ]
        return list(dict.fromkeys(names)) + (TRAINING_NAMES if self.trained else [])

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
        defaults = {a.name: a.default for a in keyword_arguments(cls) if a.default is not a.empty}
        published = self.settings.get(str(dataset).lower())
        if published is None:
            return defaults, self.training
        return {**defaults, **published.parameters}, published.training or self.training


def keyword_arguments(cls: type[Method]) -> list[inspect.Parameter]:
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
