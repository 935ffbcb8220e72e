"""How each metric is shown: heading, direction, unit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class MetricStyle:
    """How a metric appears in tables and plots.

    Attributes:
        heading: Column heading.
        better: 1 larger is better, -1 smaller is better, 0 neither.
        percent: Shown as percent (the metric is a fraction); otherwise as it is.
        in_tables: Shown in tables on the terminal and in Markdown; the CSV has all.
        in_plots: Drawn.
    """

    heading: str
    better: int = 1
    percent: bool = True
    in_tables: bool = True
    in_plots: bool = False


STYLES: dict[str, MetricStyle] = {
    "accuracy": MetricStyle("Accuracy", in_plots=True),
    "macro_f1": MetricStyle("Macro-F1", in_tables=False),
    "validation_accuracy": MetricStyle("Validation accuracy", in_tables=False),
    "acc": MetricStyle("ACC", in_plots=True),
    "nmi": MetricStyle("NMI", in_plots=True),
    "ari": MetricStyle("ARI"),
    "f1_macro": MetricStyle("F1"),
    "modularity": MetricStyle("Modularity"),
    "conductance": MetricStyle("Conductance", better=-1),
    "clusters": MetricStyle("Clusters", better=0, percent=False),
}

# What a cell of a task reports at least, also where none of its cells succeeded.
MAIN_METRICS = {"probe": ("accuracy",), "clustering": ("acc", "nmi")}


def style_of(metric: str) -> MetricStyle:
    """The style of a metric; one that is not known is only written to the CSV, as it is."""
    return STYLES.get(metric, MetricStyle(metric, better=0, percent=False, in_tables=False))


def ordered(metrics: Iterable[str]) -> list[str]:
    """Metrics without repetition, the known ones first and in the order of the tables.

    Example:
        >>> ordered(["nmi", "acc", "nmi"])
        ['acc', 'nmi']
    """
    order = list(STYLES)
    return sorted(set(metrics), key=lambda m: (order.index(m) if m in order else len(order), m))
