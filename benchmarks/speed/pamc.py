"""PamC's loss in its forms: seconds and memory of forward + backward, by number of nodes.

    python benchmarks/speed/pamc.py --output benchmarks/results/speed-pamc.md

How to read it: benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from measure import Cost, Limits, measure, run_alone
from options import limits_of, make_parser, write
from pamc_work import DENSE, FIRST, FORMS, SECOND, gap, prepare_form
from tables import number, provenance, table

HEADER = (
    "",
    "clusters",
    "N",
    "seconds",
    "s by 1M nodes",
    "peak MiB",
    "process MiB",
    "x time",
    "x memory",
)


def main() -> None:
    options = parse()
    limits = limits_of(options)
    rows: list[list[str]] = []
    given_up: set[tuple[str, int]] = set()
    gaps = [
        (clusters, run_alone(gap, {"clusters": clusters, "width": options.width}, limits))
        for clusters in options.clusters
    ]
    found = [
        f"K = {clusters}: "
        + ", ".join(f"{name} {value:.1e}" for name, value in (outcome.result or {}).items())
        for clusters, outcome in gaps
    ]
    for clusters in options.clusters:
        for size in options.sizes:
            best: Cost | None = None
            for form in chosen(options):
                if (form, clusters) in given_up or (
                    form == SECOND and size > options.largest_second
                ):
                    continue
                print(f"{form}, K = {clusters}, N = {size}", file=sys.stderr, flush=True)
                cells, cost = row(form, size, clusters, options.width, limits, best)
                rows.append(cells)
                if cost is None:
                    given_up.add((form, clusters))
                if form == FIRST:
                    best = cost
                write(report(options, rows, found), options.output)
    print(write(report(options, rows, found), options.output))


def parse() -> argparse.Namespace:
    parser = make_parser(__doc__, seconds=240.0)
    sizes = [2000, 16_000, 64_000, 250_000, 1_000_000]
    parser.add_argument("--sizes", type=int, nargs="+", default=sizes)
    parser.add_argument("--clusters", type=int, nargs="+", default=[10, 64], help="K")
    parser.add_argument("--width", type=int, default=64, help="F (default: 64)")
    parser.add_argument("--largest-second", type=int, default=64_000, help="N of second order")
    parser.add_argument("--only", action="append", help="forms whose name contains this text")
    return parser.parse_args()


def chosen(options: argparse.Namespace) -> list[str]:
    wanted = options.only or [""]
    return [form for form in FORMS if any(text in form for text in wanted)]


def row(
    form: str, size: int, clusters: int, width: int, limits: Limits, best: Cost | None
) -> tuple[list[str], Cost | None]:
    arguments = {"form": form, "size": size, "clusters": clusters, "width": width}
    outcome, cost = measure(prepare_form, arguments, limits)
    cells = [form, str(clusters), str(size)]
    if cost is None:
        return [*cells, outcome.status, *[""] * 5], None
    cells += [
        number(cost.seconds),
        number(cost.seconds / size * 1e6),
        number(cost.peak_mib),
        number(cost.total_mib),
    ]
    if best is None:
        return [*cells, "", ""], cost
    memory = cost.peak_mib / max(best.peak_mib, 1.0)
    return [*cells, number(cost.seconds / best.seconds), number(memory)], cost


def report(
    options: argparse.Namespace, rows: Sequence[Sequence[str]], gaps: Sequence[str]
) -> list[str]:
    return [
        "# Speed and memory of PamC's loss",
        provenance(options.remark),
        f"Forward + backward, float32, F = {options.width}, a self-loop and 10 neighbours a node, "
        f"temperature 2, {options.threads} thread(s), one process a measurement. `seconds` are "
        "processor seconds, `peak MiB` is the peak above the inputs, `process MiB` the whole "
        f"process; the last two columns are ratios to `{FIRST}` at the same K and N. `{DENSE}` is "
        "SCGC's exact loss in the authors' operations, another function of the same purpose.",
        "Distance at N = 1000, relative: our official form from the authors', our orders from the "
        "exact loss:\n\n" + "\n".join(f"- {gap}" for gap in gaps),
        table(HEADER, rows),
    ]


if __name__ == "__main__":
    main()
