"""Bars with error bars, for reports."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from graphcl.plotting.colours import FAINT, INK, PALETTE


@dataclass(frozen=True)
class Bar:
    """One bar: a value with its spread and, where there is one, the published figure.

    Attributes:
        value: Length of the bar; None where there is no result.
        spread: Half the length of the error bar; None or NaN for none.
        note: Said in place of the bar where there is no value, e.g. "failed".
        published: A figure from the literature.
        published_spread: Its standard deviation.
    """

    value: float | None
    spread: float | None = None
    note: str = ""
    published: float | None = None
    published_spread: float | None = None


@dataclass(frozen=True)
class BarPanel:
    """One panel: rows of bars, one bar a series in each row.

    Attributes:
        title: Above the panel.
        labels: Names of the rows, from top to bottom.
        series: Series name -> one bar a row.
        axis: Name of the axis of values.
    """

    title: str
    labels: Sequence[str]
    series: dict[str, Sequence[Bar]]
    axis: str = ""


def plot_bars(
    panels: Sequence[Sequence[BarPanel]],
    paths: Iterable[str | Path],
    *,
    title: str,
    subtitle: str = "",
) -> None:
    """Draw panels of horizontal bars with error bars and value labels.

    Args:
        panels: Rows of panels; rows may differ in length.
        paths: Files to write; the ending decides the format (`.png`, `.svg`, `.pdf`).
        title: Title of the figure.
        subtitle: A smaller line under it.

    Raises:
        ValueError: There is no panel, or a series has another length than the labels.

    Example:
        >>> import tempfile
        >>> file = Path(tempfile.mkdtemp()) / "bars.svg"
        >>> bars = {"ACC": [Bar(79.1, 0.4), Bar(None, note="failed")]}
        >>> plot_bars([[BarPanel("digits", ["ssgc", "grace"], bars)]], [file], title="quick")
        >>> file.exists()
        True
    """
    _check(panels)
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    style: Any = {
        "font.family": "sans-serif",
        "font.size": 10,
        "svg.fonttype": "none",  # text stays text: it can be searched and is small
        "svg.hashsalt": "graphcl",  # the same plot is the same file
        "axes.edgecolor": FAINT,
        "axes.labelcolor": INK,
        "text.color": INK,
        "xtick.color": INK,
        "ytick.color": INK,
    }
    columns = max(len(row) for row in panels)
    heights = [max(_panel_height(panel) for panel in row) for row in panels]
    head = 0.85 if subtitle else 0.6
    with mpl.rc_context(style):
        height = sum(heights) + head + 0.1
        layout = ConstrainedLayoutEngine(rect=(0, 0, 1, 1 - head / height), h_pad=0.1, w_pad=0.12)
        figure = Figure(figsize=(max(6.4, 5.2 * columns), height), layout=layout)
        FigureCanvasAgg(figure)
        axes = figure.subplots(len(panels), columns, squeeze=False, height_ratios=heights)
        for row, row_axes in zip(panels, axes, strict=True):
            # Titles of a row stand on one line, so all make room where one has a legend.
            room = 24 if any(_needs_legend(panel) for panel in row) else 6
            for i, ax in enumerate(row_axes):
                if i < len(row):
                    _draw_panel(ax, row[i], room)
                else:
                    ax.set_visible(False)
        figure.text(0.015, 1 - 0.16 / height, title, va="top", weight="bold", size=14)
        if subtitle:
            figure.text(0.015, 1 - 0.5 / height, subtitle, va="top", size=10, color="#555555")
        for path in paths:
            file = Path(path)
            file.parent.mkdir(parents=True, exist_ok=True)
            metadata = {"Date": None} if file.suffix == ".svg" else None
            figure.savefig(file, dpi=160, metadata=metadata, facecolor="white")


def _check(panels: Sequence[Sequence[BarPanel]]) -> None:
    if not any(len(row) for row in panels):
        raise ValueError("panels must hold at least one panel, got none")
    for panel in (panel for row in panels for panel in row):
        for name, bars in panel.series.items():
            if len(bars) != len(panel.labels):
                raise ValueError(
                    f"panel {panel.title!r}: series {name!r} has {len(bars)} bars "
                    f"for {len(panel.labels)} labels"
                )


def _panel_height(panel: BarPanel) -> float:
    """Inches: the same thickness of bars in every panel."""
    bars = len(panel.labels) * (len(panel.series) * 0.24 + 0.16)
    legend = 0.3 if _needs_legend(panel) else 0.0
    return bars + 0.95 + legend


def _has_published(panel: BarPanel) -> bool:
    return any(bar.published is not None for bars in panel.series.values() for bar in bars)


def _needs_legend(panel: BarPanel) -> bool:
    return len(panel.series) > 1 or _has_published(panel)


def _draw_panel(ax: Any, panel: BarPanel, room: int) -> None:
    count = len(panel.series)
    thickness = 0.8 / count
    reach = _reach(panel)
    handles = []
    for s, (name, bars) in enumerate(panel.series.items()):
        colour = PALETTE[s % len(PALETTE)]
        for i, bar in enumerate(bars):
            place = i + (s - (count - 1) / 2) * thickness
            _draw_bar(ax, bar, place, thickness, colour, reach)
        handles.append(_swatch(colour, name))
    if _has_published(panel):
        handles.append(_diamond())
    ax.set_yticks(range(len(panel.labels)), panel.labels)
    ax.set_ylim(len(panel.labels) - 0.45, -0.55)  # the first row is on top
    ax.set_xlim(min(0.0, _lowest(panel) * 1.25), reach * 1.2)
    ax.set_xlabel(panel.axis)
    ax.set_title(panel.title, loc="left", size=11, weight="bold", pad=room)
    ax.grid(axis="x", color="#e6e6e6", linewidth=0.8)
    ax.set_axisbelow(True)
    ax.tick_params(length=0)
    for side in ("top", "right", "bottom"):
        ax.spines[side].set_visible(False)
    if _needs_legend(panel):
        ax.legend(
            handles=handles,
            loc="lower left",
            bbox_to_anchor=(0, 1.0),
            ncols=len(handles),
            frameon=False,
            borderpad=0,
            borderaxespad=0.2,
            handlelength=1.0,
            columnspacing=1.4,
            fontsize=9,
        )


def _draw_bar(ax: Any, bar: Bar, place: float, thickness: float, colour: str, reach: float) -> None:
    if bar.value is None:
        ax.text(reach * 0.01, place, bar.note, va="center", size=9, style="italic", color="#a03030")
        end = 0.0
    else:
        ax.barh(place, bar.value, height=thickness * 0.86, color=colour)
        spread = 0.0 if bar.spread is None or math.isnan(bar.spread) else bar.spread
        if spread > 0:
            ax.errorbar(
                bar.value, place, xerr=spread, color=INK, elinewidth=1.1, capsize=2.6, capthick=1.1
            )
        end = max(bar.value, 0.0) + spread
    if bar.published is not None:
        ax.errorbar(
            bar.published,
            place,
            xerr=bar.published_spread,
            fmt="D",
            markersize=5,
            markerfacecolor="white",
            markeredgecolor=INK,
            ecolor=INK,
            elinewidth=0.8,
            zorder=5,
        )
        end = max(end, bar.published + (bar.published_spread or 0.0) + reach * 0.012)
    if bar.value is not None:
        ax.text(end + reach * 0.015, place, f"{bar.value:.1f}", va="center", size=9)


def _reach(panel: BarPanel) -> float:
    """The largest value with its spread: where the axis has to reach."""
    ends = [1e-9]
    for bars in panel.series.values():
        for bar in bars:
            for value, spread in ((bar.value, bar.spread), (bar.published, bar.published_spread)):
                if value is not None:
                    ends.append(value + (0.0 if spread is None or math.isnan(spread) else spread))
    return max(ends)


def _lowest(panel: BarPanel) -> float:
    return min((b.value for bars in panel.series.values() for b in bars if b.value), default=0.0)


def _swatch(colour: str, name: str) -> Any:
    from matplotlib.patches import Patch

    return Patch(facecolor=colour, label=name)


def _diamond() -> Any:
    from matplotlib.lines import Line2D

    return Line2D(
        [],
        [],
        linestyle="",
        marker="D",
        markersize=5,
        markerfacecolor="white",
        markeredgecolor=INK,
        label="published",
    )
