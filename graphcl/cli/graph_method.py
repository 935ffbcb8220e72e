"""Train a method on a graph, or take a trained one, and embed the graph."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from torch import Tensor

    from graphcl.cli.graph_choices import MethodChoice
    from graphcl.cli.opened_graph import OpenedGraph
    from graphcl.methods import Method, MethodEntry, SavedMethod
    from graphcl.training import TrainingSettings

LARGE = 50_000
BATCH = 1024
BLOCK = 10_000
SAVE_EVERY = 10
CONTRAST_BATCH = "contrast_batch"


@dataclass(frozen=True)
class Trained:
    """A method that is ready to embed.

    Attributes:
        method: It.
        settings: How it was trained, None where a file does not say.
        lines: What to tell about it.
    """

    method: Method
    settings: TrainingSettings | None
    lines: list[str]


def obtain_method(
    choice: MethodChoice, base: MethodEntry | SavedMethod, graph: OpenedGraph
) -> Trained:
    """Take the model that the options name, or train a method on the graph."""
    from graphcl.methods import MethodEntry, registered_name

    if isinstance(base, MethodEntry):
        return _train(choice, base, graph)
    check_model(base.method, graph)
    assert choice.model is not None
    lines = [f"{choice.model.name}: {registered_name(base.method)}"]
    if base.features is None:
        lines.append("the model does not say how its features were scaled: check that it was alike")
    return Trained(base.method, base.settings, lines)


def check_model(method: Method, graph: OpenedGraph) -> None:
    """See that a trained method takes the graph: its features, or its types and relations."""
    from graphcl.methods import registered_name

    if method.heterogeneous is not graph.heterogeneous:
        raise ValueError(
            f"--model holds {registered_name(method)} for heterogeneous graphs, {graph.name} has "
            "one type of nodes"
        )
    if graph.target is not None and not isinstance(graph.data, list):
        try:
            method.check_data(graph.data)
        except ValueError as error:
            steps = {step for path in graph.target.metapaths for step in path.edge_types}
            lacking = any(r.startswith("rev_") for _, r, _ in steps - set(graph.data.edge_types))
            hint = "; --add-reverse adds relations called rev_..." if lacking else ""
            raise ValueError(f"--model does not fit {graph.name}: {error}{hint}") from None
        return
    first = graph.data[0] if isinstance(graph.data, list) else graph.data
    if first.x.size(1) != method.num_features:
        raise ValueError(
            f"--model was trained on {method.num_features} features, {graph.name} has "
            f"{first.x.size(1)}"
        )


def embed_graph(method: Method, graph: OpenedGraph, device: str) -> tuple[Tensor, float]:
    """The rows of a graph and the seconds they took; a large one is embedded block by block."""
    started = time.monotonic()
    on_device(method, device)
    rows = method.embed(graph.data, batch_size=in_blocks(method, graph))
    return rows.cpu(), time.monotonic() - started


def on_device(method: Method, device: str) -> None:
    """Move a method to the device that the options name."""
    from graphcl.training import make_fabric

    method.to(make_fabric(device, "32-true").device)


def in_blocks(method: Method, graph: OpenedGraph) -> int | None:
    """Rows to compute at a time: all at once, unless the graph is large and the method can."""
    from graphcl.methods import Method as AnyMethod

    able = type(method).encode_in_blocks is not AnyMethod.encode_in_blocks
    large = not isinstance(graph.data, list) and len(graph.node_ids) > LARGE
    return BLOCK if able and large else None


def _train(choice: MethodChoice, entry: MethodEntry, graph: OpenedGraph) -> Trained:
    from graphcl.methods import create_method, settings_source
    from graphcl.training import fit

    lines = []
    parameters = choice.parameters(entry, graph.kind)
    if graph.target is not None:
        lines += _contrast_batch(choice, entry, graph, parameters)
        parameters |= {"target": graph.target.node_type, "metapaths": graph.target.metapaths}
    if _are_no_counts(graph, entry, parameters):
        parameters["normalize_features"] = False
        if graph.scaling.mean is None:  # else nobody would take them for counts
            lines.append(
                "features below 0 are no counts: rows are not divided by their sum "
                "(normalize_features=false)"
            )
    method, settings = create_method(
        entry.name, graph.data, dataset=graph.dataset, seed=choice.seed, **parameters
    )
    if not entry.trained:
        return Trained(method, settings, [f"{entry.name}: nothing to train"])
    if graph.dataset is not None:
        lines.append(f"settings: {settings_source(entry.name, graph.dataset)}")
    loader, settings, batches = _batches(choice, settings, graph)
    lines += batches
    if len(graph.node_ids) == 1:
        lines.append("a single row has nothing to be compared with: nothing can be learned")
    with _interruptible(choice):
        history = fit(
            method,
            graph.data,
            settings=settings,
            seed=choice.seed,
            device=choice.device,
            precision=choice.precision,  # type: ignore[arg-type]
            loader=loader,
            checkpoint=choice.checkpoint,
            checkpoint_every=SAVE_EVERY if loader is None else 1,
            progress=sys.stderr.isatty(),
        )
    early = ", stopped early" if history.stopped_early else ""
    losses = history.losses
    shown = losses if len(losses) < 2 else (losses[0], losses[-1])
    change = f", loss {' → '.join(f'{loss:.4f}' for loss in shown)}" if losses else ""
    epochs = "1 epoch" if history.epochs_run == 1 else f"{history.epochs_run:,} epochs"
    lines.append(
        f"{entry.name}: {epochs} ({history.steps_run:,} steps) in "
        f"{history.seconds:.1f} s{early}{change}"
    )
    return Trained(method, settings, lines)


@contextmanager
def _interruptible(choice: MethodChoice) -> Iterator[None]:
    """Ctrl-C during training: what is lost and what is kept, in one line."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt:
        file = choice.checkpoint
        kept = "nothing is kept (--checkpoint FILE would keep the state)"
        if file is not None:
            kept = f"{file} holds the training up to its last save, the same command continues"
            kept = kept if file.exists() else f"nothing was saved in {file} yet"
        typer.echo(f"graphcl: interrupted; {kept}", err=True)
        raise typer.Exit(130) from None
    finally:
        signal.signal(signal.SIGINT, before)


def _batches(
    choice: MethodChoice, settings: TrainingSettings, graph: OpenedGraph
) -> tuple[Any, TrainingSettings, list[str]]:
    """A loader where the graph is large or mini-batches are asked for."""
    from graphcl.sampling import neighbour_batches

    if graph.heterogeneous:  # its steps take the whole graph, and contrast a part of the targets
        return None, settings, []
    nodes = len(graph.node_ids)
    size = choice.batch_size
    if isinstance(graph.data, list):
        if size is not None:
            settings = replace(settings, batch_size=size or None)
        if settings.batch_size is None or settings.batch_size >= nodes:
            return None, settings, []
        return None, settings, [f"mini-batches of {settings.batch_size:,} graphs"]
    large = size is None and nodes > LARGE
    if not size and not large:
        return None, settings, []
    size = size or BATCH
    loader = neighbour_batches(
        graph.single, batch_size=size, num_neighbours=choice.fan_out(), seed=choice.seed
    )
    lines = [
        f"mini-batches of {size:,} nodes and up to {choice.num_neighbours} of their neighbours"
        + (f", as there are more than {LARGE:,} nodes (--batch-size 0: all at once)" * large)
    ]
    asked = choice.epochs is not None or choice.steps is not None
    if not asked and not any(s.startswith(("epochs", "steps")) for s in choice.settings or []):
        # As many steps as the whole graph would get, but every node at least once.
        steps = max(settings.epochs, len(loader))
        settings = replace(settings, steps=steps)
        lines.append(f"{steps:,} steps (--steps or --epochs change that)")
    return loader, settings, lines


def _contrast_batch(
    choice: MethodChoice, entry: MethodEntry, graph: OpenedGraph, parameters: dict[str, Any]
) -> list[str]:
    """What `--batch-size` says for a heterogeneous graph becomes an argument of the method."""
    size, able = choice.batch_size, CONTRAST_BATCH in entry.parameter_names("heterogeneous")
    if size and not able:
        raise ValueError(
            f"--batch-size: {entry.name} takes all targets of a heterogeneous graph at once; meow "
            "and adameow contrast as many in a step as are asked for"
        )
    if size and CONTRAST_BATCH in parameters:
        raise ValueError(f"--batch-size and --set {CONTRAST_BATCH} say the same: one is enough")
    large = size is None and able and len(graph.node_ids) > LARGE
    if not size and not (large and CONTRAST_BATCH not in parameters):
        return []
    parameters[CONTRAST_BATCH] = size or BATCH
    return [
        f"each step contrasts {size or BATCH:,} targets"
        + (f", as there are more than {LARGE:,} (--batch-size 0: all)" * large)
    ]


def _are_no_counts(graph: OpenedGraph, entry: MethodEntry, parameters: dict[str, Any]) -> bool:
    if graph.dataset is not None or "normalize_features" in parameters:
        return False
    below = any(bool((x < 0).any()) for x in graph.features)
    names = entry.parameter_names(graph.kind)
    return below and "normalize_features" in names
