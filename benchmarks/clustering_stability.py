"""Which temperature keeps the clusters of `pamc-gnn`: agreement over seeds and epochs, no labels.

    python benchmarks/clustering_stability.py --output benchmarks/results/clustering-stability.md

Of each temperature two trainings (seeds 0 and 1) are followed. The columns without labels: the
agreement (NMI) of the clusters of both trainings, of one training with itself so many epochs ago,
and the modularity. ACC and NMI against the labels stand beside them, to show what the former are
worth; nothing is chosen by them. The rows are 64 wide and the meta-nodes 50, to be quick.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

sys.path.insert(0, str(Path(__file__).parent / "speed"))

from options import write
from tables import number, provenance, table

from graphcl.datasets import load
from graphcl.evaluation import cluster_embeddings, clustering_metrics
from graphcl.methods import create_method
from graphcl.training import fit

SEEDS = (0, 1)
SMALL = {"width": 64, "meta_nodes": 50}
HEADER = (
    "temperature",
    "epoch",
    "seeds agree",
    "agrees with before",
    "modularity",
    "ACC (labels)",
    "NMI (labels)",
)


def followed(
    name: str, root: str | None, temperature: float, epochs: int, every: int
) -> Iterator[tuple[str, ...]]:
    """The lines of one temperature: an epoch each, figures in percent, means over the seeds."""
    data, card = load(name, root)
    num_classes = int(data.y.unique().numel())
    seen: dict[int, list[Tensor]] = {}
    for seed in SEEDS:
        method, settings = create_method(
            "pamc-gnn", data, seed=seed, dataset=card.name, temperature=temperature, **SMALL
        )
        found = seen.setdefault(seed, [])

        def see(epoch: int, _: float, method=method, found=found) -> None:  # type: ignore[no-untyped-def]
            if (epoch + 1) % every == 0:
                rows = method.embed(data)
                found.append(cluster_embeddings(rows, num_classes, seed=0))

        fit(method, data, settings=replace(settings, epochs=epochs), seed=seed, on_epoch=see)
    for index, pair in enumerate(zip(*seen.values(), strict=True)):
        scores = [
            clustering_metrics(each, labels=data.y, edge_index=data.edge_index) for each in pair
        ]
        before = [
            clustering_metrics(found[index], labels=found[index - 1])["nmi"]
            for found in seen.values()
            if index > 0
        ]
        agreement = clustering_metrics(pair[0], labels=pair[1])["nmi"]
        yield (
            f"{temperature:g}",
            str((index + 1) * every),
            number(100 * agreement),
            number(100 * sum(before) / len(before)) if before else "",
            *(
                number(100 * sum(score[key] for score in scores) / len(scores))
                for key in ("modularity", "acc", "nmi")
            ),
        )


def main() -> None:
    """Follow the trainings and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default=None, help="root of the data sets")
    parser.add_argument("--datasets", nargs="+", default=["Cora", "SDCN-ACM", "SDCN-CiteSeer"])
    parser.add_argument("--temperatures", nargs="+", type=float, default=[0.5, 2.0, 4.0])
    parser.add_argument("--epochs", type=int, default=200)
    parser.add_argument("--every", type=int, default=50)
    parser.add_argument("--output", type=Path, help="write the report (Markdown) here")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    parts = ["# Which temperature keeps the clusters of `pamc-gnn`", provenance("both cores busy")]
    parts.append(" ".join((__doc__ or "").split("\n\n")[-1].split()))
    for name in arguments.datasets:
        lines = []
        for temperature in arguments.temperatures:
            for line in followed(
                name, arguments.data, temperature, arguments.epochs, arguments.every
            ):
                print(name, *line, flush=True)
                lines.append(line)
        parts.append(f"## {name}\n\n{table(HEADER, lines)}")
    print(write(parts, arguments.output))


if __name__ == "__main__":
    main()
