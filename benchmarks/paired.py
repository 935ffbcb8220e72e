"""Rows of a suite against one of them, seed by seed: mean difference and its 95 % interval.

    python benchmarks/paired.py benchmarks/results/graph-classification/results.jsonl \
        --against graphcl --protocol P-TU --output benchmarks/results/graph-classification/paired.md

A seed draws folds, weights and views for all rows alike, so the difference of two rows spreads less
than each of them. The interval is Student's, over seeds; it says nothing of other data sets.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np
from scipy import stats

sys.path.insert(0, str(Path(__file__).parent / "speed"))

from tables import table

from graphcl.benchmark import ResultStore

HEADER = ("data set", "row", "seeds", "difference", "std", "95 % interval", "seeds above")


def differences(
    results: Path, against: str, protocol: str, metric: str
) -> dict[tuple[str, str], list[float]]:
    """Data set and row -> differences to the other row in points, one for each seed of both."""
    values: dict[tuple[str, str], dict[int, float]] = defaultdict(dict)
    for result in ResultStore(results).read().values():
        cell = result.cell
        if cell.protocol == protocol and metric in result.metrics:
            values[cell.dataset, cell.row][cell.seed] = 100 * result.metrics[metric]
    if not any(row == against for _, row in values):
        raise ValueError(f"{results} has no {metric} of {against!r} under {protocol}")
    found = {}
    for (dataset, row), by_seed in values.items():
        other = values.get((dataset, against), {})
        both = sorted(by_seed.keys() & other.keys())
        if row != against and both:
            found[dataset, row] = [by_seed[seed] - other[seed] for seed in both]
    return found


def line(dataset: str, row: str, points: list[float]) -> list[str]:
    """The cells of a row; without an interval where there is one seed only."""
    mean, number = float(np.mean(points)), len(points)
    above = f"{sum(point > 0 for point in points)} of {number}"
    if number == 1:
        return [dataset, row, "1", f"{mean:+.1f}", "–", "–", above]
    deviation = float(np.std(points, ddof=1))
    reach = float(stats.t.ppf(0.975, number - 1)) * deviation / number**0.5
    interval = f"{mean - reach:+.1f} to {mean + reach:+.1f}"
    return [dataset, row, str(number), f"{mean:+.1f}", f"{deviation:.1f}", interval, above]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("results", type=Path, help="results.jsonl of a suite")
    parser.add_argument("--against", required=True, help="the row to compare with")
    parser.add_argument("--protocol", required=True)
    parser.add_argument("--metric", default="accuracy")
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    try:
        found = differences(options.results, options.against, options.protocol, options.metric)
    except ValueError as error:
        parser.error(str(error))
    text = "\n\n".join(
        (
            f"# Rows against `{options.against}`, seed by seed",
            f"{options.protocol}, {options.metric} in points; above 0: better than "
            f"{options.against}. Made by `benchmarks/paired.py` from `results.jsonl`.",
            table(HEADER, [line(*key, points) for key, points in sorted(found.items())]),
        )
    )
    print(text)
    if options.output is not None:
        options.output.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
