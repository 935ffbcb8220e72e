"""What the meta-paths of a graph look like: how dense, and how much they say about labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch_geometric.data import HeteroData

from graphcl.metapaths.composition import row_blocks, shortened
from graphcl.metapaths.metapath import EdgeType, MetaPath
from graphcl.metapaths.pathsim import check_returns
from graphcl.metapaths.relations import incidences


@dataclass(frozen=True)
class MetaPathSummary:
    """A meta-path graph in numbers. Pairs of a node with itself do not count.

    Attributes:
        path: The meta-path.
        name: How `MetaPath.parse` reads it for this graph.
        num_nodes: Nodes N of its type.
        edges: Ordered pairs of different nodes that at least one instance joins.
        density: Share of all such pairs, in [0, 1]; 0 for fewer than two nodes.
        mean_degree: Edges for each node.
        isolated: Nodes that reach no other node.
        homophily: Share of the edges whose two labels are equal, in [0, 1], of those between nodes
            with labels; None without labels or such edges.
        chance: What `homophily` would be if all pairs were edges; None without labels or pairs.
    """

    path: MetaPath
    name: str
    num_nodes: int
    edges: int
    density: float
    mean_degree: float
    isolated: int
    homophily: float | None
    chance: float | None


def summarise_metapaths(
    data: HeteroData,
    metapaths: Sequence[str | Sequence[str] | Sequence[EdgeType] | MetaPath],
    *,
    labels: Tensor | None = None,
) -> list[MetaPathSummary]:
    """Describe the graphs of some meta-paths, computed in blocks of rows that are not kept.

    Args:
        data: The graph.
        metapaths: Meta-paths that end where they start, in any form that `MetaPath.parse` takes.
        labels: Classes of the nodes where they start `[N]`; negative: unknown.

    Returns:
        One summary for each meta-path.

    Raises:
        TypeError: `metapaths` is a single text, or `labels` no tensor of whole numbers.
        ValueError: A path does not exist, or does not end where it starts, or `labels` has another
            length than its type has nodes.

    Example:
        >>> from graphcl.datasets import load
        >>> data, _ = load("countries")
        >>> paths = ["country-language-country", "country-currency-country"]
        >>> for found in summarise_metapaths(data, paths, labels=data["country"].y):
        ...     print(found.name, found.edges, found.isolated, round(found.homophily, 2))
        country-language-country 19834 2 0.23
        country-currency-country 1668 139 0.62
    """
    if isinstance(metapaths, str | MetaPath):
        raise TypeError(f"metapaths must be a sequence of meta-paths, got one: {metapaths!r}")
    paths = [MetaPath.parse(path, data) for path in metapaths]
    for path in paths:
        check_returns(path)
    return [_summary(data, path, labels) for path in paths]


def _summary(data: HeteroData, path: MetaPath, labels: Tensor | None) -> MetaPathSummary:
    chain = shortened(incidences(data, path, coalesce=True, exact=False), least=2)
    size = chain[0].shape[0]
    classes = None if labels is None else _classes(labels, size, path)
    edges = equal = known = isolated = 0
    for start, block in row_blocks(chain):
        row = np.repeat(np.arange(start, start + block.shape[0]), np.diff(block.indptr))
        other = row != block.indices
        row, column = row[other], block.indices[other]
        edges += len(row)
        isolated += block.shape[0] - len(np.unique(row))
        if classes is not None:
            first, second = classes[row], classes[column]
            both = (first >= 0) & (second >= 0)
            known += int(both.sum())
            equal += int((both & (first == second)).sum())
    return MetaPathSummary(
        path=path,
        name=path.name(data),
        num_nodes=size,
        edges=edges,
        density=edges / (size * (size - 1)) if size > 1 else 0.0,
        mean_degree=edges / size if size else 0.0,
        isolated=isolated,
        homophily=equal / known if known else None,
        chance=None if classes is None else _chance(classes),
    )


def _classes(labels: Tensor, size: int, path: MetaPath) -> np.ndarray:
    if not isinstance(labels, Tensor) or labels.is_floating_point() or labels.is_complex():
        given = labels.dtype if isinstance(labels, Tensor) else type(labels).__name__
        raise TypeError(f"labels must be a tensor of whole numbers, got {given}")
    if labels.shape != torch.Size([size]):
        raise ValueError(
            f"labels must have shape [{size}], one for each {path.start!r} node of {path}; got "
            f"{list(labels.shape)}"
        )
    return labels.cpu().numpy()


def _chance(classes: np.ndarray) -> float | None:
    """Share of ordered pairs of different labelled nodes with equal labels."""
    sizes = np.unique(classes[classes >= 0], return_counts=True)[1]
    number = int(sizes.sum())
    return float((sizes * (sizes - 1)).sum() / (number * (number - 1))) if number > 1 else None
