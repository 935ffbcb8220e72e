"""`graphcl cluster` on a large planted graph, from file to clusters: cost by stage, and NMI.

    python benchmarks/speed/large_clustering.py --output benchmarks/results/large-clustering.md
    python benchmarks/speed/large_clustering.py --nodes 100000 -- --method pamc --steps 100

What follows `--` goes to `graphcl cluster` (default: --method ssgc).
How to read it: benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import csv
import os
import re
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from large_graph import Stages
from measure import run_alone
from options import limits_of, make_parser, write
from tables import number, provenance, table

GIVEN_GIB = 16.0
TICKS = os.sysconf("SC_CLK_TCK")
HEADER = ("stage", "wall seconds", "processor seconds", "peak GiB so far")
# The line of `graphcl cluster` that ends each stage. The number of clusters is said before the
# training of a method that has clusters of its own, after that of any other.
LINES = (
    ("import, read the graph", re.compile(r"\S+: [\d,]+ nodes")),
    ("train", re.compile(r"[\w-]+: .*(epoch|step|nothing to train)")),
    ("embed", re.compile(r"embedded in ")),
    ("k-means", re.compile(r"[\d,]+ clusters?[,:] ")),
    ("assign", re.compile(r"clusters of \w+ itself")),
    ("score", re.compile(r"modularity ")),
    ("write", re.compile(r"written: ")),
)


@dataclass(frozen=True)
class Spent:
    """What a process has used so far.

    Attributes:
        wall: Seconds since it began.
        processor: Seconds.
        peak_gib: Peak resident memory.
    """

    wall: float
    processor: float
    peak_gib: float


def main() -> None:
    options = parse()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        graph, labels, found = (Path(folder, name) for name in ("graph.pt", "y.npy", "found.csv"))
        arguments = {
            "graph": str(graph),
            "labels": str(labels),
            "nodes": options.nodes,
            "degree": options.degree,
            "classes": options.classes,
            "features": options.features,
        }
        outcome = run_alone(draw, arguments, limits_of(options))
        if outcome.status != "ok":
            sys.exit(f"{outcome.status}: {outcome.detail}")
        program = [sys.executable, "-m", "graphcl", "cluster", str(graph)]
        chosen = options.arguments or ["--method", "ssgc"]
        given = ["--n-clusters", str(options.classes), *chosen]
        command = [*program, "--output", str(found), *given]
        stages, text = follow(command, options.threads)
        agreement = run_alone(
            agree, {"labels": str(labels), "found": str(found)}, limits_of(options)
        )
        if agreement.status != "ok":
            sys.exit(f"{agreement.status}: {agreement.detail}")
        text = text.replace(folder + os.sep, "")
        parts = report(outcome.result, stages, text, agreement.result, given, options)
    print(write(parts, options.output))


def parse() -> argparse.Namespace:
    parser = make_parser(__doc__, seconds=900.0, memory_gib=20.0)
    parser.add_argument("--nodes", type=int, default=1_000_000)
    parser.add_argument("--degree", type=float, default=20.0, help="mean number of neighbours")
    parser.add_argument("--classes", type=int, default=20)
    parser.add_argument("--features", type=int, default=64)
    parser.add_argument(
        "--folder", help="for the graph while it is measured (default: the system's)"
    )
    parser.add_argument("arguments", nargs="*", help="of `graphcl cluster`, after --")
    return parser.parse_args()


def draw(
    graph: str, labels: str, nodes: int, degree: float, classes: int, features: int
) -> dict[str, Any]:
    """Draw a graph and write it without its labels, which nobody shall see; they go elsewhere."""
    import numpy as np
    import torch

    from graphcl.datasets import planted_partition

    stages = Stages()
    data = stages.run(
        "(draw the graph)",
        lambda: planted_partition(
            nodes,
            num_classes=classes,
            average_degree=degree,
            homophily=0.8,
            num_features=features,
            feature_signal=1.0,
            seed=0,
        ),
    )
    np.save(labels, data.y.numpy())
    del data.y
    stages.run("(write it)", lambda: torch.save(data, graph))
    size = Path(graph).stat().st_size
    return {"stages": stages.rows, "edges": data.num_edges // 2, "size": size}


def follow(command: list[str], threads: int) -> tuple[list[list[Any]], str]:
    """Run a command and read what it has used whenever it prints the end of a stage.

    Returns:
        Name, wall seconds, processor seconds and peak GiB of each stage; all that was printed.
    """
    environment = {
        **os.environ,
        "OMP_NUM_THREADS": str(threads),
        "MKL_NUM_THREADS": str(threads),
        "OMP_WAIT_POLICY": "PASSIVE",
        "PYTHONUNBUFFERED": "1",
        "COLUMNS": "100",
    }
    start, printed = time.perf_counter(), []
    ends: list[tuple[str, Spent]] = []
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout is not None
    for line in process.stdout:
        spent = used(process.pid, start)
        if spent is None:
            printed.append(line)
            continue
        print(f"{spent.wall:8.1f} s  {line}", end="", file=sys.stderr, flush=True)
        printed.append(line)
        name = next((name for name, pattern in LINES if pattern.match(line)), None)
        seen = [end for end, _ in ends]
        if name is not None and name not in seen and (name != "k-means" or "embed" in seen):
            ends.append((name, spent))
    if process.wait() != 0:
        sys.exit(f"exit code {process.returncode}:\n{''.join(printed)}")
    return list(between(ends)), "".join(printed)


def used(process: int, start: float) -> Spent | None:
    """What a process has used so far; None if it has ended."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return None
    peak = re.search(r"VmHWM:\s+(\d+)", status)
    if peak is None:
        return None
    processor = (int(fields[11]) + int(fields[12])) / TICKS
    return Spent(time.perf_counter() - start, processor, int(peak[1]) / 2**20)


def between(ends: list[tuple[str, Spent]]) -> Iterator[list[Any]]:
    before = Spent(0.0, 0.0, 0.0)
    for name, spent in ends:
        yield [name, spent.wall - before.wall, spent.processor - before.processor, spent.peak_gib]
        before = spent


def agree(labels: str, found: str) -> dict[str, float]:
    """Scores of the clusters in a file against the planted classes."""
    import numpy as np
    import torch

    from graphcl.evaluation import clustering_metrics

    with Path(found).open(encoding="utf-8", newline="") as file:
        rows = {int(row["id"]): int(row["cluster"]) for row in csv.DictReader(file)}
    planted = torch.from_numpy(np.load(labels, allow_pickle=False))
    assignment = torch.tensor([rows[node] for node in range(len(planted))])
    return clustering_metrics(assignment, labels=planted)


def report(
    drawn: dict[str, Any],
    stages: list[list[Any]],
    text: str,
    scores: dict[str, float],
    given: list[str],
    options: argparse.Namespace,
) -> list[str]:
    wall, processor = (sum(row[k] for row in stages) for k in (1, 2))
    peak = max(row[3] for row in stages)
    rows = [*drawn["stages"], *stages, ["graphcl cluster in all", wall, processor, peak]]
    verdict = "within" if peak < GIVEN_GIB else "BEYOND"
    return [
        "# `graphcl cluster` on a large graph",
        provenance(options.remark),
        f"A planted graph of {options.nodes:,} nodes, {drawn['edges']:,} undirected edges (four "
        f"fifths within the {options.classes} classes) and {options.features} features (class "
        f"means one standard deviation from the origin), {drawn['size'] / 2**20:,.0f} MiB as a "
        f"file, without labels. `graphcl cluster graph.pt {shlex.join(given)}`, "
        f"{options.threads} thread(s). A stage ends when its line is printed.",
        table(HEADER, [[name, *(number(value) for value in values)] for name, *values in rows]),
        f"Peak resident memory {peak:.2f} GiB, {verdict} the {GIVEN_GIB:g} GiB that are given. "
        f"Against the planted classes: NMI {scores['nmi']:.3f}, ACC {scores['acc']:.3f}, "
        f"{scores['clusters']:.0f} clusters.",
        "What it printed:",
        f"```\n{text.rstrip()}\n```",
    ]


if __name__ == "__main__":
    main()
