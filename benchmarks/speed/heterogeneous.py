"""MEOW, HeCo and AdaMEOW: preparation, an epoch, the loss beside whole matrices, a large graph.

    python benchmarks/speed/heterogeneous.py --output benchmarks/results/speed-heterogeneous.md

How to read it: benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from heterogeneous_work import (
    DENSE,
    check_losses,
    large_graph,
    prepare_epoch,
    prepare_loss,
    prepare_paths,
    prepare_setup,
)
from measure import Cost, Limits, measure, run_alone
from options import limits_of, make_parser, write
from tables import number, provenance, table

GIVEN_GIB = 8.0
CHECKED_SIZE = 256
HEADER = (
    "",
    "processor seconds",
    "wall seconds",
    "goal, seconds",
    "peak MiB",
    "process MiB",
    "goal, MiB",
    "official: seconds",
    "process MiB",
)
LOSS_HEADER = ("", "N", "seconds", "peak MiB", "dense: x time", "x memory", "distance")
STAGE_HEADER = ("stage", "wall seconds", "processor seconds", "peak GiB so far")


@dataclass(frozen=True)
class Row:
    """Something that is measured, what it should cost, and what the authors' code costs.

    Attributes:
        name: What it is.
        prepare: Makes the step, from the arguments and the data set.
        arguments: Further arguments of ``prepare``.
        goal: Seconds.
        memory: MiB of the whole process, where there is a goal.
        official: Seconds and MiB of the authors' code.
    """

    name: str
    prepare: Callable[..., Callable[[], float]]
    arguments: dict[str, Any] = field(default_factory=dict)
    goal: str = ""
    memory: str = ""
    official: tuple[str, str] = ("", "")


# The authors' code, run once on two threads of another machine: constants, not measured here.
ROWS = (
    Row("meta-paths and PathSim of meow", prepare_paths, goal="1", official=("30", "")),
    Row("meow: all of its preparation", prepare_setup, {"method": "meow"}),
    Row("meow: epoch", prepare_epoch, {"method": "meow"}, "0.5", "", ("1.39", "1339")),
    Row("heco: epoch", prepare_epoch, {"method": "heco"}, "0.5", "", ("3.1", "1462")),
    Row(
        "adameow: epoch",
        prepare_epoch,
        {"method": "adameow"},
        "1.3",
        "1500",
        ("15.8 (14.4-20.1)", "17,800-18,900"),
    ),
)


def main() -> None:
    options = parse()
    limits = limits_of(options)
    parts = [
        "# Speed and memory on heterogeneous graphs",
        provenance(options.remark),
        f"float32, {options.threads} thread(s), one process a measurement. Seconds are medians; "
        "`peak MiB` is the peak above what was resident before, `process MiB` that of the whole "
        "process.",
    ]
    for section in (of_dataset, of_losses, of_large_graph):
        parts = section(parts, options, limits)
    print(write(parts, options.output))


def parse() -> argparse.Namespace:
    parser = make_parser(__doc__, seconds=300.0)
    parser.add_argument("--dataset", default="HeCo-ACM")
    parser.add_argument("--data", help="root of the data sets (default: $GRAPHCL_DATA, ./datasets)")
    parser.add_argument("--only", default="", help="rows and methods whose name contains this text")
    parser.add_argument("--sizes", type=int, nargs="*", default=[4019], help="rows of the losses")
    parser.add_argument("--targets", type=int, default=200_000, help="of the large graph; 0: none")
    parser.add_argument("--links", type=int, default=2_000_000, help="of the large graph")
    parser.add_argument("--batch", type=int, default=4096, help="targets contrasted in a step")
    parser.add_argument("--epochs", type=int, default=1, help="on the large graph")
    return parser.parse_args()


def of_dataset(parts: Sequence[str], options: argparse.Namespace, limits: Limits) -> list[str]:
    """Preparation and epochs on a data set."""
    shared = {"dataset": options.dataset, "data": options.data and os.path.abspath(options.data)}
    rows: list[list[str]] = []
    result = list(parts)
    for row in ROWS:
        if options.only not in row.name:
            continue
        say(row.name)
        outcome, cost = measure(row.prepare, {**shared, **row.arguments}, limits)
        official = row.official if options.dataset == "HeCo-ACM" else ("", "")
        rows.append([row.name, *cells(cost, outcome.status, row), *official])
        result = [
            *parts,
            f"## {options.dataset}",
            "Settings as published for the data set. `goal` stands for this data set on one "
            "thread. `official`: the authors' code with 2 threads on another machine at another "
            "time, wall seconds and the whole process; constants, not measured here. (That of "
            "the first row holds for all of MEOW's preparation, nearly all of it PathSim.)",
            table(HEADER, rows),
        ]
        write(result, options.output)
    return result


def cells(cost: Cost | None, status: str, row: Row) -> list[str]:
    if cost is None:
        return [status, "", row.goal, "", "", row.memory]
    return [
        number(cost.seconds),
        number(cost.wall_seconds),
        row.goal,
        number(cost.peak_mib),
        number(cost.total_mib),
        row.memory,
    ]


def of_losses(parts: Sequence[str], options: argparse.Namespace, limits: Limits) -> list[str]:
    """Each loss beside its formula in whole matrices."""
    chosen = [name for name in DENSE if options.only in f"{name}: loss"]
    if not options.sizes or not chosen:
        return list(parts)
    checked = run_alone(check_losses, {"size": CHECKED_SIZE}, limits)
    if checked.status != "ok":
        sys.exit(f"could not compare the losses: {checked.status}, {checked.detail}")
    rows: list[list[str]] = []
    result = list(parts)
    for size in options.sizes:
        for name in chosen:
            say(f"{name}: loss, N = {size}")
            costs = {
                who: measure(prepare_loss, {"method": name, "size": size, "who": who}, limits)
                for who in ("ours", "dense")
            }
            rows.append(
                [f"{name}: loss", str(size), *compared(costs), f"{checked.result[name]:.0e}"]
            )
            result = [
                *parts,
                "## The losses alone",
                "Forward + backward on given unit rows, d = 64 (HeCo in both directions, AdaMEOW "
                "with 16 units; MEOW's without k-means and prototypes). `dense` is the formula "
                "with whole matrices in plain torch, in the same run; its columns are ratios to "
                "ours (above 1: it needs more). AdaMEOW's is already the factorised one, N x N x "
                "16; the authors' N x N x 64 needs four times as much again. `distance`: ours "
                f"from dense at N = {CHECKED_SIZE}, in value and gradient.",
                table(LOSS_HEADER, rows),
            ]
            write(result, options.output)
    return result


def compared(costs: dict[str, Any]) -> list[str]:
    """Ours, and the dense formula as a ratio to it."""
    (outcome, ours), (other, dense) = costs["ours"], costs["dense"]
    if ours is None:
        return [outcome.status, "", "", ""]
    mine = [number(ours.seconds), number(ours.peak_mib)]
    if dense is None:
        return [*mine, other.status, ""]
    ratios = (dense.seconds / ours.seconds, dense.peak_mib / max(ours.peak_mib, 1.0))
    return [*mine, *(number(ratio) for ratio in ratios)]


def of_large_graph(parts: Sequence[str], options: argparse.Namespace, limits: Limits) -> list[str]:
    """Everything from a large planted graph to embeddings."""
    result = list(parts)
    for method in ("meow", "adameow"):
        if not options.targets or options.only not in f"{method}: large graph":
            continue
        say(f"{method}: large graph")
        arguments = {
            "method": method,
            "targets": options.targets,
            "links": options.links,
            "batch": options.batch,
            "epochs": options.epochs,
        }
        outcome = run_alone(large_graph, arguments, limits)
        title = f"## {method} on {options.targets:,} targets"
        if outcome.status != "ok":
            result += [title, f"{outcome.status}: {outcome.detail}"]
        else:
            result += [title, *large_graph_parts(outcome.result, options)]
        write(result, options.output)
    return result


def large_graph_parts(found: dict[str, Any], options: argparse.Namespace) -> list[str]:
    stages = [tuple(row) for row in found["stages"]]
    wall, processor = (sum(row[k] for row in stages) for k in (1, 2))
    peak = stages[-1][3]
    rows = [[name, *(number(value) for value in values)] for name, *values in stages]
    rows.append(["in all", number(wall), number(processor), number(peak)])
    return [
        f"A planted graph with {found['links']:,} links to two other node types, each link stored "
        "in both directions. Meta-paths are applied relation by relation "
        "(`propagation='operator'`, `contexts='paths'`); an epoch is one step, in which all "
        f"targets pass the encoder and {options.batch:,} drawn ones are contrasted "
        "(`contrast_batch`).",
        table(STAGE_HEADER, rows),
        f"Peak resident memory {peak:.2f} GiB, {'within' if peak < GIVEN_GIB else 'BEYOND'} the "
        f"{GIVEN_GIB:g} GiB that are given. Loss {found['loss']:.4f}; embedding {found['shape']}, "
        f"{'all finite' if found['finite'] else 'NOT FINITE'}.",
    ]


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
