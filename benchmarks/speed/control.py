"""Controllability-preserving views: seconds of preparation and of a view, against their goals.

    python benchmarks/speed/control.py --output benchmarks/results/speed-control.md

How to read it: benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from control_work import (
    RATIO,
    Step,
    prepare_batch,
    prepare_distances,
    prepare_exact_bound,
    prepare_large,
    prepare_safe_deletions,
)
from measure import Limits, measure
from options import limits_of, make_parser, write
from tables import number, provenance, table

HEADER = ("", "seconds", "wall seconds", "goal", "peak MiB", "result")
MODES = ("distance", "bound", "zero_forcing")
WORKS = ("prepare", "drop", "add", "rewire")


@dataclass(frozen=True)
class Row:
    """One measurement.

    Attributes:
        name: What it is.
        prepare: Makes the step.
        arguments: Its arguments.
        goal: Seconds that it should stay below; None: no goal.
    """

    name: str
    prepare: Callable[..., Step]
    arguments: Mapping[str, Any]
    goal: float | None = None


def main() -> None:
    options = parse()
    limits = limits_of(options)
    parts = [
        "# Speed of controllability-preserving views",
        provenance(options.remark),
        f"Views change {RATIO:.0%} of the edges. {options.threads} thread(s), one process a "
        "measurement; `seconds` are processor seconds (median), `peak MiB` is the peak above the "
        "inputs. The result is, of a preparation, how many edges may go; of a view, the mean "
        "share of edges that changed; of a bound, the bound; of distances, the largest; of "
        "single deletions, how many are safe.",
    ]
    for title, rows in groups(options).items():
        if options.only is None or options.only.lower() in title.lower():
            parts += [f"## {title}", compare(rows, limits)]
            write(parts, options.output)  # what is measured is kept
    print(write(parts, options.output))


def parse() -> argparse.Namespace:
    parser = make_parser(__doc__, seconds=300.0)
    parser.add_argument("--data", help="folder of the data sets (default: $GRAPHCL_DATA)")
    parser.add_argument("--modes", nargs="+", default=MODES, choices=MODES)
    parser.add_argument("--only", help="groups whose name contains this text")
    return parser.parse_args()


def groups(options: argparse.Namespace) -> dict[str, list[Row]]:
    small = {"num_nodes": 100_000, "num_edges": 500_000, "num_leaders": 4}
    large = {"num_nodes": 1_000_000, "num_edges": 5_000_000, "num_leaders": 4}
    batch = {"data_set": "NCI1", "graphs": 512, "root": options.data}
    tried = {"num_nodes": 300, "num_edges": 900, "num_leaders": 4}
    modes = tuple(options.modes)
    return {
        "One graph, N = 10⁵, E = 5·10⁵, 4 leaders": views(prepare_large, small, 3.0, 0.1, modes),
        "A batch of 512 graphs of NCI1": views(prepare_batch, batch, 1.0, 0.02, modes),
        "Exact bound": [
            Row(
                "N = 5000, E = 8000, m = 4",
                prepare_exact_bound,
                {"num_nodes": 5000, "num_edges": 8000, "num_leaders": 4},
                0.2,
            )
        ],
        "Distances, N = 10⁵, E = 5·10⁵, 4 leaders": [
            Row(how, prepare_distances, {**small, "how": how}) for how in ("graphcl", "NetworkX")
        ],
        "Which single edges may go, N = 300, E = 900, 4 leaders": [
            Row("graphcl, by the rule", prepare_safe_deletions, {**tried, "how": "graphcl"}),
            Row(
                "NetworkX, distances anew for every edge",
                prepare_safe_deletions,
                {**tried, "how": "NetworkX"},
            ),
        ],
        "One graph, N = 10⁶, E = 5·10⁶, 4 leaders": views(prepare_large, large, 60.0, 2.0, modes),
    }


def views(
    prepare: Callable[..., Step],
    arguments: Mapping[str, Any],
    goal: float,
    goal_of_view: float,
    modes: tuple[str, ...],
) -> list[Row]:
    return [
        Row(
            f"{work}, {mode}",
            prepare,
            {**arguments, "work": work, "mode": mode},
            goal if work == "prepare" else goal_of_view,
        )
        for mode in modes
        for work in WORKS
    ]


def compare(rows: list[Row], limits: Limits) -> str:
    lines = []
    for row in rows:
        print(row.name, file=sys.stderr, flush=True)
        outcome, cost = measure(row.prepare, row.arguments, limits)
        if cost is None:
            print(f"  {outcome.status}: {outcome.detail}", file=sys.stderr)
            lines.append([row.name, outcome.status, *[""] * (len(HEADER) - 2)])
            continue
        lines.append(
            [
                row.name,
                number(cost.seconds),
                number(cost.wall_seconds),
                "" if row.goal is None else f"{row.goal:g}",
                number(cost.peak_mib),
                f"{cost.value:.4g}",
            ]
        )
    return table(HEADER, lines)


if __name__ == "__main__":
    main()
