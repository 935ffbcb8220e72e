"""Train a method: optimiser, stopping, checkpoints, devices.

A method is anything with the hooks of :class:`graphcl.methods.Method`; nothing else of it is used.
"""

from __future__ import annotations

import copy
import math
import random
import time
import zlib
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from graphcl.arguments import check_seed, check_whole
from graphcl.checkpoint import (
    damaged_checkpoint,
    data_digest,
    prepare_checkpoint,
    random_state,
    read_checkpoint,
    set_random_state,
    write_checkpoint,
)
from graphcl.datasets import check_graph

if TYPE_CHECKING:
    from lightning_fabric import Fabric

    from graphcl.methods.method import Method

Precision = Literal["32-true", "bf16-mixed", "16-mixed"]
PRECISIONS: tuple[Precision, ...] = get_args(Precision)
"""Precisions of :func:`fit`: the weights are float32 in all of them."""


@dataclass(frozen=True)
class TrainingSettings:
    """How long and how fast to train.

    Attributes:
        epochs: Most epochs to train, at least 0.
        learning_rate: Of Adam, above 0.
        weight_decay: Of Adam (added to the gradient), at least 0.
        patience: Stop after this many epochs in a row without a lower training loss, and return to
            the weights of the lowest; None: always train all epochs.

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

    def __post_init__(self) -> None:
        check_whole("epochs", self.epochs, least=0)
        if self.patience is not None:
            check_whole("patience", self.patience, least=1)
        for name in ("learning_rate", "weight_decay"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                raise TypeError(f"{name} must be a number, got {value!r}")
            if not math.isfinite(value) or value < 0 or (name == "learning_rate" and value == 0):
                bound = "above 0" if name == "learning_rate" else "at least 0"
                raise ValueError(f"{name} must be finite and {bound}, got {value}")


@dataclass(frozen=True)
class History:
    """What happened in training.

    Attributes:
        losses: Training loss of each epoch, before the epoch's step.
        epochs_run: Number of epochs, those before a resume included.
        stopped_early: Whether patience ran out.
        seconds: Wall time, that before a resume included.
    """

    losses: list[float]
    epochs_run: int
    stopped_early: bool
    seconds: float


def fit(
    method: Method,
    data: Any,
    *,
    settings: TrainingSettings,
    seed: int = 0,
    device: str = "auto",
    precision: Precision = "32-true",
    checkpoint: str | Path | None = None,
    checkpoint_every: int = 50,
    resume: bool = True,
    progress: bool = False,
    on_epoch: Callable[[int, float], None] | None = None,
) -> History:
    """Train a method on a graph or a list of graphs, in place.

    Python's, NumPy's and torch's random generators are seeded first (and stay as training leaves
    them), so the same seed and the same initial weights give the same result on the same machine.

    With ``settings.patience`` and a method whose ``monitor`` is ``"loss"``, training stops once the
    loss has not fallen for that many epochs, and the method ends with the weights that had the
    lowest loss, also where all epochs were run. Otherwise it ends with the last weights.

    With ``checkpoint``, the file is replaced atomically every ``checkpoint_every`` epochs and at
    the end. A later call with the same arguments continues from it, bit for bit as if it had never
    been interrupted. ``setup`` runs again in that case. A finished checkpoint is read and training
    is not repeated.

    Args:
        method: What to train. An untrained method (``trained`` False) is only set up.
        data: What the method's hooks get, moved to the device.
        settings: How long and how fast.
        seed: From 0 to 2^32 - 1.
        device: ``"auto"`` (CUDA where there is one), ``"cpu"``, ``"cuda"`` or ``"cuda:<index>"``.
            The method stays there.
        precision: One of :data:`PRECISIONS`; ``"16-mixed"`` needs CUDA.
        checkpoint: File to keep the state in, or None. Its folder is created.
        checkpoint_every: Epochs between two checkpoints, at least 1.
        resume: False: start anew and overwrite an existing checkpoint.
        progress: Show a progress bar.
        on_epoch: Called after each epoch with its number (from 0) and loss.

    Returns:
        The losses and how training ended.

    Raises:
        TypeError: An argument of the wrong type.
        OSError: The checkpoint cannot be written; said before training.
        ValueError: An argument out of range; broken data; a method without anything to train; a
            loss that is no scalar or not finite (before the optimiser's step: the weights are those
            of the epoch before); a checkpoint that is damaged or of another method, configuration,
            seed or graph.

    Example:
        >>> from torch_geometric.data import Data
        >>> from graphcl.methods import create_method
        >>> graph = Data(x=torch.eye(4), edge_index=torch.tensor([[0, 1], [1, 0]]))
        >>> method, settings = create_method("grace", graph, seed=0, width=8, epochs=3)
        >>> fit(method, graph, settings=settings).epochs_run
        3
    """
    started = time.monotonic()
    _check_hooks(method, settings)
    check_graph(data)
    seed = check_seed(seed)
    check_whole("checkpoint_every", checkpoint_every, least=1)
    if method.monitor not in ("loss", None):
        raise ValueError(f"{_name(method)}.monitor must be 'loss' or None, got {method.monitor!r}")
    path = None if checkpoint is None else prepare_checkpoint(checkpoint)
    fabric = _make_fabric(device, precision)
    _seed_everything(seed)
    on_device = _move(data, fabric.device)
    method.to(fabric.device)
    method.setup(on_device)
    if not method.trained:
        return History([], 0, False, time.monotonic() - started)
    run = _Run(method, settings, fabric)
    if path is not None:
        run.identity = _identity(method, data, settings, seed, precision)
        if resume and path.exists():
            run.restore(path)
    before = run.seconds
    bar = tqdm(total=settings.epochs, initial=run.epoch, disable=not progress, desc=_name(method))
    with bar:
        while not run.finished:
            loss = run.train_epoch(on_device)
            run.seconds = before + time.monotonic() - started
            if path is not None and (run.epoch % checkpoint_every == 0 or run.finished):
                run.save(path)
            bar.set_postfix(loss=f"{loss:.4f}", refresh=False)
            bar.update()
            if on_epoch is not None:
                on_epoch(run.epoch - 1, loss)
    run.end()
    return History(list(run.losses), run.epoch, run.stopped_early, run.seconds)


def _check_hooks(method: object, settings: object) -> None:
    """The two mistakes that are made first: a name for a method, a dict for settings."""
    hooks = ("monitor", "trained", "setup", "before_epoch", "loss", "after_step", "configuration")
    lacking = [hook for hook in hooks if not hasattr(method, hook)]
    if lacking or isinstance(method, type):
        raise TypeError(
            f"method must be a graphcl.methods.Method (create_method makes one), got {method!r:.60}"
        )
    if not isinstance(settings, TrainingSettings):
        raise TypeError(f"settings must be TrainingSettings, got {type(settings).__name__}")


def _make_fabric(device: str, precision: Precision) -> Fabric:
    """Lightning Fabric for one device; ``ValueError`` where there is no such device."""
    from lightning_fabric import Fabric  # 0.1 s that only training has to pay

    if precision not in PRECISIONS:
        raise ValueError(f"precision must be one of {', '.join(PRECISIONS)}, got {precision!r}")
    count = torch.cuda.device_count()
    name = str(device)
    if name == "auto":
        name = "cuda" if count else "cpu"
    kind, _, index = name.partition(":")
    if kind not in ("cpu", "cuda") or (index and (kind == "cpu" or not index.isdecimal())):
        raise ValueError(f"device must be auto, cpu, cuda or cuda:<index>, got {device!r}")
    if kind == "cpu":
        if precision == "16-mixed":
            raise ValueError("precision 16-mixed needs CUDA; on a CPU use bf16-mixed")
        return Fabric(accelerator="cpu", devices=1, precision=precision)
    if int(index or 0) >= count:
        raise ValueError(f"device {device!r} is not there: torch sees {count} CUDA devices")
    return Fabric(accelerator="cuda", devices=[int(index or 0)], precision=precision)


@dataclass
class _Best:
    """The lowest loss so far, and the weights that had it."""

    loss: float = math.inf
    weights: dict[str, Any] = field(default_factory=dict)
    waited: int = 0


class _Run:
    """One training run between two epochs: all that a checkpoint has to hold."""

    def __init__(self, method: Method, settings: TrainingSettings, fabric: Fabric) -> None:
        groups = method.parameter_groups()
        if not any(len(list(group["params"])) for group in groups):
            raise ValueError(f"{_name(method)} has no parameters to train")
        self.method, self.settings, self.fabric = method, settings, fabric
        self.optimizer = torch.optim.Adam(
            groups, lr=settings.learning_rate, weight_decay=settings.weight_decay
        )
        self.model, self.stepper = fabric.setup(method, self.optimizer)
        self.model.mark_forward_method("loss")
        self.identity: dict[str, str] = {}
        self.epoch = 0
        self.losses: list[float] = []
        self.seconds = 0.0
        self.best = _Best() if method.monitor and settings.patience is not None else None

    @property
    def stopped_early(self) -> bool:
        patience = self.settings.patience
        return self.best is not None and patience is not None and self.best.waited >= patience

    @property
    def finished(self) -> bool:
        return self.epoch >= self.settings.epochs or self.stopped_early

    def train_epoch(self, data: Any) -> float:
        self.model.train()
        self.method.before_epoch(self.epoch, data)
        self.stepper.zero_grad()
        loss = self.model.loss(data)
        value = self._checked(loss)
        if self.best is not None:
            self._compare(self.best, value)
        self.fabric.backward(loss)
        self.stepper.step()
        self.method.after_step()
        self.losses.append(value)
        self.epoch += 1
        return value

    def end(self) -> None:
        """Go back to the best weights, and take off what Fabric put on."""
        if self.best is not None and self.best.weights:
            self.method.load_state_dict(self.best.weights)
        self.method.__dict__.pop("forward", None)  # Fabric's way to reach `loss`

    def _checked(self, loss: Tensor) -> float:
        where = f"epoch {self.epoch} of {_name(self.method)}"
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

    def _compare(self, best: _Best, value: float) -> None:
        # The loss belongs to the weights before this epoch's step.
        if value < best.loss:
            state = self.method.state_dict()
            best.loss, best.waited = value, 0
            best.weights = {key: _clone(entry) for key, entry in state.items()}
        else:
            best.waited += 1

    def save(self, path: Path) -> None:
        content = {
            "identity": self.identity,
            "epoch": self.epoch,
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
        content = read_checkpoint(path, self.identity)
        try:
            self.method.load_state_dict(content["method"])
            self.optimizer.load_state_dict(content["optimizer"])
            self.fabric.strategy.precision.load_state_dict(content["precision"])
            self.epoch, self.losses = content["epoch"], list(content["losses"])
            self.seconds = content["seconds"]
            self.best = None if content["best"] is None else _Best(**content["best"])
            set_random_state(content["random"])
        except (KeyError, RuntimeError, TypeError, ValueError) as error:
            raise damaged_checkpoint(path, error) from error


def _identity(
    method: Method, data: Any, settings: TrainingSettings, seed: int, precision: Precision
) -> dict[str, str]:
    """What a checkpoint must agree on with the run that continues it."""
    shapes = {key: tuple(getattr(e, "shape", ())) for key, e in method.state_dict().items()}
    configuration = ", ".join(f"{k}={v!r}" for k, v in sorted(method.configuration.items()))
    parts: dict[str, object] = {
        "method": f"{_name(method)} version {method.version}",
        "configuration": configuration,
        "weights": zlib.crc32(repr(sorted(shapes.items())).encode()),
        **asdict(settings),
        "seed": seed,
        "precision": precision,
        "data": data_digest(data),
    }
    return {key: str(value) for key, value in parts.items()}


def _seed_everything(seed: int) -> None:
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002  (what methods call by itself draws from it)
    torch.manual_seed(seed)  # CUDA too


def _clone(entry: Any) -> Any:
    return entry.detach().clone() if isinstance(entry, Tensor) else entry


def _move(data: Any, device: torch.device) -> Any:
    # PyG's `to` writes into the object that it is called on: the caller's stays where it is.
    if isinstance(data, (list, tuple)):
        return [copy.copy(graph).to(device) for graph in data]
    return copy.copy(data).to(device)


def _name(method: Method) -> str:
    return type(method).__name__
