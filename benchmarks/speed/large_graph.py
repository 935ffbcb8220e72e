"""GRACE in mini-batches on a large planted graph, then all embeddings: time and memory by stage.

    python benchmarks/speed/large_graph.py --output benchmarks/results/large-graph.md

How to read it: benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, TypeVar

from measure import run_alone
from options import limits_of, make_parser, write
from tables import number, provenance, table

GIVEN_GIB = 8.0
HEADER = ("stage", "wall seconds", "processor seconds", "peak GiB so far")
Result = TypeVar("Result")


@dataclass
class Stages:
    """What each stage cost, in the order of time."""

    rows: list[tuple[str, float, float, float]] = field(default_factory=list)

    def run(self, name: str, work: Callable[[], Result]) -> Result:
        wall, processor = time.perf_counter(), time.process_time()
        result = work()
        spent = time.perf_counter() - wall, time.process_time() - processor
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        self.rows.append((name, *spent, peak))
        return result


def main() -> None:
    options = parse()
    limits = limits_of(options)
    arguments = {
        "nodes": options.nodes,
        "degree": options.degree,
        "features": options.features,
        "width": options.width,
        "steps": options.steps,
        "batch_size": options.batch_size,
        "fan_out": options.fan_out,
        "rows": options.rows,
        "at_once": not options.no_comparison,
    }
    outcome = run_alone(large_graph, arguments, limits)
    if outcome.status != "ok":
        sys.exit(f"{outcome.status}: {outcome.detail}")
    print(write(report(outcome.result, options), options.output))


def parse() -> argparse.Namespace:
    parser = make_parser(__doc__, seconds=900.0, memory_gib=20.0)
    parser.add_argument("--nodes", type=int, default=1_000_000)
    parser.add_argument("--degree", type=float, default=10.0, help="mean number of neighbours")
    parser.add_argument("--features", type=int, default=128)
    parser.add_argument("--width", type=int, default=128, help="of the embedding")
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--batch-size", type=int, default=1024, help="seeds in a batch")
    parser.add_argument("--fan-out", type=int, nargs="+", default=[10, 10])
    parser.add_argument("--rows", type=int, default=16_384, help="rows embedded at a time")
    parser.add_argument("--no-comparison", action="store_true", help="do not embed all at once")
    return parser.parse_args()


def large_graph(
    nodes: int,
    degree: float,
    features: int,
    width: int,
    steps: int,
    batch_size: int,
    fan_out: Sequence[int],
    rows: int,
    at_once: bool,
) -> dict[str, Any]:
    """Everything from the graph to the embeddings, in this process.

    Returns:
        The stages, the sizes, the loss of the first and of the last steps, and how far the
        embedding at once differs.
    """
    stages = Stages()
    stages.run("import", import_libraries)

    import torch

    from graphcl.datasets import planted_partition
    from graphcl.methods import create_method
    from graphcl.sampling import NeighbourBatches
    from graphcl.training import fit

    graph = stages.run(
        "draw the graph",
        lambda: planted_partition(
            nodes,
            num_classes=10,
            average_degree=degree,
            homophily=0.8,
            num_features=features,
            feature_signal=1.0,
            seed=0,
        ),
    )
    method, settings = stages.run(
        "make the method",
        # the features are no word counts: they have both signs
        lambda: create_method(
            "grace", graph, seed=0, width=width, steps=steps, normalize_features=False
        ),
    )
    loader = stages.run(
        "make the sampler",
        lambda: NeighbourBatches(graph, batch_size=batch_size, num_neighbours=fan_out),
    )
    sampled = stages.run("sample 10 batches", lambda: list(islice(loader, 10)))
    sizes = [batch.num_nodes for batch in sampled]
    del sampled
    history = stages.run(
        f"train {steps} steps",
        lambda: fit(method, graph, settings=settings, loader=loader, device="cpu"),
    )
    found = stages.run("embed all nodes", lambda: method.embed(graph, batch_size=rows))
    distance = None
    if at_once:
        expected = stages.run("(embed at once, to compare)", lambda: method.embed(graph))
        distance = float((found - expected).abs().max() / expected.abs().max())
    return {
        "stages": stages.rows,
        "edges": graph.num_edges,
        "nodes_in_batch": sum(sizes) / len(sizes),
        "steps": history.steps_run,
        "loss": history.losses[-1],
        "shape": list(found.shape),
        "finite": bool(torch.isfinite(found).all()),
        "distance": distance,
    }


def import_libraries() -> None:
    import lightning_fabric  # noqa: F401

    import graphcl.methods
    import graphcl.training  # noqa: F401


def report(result: dict[str, Any], options: argparse.Namespace) -> list[str]:
    stages = [tuple(row) for row in result["stages"]]
    needed = [row for row in stages if not row[0].startswith("(")]
    peak, wall, processor = needed[-1][3], *(sum(row[k] for row in needed) for k in (1, 2))
    rows = [[name, *(number(value) for value in values)] for name, *values in stages]
    rows.insert(len(needed), ["in all", number(wall), number(processor), number(peak)])
    verdict = "within" if peak < GIVEN_GIB else "BEYOND"
    parts = [
        "# GRACE in mini-batches on a large graph",
        provenance(options.remark),
        f"A planted graph of {options.nodes:,} nodes, {result['edges']:,} entries of `edge_index` "
        f"and {options.features} features. `grace` (layers {options.features}-{2 * options.width}-"
        f"{options.width}): {result['steps']} steps on batches of {options.batch_size} seeds with "
        f"at most {', '.join(map(str, options.fan_out))} neighbours by hop "
        f"({result['nodes_in_batch']:,.0f} nodes a batch on average), then the embedding of all "
        f"nodes in blocks of {options.rows:,} rows with all their neighbours. "
        f"{options.threads} thread(s).",
        table(HEADER, rows),
        f"Peak resident memory {peak:.2f} GiB, {verdict} the {GIVEN_GIB:g} GiB that are given. "
        f"Mean loss {result['loss']:.4f}; embedding {result['shape']}, "
        f"{'all finite' if result['finite'] else 'NOT FINITE'}.",
    ]
    if result["distance"] is not None:
        parts.append(
            "Embedding at once gives the same rows: the largest difference is "
            f"{result['distance']:.0e} of the largest entry. It is not part of the sums."
        )
    return parts


if __name__ == "__main__":
    main()
