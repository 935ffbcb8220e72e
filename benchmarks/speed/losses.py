"""Every loss and strategy: seconds and memory, beside the dense formula and the peer that has it.

    python benchmarks/speed/losses.py --output benchmarks/results/speed-losses.md

How to read it: benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence

from catalogue import ENTRIES, Entry, find
from contestants import reach_peers
from measure import Cost, Limits, Outcome, measure
from options import add_peers_path, limits_of, make_parser, write
from tables import number, provenance, table
from work import loss_step

HEADER = (
    "",
    "N",
    "seconds",
    "peak MiB",
    "dense: x time",
    "x memory",
    "peer: x time",
    "x memory",
    "peer",
)
CURVE_HEADER = ("", "peak MiB by N", "exponent")


def main() -> None:
    options = parse()
    limits = limits_of(options)
    chosen = [
        entry
        for entry in ENTRIES
        if not options.only or any(text in entry.name for text in options.only)
    ]
    rows: list[list[str]] = []
    curves: list[list[str]] = []
    failures: list[str] = []
    # the report is written anew after every row: an hour of measurements may be interrupted
    for size in options.sizes:
        for entry in chosen:
            if size <= entry.largest:
                rows.append(row(entry, size, options, limits, failures))
                write(report(options, rows, curves, failures), options.output)
    for entry in chosen:
        if options.curve and entry.linear_memory:
            curves.append(curve(entry, options, limits))
            write(report(options, rows, curves, failures), options.output)
    print(write(report(options, rows, curves, failures), options.output))


def parse() -> argparse.Namespace:
    parser = make_parser(__doc__, seconds=120.0)
    parser.add_argument("--sizes", type=int, nargs="*", default=[4096, 16384])
    parser.add_argument("--curve", type=int, nargs="*", default=[2048, 8192, 32768])
    parser.add_argument("--width", type=int, default=128, help="d (default: 128)")
    parser.add_argument(
        "--only", action="append", help="entries whose name contains this text; may be repeated"
    )
    add_peers_path(parser)
    return parser.parse_args()


def report(
    options: argparse.Namespace,
    rows: Sequence[Sequence[str]],
    curves: Sequence[Sequence[str]],
    failures: Sequence[str],
) -> list[str]:
    """The paragraphs of the report, as far as the measurements have come."""
    parts = [
        "# Speed and memory of every loss and strategy",
        provenance(options.remark),
        f"Forward + backward of two views, float32, d = {options.width}, {options.threads} "
        "thread(s), one process a measurement. `seconds` are processor seconds (median), `peak "
        "MiB` is the peak above the inputs. `dense` is the formula in plain torch, `peer` another "
        "library's own code; their columns are ratios to ours (above 1: they need more).",
        table(HEADER, rows),
    ]
    if failures:
        parts.append("What failed:\n\n" + "\n".join(failures))
    if curves:
        parts += [
            "## Memory by N",
            "Growth of the peak with N for what the specification calls tileable; the exponent is "
            "the slope of log memory over the last doublings (1: linear).",
            table(CURVE_HEADER, curves),
        ]
    return parts


def row(
    entry: Entry, size: int, options: argparse.Namespace, limits: Limits, failures: list[str]
) -> list[str]:
    outcome, ours = cost(entry, "ours", size, options, limits)
    if ours is None:
        return [entry.name, str(size), outcome.status, *[""] * 6]
    cells = [entry.name, str(size), number(ours.seconds), number(ours.peak_mib)]
    for who in ("dense", "peer"):
        if getattr(entry, who) is None:
            cells += ["–", "–"]
            continue
        outcome, theirs = cost(entry, who, size, options, limits)
        if theirs is None:
            cells += [outcome.status, ""]
            if outcome.status == "failed":
                failures.append(f"- {entry.name}, N = {size}, {who}: {outcome.detail}")
            continue
        cells += [
            number(theirs.seconds / ours.seconds),
            number(theirs.peak_mib / max(ours.peak_mib, 1.0)),
        ]
    return [*cells, "" if entry.peer is None else entry.peer[0]]


def curve(entry: Entry, options: argparse.Namespace, limits: Limits) -> list[str]:
    peaks: list[tuple[int, float]] = []
    for size in options.curve:
        if size > entry.largest:
            continue
        outcome, ours = cost(entry, "ours", size, options, limits)
        if ours is None:
            return [entry.name, f"{outcome.status} at {size}", ""]
        peaks.append((size, ours.peak_mib))
    text = ", ".join(f"{size}: {number(peak)}" for size, peak in peaks)
    if len(peaks) < 2:
        return [entry.name, text, ""]
    (small, low), (large, high) = peaks[-2:]
    slope = math.log(max(high, 1) / max(low, 1)) / math.log(large / small)
    return [entry.name, text, f"{slope:.2f}"]


def cost(
    entry: Entry, who: str, size: int, options: argparse.Namespace, limits: Limits
) -> tuple[Outcome, Cost | None]:
    print(f"{entry.name}, N = {size}: {who}", file=sys.stderr, flush=True)
    arguments = {
        "name": entry.name,
        "who": who,
        "size": size,
        "width": options.width,
        "peers_path": options.peers_path,
    }
    return measure(prepare_entry, arguments, limits)


def prepare_entry(name: str, who: str, size: int, width: int, peers_path: str | None):  # type: ignore[no-untyped-def]
    """Forward and backward of one entry."""
    entry = find(name)
    if who == "peer":
        reach_peers(peers_path)
        assert entry.peer is not None
        return loss_step(entry.peer[1], size, width)
    builder = entry.ours if who == "ours" else entry.dense
    assert builder is not None
    return loss_step(builder, size, width)


if __name__ == "__main__":
    main()
