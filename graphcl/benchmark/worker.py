"""What a worker process does: it computes the cells of its task and tells each as it is known.

An exception costs the cells that it concerns; the others go on. A training is shared by all
evaluations of its seed.
"""

from __future__ import annotations

import sys
import time
import traceback
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from graphcl.benchmark.cells import Cell, CellResult, parameters_of_card
from graphcl.benchmark.following import Following, few_threads
from graphcl.benchmark.machine import (
    MIB,
    machine,
    now,
    peak_memory_mib,
    reset_peak_memory,
    versions,
)
from graphcl.benchmark.tasks import Message, Progress, Step, Task

if TYPE_CHECKING:
    from torch import Tensor
    from torch_geometric.data import Data, HeteroData

    from graphcl.datasets import DataCard

Emit = Callable[[Message], None]
SECONDS_BETWEEN_SIGNS = 0.3


@dataclass(frozen=True)
class _Training:
    """Embeddings of one seed, what they cost, and where asked for clusters and best epoch."""

    embeddings: Tensor
    measures: dict[str, Any]
    assignment: Tensor | None
    followed: Following | None


def run_task(task: Task, emit: Emit) -> None:
    """Compute the cells of a task.

    Args:
        task: Cells of one row on one data set.
        emit: Called with every result as soon as it is known, and with signs of life.
    """
    from graphcl.datasets import load
    from graphcl.evaluation import make_split

    first = task.cells[0]
    common = {"versions": versions(), "machine": machine()}
    emit(Step("loading the data", _keys(task.cells)))
    emit(Progress("loading"))
    try:
        data, card = load(first.dataset, task.data_root)
    except Exception as error:
        _emit_failures(task.cells, error, common, emit)
        return
    by_seed: dict[int, list[Cell]] = {}
    for cell in task.cells:
        by_seed.setdefault(cell.seed, []).append(cell)
    for asked in by_seed.values():
        cells, splits = [], []
        for cell in asked:  # a split that cannot be made is known before the training
            try:
                split = make_split(cell.protocol, data, cell.seed, target=card.target)
                splits.append(split.hash)
                cells.append(cell)
            except Exception as error:
                _emit_failures([cell], error, common, emit)
        if not cells:
            continue
        emit(Step("training", _keys(cells)))
        try:
            training = _train(cells, data, card, emit)
        except Exception as error:
            _emit_failures(cells, error, common, emit)
            continue
        for cell, split_hash in zip(cells, splits, strict=True):
            emit(Step("evaluating", (cell.key,)))
            emit(Progress(f"seed {cell.seed}, {cell.protocol}"))
            try:
                known = {**common, "split_hash": split_hash}
                emit(_evaluate(cell, training, data, card, known))
            except Exception as error:
                _emit_failures([cell], error, {**common, **training.measures}, emit)


def _keys(cells: Iterable[Cell]) -> tuple[str, ...]:
    return tuple(cell.key for cell in cells)


def _train(
    cells: list[Cell], data: Data | HeteroData | list[Data], card: DataCard, emit: Emit
) -> _Training:
    """One training for all these cells, which differ in their protocol alone."""
    import torch

    from graphcl.evaluation import get_protocol
    from graphcl.methods import create_method, get_method, settings_source
    from graphcl.training import fit

    cell = cells[0]
    own_clusters = any(get_protocol(each.protocol).own_clusters for each in cells)
    on_gpu = torch.cuda.is_available()
    reset_peak_memory()
    if on_gpu:
        torch.cuda.reset_peak_memory_stats()
    start = last_sign = time.perf_counter()
    emit(Progress(f"seed {cell.seed}"))
    cls = get_method(cell.method).class_for(card.kind)
    parameters = {**parameters_of_card(card, cls), **cell.parameters}
    method, settings = create_method(
        cell.method, data, dataset=cell.dataset, seed=cell.seed, **parameters
    )
    followed = Following(method, data, card, cell.seed) if own_clusters else None

    def on_epoch(epoch: int, loss: float) -> None:
        nonlocal last_sign
        if followed is not None:
            followed.after_epoch(epoch)
        if time.perf_counter() - last_sign > SECONDS_BETWEEN_SIGNS:
            last_sign = time.perf_counter()
            emit(Progress(f"seed {cell.seed}, epoch {epoch + 1}/{settings.epochs}"))

    history = fit(method, data, settings=settings, seed=cell.seed, on_epoch=on_epoch)
    embeddings = method.embed(data).detach().cpu()
    seconds = time.perf_counter() - start - (0.0 if followed is None else followed.seconds)
    if not torch.isfinite(embeddings).all():
        raise ValueError("the embeddings contain NaN or infinite values")
    return _Training(
        embeddings=embeddings,
        measures={
            "settings": {**method.configuration, **(asdict(settings) if method.trained else {})},
            "settings_source": settings_source(cell.method, cell.dataset),
            "seconds_training": seconds,
            "peak_memory_mib": peak_memory_mib(),
            "peak_gpu_memory_mib": torch.cuda.max_memory_allocated() / MIB if on_gpu else None,
            "epochs": history.epochs_run,
        },
        assignment=method.assignment(data).cpu() if own_clusters and cls.clusters else None,
        followed=followed,
    )


def _evaluate(
    cell: Cell,
    training: _Training,
    data: Data | HeteroData | list[Data],
    card: DataCard,
    common: dict[str, Any],
) -> CellResult:
    from graphcl.evaluation import evaluate, get_protocol

    own_clusters = get_protocol(cell.protocol).own_clusters
    start = time.perf_counter()
    with few_threads(len(training.embeddings)):
        metrics = evaluate(
            cell.protocol,
            training.embeddings,
            data,
            cell.seed,
            target=card.target,
            dataset=card.name,
            assignment=training.assignment if own_clusters else None,
        )
    epochs = training.measures["epochs"]
    if own_clusters and training.followed is not None and epochs:
        training.followed.best.compare(epochs, metrics)
        metrics |= training.followed.best.metrics
    seconds = time.perf_counter() - start
    return CellResult(
        cell=cell,
        status="done",
        metrics={name: float(value) for name, value in metrics.items()},
        seconds_evaluation=seconds,
        timestamp=now(),
        **training.measures,
        **common,
    )


def _emit_failures(
    cells: list[Cell] | tuple[Cell, ...], error: Exception, known: dict[str, Any], emit: Emit
) -> None:
    text = " ".join(str(error).split()) or "no message"
    # Our own errors say what is wrong; of others the kind matters too.
    expected = isinstance(error, ValueError | FileNotFoundError)
    message = text if expected else f"{type(error).__name__}: {text}"
    print(traceback.format_exc(), file=sys.stderr)
    for cell in cells:
        emit(
            CellResult(
                cell=cell,
                status="failed",
                message=message,
                details=traceback.format_exc(),
                timestamp=now(),
                **known,
            )
        )
