"""Meta-paths of a graph: how many edges they make, whom they miss, and what they say of labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from graphcl.metapaths import MetaPathSummary
from graphcl.plotting.colours import INK, PALETTE


def plot_metapath_summaries(summaries: Sequence[MetaPathSummary], *, axes: Any = None) -> list[Any]:
    """Draw meta-paths in numbers, one row each, in the order given.

    The panels: edges with the share of all pairs that they are (density), nodes without any
    neighbour, and, where there are labels, the share of edges within a class (label homophily)
    with a diamond where it would be if all pairs were edges. A meta-path says something about the
    labels as far as its bar exceeds the diamond, and about those nodes only that it reaches.

    Args:
        summaries: What :func:`graphcl.metapaths.summarise_metapaths` found; at least one.
        axes: Matplotlib's axes to draw in: three, or two where no summary has a homophily; None: a
            new figure.

    Returns:
        The axes, from left to right.

    Raises:
        TypeError: Something else than summaries.
        ValueError: No summary, or another number of axes.

    Example:
        >>> from graphcl.datasets import load
        >>> from graphcl.metapaths import summarise_metapaths
        >>> data, card = load("countries")
        >>> found = summarise_metapaths(data, card.metapaths, labels=data["country"].y)
        >>> [ax.get_xlabel() for ax in plot_metapath_summaries(found)]
        ['edges', 'nodes without neighbour (%)', 'edges within a class (%)']
    """
    summaries = _checked(summaries)
    labelled = any(summary.homophily is not None for summary in summaries)
    panels = [_draw_edges, _draw_isolated, *([_draw_homophily] if labelled else [])]
    axes = _axes(axes, len(panels), len(summaries))
    for place, (ax, draw) in enumerate(zip(axes, panels, strict=True)):
        draw(ax, summaries)
        ax.set_yticks(range(len(summaries)), [_name(s) if place == 0 else "" for s in summaries])
        ax.set_ylim(len(summaries) - 0.4, -0.6)  # the first row is on top
        ax.grid(axis="x", color="#e6e6e6", linewidth=0.8)
        ax.set_axisbelow(True)
        ax.tick_params(axis="y", length=0)
        for side in ("top", "right"):
            ax.spines[side].set_visible(False)
    return axes


def _draw_edges(ax: Any, summaries: list[MetaPathSummary]) -> None:
    """Points, not bars: numbers of edges need a logarithmic axis, which has no zero."""
    most = max(1, *(summary.edges for summary in summaries))
    ax.set(xscale="log", xlim=(0.7, most * 60), xlabel="edges")  # with room for the texts
    for row, summary in enumerate(summaries):
        text = f"{summary.edges:,} ({100 * summary.density:.3g} % of pairs)"
        if summary.edges:
            ax.plot([0.7, summary.edges], [row, row], color=PALETTE[0], linewidth=1)
            ax.plot(summary.edges, row, "o", color=PALETTE[0])
        _say(ax, max(summary.edges, 0.7), row, text if summary.edges else "none")


def _draw_isolated(ax: Any, summaries: list[MetaPathSummary]) -> None:
    ax.set(xlim=(0, 130), xlabel="nodes without neighbour (%)", xticks=range(0, 101, 25))
    for row, summary in enumerate(summaries):
        share = 100 * summary.isolated / max(summary.num_nodes, 1)
        ax.barh(row, share, height=0.55, color=PALETTE[1])
        _say(ax, share, row, f"{summary.isolated:,}")


def _draw_homophily(ax: Any, summaries: list[MetaPathSummary]) -> None:
    ax.set(xlim=(0, 130), xlabel="edges within a class (%)", xticks=range(0, 101, 25))
    for row, summary in enumerate(summaries):
        if summary.homophily is None:
            _say(ax, 0, row, "no edge with labels")
            continue
        share = 100 * summary.homophily
        ax.barh(row, share, height=0.55, color=PALETTE[2])
        end = share
        if summary.chance is not None:
            (chance,) = ax.plot(100 * summary.chance, row, "D", ms=5, mfc="white", mec=INK)
            end = max(share, 100 * summary.chance)
            chance.set_label("if all pairs were edges")
        _say(ax, end, row, f"{share:.0f}")
    handles, labels = ax.get_legend_handles_labels()
    if handles:
        options: Any = {"loc": "lower right", "bbox_to_anchor": (1, 1), "borderpad": 0}
        ax.legend(handles[:1], labels[:1], frameon=False, fontsize="small", **options)


def _say(ax: Any, end: float, row: int, text: str) -> None:
    """A text a little to the right of a value."""
    ax.annotate(
        text, (end, row), (6, 0), textcoords="offset points", va="center", size="small", color=INK
    )


def _name(summary: MetaPathSummary) -> str:
    """The name in lines of two steps: long paths would leave no room for the panels."""
    steps = summary.name.split("-")
    lines = ["-".join(steps[i : i + 3]) for i in range(0, len(steps), 3)]
    return "-\n".join(lines)


def _checked(summaries: Sequence[MetaPathSummary]) -> list[MetaPathSummary]:
    if not isinstance(summaries, Sequence):
        raise TypeError(f"summaries must be a list, got one {type(summaries).__name__}")
    for summary in summaries:
        if not isinstance(summary, MetaPathSummary):
            raise TypeError(f"summaries must hold MetaPathSummary, got {type(summary).__name__}")
    if not summaries:
        raise ValueError("summaries must hold at least one meta-path, got none")
    return list(summaries)


def _axes(axes: Any, number: int, rows: int) -> list[Any]:
    if axes is not None:
        given = list(axes)
        if len(given) != number:
            raise ValueError(f"axes must be {number}, one for each panel, got {len(given)}")
        return given
    from matplotlib import pyplot
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    size, layout = (4.4 * number, 1.1 + 0.5 * rows), ConstrainedLayoutEngine(w_pad=0.1)
    return list(pyplot.subplots(1, number, figsize=size, layout=layout)[1])
