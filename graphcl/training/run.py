"""One training run between two epochs: all that a checkpoint has to hold."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch_geometric.data import Batch, Data

from graphcl.checkpoint import (
    damaged_checkpoint,
    random_state,
    read_checkpoint,
    set_random_state,
    write_checkpoint,
)
from graphcl.sampling import num_seeds
from graphcl.training.devices import move
from graphcl.training.settings import TrainingSettings

if TYPE_CHECKING:
    from lightning_fabric import Fabric

    from graphcl.methods.method import Method


@dataclass
class Best:
    """The lowest loss so far, and the weights that had it."""

    loss: float = math.inf
    weights: dict[str, Any] = field(default_factory=dict)
    waited: int = 0


class Run:
    """The state of a training run, and how it goes on by an epoch."""

    def __init__(
        self,
        method: Method,
        settings: TrainingSettings,
        fabric: Fabric,
        loader: Iterable[Any] | None,
        total_steps: int | None,
        on_step: Callable[[float], None],
    ) -> None:
        groups = method.parameter_groups()
        if not any(len(list(group["params"])) for group in groups):
            raise ValueError(f"{type(method).__name__} has no parameters to train")
        self.method, self.settings, self.fabric = method, settings, fabric
        self.loader, self.total_steps, self.on_step = loader, total_steps, on_step
        optimizer = torch.optim.Adam if settings.optimizer == "adam" else torch.optim.AdamW
        self.optimizer = optimizer(
            groups, lr=settings.learning_rate, weight_decay=settings.weight_decay
        )
        self.rates = [float(group["lr"]) for group in self.optimizer.param_groups]
        self.model, self.stepper = fabric.setup(method, self.optimizer)
        self.model.mark_forward_method("loss")
        self.identity: dict[str, str] = {}
        self.epoch = self.steps = 0
        self.losses: list[float] = []
        self.seconds = 0.0
        self.best = Best() if method.monitor and settings.patience is not None else None

    @property
    def stopped_early(self) -> bool:
        """Whether patience has run out."""
        patience = self.settings.patience
        return self.best is not None and patience is not None and self.best.waited >= patience

    @property
    def finished(self) -> bool:
        """Whether there is no further epoch."""
        enough = self.epoch >= self.settings.epochs or self.steps == self.settings.steps
        return enough or self.stopped_early

    def train_epoch(self, data: Any) -> float:
        """One step on the whole data, or one on each batch; returns the epoch's loss."""
        self.model.train()
        self.method.before_epoch(self.epoch, data)
        if self.loader is None:
            value = self._step(data)
        else:
            value = self._steps(self.loader)
            # Every batch had weights of its own; those of the end are the closest.
            self._compare(value)
        self.losses.append(value)
        self.epoch += 1
        return value

    def end(self) -> None:
        """Go back to the best weights where they are wanted; take off what Fabric put on."""
        if self.best is not None and self.best.weights:
            self.method.load_state_dict(self.best.weights)
        self.method.__dict__.pop("forward", None)  # Fabric's way to reach `loss`

    def _steps(self, loader: Iterable[Any]) -> float:
        set_epoch = getattr(loader, "set_epoch", None)
        if set_epoch is not None:
            set_epoch(self.epoch)
        total, weight = 0.0, 0
        for batch in loader:
            if not hasattr(batch, "to") and not isinstance(batch, (list, tuple)):
                raise TypeError(
                    f"loader must yield Data, Batch or lists of them, got {type(batch).__name__}"
                )
            size = _weight(batch)
            total += size * self._step(move(batch, self.fabric.device))
            weight += size
            if self.steps == self.settings.steps:
                break
        if weight == 0:
            raise ValueError(f"loader gave no batch in epoch {self.epoch}")
        return total / weight

    @property
    def progress(self) -> float:
        """Share of the training that is behind, by steps; by epochs where nobody can count them."""
        if self.total_steps:
            return min(self.steps / self.total_steps, 1.0)
        return self.epoch / self.settings.epochs

    def _step(self, data: Any) -> float:
        self.method.progress = self.progress
        share = self.settings.rate_at(self.method.progress)
        for group, rate in zip(self.optimizer.param_groups, self.rates, strict=True):
            group["lr"] = share * rate
        self.stepper.zero_grad()
        loss = self.model.loss(data)
        value = self._checked(loss)
        if self.loader is None:
            self._compare(value)  # the loss belongs to the weights before this step
        self.fabric.backward(loss)
        self.stepper.step()
        self.method.after_step()
        self.steps += 1
        self.on_step(value)
        return value

    def _checked(self, loss: Tensor) -> float:
        step = "" if self.loader is None else f", step {self.steps}"
        where = f"epoch {self.epoch}{step} of {type(self.method).__name__}"
        if not isinstance(loss, Tensor) or loss.numel() != 1:
            got = list(loss.shape) if isinstance(loss, Tensor) else type(loss).__name__
            raise ValueError(f"{where}: the loss must be a tensor with one entry, got {got}")
        value = float(loss.detach())
        if not math.isfinite(value):
            raise ValueError(
                f"{where}: the loss is {value}; the optimiser's step was not taken. A lower "
                "learning_rate or a higher temperature may help"
            )
        if not loss.requires_grad:
            raise ValueError(f"{where}: the loss does not depend on any parameter")
        return value

    def _compare(self, value: float) -> None:
        if self.best is None:
            return
        if value < self.best.loss:
            self.best.loss, self.best.waited = value, 0
            if self.settings.final_weights == "best":
                state = self.method.state_dict()
                self.best.weights = {key: _clone(entry) for key, entry in state.items()}
        else:
            self.best.waited += 1

    def save(self, path: Path) -> None:
        """Replace the checkpoint."""
        content = {
            "identity": self.identity,
            "epoch": self.epoch,
            "steps": self.steps,
            "losses": self.losses,
            "seconds": self.seconds,
            "best": None if self.best is None else dict(vars(self.best)),
            "method": dict(self.method.state_dict()),
            "optimizer": self.optimizer.state_dict(),
            "precision": self.fabric.strategy.precision.state_dict(),
            "random": random_state(),
        }
        write_checkpoint(path, content)

    def restore(self, path: Path) -> None:
        """Go on where the checkpoint was written; ``ValueError`` where it does not belong here."""
        content = read_checkpoint(path, self.identity)
        try:
            self.method.load_state_dict(content["method"])
            self.optimizer.load_state_dict(content["optimizer"])
            self.fabric.strategy.precision.load_state_dict(content["precision"])
            self.epoch, self.steps = content["epoch"], content["steps"]
            self.losses, self.seconds = list(content["losses"]), content["seconds"]
            self.best = None if content["best"] is None else Best(**content["best"])
            set_random_state(content["random"])
        except (KeyError, RuntimeError, TypeError, ValueError) as error:
            raise damaged_checkpoint(path, error) from error


def _weight(batch: Any) -> int:
    """How much a batch counts in the epoch's loss: its seeds, graphs or nodes."""
    if isinstance(batch, (list, tuple)):
        return len(batch)
    if isinstance(batch, Batch):
        return int(batch.num_graphs)
    if isinstance(batch, Data):
        seeds = num_seeds(batch)
        return int(batch.num_nodes or 0) if seeds is None else seeds
    return 1


def _clone(entry: Any) -> Any:
    return entry.detach().clone() if isinstance(entry, Tensor) else entry
