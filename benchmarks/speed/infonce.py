"""InfoNCE side by side: forward + backward in processor seconds and peak memory, and GRACE's epoch.

    python benchmarks/speed/infonce.py --output benchmarks/results/speed-infonce.md

How to read it: benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping
from typing import Any

from contestants import CROSS, GROUPS, INTRA, OURS, PLAIN, STAND_INS
from measure import Cost, Limits, Outcome, measure, run_alone
from options import add_peers_path, limits_of, make_parser, write
from tables import number, provenance, table
from work import check_values, matrix_product_rate, prepare_epoch, prepare_loss

AGREEMENT = 1e-4
# Products of one tile: once in the forward pass, once again and twice for the gradients in the
# backward pass, 2 d flops an entry each. Of the 2N x 2N entries half are enough, by symmetry.
FLOPS = {INTRA: 16, CROSS: 8}  # times N^2 d
GIVE_UP = ("does not fit", "too slow", "not installed")
EPOCH_CONTESTANTS = (OURS, PLAIN, "PyGCL InfoNCE, intraview_negs")
HEADER = ("", "N", "seconds", "x ours", "peak MiB", "x ours", "process MiB")


def main() -> None:
    options = parse()
    limits = limits_of(options)
    rate = run_alone(matrix_product_rate, {}, limits)
    if rate.status != "ok":
        sys.exit(f"could not measure the machine's matrix products: {rate.status}, {rate.detail}")
    parts = [
        "# Speed and memory of InfoNCE",
        provenance(options.remark),
        f"Forward + backward, float32, d = {options.width}, {options.threads} thread(s), one "
        f"process a measurement, at most {limits.memory_gib:g} GiB of address space and "
        f"{limits.seconds:g} processor seconds. `seconds` are processor seconds (median), `peak "
        "MiB` is the peak above the inputs, `process MiB` the peak of the whole process. "
        f"This machine's matrix products: {rate.result / 1e9:.0f} GFLOP/s.",
    ]
    for group in GROUPS:
        parts += compare(group, options, limits, rate.result)
    if not options.no_epoch:
        parts += compare_epochs(options, limits)
    parts.append(
        "The peers' own loss code runs, unchanged. Libraries that they import but their losses do "
        f"not use ({', '.join(STAND_INS)}) are replaced by empty modules where they are absent."
    )
    print(write(parts, options.output))


def parse() -> argparse.Namespace:
    parser = make_parser(__doc__, seconds=90.0)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1024, 4096, 8192, 16384])
    parser.add_argument("--width", type=int, default=128, help="d (default: 128)")
    parser.add_argument("--only", help="contestants whose name contains this text, beside ours")
    add_peers_path(parser)
    parser.add_argument("--no-epoch", action="store_true", help="leave GRACE on Cora out")
    parser.add_argument("--epoch-width", type=int, default=256)
    parser.add_argument("--data", help="root of the data sets (default: $GRAPHCL_DATA, ./datasets)")
    return parser.parse_args()


def chosen(name: str, options: argparse.Namespace) -> bool:
    return options.only is None or name == OURS or options.only.lower() in name.lower()


def compare(group: str, options: argparse.Namespace, limits: Limits, rate: float) -> list[str]:
    """The sections of one group: do all compute the same, what does each cost."""
    shared = {"group": group, "width": options.width, "peers_path": options.peers_path}
    checked = run_alone(check_values, shared, limits)
    if checked.status != "ok":
        sys.exit(f"could not compare the values of {group}: {checked.status}, {checked.detail}")
    names = [entry.name for entry in GROUPS[group] if chosen(entry.name, options)]
    agreement = {name: agrees(checked.result[name]) for name in names}
    rows, floors, notes = [], [], []
    gave_up: dict[str, Outcome] = {}
    for size in sorted(options.sizes):
        base: Cost | None = None
        for name in names:
            if name in gave_up:  # more rows need no less
                rows.append([name, str(size), *cells(gave_up[name], None, base)])
                continue
            say(f"{group}, N = {size}: {name}")
            arguments = {**shared, "contestant": name, "size": size}
            outcome, cost = measure(prepare_loss, arguments, limits)
            if outcome.status in GIVE_UP:
                gave_up[name] = outcome
            if name == OURS:
                base = cost
                if cost is not None:
                    floor = FLOPS[group] * size**2 * options.width / rate
                    floors.append(f"{cost.seconds / floor:.2f} at N = {size}")
            mark = " (*)" if agreement[name] is False else ""
            rows.append([name + mark, str(size), *cells(outcome, cost, base)])
    lines = [f"- {name}: {describe(checked.result[name])}" for name in names if name != PLAIN]
    notes += [
        f"{'(*) ' if agreement[entry.name] is False else ''}{entry.note}."
        for entry in GROUPS[group]
        if entry.note and entry.name in names
    ]
    return [
        f"## {group[0].upper()}{group[1:]}",
        f"Same function? Relative distance to plain torch (agreement: below {AGREEMENT:g}):\n\n"
        + "\n".join(lines),
        table(HEADER, rows),
        *notes,
        f"Distance to the floor, our seconds over {FLOPS[group]} N^2 d flops at the machine's "
        f"rate: {', '.join(floors) or 'not measured'}.",
    ]


def compare_epochs(options: argparse.Namespace, limits: Limits) -> list[str]:
    """The section on one epoch of GRACE."""
    shared = {
        "width": options.epoch_width,
        "data": options.data and os.path.abspath(options.data),
        "peers_path": options.peers_path,
    }
    rows = []
    base: Cost | None = None
    for name in EPOCH_CONTESTANTS:
        if not chosen(name, options):
            continue
        say(f"GRACE on Cora: {name}")
        outcome, cost = measure(prepare_epoch, {**shared, "contestant": name}, limits)
        base = cost if name == OURS else base
        wall = "" if cost is None else number(cost.wall_seconds)
        rows.append([name, wall, *cells(outcome, cost, base)])
    return [
        "## One epoch of GRACE on Cora",
        f"Two fresh views, two graph convolutions 1433-{2 * options.epoch_width}-"
        f"{options.epoch_width}, projector, loss, backward, Adam; N = 2708. The encoder is ours in "
        "every row (it multiplies Cora's features as a sparse matrix), only the loss changes.",
        table(("loss", "wall seconds", *HEADER[2:]), rows),
    ]


def cells(outcome: Outcome, cost: Cost | None, base: Cost | None) -> list[str]:
    """Seconds, ratio, peak, ratio and total; or why there are none."""
    if cost is None:
        say(f"  {outcome.status}: {outcome.detail}")
        return [outcome.status, "", "", "", ""]
    return [
        number(cost.seconds),
        "" if base is None else number(cost.seconds / base.seconds),
        number(cost.peak_mib),
        "" if base is None else number(cost.peak_mib / max(base.peak_mib, 1.0)),
        number(cost.total_mib),
    ]


def agrees(checked: Mapping[str, float] | str) -> bool | None:
    """Whether value and gradient agree with plain torch; None: not installed."""
    return None if isinstance(checked, str) else max(checked.values()) < AGREEMENT


def describe(checked: Mapping[str, Any] | str) -> str:
    if isinstance(checked, str):
        return f"not installed (no module {checked!r})"
    distances = f"value {checked['value']:.0e}, gradient {checked['gradient']:.0e}"
    return distances if agrees(checked) else f"{distances}: COMPUTES SOMETHING ELSE"


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
