"""What choosing by test accuracy is worth: the last epoch, the best one, the best of a grid.

    python benchmarks/best_epoch.py --output benchmarks/results/graph-classification/best-epoch.md

The authors' code of InfoGraph and SimGRACE scores the test folds after every epoch, and SimGRACE's
noise is chosen from a grid by the same accuracy. Each line here is one setting, trained with
several seeds and scored after each epoch under protocol P-TU. "Last" is what our tables report.
"Best epoch" takes for each seed the epoch with the best test accuracy, "best mean epoch" the one
that is best on the average of the seeds. Both look at test labels: they say how much of a published
figure such a choice may explain, and are no results. ± is the population's deviation over seeds.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parent / "speed"))

from options import write
from tables import provenance, table

from graphcl.benchmark import load_suite
from graphcl.datasets import load
from graphcl.evaluation import evaluate
from graphcl.methods import create_method
from graphcl.training import fit

HEADER = ("setting", "last", "best mean epoch", "best epoch of each seed", "published")


@dataclass(frozen=True)
class Setting:
    """A method and what is changed in its published settings."""

    method: str
    changes: dict[str, float] = field(default_factory=dict)

    def __str__(self) -> str:
        """As a row of the table is called."""
        return ", ".join(
            [self.method, *(f"{key} {value:g}" for key, value in self.changes.items())]
        )


SETTINGS = (
    Setting("graphcl"),
    Setting("infograph"),
    *(Setting("simgrace", {"eta": eta}) for eta in (0.1, 1.0, 10.0, 100.0)),
)


def accuracies(name: str, root: str | None, setting: Setting, seed: int) -> list[float]:
    """Test accuracy after each epoch, in percent."""
    graphs, card = load(name, root)
    method, settings = create_method(
        setting.method, graphs, seed=seed, dataset=card.name, **setting.changes
    )
    found = []

    def see(_: int, __: float) -> None:
        found.append(100 * evaluate("P-TU", method.embed(graphs), graphs, seed)["accuracy"])

    fit(method, graphs, settings=settings, seed=seed, on_epoch=see)
    return found


def line(setting: Setting, by_seed: np.ndarray, published: str) -> list[str]:
    """The cells of a setting, of accuracies ``[seeds, epochs]``."""

    def spread(values: np.ndarray) -> str:
        return f"{values.mean():.1f} ± {values.std():.1f}"

    chosen = by_seed[:, by_seed.mean(0).argmax()]
    return [str(setting), *map(spread, (by_seed[:, -1], chosen, by_seed.max(1))), published]


def main() -> None:
    """Follow the trainings and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default=None, help="root of the data sets")
    parser.add_argument("--datasets", nargs="+", default=["MUTAG", "PTC_MR"])
    names = sorted({setting.method for setting in SETTINGS})
    parser.add_argument("--methods", nargs="+", default=names, choices=names)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--output", type=Path, help="write the report (Markdown) here")
    arguments = parser.parse_args()
    if arguments.seeds < 1:
        parser.error(f"--seeds must be at least 1, got {arguments.seeds}")
    torch.set_num_threads(1)
    title, note = "# What choosing by test accuracy is worth", (__doc__ or "").split("\n\n")[-1]
    parts = [title, provenance(f"{arguments.seeds} seeds"), " ".join(note.split())]
    published = {
        (figure.dataset, figure.method): f"{figure.value:.1f} ± {figure.std:.1f}"
        for figure in load_suite("graph-classification").published
        if figure.protocol == "P-TU" and figure.std is not None
    }
    for name in arguments.datasets:
        lines = []
        for setting in (each for each in SETTINGS if each.method in arguments.methods):
            by_seed = np.array(
                [accuracies(name, arguments.data, setting, s) for s in range(arguments.seeds)]
            )
            lines.append(line(setting, by_seed, published.get((name, setting.method), "–")))
            print(name, *lines[-1], flush=True)
        parts.append(f"## {name}\n\n{table(HEADER, lines)}")
    print(write(parts, arguments.output))


if __name__ == "__main__":
    main()
