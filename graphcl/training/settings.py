"""How long and how fast to train, and what happened."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from graphcl.arguments import check_number, check_whole, unknown_name

FINAL_WEIGHTS = ("best", "last")
OPTIMIZERS = ("adam", "adamw")
SCHEDULES = ("constant", "cosine")


@dataclass(frozen=True)
class TrainingSettings:
    """How long and how fast to train.

    Attributes:
        epochs: Most epochs to train, at least 0. An epoch is one step on the whole data, or with
            mini-batches one step on each of them.
        learning_rate: Of Adam, above 0.
        weight_decay: Of Adam, at least 0.
        patience: Stop after this many epochs in a row without a lower training loss; None: always
            train all epochs.
        final_weights: With a patience, the weights that stay: ``"best"``, those of the lowest loss,
            or ``"last"``, for losses whose terms change between epochs, so that the lowest means
            little.
        steps: Most steps of the optimiser, at least 1, also where that ends within an epoch; None:
            as many as the epochs have.
        batch_size: Of a list of graphs, how many are in a mini-batch
            (:class:`graphcl.sampling.GraphBatches`), at least 1; None: all.
        optimizer: ``"adam"``, which adds the weight decay to the gradient, or ``"adamw"``, which
            shrinks the weights by it.
        schedule: Of the learning rate: ``"constant"``, or ``"cosine"``, which lets it fall to 0
            along half a cosine.
        warmup: Share of the steps, from 0 to 1, over which the learning rate grows from 0 first.

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
    optimizer: Literal["adam", "adamw"] = "adam"
    schedule: Literal["constant", "cosine"] = "constant"
    warmup: float = 0.0

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
        for name, known in (
            ("final_weights", FINAL_WEIGHTS),
            ("optimizer", OPTIMIZERS),
            ("schedule", SCHEDULES),
        ):
            if getattr(self, name) not in known:
                raise ValueError(unknown_name(name, getattr(self, name), known))
        if not 0 <= check_number("warmup", self.warmup) <= 1:
            raise ValueError(f"warmup must be from 0 to 1, got {self.warmup}")

    def __str__(self) -> str:
        """In words.

        Example:
            >>> print(TrainingSettings(epochs=1000, schedule="cosine", warmup=0.1))
            1,000 epochs, rate 0.001 by a cosine after 10 % of warm-up
        """
        if self.epochs == 0:
            return "none"
        rate = f"rate {self.learning_rate:g}"
        rate += " by a cosine" if self.schedule == "cosine" else ""
        rate += f" after {100 * self.warmup:.3g} % of warm-up" if self.warmup else ""
        decay = f"weight decay {self.weight_decay:g}"
        decay += " (AdamW)" if self.optimizer == "adamw" else ""
        parts = {
            f"{self.epochs:,} epochs": True,
            f"at most {self.steps} steps": self.steps,
            rate: True,
            decay: self.weight_decay,
            f"patience {self.patience}": self.patience,
            "the last weights stay": self.patience and self.final_weights == "last",
            f"batches of {self.batch_size}": self.batch_size,
        }
        return ", ".join(text for text, said in parts.items() if said)

    def rate_at(self, progress: float) -> float:
        """The learning rate at a step, as a share of ``learning_rate``.

        Args:
            progress: Share of all steps that were taken before, from 0 to below 1.

        Example:
            >>> settings = TrainingSettings(schedule="cosine", warmup=0.1)
            >>> [round(settings.rate_at(done), 3) for done in (0.0, 0.05, 0.1, 0.55, 0.99)]
            [0.0, 0.5, 1.0, 0.5, 0.0]
        """
        if progress < self.warmup:
            return progress / self.warmup
        if self.schedule == "constant":
            return 1.0
        rest = (progress - self.warmup) / (1 - self.warmup)
        return (1 + math.cos(math.pi * rest)) / 2


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
