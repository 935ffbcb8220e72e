"""From single results to what a table shows: mean, spread, interval, and what is missing."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from graphcl.benchmark.cells import Cell, CellResult
from graphcl.benchmark.metrics import MAIN_METRICS, ordered, style_of
from graphcl.benchmark.suite import PublishedFigure, Suite


@dataclass(frozen=True)
class Measured:
    """A metric over seeds, in the unit that is shown (percent, or as it is).

    Attributes:
        mean: Mean over the seeds that finished.
        std: Sample standard deviation; NaN for a single seed.
        low: Lower end of the 95 % interval of the mean.
        high: Upper end.
        count: Seeds that finished.
        asked: Seeds that were asked for.
    """

    mean: float
    std: float
    low: float
    high: float
    count: int
    asked: int


@dataclass(frozen=True)
class RowStatistics:
    """One row of one data set under one protocol.

    Attributes:
        row: Label of the row.
        asked: Seeds that were asked for; 0 for a method that is only published.
        failed: Seeds that failed.
        metrics: Metric -> its statistics; empty where no seed finished.
        published: Metric -> the published figure under the same protocol.
    """

    row: str
    asked: int
    failed: int
    metrics: Mapping[str, Measured]
    published: Mapping[str, PublishedFigure]


@dataclass(frozen=True)
class ProtocolStatistics:
    """All rows of one data set under one protocol: never two protocols together.

    Attributes:
        dataset: Name of the data set.
        protocol: Protocol id.
        task: That of the protocol: "probe", "restarted-probe" or "clustering".
        metrics: Metrics that at least one row has, in the order of the tables.
        rows: In the order of the suite, or the best first.
    """

    dataset: str
    protocol: str
    task: str
    metrics: tuple[str, ...]
    rows: tuple[RowStatistics, ...]

    def has_published(self, metric: str) -> bool:
        """Whether some row has a published figure of this metric."""
        return any(metric in row.published for row in self.rows)


@dataclass(frozen=True)
class Cost:
    """What the training of a row on a data set took; None where no seed finished.

    Attributes:
        seconds: Mean wall time until the embeddings are there, a seed.
        epoch_seconds: Of them, mean of one epoch; None where nothing is trained.
        peak_mib: Largest peak memory of the process, or of the accelerator where one was used.
    """

    seconds: float | None
    epoch_seconds: float | None
    peak_mib: float | None


@dataclass(frozen=True)
class DatasetStatistics:
    """Everything of one data set.

    Attributes:
        dataset: Name of the data set.
        protocols: One entry a protocol, in the order of the suite.
        costs: Row label -> cost of its training.
    """

    dataset: str
    protocols: tuple[ProtocolStatistics, ...]
    costs: Mapping[str, Cost] = field(default_factory=dict)


def gather(
    suite: Suite,
    cells: Sequence[Cell],
    results: Mapping[str, CellResult],
    tasks: Mapping[str, str],
) -> list[DatasetStatistics]:
    """Put the results of a suite together.

    Args:
        suite: The suite.
        cells: Its cells (`plan_cells`), or those that are asked for; a row without any is left out.
        results: Cell key -> result (`ResultStore.read`); others are ignored.
        tasks: Protocol id -> its task.
    """
    gathered = []
    for entry in suite.datasets:
        figures = [f for f in suite.published if f.dataset == entry.name]
        shown = {f.method for f in figures if f.protocol in suite.evaluations_for(entry)}
        own = [cell for cell in cells if cell.dataset == entry.name]
        asked = {cell.row for cell in own}
        rows = [row.name for row in suite.rows_for(entry) if row.name in asked]
        rows += [name for name in suite.literature if name in shown]
        protocols = tuple(
            _protocol(suite, own, results, entry.name, protocol, tasks[protocol], rows)
            for protocol in suite.evaluations_for(entry)
        )
        costs = {
            row: _cost(results[c.key] for c in own if c.row == row and c.key in results)
            for row in rows
        }
        gathered.append(DatasetStatistics(entry.name, protocols, costs))
    return gathered


def _protocol(
    suite: Suite,
    cells: Sequence[Cell],
    results: Mapping[str, CellResult],
    dataset: str,
    protocol: str,
    task: str,
    rows: Sequence[str],
) -> ProtocolStatistics:
    statistics = []
    for row in rows:
        asked = [cell for cell in cells if (cell.row, cell.protocol) == (row, protocol)]
        found = [results[cell.key] for cell in asked if cell.key in results]
        done = [result for result in found if result.done]
        names = ordered(name for result in done for name in result.metrics)
        statistics.append(
            RowStatistics(
                row=row,
                asked=len(asked),
                failed=len(found) - len(done),
                metrics={name: _measure(name, done, len(asked)) for name in names},
                published={
                    figure.metric: figure
                    for figure in suite.published
                    if (figure.dataset, figure.method, figure.protocol) == (dataset, row, protocol)
                },
            )
        )
    present = [name for row in statistics for name in (*row.metrics, *row.published)]
    metrics = tuple(ordered(present or MAIN_METRICS[task]))
    if suite.sort:
        first = MAIN_METRICS[task][0]
        statistics.sort(key=lambda row: -row.metrics[first].mean if row.metrics else math.inf)
    return ProtocolStatistics(dataset, protocol, task, metrics, tuple(statistics))


def _measure(metric: str, done: Sequence[CellResult], asked: int) -> Measured:
    from graphcl.evaluation import summarise

    unit = 100 if style_of(metric).percent else 1
    values = [unit * result.metrics[metric] for result in done if metric in result.metrics]
    summary = summarise(values)
    return Measured(
        mean=summary.mean,
        std=summary.std,
        low=summary.ci_low,
        high=summary.ci_high,
        count=summary.count,
        asked=asked,
    )


def _cost(results: Iterable[CellResult]) -> Cost:
    done = [result for result in results if result.done]
    # All protocols of a seed share its training: count it once.
    seconds = {r.cell.seed: r.seconds_training for r in done if r.seconds_training is not None}
    epochs = {r.cell.seed: r.epochs for r in done if r.epochs and r.cell.seed in seconds}
    peaks = [peak for r in done if (peak := r.peak_gpu_memory_mib or r.peak_memory_mib) is not None]
    return Cost(
        seconds=sum(seconds.values()) / len(seconds) if seconds else None,
        epoch_seconds=(
            sum(seconds[seed] for seed in epochs) / sum(epochs.values()) if epochs else None
        ),
        peak_mib=max(peaks, default=None),
    )
