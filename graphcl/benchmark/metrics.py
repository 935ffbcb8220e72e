"""How each metric is shown: heading, direction, unit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class MetricStyle:
    """How a metric appears in tables and plots.

    Attributes:
        heading: Column heading.
        better: 1 larger is better, -1 smaller is better, 0 neither, or nothing to compare by.
        percent: Shown as percent (the metric is a fraction); otherwise as it is.
        in_tables: Shown in tables on the terminal and in Markdown; the CSV has all.
        in_plots: Drawn.
        not_for: Tasks in whose tables and plots it is left out: another metric leads there.
    """

    heading: str
    better: int = 1
    percent: bool = True
    in_tables: bool = True
    in_plots: bool = False
    not_for: tuple[str, ...] = ()


STYLES: dict[str, MetricStyle] = {
    "accuracy": MetricStyle("Accuracy", in_plots=True),
    "macro_f1": MetricStyle("Macro-F1", in_plots=True, not_for=("probe",)),
    "micro_f1": MetricStyle("Micro-F1"),
    "auc": MetricStyle("AUC"),
    "validation_accuracy": MetricStyle("Validation accuracy", in_tables=False),
    "validation_auc": MetricStyle("Validation AUC", in_tables=False),
    "validation_macro_f1": MetricStyle("Validation Macro-F1", in_tables=False),
    "validation_micro_f1": MetricStyle("Validation Micro-F1", in_tables=False),
    "acc": MetricStyle("ACC", in_plots=True),
    "nmi": MetricStyle("NMI", in_plots=True),
    "ari": MetricStyle("ARI"),
    "f1_macro": MetricStyle("F1"),
    "modularity": MetricStyle("Modularity"),
    "conductance": MetricStyle("Conductance", better=-1),
    "clusters": MetricStyle("Clusters", better=0, percent=False),
    "acc_best_epoch": MetricStyle("ACC, best epoch (label-peeking)", better=0),
    "nmi_best_epoch": MetricStyle("NMI, best epoch (label-peeking)", better=0),
}

# What a cell of a task reports at least, also where none of its cells succeeded.
MAIN_METRICS = {
    "probe": ("accuracy",),
    "restarted-probe": ("macro_f1", "micro_f1", "auc"),
    "cross-validation": ("accuracy",),
    "scaffold-probe": ("auc",),
    "clustering": ("acc", "nmi"),
}
FOLD_STD = "_fold_std"
"""What ends the name of a spread over the folds of a cross-validation (`graphcl.evaluation`)."""
RESTART_STD = "_restart_std"
"""What ends the name of a spread over restarts of one evaluation (`graphcl.evaluation`)."""


def style_of(metric: str, task: str = "") -> MetricStyle:
    """The style of a metric; one that is not known is only written to the CSV, as it is.

    Args:
        metric: Its name. A spread over restarts or folds has the unit of its metric; it is in the
            CSV and in the notes.
        task: The protocol's task, where the style is for its table or plot.

    Example:
        >>> style_of("macro_f1").in_tables, style_of("macro_f1", "probe").in_tables
        (True, False)
        >>> style_of("auc_restart_std").heading
        'AUC, restarts'
    """
    for ending, name in ((RESTART_STD, "restarts"), (FOLD_STD, "folds")):
        if metric.endswith(ending):
            of = style_of(metric.removesuffix(ending))
            return MetricStyle(f"{of.heading}, {name}", -1, of.percent, in_tables=False)
    unknown = MetricStyle(metric, better=0, percent=False, in_tables=False)
    style = STYLES.get(metric, unknown)
    return replace(style, in_tables=False, in_plots=False) if task in style.not_for else style


def ordered(metrics: Iterable[str]) -> list[str]:
    """Metrics without repetition, the known ones first and in the order of the tables.

    Example:
        >>> ordered(["nmi", "acc", "nmi"])
        ['acc', 'nmi']
    """
    order = list(STYLES)
    return sorted(set(metrics), key=lambda m: (order.index(m) if m in order else len(order), m))
