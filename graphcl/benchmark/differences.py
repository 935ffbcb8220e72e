"""How far our figures are from published ones."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from graphcl.benchmark.aggregate import DatasetStatistics
from graphcl.benchmark.metrics import MAIN_METRICS, style_of

_GROUPS = {
    0: "Within a standard deviation (the larger of both) of the published figure",
    1: "Further above the published figure",
    -1: "Further below the published figure",
}


def differences_of(statistics: Sequence[DatasetStatistics]) -> list[str]:
    """Three lines: which rows agree with published figures of the same protocol, and which do not.

    Only the main metrics of a protocol count. Without a published deviation ours alone is the
    measure; a single seed has none.

    Args:
        statistics: Our figures and those beside them.
    """
    told: dict[int, list[str]] = {group: [] for group in _GROUPS}
    for dataset in statistics:
        for place, gap, spread, seeds in _gaps(dataset):
            group = 0 if abs(gap) <= spread else int(math.copysign(1, gap))
            told[group].append(f"{place} {gap:+.1f}" + (" (one seed)" if seeds == 1 else ""))
    return [f"{text}: {'; '.join(told[group])}." for group, text in _GROUPS.items() if told[group]]


def _gaps(dataset: DatasetStatistics) -> Iterator[tuple[str, float, float, int]]:
    """Place, difference, the larger deviation, our seeds."""
    for protocol in dataset.protocols:
        for row in protocol.rows:
            for metric in MAIN_METRICS[protocol.task]:
                ours, theirs = row.metrics.get(metric), row.published.get(metric)
                if ours is None or theirs is None:
                    continue
                place = f"{row.row} on {dataset.dataset}, {protocol.protocol}"
                spread = max(0.0 if math.isnan(ours.std) else ours.std, theirs.std or 0.0)
                heading = style_of(metric).heading
                yield f"{place}, {heading}", ours.mean - theirs.value, spread, ours.count
