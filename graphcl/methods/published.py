"""Settings that belong to a data set, with their source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from graphcl.training import TrainingSettings

# Ends the source of settings whose epochs are ours: nobody published any for the data set.
BY_MODULARITY = (
    "chosen without labels: the fewest of those tried whose clusters' modularity is within half a "
    "point of the highest (benchmarks/results/fallback-epochs)"
)


@dataclass(frozen=True)
class PublishedSettings:
    """The settings of one method for one data set, never tuned on test labels.

    Attributes:
        dataset: Name of the data set, as on its card.
        source: Where the settings come from.
        parameters: Arguments of the method that differ from its defaults.
        training: How long and how fast to train; None: the method's default.

    Example:
        >>> PublishedSettings("Cora", "the authors' configuration", {"width": 128}).parameters
        {'width': 128}
    """

    dataset: str
    source: str
    parameters: Mapping[str, object] = field(default_factory=dict)
    training: TrainingSettings | None = None
