"""Every loss and strategy: seconds and memory, beside the dense formula and the peer that has it.

    python benchmarks/speed/losses.py --output benchmarks/results/speed-losses.md

How to read it: benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
from pathlib import Path

from catalogue import ENTRIES, Entry, find
from contestants import reach_peers
from measure import Cost, Limits, Outcome, measure
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
    limits = Limits(options.memory_limit, options.time_limit, options.threads)
    chosen = [entry for entry in ENTRIES if options.only is None or options.only in entry.name]
    failures: list[str] = []
    rows = [
        row(entry, size, options, limits, failures) for size in options.sizes for entry in chosen
    ]
    parts = [
        "# Speed and memory of every loss and strategy",
        provenance(options.remark),
        f"Forward + backward of two views, float32, d = {options.width}, {options.threads} "
        "thread(s), one process a measurement. `seconds` are processor seconds (median), `peak "
        "MiB` is the peak above the inputs. `dense` is the formula in plain torch, `peer` another "
        "library's own code; their columns are ratios to ours (above 1: they need more).",
        table(HEADER, [line for line in rows if line]),
    ]
    if failures:
        parts.append("What failed:\n\n" + "\n".join(failures))
    if options.curve:
        parts += [
            "## Memory by N",
            "Growth of the peak with N for what the specification calls tileable; the exponent is "
            "the slope of log memory over the last doublings (1: linear).",
            table(CURVE_HEADER, [curve(e, options, limits) for e in chosen if e.linear_memory]),
        ]
    text = "\n\n".join(parts) + "\n"
    print(text)
    if options.output is not None:
        options.output.parent.mkdir(parents=True, exist_ok=True)
        options.output.write_text(text)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[4096, 16384])
    parser.add_argument("--curve", type=int, nargs="*", default=[2048, 8192, 32768])
    parser.add_argument("--width", type=int, default=128, help="d (default: 128)")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--memory-limit", type=float, default=16.0, help="GiB of address space")
    parser.add_argument("--time-limit", type=float, default=120.0, help="processor seconds")
    parser.add_argument("--only", help="entries whose name contains this text")
    parser.add_argument("--peers-path", help="folder to import the peers from")
    parser.add_argument("--remark", default="", help="about the machine, goes into the report")
    parser.add_argument("--output", type=Path, help="write the report (Markdown) here")
    options = parser.parse_args()
    if options.peers_path is not None:
        options.peers_path = os.path.abspath(options.peers_path)
    return options


def row(
    entry: Entry, size: int, options: argparse.Namespace, limits: Limits, failures: list[str]
) -> list[str]:
    if size > entry.largest:
        return []
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
