"""Augmentations side by side with PyG's operations: processor seconds and peak memory of a call.

    python benchmarks/speed/augmentations.py --output benchmarks/results/speed-augmentations.md

How to read it: benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import sys

from augmentation_work import GROUPS, PEER, prepare_augmentation
from measure import Cost, Limits, measure
from options import limits_of, make_parser, write
from tables import number, provenance, table

HEADER = ("", "seconds", "wall seconds", "x ours", "peak MiB", "x ours", "result")


def main() -> None:
    options = parse()
    limits = limits_of(options)
    parts = [
        "# Speed and memory of augmentations",
        provenance(options.remark),
        f"One random undirected graph: {options.nodes} nodes, {options.edges} entries of "
        f"`edge_index` before duplicates are merged, {options.width} float32 features; "
        f"{options.threads} thread(s), one process a measurement. `seconds` are processor seconds "
        "(median), `peak MiB` is the peak above the inputs. A row of graphcl transforms the whole "
        "`Data` (all fields follow, the input is validated); a row of PyG's functions "
        "(`torch_geometric.utils`) makes the same tensors, attributes selected by the caller.",
    ]
    for group in GROUPS:
        if options.only is None or options.only.lower() in group.lower():
            parts += compare(group, options, limits)
    print(write(parts, options.output))


def parse() -> argparse.Namespace:
    parser = make_parser(__doc__, seconds=300.0)
    parser.add_argument("--nodes", type=int, default=100_000)
    parser.add_argument("--edges", type=int, default=1_000_000)
    parser.add_argument("--width", type=int, default=128, help="number of features")
    parser.add_argument("--only", help="groups whose name contains this text")
    return parser.parse_args()


def compare(group: str, options: argparse.Namespace, limits: Limits) -> list[str]:
    """The section of one group: each of ours, then the peer's counterpart."""
    rows = []
    base: Cost | None = None
    for name in GROUPS[group]:
        print(f"{group}: {name}", file=sys.stderr, flush=True)
        arguments = {
            "group": group,
            "name": name,
            "num_nodes": options.nodes,
            "num_edges": options.edges,
            "width": options.width,
        }
        outcome, cost = measure(prepare_augmentation, arguments, limits)
        if cost is None:
            print(f"  {outcome.status}: {outcome.detail}", file=sys.stderr)
            rows.append([name, outcome.status, *[""] * (len(HEADER) - 2)])
            continue
        if not name.startswith(PEER):
            base = cost
        rows.append(
            [
                name,
                number(cost.seconds),
                number(cost.wall_seconds),
                number(cost.seconds / base.seconds) if base else "",
                number(cost.peak_mib),
                number(cost.peak_mib / max(base.peak_mib, 1.0)) if base else "",
                f"{cost.value:.0f}",
            ]
        )
    return [f"## {group}", table(HEADER, rows)]


if __name__ == "__main__":
    main()
