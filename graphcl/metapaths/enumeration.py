"""All meta-paths of a graph that lead from a node type back to it."""

from __future__ import annotations

from collections import Counter

from torch_geometric.data import HeteroData

from graphcl.arguments import check_whole
from graphcl.metapaths.metapath import EdgeType, MetaPath, check_heterogeneous, check_node_type


def enumerate_metapaths(
    data: HeteroData,
    target: str,
    max_length: int,
    *,
    symmetric: bool = False,
    most: int = 10_000,
) -> list[MetaPath]:
    """List the meta-paths that start and end at a node type.

    Nothing is composed; `estimate` tells the size of each before anything is.

    Args:
        data: The graph.
        target: The node type.
        max_length: Most steps (edge types) of a path, at least 1.
        symmetric: Only paths whose node types read the same backwards; PathSim is made for these.
        most: Refuse to search more paths than this, symmetric or not; their number grows
            exponentially with the length.

    Returns:
        The paths, short ones first, those of one length in the order of `data.edge_types`.

    Raises:
        TypeError: `data` is no `HeteroData`, or a number no whole number.
        ValueError: The type does not exist, a number is below 1, or there are more than `most`
            paths.

    Example:
        >>> from graphcl.datasets import load
        >>> from graphcl.metapaths import estimate
        >>> data, _ = load("countries")
        >>> [str(path) for path in enumerate_metapaths(data, "country", 2)][:3]
        ['country-country', 'country-language-country', 'country-currency-country']
        >>> [estimate(data, path).entries for path in enumerate_metapaths(data, "country", 2)][:3]
        [646, 21770, 1912]
    """
    check_heterogeneous(data)
    check_node_type("target", target, data)
    check_whole("max_length", max_length, least=1)
    check_whole("most", most, least=1)
    steps = data.edge_types
    ways = _ways_back(steps, target, max_length)
    number = sum(way[target] for way in ways[1:])
    if number > most:
        raise ValueError(
            f"{number:,} meta-paths of up to {max_length} steps start and end at {target!r}, more "
            f"than most={most:,}: lower max_length, or raise most"
        )
    found = []
    for length in range(1, max_length + 1):
        open_paths: list[tuple[EdgeType, ...]] = [()]
        for left in reversed(range(length)):
            open_paths = [
                (*path, step)
                for path in open_paths
                for step in steps
                if step[0] == (path[-1][2] if path else target) and ways[left][step[2]]
            ]
        found += [MetaPath(path) for path in open_paths]
    if symmetric:
        found = [path for path in found if path.node_types == path.node_types[::-1]]
    return found


def _ways_back(steps: list[EdgeType], target: str, longest: int) -> list[Counter[str]]:
    """For 0, 1, ... steps: how many sequences of edge types lead from each type to the target."""
    ways = [Counter({target: 1})]
    for _ in range(longest):
        before, now = ways[-1], Counter[str]()
        for source, _, end in steps:
            now[source] += before[end]
        ways.append(now)
    return ways
