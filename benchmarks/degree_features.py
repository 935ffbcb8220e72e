"""What degrees as features are worth, beside the labels of the nodes.

    python benchmarks/degree_features.py \
        --output benchmarks/results/graph-classification/degree-features.md

The authors' code of MVGRL gives every node of a TU set its one-hot degree, beside its label where
it has one; the other codes, and our tables, take labels alone. Each line here is one method with
both kinds of features, the last epoch, in percent; ± is the deviation over seeds. "Heads alone": as
in that code, whose convolutions stand in a plain list that the optimiser does not see.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch_geometric.data import Data
from torch_geometric.transforms import OneHotDegree
from torch_geometric.utils import degree

sys.path.insert(0, str(Path(__file__).parent / "speed"))

from options import write
from tables import provenance, table

from graphcl.datasets import load
from graphcl.evaluation import evaluate
from graphcl.methods import create_method
from graphcl.training import fit

PROTOCOLS = ("P-TU", "P-TU-LINEAR")
HEADER = ("method", *(f"{p}, {kind}" for p in PROTOCOLS for kind in ("labels", "and degrees")))


@dataclass(frozen=True)
class Line:
    """A method, and whether its convolutions learn."""

    name: str
    method: str
    convolutions_learn: bool = True


LINES = (
    Line("sum of features", "raw"),
    Line("graphcl", "graphcl"),
    Line("mvgrl", "mvgrl"),
    Line("mvgrl, heads alone", "mvgrl", convolutions_learn=False),
)


def with_degrees(graphs: list[Data]) -> list[Data]:
    """The graphs with one-hot degrees behind their features."""
    largest = max(int(degree(graph.edge_index[0]).max()) for graph in graphs)
    transform = OneHotDegree(largest)
    return [transform(graph.clone()) for graph in graphs]


def accuracies(line: Line, graphs: list[Data], dataset: str, seed: int) -> list[float]:
    """Accuracy under each protocol, in percent."""
    method, settings = create_method(line.method, graphs, seed=seed, dataset=dataset)
    if not line.convolutions_learn:
        for encoder in (method.encoder, method.diffusion_encoder):
            encoder.requires_grad_(False)
    fit(method, graphs, settings=settings, seed=seed)
    rows = method.embed(graphs)
    return [100 * evaluate(protocol, rows, graphs, seed)["accuracy"] for protocol in PROTOCOLS]


def main() -> None:
    """Train with both kinds of features and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default=None, help="root of the data sets")
    parser.add_argument("--datasets", nargs="+", default=["MUTAG"])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--output", type=Path, help="write the report (Markdown) here")
    arguments = parser.parse_args()
    if arguments.seeds < 2:
        parser.error(f"--seeds must be at least 2, got {arguments.seeds}")
    torch.set_num_threads(1)
    title, note = "# What degrees as features are worth", (__doc__ or "").split("\n\n")[-1]
    parts = [title, provenance(f"{arguments.seeds} seeds"), " ".join(note.split())]
    for name in arguments.datasets:
        graphs, card = load(name, arguments.data)
        both = (list(graphs), with_degrees(list(graphs)))
        lines = []
        for line in LINES:
            found = np.array(
                [
                    [accuracies(line, one, card.name, seed) for one in both]
                    for seed in range(arguments.seeds)
                ]
            )  # [seeds, features, protocols]
            means, spreads = found.mean(0).T.ravel(), found.std(0, ddof=1).T.ravel()
            cells = [f"{m:.1f} ± {s:.1f}" for m, s in zip(means, spreads, strict=True)]
            lines.append([line.name, *cells])
            print(name, *lines[-1], flush=True)
        parts.append(f"## {name}\n\n{table(HEADER, lines)}")
    print(write(parts, arguments.output))


if __name__ == "__main__":
    main()
