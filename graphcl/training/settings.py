"""How long and how fast to train, and what happened."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from graphcl.arguments import check_whole, unknown_name

FINAL_WEIGHTS = ("best", "last")


@dataclass(frozen=True)
class TrainingSettings:
    """How long and how fast to train.

    Attributes:
        epochs: Most epochs to train, at least 0. An epoch is one step on the whole data, or with
            mini-batches one step on each of them.
        learning_rate: Of Adam, above 0.
        weight_decay: Of Adam (added to the gradient), at least 0.
        patience: Stop after this many epochs in a row without a lower training loss; None: always
            train all epochs.
        final_weights: With a patience, the weights that stay: ``"best"``, those of the lowest loss,
            or ``"last"``, for losses whose terms change between epochs, so that the lowest means
            little.
        steps: Most steps of the optimiser, at least 1, also where that ends within an epoch; None:
            as many as the epochs have.
        batch_size: Of a list of graphs, how many are in a mini-batch
            (:class:`graphcl.sampling.GraphBatches`), at least 1; None: all.

    Raises:
        TypeError: A field of the wrong type.
        ValueError: A field out of range.

    Example:
        >>> TrainingSettings(epochs=200, learning_rate=5e-4).patience is None
        True
    """

    epochs: int = 200
    learning_rate: float = 1e-3
    weight_decay: float = 0.0
    patience: int | None = None
    steps: int | None = None
    final_weights: Literal["best", "last"] = "best"
    batch_size: int | None = None

    def __post_init__(self) -> None:
        check_whole("epochs", self.epochs, least=0)
        for name in ("patience", "steps", "batch_size"):
            if getattr(self, name) is not None:
                check_whole(name, getattr(self, name), least=1)
        for name in ("learning_rate", "weight_decay"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                raise TypeError(f"{name} must be a number, got {value!r}")
            if not math.isfinite(value) or value < 0 or (name == "learning_rate" and value == 0):
                bound = "above 0" if name == "learning_rate" else "at least 0"
                raise ValueError(f"{name} must be finite and {bound}, got {value}")
        if self.final_weights not in FINAL_WEIGHTS:
            raise ValueError(unknown_name("final_weights", self.final_weights, FINAL_WEIGHTS))


@dataclass(frozen=True)
class History:
    """What happened in training.

    Attributes:
        losses: Training loss of each epoch: of the whole data before the epoch's step, or with a
            loader the mean over its batches, weighted by their seeds.
        epochs_run: Number of epochs, those before a resume included; one that
            ``TrainingSettings.steps`` cut short counts.
        stopped_early: Whether patience ran out.
        seconds: Wall time, that before a resume included.
        steps_run: Number of steps of the optimiser, those before a resume included.
    """

    losses: list[float]
    epochs_run: int
    stopped_early: bool
    seconds: float
    steps_run: int = 0
