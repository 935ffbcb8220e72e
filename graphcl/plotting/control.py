"""What leaders control: the graph itself, and how bounds follow the share of changed edges."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch_geometric.data import Data

from graphcl.control import leader_distances
from graphcl.plotting.colours import FAINT, INK, PALETTE

KEPT, FREE = INK, PALETTE[5]
_FIELDS = ("control_node_leader", "control_edge_free")


def plot_controlled_graph(
    data: Data, *, positions: Tensor | None = None, numbers: bool = False, ax: Any = None
) -> Any:
    """Draw a prepared graph: its leaders, how far all are from them, and which edges may go.

    Squares are leaders. The colour of a node is its distance from the nearest one (grey: no leader
    reaches it). Dark lines are edges that views keep, the backbone; dashed ones may fall.

    Args:
        data: What :class:`graphcl.augmentations.PrepareControl` made of a single graph.
        positions: Where the nodes are, ``[N, 2]``; None: NetworkX's layout by path lengths.
        numbers: Whether to write each node's number on it.
        ax: Matplotlib's axes to draw in; None: a new figure.

    Returns:
        The axes.

    Raises:
        TypeError: No graph.
        ValueError: A batch, a graph that was not prepared, positions of another shape.

    Example:
        >>> from graphcl.augmentations import PrepareControl
        >>> square = torch.tensor([[0, 1, 1, 2, 2, 3, 3, 0], [1, 0, 2, 1, 3, 2, 0, 3]])
        >>> graph = PrepareControl(leaders=torch.tensor([0]))(Data(edge_index=square, num_nodes=4))
        >>> ax = plot_controlled_graph(graph)
        >>> [text.get_text() for text in ax.get_legend().get_texts()]
        ['leader', 'kept: 3 edges', 'may fall: 1 edge']
    """
    if not isinstance(data, Data):
        raise TypeError(f"data must be a Data, got {type(data).__name__}")
    if "batch" in data or any(field not in data for field in _FIELDS):
        raise ValueError("data must be a single graph that PrepareControl has prepared")
    slot = data.control_node_leader
    count = len(slot)
    edges = data.edge_index.cpu()
    places = _positions(edges, count, positions)
    leaders = (slot >= 0).nonzero().squeeze(1)
    far = torch.as_tensor(leader_distances(edges, leaders.cpu(), num_nodes=count))
    near = torch.where(far < 0, torch.iinfo(far.dtype).max, far).min(dim=1).values
    reached = (far >= 0).any(dim=1).numpy()
    ax = _axes(ax)
    _draw_edges(ax, edges, data.control_edge_free.cpu() >= 0, places)
    _draw_nodes(ax, places, slot.cpu().numpy() >= 0, near.numpy(), reached)
    if numbers:
        for node, (x, y) in enumerate(places):
            ax.annotate(str(node), (x, y), ha="center", va="center", size="x-small", zorder=4)
    handles, texts = ax.get_legend_handles_labels()
    order = [2, 0, 1]  # leaders are drawn last, to be on top
    ax.legend(
        [handles[i] for i in order], [texts[i] for i in order], frameon=False, fontsize="small"
    )
    ax.set_axis_off()
    return ax


def plot_control_curves(
    ratios: Sequence[float],
    values: Mapping[str, Tensor],
    *,
    label: str = "bound, over that of the graph",
    ax: Any = None,
) -> Any:
    """Draw a figure of views over that of their graphs, against the share of changed edges.

    Lines are means over graphs, bands reach from the first to the last tenth of the graphs. A
    line at 1 marks what the graphs themselves have.

    Args:
        ratios: Shares of the edges, ``R`` of them.
        values: Name of a kind of view -> ``[R, G]``, the figure of each graph's view divided by
            that of the graph.
        label: Name of the vertical axis.
        ax: Matplotlib's axes to draw in; None: a new figure.

    Returns:
        The axes.

    Raises:
        ValueError: Nothing to draw, values of another shape, or not finite.

    Example:
        >>> ax = plot_control_curves([0.1, 0.2], {"random": torch.tensor([[1.0, 0.8], [0.9, 0.7]])})
        >>> [float(y) for y in ax.get_lines()[1].get_ydata().round(3)]
        [0.9, 0.8]
    """
    if len(ratios) == 0 or not values:
        raise ValueError("ratios and values must hold at least one entry")
    for name, rows in values.items():
        if rows.dim() != 2 or len(rows) != len(ratios) or rows.size(1) == 0:
            raise ValueError(
                f"values[{name!r}] must have shape [{len(ratios)}, graphs], got {list(rows.shape)}"
            )
        if not bool(torch.isfinite(rows).all()):
            raise ValueError(f"values[{name!r}] must be finite")
    ax = _axes(ax)
    ax.axhline(1, color=FAINT, linewidth=1, linestyle=":")
    for number, (name, rows) in enumerate(values.items()):
        colour = PALETTE[number % len(PALETTE)]
        found = rows.double().numpy()
        ax.plot(ratios, found.mean(axis=1), "o-", color=colour, label=name, markersize=4)
        low, high = np.quantile(found, [0.1, 0.9], axis=1)
        ax.fill_between(ratios, low, high, color=colour, alpha=0.15, linewidth=0)
    ax.set(xlabel="share of the edges", ylabel=label)
    ax.legend(frameon=False, fontsize="small")
    return ax


def _positions(edges: Tensor, count: int, given: Tensor | None) -> Any:
    if given is not None:
        if given.shape != (count, 2):
            raise ValueError(f"positions must have shape [{count}, 2], got {list(given.shape)}")
        return given.detach().cpu().numpy()
    import networkx

    graph: Any = networkx.Graph()
    graph.add_nodes_from(range(count))
    graph.add_edges_from(edges.T.tolist())
    places = networkx.kamada_kawai_layout(graph)
    return np.array([places[node] for node in range(count)])


def _draw_edges(ax: Any, edges: Tensor, free: Tensor, places: Any) -> None:
    from matplotlib.collections import LineCollection

    once = edges[0] < edges[1]
    styles = (("kept", ~free, KEPT, "solid", 1.8), ("may fall", free, FREE, "dashed", 1.0))
    for name, chosen, colour, style, width in styles:
        ends = edges[:, once & chosen].T.numpy()
        plural = "" if len(ends) == 1 else "s"
        ax.add_collection(
            LineCollection(
                places[ends],
                colors=colour,
                linestyles=style,
                linewidths=width,
                zorder=1,
                label=f"{name}: {len(ends)} edge{plural}",
            )
        )


def _draw_nodes(ax: Any, places: Any, leads: Any, near: Any, reached: Any) -> None:
    follower = reached & ~leads
    drawn = ax.scatter(
        *places[follower].T,
        c=near[follower],
        cmap="viridis_r",
        vmin=0,
        s=130,
        edgecolors="white",
        zorder=2,
    )
    if follower.any():
        steps = range(1, int(near[follower].max()) + 1)
        ax.figure.colorbar(drawn, ax=ax, label="steps from a leader", shrink=0.6, ticks=steps)
    ax.scatter(*places[~reached].T, c=FAINT, s=130, edgecolors="white", zorder=2)
    ax.scatter(
        *places[leads].T,
        c=PALETTE[1],
        marker="s",
        s=170,
        edgecolors=INK,
        zorder=3,
        label="leader",
    )


def _axes(ax: Any) -> Any:
    if ax is not None:
        return ax
    from matplotlib import pyplot

    return pyplot.subplots(figsize=(6, 4.5), constrained_layout=True)[1]
