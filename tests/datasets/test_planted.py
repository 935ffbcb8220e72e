from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from graphcl.datasets import check_graph, planted_partition

DEFAULTS: dict[str, Any] = {
    "num_nodes": 60,
    "num_classes": 3,
    "average_degree": 4.0,
    "homophily": 0.7,
    "num_features": 5,
    "feature_signal": 1.0,
    "seed": 0,
}


def draw(**changes: Any) -> Any:
    return planted_partition(**{**DEFAULTS, **changes})


@st.composite
def possible(drawn: st.DrawFn) -> dict[str, Any]:
    """Arguments that can be met, up to graphs in which all pairs are edges."""
    num_nodes = drawn(st.integers(1, 24))
    num_classes = drawn(st.integers(1, num_nodes))
    sizes = np.bincount(np.arange(num_nodes) % num_classes)
    inside = drawn(st.integers(0, int((sizes * (sizes - 1) // 2).sum())))
    between = drawn(st.integers(0, int((num_nodes**2 - (sizes**2).sum()) // 2)))
    return {
        "num_nodes": num_nodes,
        "num_classes": num_classes,
        "average_degree": 2 * (inside + between) / num_nodes,
        "homophily": inside / max(inside + between, 1),
        "seed": drawn(st.integers(0, 2**32)),
    }


@settings(deadline=None)
@given(possible())
def test_the_graph_is_what_was_asked_for(arguments: dict[str, Any]) -> None:
    data = draw(**arguments)
    check_graph(data)
    edges = round(arguments["num_nodes"] * arguments["average_degree"] / 2)
    assert data.num_edges == 2 * edges
    assert data.is_coalesced()
    assert data.is_undirected()
    assert not data.has_self_loops()
    source, target = data.edge_index
    inside = int((data.y[source] == data.y[target]).sum()) // 2
    assert inside == round(edges * arguments["homophily"])
    sizes = data.y.bincount(minlength=arguments["num_classes"])
    assert int(sizes.max() - sizes.min()) <= 1


def test_the_seed_decides() -> None:
    one, other, third = draw(seed=1), draw(seed=1), draw(seed=2)
    for key in ("x", "edge_index", "y"):
        assert torch.equal(one[key], other[key])
        assert not torch.equal(one[key], third[key])


@pytest.mark.parametrize("homophily", [0.0, 1.0])
def test_all_pairs_are_equally_likely(homophily: float) -> None:
    counts = torch.zeros(7, 7)
    possible = torch.zeros(7, 7)
    for seed in range(1000):
        data = draw(
            num_nodes=7, num_classes=2, average_degree=8 / 7, homophily=homophily, seed=seed
        )
        counts[data.edge_index[0], data.edge_index[1]] += 1
        alike = data.y[:, None] == data.y[None]
        pairs = alike & ~torch.eye(7, dtype=torch.bool) if homophily else ~alike
        possible += pairs / pairs.sum()
    expected = possible * 8
    off = ~torch.eye(7, dtype=torch.bool)
    deviation = (counts - expected)[off] / expected[off].sqrt()
    assert float(deviation.abs().max()) < 4.5


def test_features_lie_around_the_means_of_their_classes() -> None:
    data = draw(num_nodes=40_000, num_classes=4, num_features=16, feature_signal=3.0)
    means = torch.stack([data.x[data.y == c].mean(0) for c in range(4)])
    assert torch.allclose(means.norm(dim=1), torch.full((4,), 3.0), atol=0.05)
    noise = data.x - means[data.y]
    assert float(noise.std()) == pytest.approx(1, abs=0.01)
    assert draw(feature_signal=0.0).x.isfinite().all()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"num_nodes": 0}, "num_nodes must be at least 1, got 0"),
        ({"num_classes": 0}, "num_classes must be at least 1, got 0"),
        ({"num_classes": 61}, "num_classes must be from 1 to num_nodes=60, got 61"),
        ({"num_features": 0}, "num_features must be at least 1, got 0"),
        ({"seed": -1}, "seed must be at least 0, got -1"),
        ({"average_degree": -1.0}, r"average_degree must be 0 or more, got -1\.0"),
        ({"average_degree": float("nan")}, "average_degree must be 0 or more, got nan"),
        ({"homophily": 1.1}, r"homophily must be in \[0, 1\], got 1\.1"),
        ({"feature_signal": float("inf")}, "feature_signal must be 0 or more, got inf"),
        (
            {"average_degree": 50.0},
            "ask for 1050 edges inside classes, but there are 570 such pairs",
        ),
        ({"num_classes": 1}, "ask for 36 edges between classes, but there are 0 such pairs"),
    ],
)
def test_every_failure_is_named(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        draw(**changes)


@pytest.mark.parametrize("name", ["num_nodes", "num_classes", "num_features", "seed"])
def test_counts_are_integers(name: str) -> None:
    for wrong in (1.0, True, "3"):
        with pytest.raises(TypeError, match=f"{name} must be a whole number, got {wrong!r}"):
            draw(**{name: wrong})


@pytest.mark.slow
def test_ten_million_edges_take_seconds() -> None:
    started = time.process_time()
    data = draw(num_nodes=1_000_000, num_classes=10, average_degree=10.0, num_features=32)
    assert time.process_time() - started < 15
    assert data.num_edges == 10_000_000
