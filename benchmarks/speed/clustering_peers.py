"""PyAGC's methods beside ours on Cora: time, memory, and k-means on the rows, in one table.

    python benchmarks/speed/clustering_peers.py --peers-path DIR \
        --output benchmarks/results/clustering-peers.md

How to read it: benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import sys
from typing import Any

from clustering_peers_work import PEERS, train_ours, train_peer
from measure import Outcome, run_alone
from options import add_peers_path, limits_of, make_parser, write
from tables import number, provenance, table

HEADER = ("", "ACC", "NMI", "processor s", "wall s", "epochs", "peak MiB", "process MiB")
OURS = ("ssgc", "cca-ssg", "pamc-gnn", "pamc-gnn temperature=0.5", "ns4gc", "dgi")


def main() -> None:
    options = parse()
    rows: list[list[str]] = []
    for who in (*(f"PyAGC {name}" for name in options.peers), *chosen(options)):
        print(who, file=sys.stderr, flush=True)
        rows.append(row(who, run(who, options)))
        write(report(options, rows), options.output)
    print(write(report(options, rows), options.output))


def parse() -> argparse.Namespace:
    parser = make_parser(__doc__, seconds=3600.0)
    parser.add_argument("--data", help="folder of the data sets")
    parser.add_argument("--dataset", default="Cora", help="with settings of PyAGC (default: Cora)")
    parser.add_argument("--seeds", type=int, default=5, help="trainings a row")
    parser.add_argument("--epochs", type=int, help="instead of those of the settings, for a try")
    parser.add_argument("--peers", nargs="*", default=list(PEERS), choices=list(PEERS))
    parser.add_argument(
        "--ours", nargs="*", help="names of graphcl.methods.method_names(), changes behind them"
    )
    parser.add_argument(
        "--peer-features", choices=["normalized", "raw"], default="normalized",
        help="rows divided by their sum, as PyAGC's documentation asks, or as they are",
    )  # fmt: skip
    add_peers_path(parser)
    options = parser.parse_args()
    if options.seeds < 1:
        parser.error(f"--seeds must be at least 1, got {options.seeds}")
    return options


def chosen(options: argparse.Namespace) -> list[str]:
    """Our methods; by default those of the list that are registered."""
    if options.ours is not None:
        return list(options.ours)
    from graphcl.methods import method_names

    return [name for name in OURS if name.split()[0] in method_names()]


def run(who: str, options: argparse.Namespace) -> Outcome:
    arguments = {
        "dataset": options.dataset,
        "data": options.data,
        "seeds": options.seeds,
        "epochs": options.epochs,
    }
    limits = limits_of(options)
    if not who.startswith("PyAGC "):
        return run_alone(train_ours, {"name": who, **arguments}, limits)
    arguments |= {
        "name": who.removeprefix("PyAGC "),
        "peers_path": options.peers_path,
        "normalized": options.peer_features == "normalized",
    }
    return run_alone(train_peer, arguments, limits)


def row(who: str, outcome: Outcome) -> list[str]:
    if outcome.status != "ok":
        print(f"{who}: {outcome.status}: {outcome.detail}", file=sys.stderr)
        return [who, outcome.status, *[""] * 6]
    found: dict[str, Any] = outcome.result
    return [
        who,
        spread(found["acc"]),
        spread(found["nmi"]),
        number(mean(found["processor"])),
        number(mean(found["wall"])),
        number(mean(found["epochs"])),
        number(found["peak_mib"]),
        number(found["total_mib"]),
    ]


def spread(values: list[float]) -> str:
    from graphcl.evaluation import summarise

    found = summarise([100 * value for value in values])
    return f"{found.mean:.1f}" if len(values) == 1 else f"{found.mean:.1f} ± {found.std:.1f}"


def mean(values: list[float]) -> float:
    return sum(values) / len(values)


def report(options: argparse.Namespace, rows: list[list[str]]) -> list[str]:
    trainings = "1 training" if options.seeds == 1 else f"{options.seeds} trainings"
    shortened = f", {options.epochs} epoch(s) only: no result" if options.epochs else ""
    return [
        f"# Clustering of {options.dataset} beside PyAGC",
        provenance(options.remark),
        f"{trainings} a row{shortened}, one process a row, {options.threads} thread(s). Seconds "
        "are of one training and the embedding after it (mean), without k-means, which is the same "
        "for all: ours (P-CLU: rows of length 1, ten starts, as many clusters as classes) on the "
        "rows of each training; ± is over trainings. PyAGC's own ± is over runs of k-means on one "
        "training. PyAGC's settings are its own, its weights those of the lowest loss, as its "
        f"scripts do; its features {options.peer_features}. `peak MiB` is above what was resident "
        "with the data loaded.",
        table(HEADER, rows),
    ]


if __name__ == "__main__":
    main()
