"""Train a method on a graph."""

from __future__ import annotations

import random
import time
import zlib
from collections.abc import Callable, Iterable, Sized
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch_geometric.data import Batch, Data, HeteroData
from tqdm import tqdm

from graphcl.arguments import check_seed, check_whole
from graphcl.checkpoint import data_digest, prepare_checkpoint
from graphcl.datasets import check_graph
from graphcl.sampling import GraphBatches
from graphcl.training.devices import Precision, make_fabric, move
from graphcl.training.run import Run
from graphcl.training.settings import History, TrainingSettings

if TYPE_CHECKING:
    from graphcl.methods.method import Method


def fit(
    method: Method,
    data: Any,
    *,
    settings: TrainingSettings,
    seed: int = 0,
    device: str = "auto",
    precision: Precision = "32-true",
    loader: Iterable[Any] | None = None,
    checkpoint: str | Path | None = None,
    checkpoint_every: int = 50,
    resume: bool = True,
    progress: bool = False,
    on_epoch: Callable[[int, float], None] | None = None,
) -> History:
    """Train a method on a graph or a list of graphs, in place.

    An epoch is one step of the optimiser on the whole data. With a ``loader`` it is one step on
    each of its batches (:mod:`graphcl.sampling` has loaders for large graphs), and the epoch's loss
    is the mean over the batches, weighted by their seeds. For a list of graphs
    ``settings.batch_size`` makes such batches.

    Python's, NumPy's and torch's random generators are seeded first (and stay as training leaves
    them), so the same seed and the same initial weights give the same result on the same machine.

    With ``settings.patience`` and a method whose ``monitor`` is ``"loss"``, training stops once the
    loss has not fallen for that many epochs, and the method ends with the weights that had the
    lowest loss (with a loader: those at the end of that epoch), also where all epochs were run.
    Otherwise, and with ``final_weights="last"``, it ends with the last weights.

    With ``checkpoint``, the file is replaced atomically every ``checkpoint_every`` epochs and at
    the end. A later call with the same arguments continues from it, bit for bit as if it had never
    been interrupted. ``setup`` runs again in that case. A finished checkpoint is read and training
    is not repeated. A loader must give the same batches again: ours do, others do if they draw from
    the global generators alone.

    Args:
        method: What to train. An untrained method (``trained`` False) is only set up.
        data: What the method's hooks get, moved to the device.
        settings: How long and how fast.
        seed: From 0 to 2^32 - 1.
        device: ``"auto"`` (CUDA where there is one), ``"cpu"``, ``"cuda"`` or ``"cuda:<index>"``.
            The method stays there.
        precision: One of :data:`PRECISIONS`; ``"16-mixed"`` needs CUDA.
        loader: Mini-batches of the data, iterated over once an epoch, each a ``Data``, a ``Batch``
            or a list of graphs; its ``set_epoch(epoch)`` is called first where it has one. None:
            those of ``settings.batch_size``, or the whole data at once. ``setup`` and
            ``before_epoch`` get the whole data in any case.
        checkpoint: File to keep the state in, or None. Its folder is created.
        checkpoint_every: Epochs between two checkpoints, at least 1.
        resume: False: start anew and overwrite an existing checkpoint.
        progress: Show a progress bar; it counts steps.
        on_epoch: Called after each epoch with its number (from 0) and loss.

    Returns:
        The losses and how training ended.

    Raises:
        TypeError: An argument of the wrong type.
        OSError: The checkpoint cannot be written; said before training.
        ValueError: An argument out of range; broken data; a method without anything to train;
            ``settings.batch_size`` for a single graph without a loader; a loss that is no scalar or
            not finite (before the optimiser's step: the weights are those of the step before); a
            loader without batches; a checkpoint that is damaged or of another method,
            configuration, seed, loader or graph.

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
    _check_batch_size(data, settings, loader)
    seed = check_seed(seed)
    check_whole("checkpoint_every", checkpoint_every, least=1)
    if method.monitor not in ("loss", None):
        raise ValueError(f"{_name(method)}.monitor must be 'loss' or None, got {method.monitor!r}")
    if loader is not None and not isinstance(loader, Iterable):
        raise TypeError(f"loader must be iterable, or None, got {type(loader).__name__}")
    path = None if checkpoint is None else prepare_checkpoint(checkpoint)
    fabric = make_fabric(device, precision)
    _seed_everything(seed)
    on_device = move(data, fabric.device)
    method.to(fabric.device)
    method.setup(on_device)
    if not method.trained:
        return History([], 0, False, time.monotonic() - started)
    on_device = method.prepare(on_device)
    if loader is None:
        loader = _graph_batches(on_device, settings, seed)

    def on_step(loss: float) -> None:
        bar.set_postfix(loss=f"{loss:.4f}", refresh=False)
        bar.update()

    total_steps = _total_steps(settings, loader)
    run = Run(method, settings, fabric, loader, total_steps, on_step)
    if path is not None:
        run.identity = _identity(method, data, settings, seed, precision, loader)
        if resume and path.exists():
            run.restore(path)
    before = run.seconds
    bar = tqdm(
        total=total_steps,
        initial=run.steps,
        disable=not progress,
        desc=_name(method),
        unit="step",
    )
    with bar:
        while not run.finished:
            loss = run.train_epoch(on_device)
            run.seconds = before + time.monotonic() - started
            if path is not None and (run.epoch % checkpoint_every == 0 or run.finished):
                run.save(path)
            if on_epoch is not None:
                on_epoch(run.epoch - 1, loss)
    run.end()
    return History(list(run.losses), run.epoch, run.stopped_early, run.seconds, run.steps)


def _check_hooks(method: object, settings: object) -> None:
    """The two mistakes that are made first: a name for a method, a dict for settings."""
    hooks = (
        "monitor", "trained", "setup", "prepare", "before_epoch", "loss", "after_step",
        "configuration",
    )  # fmt: skip
    lacking = [hook for hook in hooks if not hasattr(method, hook)]
    if lacking or isinstance(method, type):
        raise TypeError(
            f"method must be a graphcl.methods.Method (create_method makes one), got {method!r:.60}"
        )
    if not isinstance(settings, TrainingSettings):
        raise TypeError(f"settings must be TrainingSettings, got {type(settings).__name__}")


def _check_batch_size(data: Any, settings: TrainingSettings, loader: object) -> None:
    single = isinstance(data, Data | HeteroData) and not isinstance(data, Batch)
    if settings.batch_size is not None and loader is None and single:
        raise ValueError(
            f"settings.batch_size is {settings.batch_size}, which is for a list of graphs; for a "
            "single graph give a loader of graphcl.sampling"
        )


def _graph_batches(data: Any, settings: TrainingSettings, seed: int) -> GraphBatches | None:
    """Mini-batches of a list of graphs, where they are wanted."""
    if settings.batch_size is None:
        return None
    graphs = data.to_data_list() if isinstance(data, Batch) else data
    return GraphBatches(graphs, batch_size=settings.batch_size, seed=seed)


def _total_steps(settings: TrainingSettings, loader: object) -> int | None:
    """How many steps there will be at most; None where the loader has no length."""
    if loader is None:
        total = settings.epochs
    elif isinstance(loader, Sized):
        total = settings.epochs * len(loader)
    else:
        return settings.steps
    return total if settings.steps is None else min(total, settings.steps)


def _identity(
    method: Method,
    data: Any,
    settings: TrainingSettings,
    seed: int,
    precision: Precision,
    loader: object,
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
        "loader": _describe(loader),
        "data": data_digest(data),
    }
    return {key: str(value) for key, value in parts.items()}


def _describe(loader: object) -> str:
    """What a loader says of itself, unless that holds data or an address in memory."""
    text = repr(loader)
    if " at 0x" not in text and not isinstance(loader, (list, tuple)):
        return text
    size = f" of {len(loader)} batches" if isinstance(loader, Sized) else ""
    return f"{type(loader).__name__}{size}"


def _seed_everything(seed: int) -> None:
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002  (what methods call by itself draws from it)
    torch.manual_seed(seed)  # CUDA too


def _name(method: Method) -> str:
    return type(method).__name__
