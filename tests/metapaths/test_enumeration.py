"""Enumeration against trying all sequences of edge types."""

from __future__ import annotations

from itertools import pairwise, product
from typing import Any

import pytest

from graphcl.metapaths import MetaPath, PathTooLarge, count_paths, enumerate_metapaths, estimate
from tests.metapaths.made_up import PATHS, made_up


@pytest.mark.parametrize("target", ["item", "place"])
@pytest.mark.parametrize("symmetric", [False, True])
def test_all_paths_are_found_once(target: str, symmetric: bool) -> None:
    data = made_up()
    expected = []
    for length in range(1, 5):
        for steps in product(data.edge_types, repeat=length):
            joins = all(a[2] == b[0] for a, b in pairwise(steps))
            if joins and steps[0][0] == target == steps[-1][2]:
                path = MetaPath(steps)
                if not symmetric or path.node_types == path.node_types[::-1]:
                    expected.append(path)
    assert enumerate_metapaths(data, target, 4, symmetric=symmetric) == expected
    assert expected


def test_the_made_up_paths_are_among_them() -> None:
    data = made_up()
    found = enumerate_metapaths(data, "item", 5)
    assert {MetaPath.parse(written, data) for written in PATHS.values()} <= set(found)
    for path in found[:20]:  # sizes first, then what fits
        entries = estimate(data, path).entries
        if entries:
            assert count_paths(data, path, max_entries=64).values().numel() <= entries
            with pytest.raises(PathTooLarge):
                count_paths(data, PATHS[4], max_entries=1)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"target": "items"}, ValueError, "target: unknown node type 'items'; did you mean 'item'"),
        ({"max_length": 0}, ValueError, "max_length must be at least 1, got 0"),
        ({"max_length": 2.0}, TypeError, "max_length must be a whole number"),
        ({"most": 10}, ValueError, r"[\d,]+ meta-paths of up to 4 steps .* most=10: lower"),
        ({"max_length": 60}, ValueError, "meta-paths of up to 60 steps start and end at 'item'"),
        ({"data": 3}, TypeError, "data must be a HeteroData, got int"),
    ],
)
def test_bad_arguments_are_refused(
    arguments: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        enumerate_metapaths(**{"data": made_up(), "target": "item", "max_length": 4, **arguments})
