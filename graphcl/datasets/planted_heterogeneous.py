"""Random heterogeneous graphs whose meta-paths carry planted classes as strongly as asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch_geometric.data import HeteroData

from graphcl.arguments import check_number, check_whole
from graphcl.datasets.planted import _distinct, _features

Integers = NDArray[np.int64]

TARGET = "target"


class AuxiliaryType(TypedDict):
    """One auxiliary node type of `planted_heterogeneous` and its relation to the targets."""

    num_nodes: int
    average_degree: float
    homophily: float


def planted_heterogeneous(
    num_targets: int,
    *,
    num_classes: int,
    auxiliary: Mapping[str, AuxiliaryType],
    num_features: int,
    feature_signal: float,
    seed: int,
) -> HeteroData:
    r"""Draw targets with hidden classes, and auxiliary nodes of several types that betray them.

    Targets and auxiliary nodes have hidden classes of equal size. A link joins a target and an
    auxiliary node; of the links of one type the share `homophily` joins two nodes of one class, the
    rest two of different classes. These numbers are exact; given them all sets of links are equally
    likely (the planted partition of `planted_partition`, between two kinds of nodes).

    So the label homophily of the meta-path target–auxiliary–target is known beforehand: of all its
    paths between two distinct targets (counted as often as there are nodes that both link to), the
    expected share with equal labels is

    .. math:: h = p^2 + \frac{(1 - p)^2}{K - 1}

    for `K` > 1 classes and :math:`p` the type's `homophily`, up to terms of the order of
    `K / num_targets`: 1 at :math:`p = 1`, and chance :math:`1/K` at :math:`p = 1/K`. Where paths
    are so dense that many pairs of targets share several nodes, the merged meta-path graph, which
    counts such a pair once, is closer to chance.

    Args:
        num_targets: number of target nodes N, at least 1.
        num_classes: number of classes K, from 1 to N; their sizes differ by one at most.
        auxiliary: at least one type by name, each with `num_nodes` (at least K),
            `average_degree` (mean number of links of a target; the relation gets
            `round(N * average_degree)` links) and `homophily` in [0, 1] as above.
        num_features: number of features F of a target, at least 1.
        feature_signal: distance of the class means from the origin (random directions) in units of
            the noise's standard deviation, 0 or more. The features are the means plus that noise.
        seed: seed, 0 or more; the same arguments give the same graph. Labels and features do not
            depend on `auxiliary`.

    Returns:
        `HeteroData`: type `"target"` with `x` `[N, F]` float32 and `y` `[N]`; each auxiliary type
        with its `num_nodes` and no features; edge types `("target", "to", name)`, sorted and
        without duplicates, and `(name, "rev_to", "target")`, the same links backwards, sorted.

    Raises:
        TypeError: if a count or the seed is no integer, a number is none, or `auxiliary` no mapping
            of mappings.
        ValueError: if an argument is out of range, a type's name is no non-empty text or is
            `"target"`, its settings are incomplete or unknown, or there are fewer pairs of nodes
            inside (or between) classes than links are asked for.

    Example:
        >>> data = planted_heterogeneous(
        ...     100, num_classes=4, num_features=8, feature_signal=1.0, seed=0,
        ...     auxiliary={
        ...         "author": {"num_nodes": 60, "average_degree": 2.0, "homophily": 0.9},
        ...         "subject": {"num_nodes": 8, "average_degree": 1.0, "homophily": 0.5},
        ...     },
        ... )
        >>> data["target", "to", "author"].num_edges, data["subject"].num_nodes
        (200, 8)
    """
    check_whole("num_targets", num_targets, least=1)
    check_whole("num_classes", num_classes, least=1)
    check_whole("num_features", num_features, least=1)
    check_whole("seed", seed, least=0)
    if num_classes > num_targets:
        raise ValueError(
            f"num_classes must be from 1 to num_targets={num_targets}, got {num_classes}"
        )
    if check_number("feature_signal", feature_signal) < 0:
        raise ValueError(f"feature_signal must be 0 or more, got {feature_signal}")
    _check_types(auxiliary, num_targets, num_classes)

    random = np.random.default_rng(seed)
    targets = _Members(random, num_targets, num_classes)
    data = HeteroData()
    data[TARGET].x = torch.from_numpy(
        _features(random, targets.labels, num_classes, num_features, feature_signal)
    )
    data[TARGET].y = torch.from_numpy(targets.labels)
    for name, settings in auxiliary.items():
        members = _Members(random, settings["num_nodes"], num_classes)
        links = _links(random, targets, members, settings)
        data[name].num_nodes = int(settings["num_nodes"])
        data[TARGET, "to", name].edge_index = torch.from_numpy(links)
        backwards = links[::-1, np.lexsort(links)]  # the last row of `links` decides first
        data[name, "rev_to", TARGET].edge_index = torch.from_numpy(backwards.copy())
    return data


class _Members:
    """Nodes of one type in classes of equal size, in random order.

    Nodes are numbered by class first: class c has the places `starts[c]` to
    `starts[c] + sizes[c] - 1`; `shuffled` gives the node at each place.
    """

    def __init__(self, random: np.random.Generator, count: int, num_classes: int) -> None:
        self.sizes = _class_sizes(count, num_classes)
        self.starts = np.cumsum(self.sizes) - self.sizes
        self.shuffled = random.permutation(count)
        self.labels: Integers = np.empty(count, dtype=np.int64)
        self.labels[self.shuffled] = np.repeat(np.arange(num_classes), self.sizes)


def _class_sizes(count: int, num_classes: int) -> Integers:
    sizes = np.full(num_classes, count // num_classes, dtype=np.int64)
    sizes[: count % num_classes] += 1
    return sizes


def _links(
    random: np.random.Generator, targets: _Members, members: _Members, settings: AuxiliaryType
) -> Integers:
    """Distinct (target, auxiliary node) pairs `[2, L]`, sorted."""
    inside, between = _numbers_of_links(len(targets.labels), settings)
    num_members = len(members.labels)

    label, row, column = _cells(random, targets.sizes, members.sizes, inside)
    ends_inside = np.stack([row + targets.starts[label], column + members.starts[label]])

    label, row, column = _cells(random, targets.sizes, num_members - members.sizes, between)
    # The columns of the own class are not in the table: those behind it move on.
    column += np.where(column >= members.starts[label], members.sizes[label], 0)
    ends_between = np.stack([row + targets.starts[label], column])

    ends = np.concatenate([ends_inside, ends_between], axis=1)
    key = targets.shuffled[ends[0]] * num_members + members.shuffled[ends[1]]
    key.sort()
    return np.stack(np.divmod(key, num_members))


def _cells(
    random: np.random.Generator, rows: Integers, columns: Integers, count: int
) -> tuple[Integers, Integers, Integers]:
    """Draw `count` distinct cells from tables, the c-th with `rows[c]` times `columns[c]` cells.

    Returns:
        For each cell its table, its row and its column there.
    """
    sizes = rows * columns
    rank = _distinct(random, int(sizes.sum()), count)
    before = np.cumsum(sizes) - sizes
    table = np.searchsorted(before, rank, side="right") - 1
    row, column = np.divmod(rank - before[table], columns[table])
    return table, row, column


def _numbers_of_links(num_targets: int, settings: AuxiliaryType) -> tuple[int, int]:
    """How many links join equals, and how many join different classes."""
    links = round(num_targets * settings["average_degree"])
    inside = round(links * settings["homophily"])
    return inside, links - inside


def _check_types(auxiliary: Any, num_targets: int, num_classes: int) -> None:
    if not isinstance(auxiliary, Mapping):
        raise TypeError(f"auxiliary must be a mapping of types by name, got {auxiliary!r}")
    if not auxiliary:
        raise ValueError("auxiliary must have at least one type, got none")
    wanted = tuple(AuxiliaryType.__annotations__)
    for name, settings in auxiliary.items():
        if not isinstance(name, str) or not name or name == TARGET:
            raise ValueError(
                f"names in auxiliary must be texts other than '' and {TARGET!r}, got {name!r}"
            )
        here = f"auxiliary[{name!r}]"
        if not isinstance(settings, Mapping):
            raise TypeError(f"{here} must be a mapping of {', '.join(wanted)}, got {settings!r}")
        if set(settings) != set(wanted):
            raise ValueError(
                f"{here} must have {', '.join(wanted)}, got "
                f"{', '.join(map(str, settings)) or 'nothing'}"
            )
        num_nodes = check_whole(f"{here} num_nodes", settings["num_nodes"], least=num_classes)
        degree = check_number(f"{here} average_degree", settings["average_degree"])
        if degree < 0:
            raise ValueError(f"{here} average_degree must be 0 or more, got {degree}")
        homophily = check_number(f"{here} homophily", settings["homophily"])
        if not 0 <= homophily <= 1:
            raise ValueError(f"{here} homophily must be in [0, 1], got {homophily}")
        sizes = _class_sizes(num_targets, num_classes), _class_sizes(num_nodes, num_classes)
        pairs_inside = int(np.dot(*sizes))
        pairs = pairs_inside, num_targets * num_nodes - pairs_inside
        numbers = _numbers_of_links(num_targets, cast(AuxiliaryType, settings))
        for asked, there, where in zip(numbers, pairs, ("inside", "between"), strict=True):
            if asked > there:
                raise ValueError(
                    f"{here} average_degree={degree} and homophily={homophily} ask for {asked} "
                    f"links {where} classes, but there are {there} such pairs of nodes"
                )
