"""Which classes fell into which clusters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from graphcl.arguments import plural
from graphcl.evaluation import contingency_table, match_clusters

_MOST_NUMBERS = 20  # rows or columns up to which the cells say their counts


def plot_confusion(
    assignment: Tensor,
    labels: Tensor,
    *,
    class_names: Sequence[str] | None = None,
    ax: Any = None,
) -> Any:
    """Draw how the nodes of each class are spread over the clusters.

    Classes are rows; clusters are columns, ordered by :func:`graphcl.evaluation.match_clusters` so
    that the cluster matched with a class stands on the diagonal, clusters without a class after
    them. The colour is the share of the class (rows sum to 1), the number the count of nodes; the
    title says the accuracy and how many clusters there are.

    Args:
        assignment: Cluster of each node, integers, ``[N]``.
        labels: Class of each node, integers, ``[N]``; nodes with a negative one are left out.
        class_names: Of the classes that occur, in ascending order; None: their numbers.
        ax: Matplotlib's axes to draw in; None: a new figure.

    Returns:
        The axes.

    Raises:
        TypeError: Clusters or labels that are no integers.
        ValueError: Shapes that do not fit, no label at all, another number of names.

    Example:
        >>> ax = plot_confusion(torch.tensor([7, 7, 3, 3]), torch.tensor([0, 0, 1, 0]))
        >>> [tick.get_text() for tick in ax.get_xticklabels()], ax.get_title(loc="left")
        (['7', '3'], '2 clusters, accuracy 75.0 %')
    """
    table = contingency_table(assignment, labels)
    matching = match_clusters(assignment, labels)
    classes = labels.cpu()[labels.cpu() >= 0].unique()
    clusters, order = _ordered(assignment.cpu(), matching.aligned, classes)
    names = [str(number) for number in classes.tolist()]
    if class_names is not None:
        names = list(class_names)
        if len(names) != len(classes):
            raise ValueError(
                f"class_names must be {len(classes)}, one for each class, got {len(names)}"
            )
    table = table[:, order]
    shares = table / table.sum(1, keepdim=True)
    ax = _axes(ax, *table.shape)
    ax.imshow(shares.numpy(), cmap="Blues", vmin=0, vmax=1, aspect="auto")
    if max(table.shape) <= _MOST_NUMBERS:
        for row, column in (table > 0).nonzero().tolist():
            colour = "white" if shares[row, column] > 0.6 else "#222222"
            text = f"{int(table[row, column]):,}"
            ax.text(column, row, text, ha="center", va="center", size="small", color=colour)
    ax.set_xticks(range(len(clusters)), [str(c) for c in clusters])
    ax.set_yticks(range(len(names)), names)
    ax.tick_params(length=0)
    ax.set(xlabel="cluster", ylabel="class")
    title = f"{plural(len(clusters), 'cluster')}, accuracy {100 * matching.accuracy:.1f} %"
    ax.set_title(title, loc="left", fontsize="medium")
    return ax


def _ordered(assignment: Tensor, aligned: Tensor, classes: Tensor) -> tuple[list[int], Tensor]:
    """Ids of the clusters from left to right, and the columns of the table that they are."""
    clusters, column = assignment.unique(return_inverse=True)
    class_of = torch.full((len(clusters),), -1).scatter(0, column, aligned)
    place = torch.searchsorted(classes, class_of)
    place[class_of < 0] = len(classes)
    order = place.argsort(stable=True)
    return clusters[order].tolist(), order


def _axes(ax: Any, rows: int, columns: int) -> Any:
    if ax is not None:
        return ax
    from matplotlib import pyplot

    size = (1.6 + 0.55 * min(columns, 24), 1.4 + 0.42 * min(rows, 24))
    return pyplot.subplots(figsize=size, layout="constrained")[1]
