"""Similarities and weights of pairs, split by whether the labels agree."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from graphcl.arguments import check_whole
from graphcl.plotting.colours import PALETTE

SAME, OTHER = PALETTE[5], PALETTE[0]


def plot_pair_histogram(
    values: Tensor,
    labels: Tensor,
    *,
    anchors: Tensor | None = None,
    bins: int = 50,
    axis: str = "similarity",
    ax: Any = None,
) -> Any:
    """Draw the histogram of a number of pairs, split into same-label and other-label pairs.

    Of similarities it shows how far false negatives (same label) and true ones (other label) can
    be told apart; of the weights of negatives, whether a strategy finds the false ones. Each of
    the two histograms has area one, a dashed line is its mean.

    Args:
        values: ``[A, N]``, of anchor ``a`` with item ``j``; NaN: not a pair. The pair of an anchor
            with itself is left out.
        labels: Integers, ``[N]``; pairs with a negative one are left out.
        anchors: Which items the rows are, ``[A]``; None: item ``a``, for all N of them.
        bins: Number of bins, at least 1.
        axis: Name of the axis of values.
        ax: Matplotlib's axes to draw in; None: a new figure.

    Returns:
        The axes.

    Raises:
        TypeError: Values that are no floating point tensor, labels that are no integers.
        ValueError: Shapes that do not fit, an infinite value, no pair of either kind.

    Example:
        >>> rows = torch.eye(4)[[0, 0, 1, 1]]
        >>> ax = plot_pair_histogram(rows @ rows.T, torch.tensor([0, 0, 1, 1]))
        >>> [text.get_text() for text in ax.get_legend().get_texts()]
        ['same label (33.3 % of pairs)', 'other label']
    """
    check_whole("bins", bins, least=1)
    values = values.detach().cpu()
    same, other = (values[part].numpy() for part in _pairs({"values": values}, labels, anchors))
    ax = _axes(ax)
    ends = [float(end) for part in (same, other) if part.size for end in (part.min(), part.max())]
    low, high = min(ends), max(ends)
    edges = np.linspace(low, high if high > low else low + 1.0, bins + 1)
    share = 100 * same.size / (same.size + other.size)
    names = (f"same label ({share:.1f} % of pairs)", "other label")
    for part, name, colour in zip((same, other), names, (SAME, OTHER), strict=True):
        if part.size:
            ax.hist(
                part,
                bins=edges,
                density=True,
                histtype="stepfilled",
                facecolor=(colour, 0.35),
                edgecolor=colour,
                label=name,
            )
            ax.axvline(part.mean(dtype=np.float64), color=colour, linestyle="--", linewidth=1.2)
    ax.set(xlabel=axis, ylabel="density")
    ax.legend(frameon=False, fontsize="small")
    return ax


def plot_weights_by_similarity(
    similarities: Tensor,
    weights: Tensor,
    labels: Tensor,
    *,
    anchors: Tensor | None = None,
    bins: int = 40,
    least: int = 20,
    ax: Any = None,
) -> Any:
    """Draw what negatives weigh as a function of their similarity, by same and other label.

    A line is the mean weight in bins of equal width, its band from the 5th to the 95th percentile.
    A strategy that looks at nothing but similarities gives both kinds nearly the same line.

    Args:
        similarities: ``[A, N]``, of anchor ``a`` with item ``j``; NaN: not a pair. The pair of an
            anchor with itself is left out.
        weights: ``[A, N]``, finite where the similarity is.
        labels: Integers, ``[N]``; pairs with a negative one are left out.
        anchors: Which items the rows are, ``[A]``; None: item ``a``, for all N of them.
        bins: Number of bins, at least 1.
        least: Bins with fewer pairs of a kind are not drawn for it.
        ax: Matplotlib's axes to draw in; None: a new figure.

    Returns:
        The axes.

    Raises:
        TypeError: Values that are no floating point tensors, labels that are no integers.
        ValueError: Shapes that do not fit, an infinite value, no pair of either kind.

    Example:
        >>> cosines, labels = torch.rand(9, 9), torch.arange(9) % 2
        >>> ax = plot_weights_by_similarity(cosines, cosines.exp(), labels, bins=3, least=1)
        >>> [line.get_label() for line in ax.get_lines()]
        ['same label', 'other label']
    """
    check_whole("bins", bins, least=1)
    check_whole("least", least, least=1)
    similarities, weights = similarities.detach().cpu(), weights.detach().cpu()
    parts = _pairs({"similarities": similarities, "weights": weights}, labels, anchors)
    ax = _axes(ax)
    all_pairs = similarities[parts[0] | parts[1]]
    edges = np.linspace(float(all_pairs.min()), float(all_pairs.max()), bins + 1)
    middles = (edges[:-1] + edges[1:]) / 2
    for part, name, colour in zip(parts, ("same label", "other label"), (SAME, OTHER), strict=True):
        x, y = similarities[part].numpy(), weights[part].numpy()
        order = np.argsort(x, kind="stable")
        cuts = np.searchsorted(x[order], edges[1:-1])
        groups = [(m, g) for m, g in zip(middles, np.split(y[order], cuts), strict=True)]
        groups = [(middle, group) for middle, group in groups if group.size >= least]
        if groups:
            places = [middle for middle, _ in groups]
            low, high = np.array([np.percentile(group, (5, 95)) for _, group in groups]).T
            ax.fill_between(places, low, high, color=colour, alpha=0.2, linewidth=0)
            ax.plot(places, [group.mean() for _, group in groups], color=colour, label=name)
    ax.set(xlabel="similarity", ylabel="weight", ylim=(min(0.0, ax.get_ylim()[0]), None))
    if ax.get_legend_handles_labels()[0]:
        ax.legend(frameon=False, fontsize="small")
    return ax


def _pairs(
    matrices: dict[str, Tensor], labels: Tensor, anchors: Tensor | None
) -> tuple[Tensor, Tensor]:
    """Which entries of the matrices are pairs of the same and of another label, both ``[A, N]``."""
    labels = labels.cpu()
    if labels.is_floating_point() or labels.dim() != 1:
        raise TypeError(f"labels must be integers of shape [N], got {_said(labels)}")
    if anchors is None:
        anchors = torch.arange(len(labels))
    anchors = anchors.cpu()
    if anchors.is_floating_point() or anchors.dim() != 1:
        raise TypeError(f"anchors must be integers of shape [A], got {_said(anchors)}")
    if anchors.numel() and not 0 <= int(anchors.min()) <= int(anchors.max()) < len(labels):
        raise ValueError(f"anchors must be from 0 to {len(labels) - 1}")
    shape = (len(anchors), len(labels))
    for name, matrix in matrices.items():
        if not matrix.is_floating_point():
            raise TypeError(f"{name} must be a floating point tensor, got {_said(matrix)}")
        if matrix.shape != shape:
            raise ValueError(f"{name} must have shape {list(shape)}, got {list(matrix.shape)}")
    first = next(iter(matrices.values()))
    items = torch.arange(len(labels))
    mine = labels[anchors].unsqueeze(1)
    there = (mine >= 0) & (labels >= 0) & (anchors.unsqueeze(1) != items) & ~first.isnan()
    if not bool(there.any()):
        raise ValueError("there is no pair to draw: all are NaN, unlabelled, or of one item")
    for name, matrix in matrices.items():
        if not bool(matrix[there].isfinite().all()):
            raise ValueError(f"{name} must be finite where there is a pair")
    return there & (mine == labels), there & (mine != labels)


def _said(tensor: Tensor) -> str:
    return f"{str(tensor.dtype).removeprefix('torch.')} {list(tensor.shape)}"


def _axes(ax: Any) -> Any:
    if ax is not None:
        return ax
    from matplotlib import pyplot

    return pyplot.subplots()[1]
