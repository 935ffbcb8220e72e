"""Embeddings in two dimensions, coloured by cluster and by label."""

from __future__ import annotations

from typing import Any, Literal, get_args

import numpy as np
import torch
from torch import Tensor

from graphcl.arguments import check_whole, unknown_name
from graphcl.evaluation import match_clusters
from graphcl.plotting.colours import FAINT, PALETTE

Projection = Literal["pca", "tsne"]

_MOST_NAMED = 12  # entries of a legend
_SEEDS = 2**32  # scikit-learn's seeds are below it


def plot_embedding_map(
    embeddings: Tensor,
    assignment: Tensor,
    labels: Tensor | None = None,
    *,
    projection: Projection = "pca",
    most: int = 5000,
    seed: int = 0,
    axes: Any = None,
) -> list[Any]:
    """Draw rows as points of a plane, coloured by cluster and, beside it, by label.

    With labels, a cluster has the colour of the class that
    :func:`graphcl.evaluation.match_clusters` gives it: where the panels differ, clusters and
    labels do. t-SNE shows who is near whom; its distances between groups and their sizes mean
    nothing. PCA keeps distances as far as two components hold the variance, whose shares stand at
    the axes.

    Args:
        embeddings: ``[N, d]``, at least two rows.
        assignment: Cluster of each row, integers, ``[N]``.
        labels: Class of each row, integers, ``[N]``, negative: no label, grey; None: one panel.
        projection: "pca" or "tsne", both of scikit-learn.
        most: Rows that are projected and drawn, at least 2; of more, a random sample.
        seed: Draws the sample and starts t-SNE.
        axes: Matplotlib's axes to draw in: two, or one without labels; None: a new figure.

    Returns:
        The axes, by cluster and, where there are labels, by label.

    Raises:
        TypeError: Embeddings that are not floating point, clusters or labels that are no integers.
        ValueError: Shapes that do not fit, NaN or infinite values, fewer than two rows, an unknown
            projection, no label at all, another number of axes.

    Example:
        >>> rows = torch.randn(8, 3, generator=torch.Generator().manual_seed(0))
        >>> found = plot_embedding_map(rows, torch.arange(8) % 3, torch.arange(8) % 2)
        >>> [ax.get_title(loc="left") for ax in found]
        ['3 clusters', '2 classes']
    """
    check_whole("most", most, least=2)
    check_whole("seed", seed, least=0)
    if projection not in get_args(Projection):
        raise ValueError(unknown_name("projection", projection, get_args(Projection)))
    rows = _checked(embeddings)
    drawn = _sample(len(rows), most, seed)
    clusters = _integers("assignment", assignment, len(rows))
    classes = None if labels is None else _integers("labels", labels, len(rows))
    colours = [_numbered(clusters)] if classes is None else list(_alike(clusters, classes))
    axes = _axes(axes, 1 if classes is None else 2)
    places, names = _project(rows[drawn].numpy(), projection, seed)
    panels = [clusters] if classes is None else [clusters, classes]
    for ax, values, colour, kind in zip(axes, panels, colours, ("cluster", "class"), strict=False):
        _draw(ax, places, values[drawn], colour[drawn], int(colour.max()) + 1, kind)
        number = len(values[colour >= 0].unique())
        plural = {"cluster": "clusters", "class": "classes"}[kind]
        ax.set_title(f"{number} {kind if number == 1 else plural}", loc="left")
        ax.set(xlabel=names[0], ylabel=names[1], xticks=[], yticks=[])
    if len(drawn) < len(rows):
        axes[0].set_title(f"{len(drawn):,} of {len(rows):,} rows", loc="right", fontsize="small")
    return axes


def _draw(
    ax: Any, places: Any, values: Tensor, colours: Tensor, num_colours: int, kind: str
) -> None:
    """Points of all groups in one order of drawing, so that no group covers the others."""
    table = _colour_table(num_colours)
    each = [table[c] if c >= 0 else FAINT for c in colours.tolist()]
    size = float(np.clip(15_000 / len(places), 4, 36))
    ax.scatter(*places.T, s=size, c=each, linewidths=0, alpha=0.75, rasterized=True)
    found = values.unique().tolist()
    if len(found) > _MOST_NAMED:
        return
    from matplotlib.lines import Line2D

    handles = []
    for value in found:
        colour = each[int((values == value).nonzero()[0])]
        unlabelled = kind == "class" and value < 0
        name = "no label" if unlabelled else f"{kind} {value}"
        handles.append(Line2D([], [], linestyle="", marker="o", color=colour, label=name))
    # beside the map: there is no corner without points
    place: Any = {"loc": "upper left", "bbox_to_anchor": (1, 1), "borderaxespad": 0}
    ax.legend(handles=handles, frameon=False, fontsize="x-small", handletextpad=0.1, **place)


def _colour_table(number: int) -> list[Any]:
    """Colours for ids from 0 up; beyond the palette neighbours in hue are hard to tell apart."""
    if number <= len(PALETTE):
        return list(PALETTE)
    from matplotlib import colormaps

    if number <= 20:
        return list(colormaps["tab20"].colors)  # type: ignore[attr-defined]
    return list(colormaps["turbo"](np.linspace(0.03, 0.97, number)))


def _alike(clusters: Tensor, classes: Tensor) -> tuple[Tensor, Tensor]:
    """Numbers of colours from 0 up: of the cluster that of its class, or one after all classes."""
    known = classes >= 0
    of_class = torch.full_like(classes, -1)
    of_class[known] = _numbered(classes[known])
    aligned = match_clusters(clusters, classes).aligned
    alone = aligned < 0
    of_cluster = torch.searchsorted(classes[known].unique(), aligned)
    of_cluster[alone] = int(of_class.max()) + 1 + _numbered(clusters[alone])
    return of_cluster, of_class


def _numbered(values: Tensor) -> Tensor:
    return values.unique(return_inverse=True)[1]


def _project(rows: Any, projection: Projection, seed: int) -> tuple[Any, tuple[str, str]]:
    """Places ``[n, 2]`` and the names of the axes."""
    if projection == "tsne":
        from sklearn.manifold import TSNE

        perplexity = min(30.0, (len(rows) - 1) / 3)
        init: Any = "pca" if rows.shape[1] >= 2 else "random"
        model = TSNE(init=init, perplexity=perplexity, random_state=seed % _SEEDS)
        return model.fit_transform(rows), ("t-SNE", "")
    centred = rows.astype(np.float64) - rows.mean(0, dtype=np.float64)
    if centred.shape[1] < 2:  # there is no second direction
        centred = np.pad(centred, ((0, 0), (0, 1)))
    from sklearn.decomposition import PCA

    model = PCA(2, svd_solver="full")
    with np.errstate(invalid="ignore"):  # rows that are all alike have no variance to share out
        places = model.fit_transform(centred)
        shares = np.nan_to_num(model.explained_variance_ratio_)
    first, second = (f"{100 * share:.0f} % of the variance" for share in shares)
    return places, (f"first component, {first}", f"second, {second}")


def _sample(number: int, most: int, seed: int) -> Tensor:
    if number <= most:
        return torch.arange(number)
    generator = torch.Generator().manual_seed(seed)
    return torch.randperm(number, generator=generator)[:most].sort().values


def _checked(embeddings: Tensor) -> Tensor:
    if not embeddings.is_floating_point():
        raise TypeError(f"embeddings must be floating point, got {embeddings.dtype}")
    if embeddings.dim() != 2 or embeddings.size(1) == 0:
        raise ValueError(f"embeddings must have shape [N, d], got {list(embeddings.shape)}")
    if len(embeddings) < 2:
        raise ValueError(f"embeddings must have at least 2 rows, got {len(embeddings)}")
    if not bool(embeddings.isfinite().all()):
        raise ValueError("embeddings hold NaN or infinite values")
    return embeddings.detach().cpu().float()


def _integers(name: str, values: Tensor, length: int) -> Tensor:
    if values.is_floating_point() or values.dtype == torch.bool:
        raise TypeError(f"{name} must be integers, got {values.dtype}")
    if values.shape != (length,):
        raise ValueError(f"{name} must have shape [{length}], got {list(values.shape)}")
    return values.detach().cpu().long()


def _axes(axes: Any, number: int) -> list[Any]:
    if axes is not None:
        given = list(np.atleast_1d(axes))
        if len(given) != number:
            raise ValueError(f"axes must be {number}, one for each panel, got {len(given)}")
        return given
    from matplotlib import pyplot
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    size, layout = (4.6 * number, 4.2), ConstrainedLayoutEngine(w_pad=0.08)
    grid = pyplot.subplots(1, number, figsize=size, layout=layout, squeeze=False)[1]
    return list(grid[0])
