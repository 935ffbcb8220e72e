from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from graphcl.datasets import check_graph, load, planted_heterogeneous

AUXILIARY = {"num_nodes": 20, "average_degree": 2.0, "homophily": 0.7}
DEFAULTS: dict[str, Any] = {
    "num_targets": 60,
    "num_classes": 3,
    "auxiliary": {"author": AUXILIARY},
    "num_features": 5,
    "feature_signal": 1.0,
    "seed": 0,
}


def draw(**changes: Any) -> Any:
    return planted_heterogeneous(**{**DEFAULTS, **changes})


def draw_author(**changes: Any) -> Any:
    return draw(auxiliary={"author": {**AUXILIARY, **changes}})


def path_homophily(data: Any, name: str) -> float:
    """Share of equal labels over all target–auxiliary–target paths with two distinct ends."""
    labels = data["target"].y
    target, member = data["target", "to", name].edge_index
    counts = torch.zeros(data[name].num_nodes, int(labels.max()) + 1, dtype=torch.float64)
    counts.index_put_((member, labels[target]), torch.ones(1, dtype=torch.float64), accumulate=True)
    totals = counts.sum(1)
    return float((counts * (counts - 1)).sum() / (totals * (totals - 1)).sum())


@st.composite
def possible(drawn: st.DrawFn) -> dict[str, Any]:
    """Arguments that can be met, up to graphs in which all pairs are links."""
    num_targets = drawn(st.integers(1, 24))
    num_classes = drawn(st.integers(1, num_targets))
    auxiliary = {}
    for name in drawn(st.lists(st.sampled_from("abc"), min_size=1, max_size=3, unique=True)):
        num_nodes = drawn(st.integers(num_classes, num_classes + 10))
        ones = np.bincount(np.arange(num_targets) % num_classes)
        most = int(ones @ np.bincount(np.arange(num_nodes) % num_classes))
        inside = drawn(st.integers(0, most))
        between = drawn(st.integers(0, num_targets * num_nodes - most))
        auxiliary[name] = {
            "num_nodes": num_nodes,
            "average_degree": (inside + between) / num_targets,
            "homophily": inside / max(inside + between, 1),
        }
    return {
        "num_targets": num_targets,
        "num_classes": num_classes,
        "auxiliary": auxiliary,
        "seed": drawn(st.integers(0, 2**32)),
    }


@settings(deadline=None)
@given(possible())
def test_the_graph_is_what_was_asked_for(arguments: dict[str, Any]) -> None:
    data = draw(**arguments)
    check_graph(data)
    num_targets = arguments["num_targets"]
    assert data["target"].x.shape == (num_targets, 5)
    sizes = data["target"].y.bincount(minlength=arguments["num_classes"])
    assert int(sizes.max() - sizes.min()) <= 1
    assert data.node_types == ["target", *arguments["auxiliary"]]
    assert len(data.edge_types) == 2 * len(arguments["auxiliary"])
    for name, asked in arguments["auxiliary"].items():
        assert data[name].num_nodes == asked["num_nodes"]
        assert "x" not in data[name]
        forward = data["target", "to", name]
        backward = data[name, "rev_to", "target"]
        assert forward.num_edges == round(num_targets * asked["average_degree"])
        assert forward.is_coalesced()
        assert backward.is_coalesced()
        key = forward.edge_index[0] * asked["num_nodes"] + forward.edge_index[1]
        turned = backward.edge_index[1] * asked["num_nodes"] + backward.edge_index[0]
        assert torch.equal(key, turned.sort().values)


def test_all_links_join_equals_or_none_does() -> None:
    data = draw_author(homophily=1.0)
    labels, (target, member) = data["target"].y, data["target", "to", "author"].edge_index
    classes = torch.full((20,), -1)
    classes[member] = labels[target]
    assert torch.equal(classes[member], labels[target])

    data = draw_author(homophily=0.0, num_nodes=6, average_degree=4.0)  # all pairs between
    labels, (target, member) = data["target"].y, data["target", "to", "author"].edge_index
    for one in range(6):
        assert len(labels[target[member == one]].unique()) == 2
    assert data["target", "to", "author"].num_edges == 240


@pytest.mark.parametrize("homophily", [0.0, 0.25, 0.5, 0.8, 1.0])
@pytest.mark.parametrize("num_classes", [2, 4])
def test_the_meta_path_is_as_homophilous_as_documented(homophily: float, num_classes: int) -> None:
    data = draw(
        num_targets=20_000,
        num_classes=num_classes,
        auxiliary={
            "many": {"num_nodes": 8_000, "average_degree": 3.0, "homophily": homophily},
            "few": {"num_nodes": 50, "average_degree": 1.0, "homophily": homophily},
        },
    )
    expected = homophily**2 + (1 - homophily) ** 2 / (num_classes - 1)
    assert path_homophily(data, "many") == pytest.approx(expected, abs=0.01)
    assert path_homophily(data, "few") == pytest.approx(expected, abs=0.01)


def test_the_card_has_a_clean_a_medium_and_a_noisy_meta_path() -> None:
    data, card = load("planted-heterogeneous")
    assert card.metapaths == tuple(
        ("target", kind, "target") for kind in card.arguments["auxiliary"]
    )
    for kind, expected in (("clean", 0.813), ("medium", 0.413), ("noisy", 0.25)):
        assert path_homophily(data, kind) == pytest.approx(expected, abs=0.03)


def test_all_links_of_a_kind_are_equally_likely() -> None:
    counts = torch.zeros(6, 4)
    runs = 800
    for seed in range(runs):
        data = draw(
            num_targets=6,
            num_classes=2,
            auxiliary={"a": {"num_nodes": 4, "average_degree": 1.0, "homophily": 0.5}},
            seed=seed,
        )
        target, member = data["target", "to", "a"].edge_index
        counts[target, member] += 1
    expected = runs * 6 / 24
    deviation = (counts - expected) / expected**0.5
    assert float(deviation.abs().max()) < 4.5


def test_the_seed_decides() -> None:
    one, other, third = draw(seed=1), draw(seed=1), draw(seed=2)
    for store in one.stores:
        for key, value in store.items():
            if isinstance(value, torch.Tensor):
                assert torch.equal(value, other[store._key][key])
                assert not torch.equal(value, third[store._key][key])


def test_labels_and_features_do_not_depend_on_the_auxiliary_types() -> None:
    one = draw()["target"]
    other = draw_author(num_nodes=7, average_degree=0.5)["target"]
    assert torch.equal(one.x, other.x)
    assert torch.equal(one.y, other.y)


def test_features_lie_around_the_means_of_their_classes() -> None:
    store = draw(num_targets=40_000, num_classes=4, num_features=16, feature_signal=3.0)["target"]
    means = torch.stack([store.x[store.y == c].mean(0) for c in range(4)])
    assert torch.allclose(means.norm(dim=1), torch.full((4,), 3.0), atol=0.05)
    assert float((store.x - means[store.y]).std()) == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"num_targets": 0}, "num_targets must be at least 1, got 0"),
        ({"num_classes": 0}, "num_classes must be at least 1, got 0"),
        ({"num_classes": 61}, "num_classes must be from 1 to num_targets=60, got 61"),
        ({"num_features": 0}, "num_features must be at least 1, got 0"),
        ({"seed": -1}, "seed must be at least 0, got -1"),
        ({"feature_signal": -1.0}, r"feature_signal must be 0 or more, got -1\.0"),
        ({"feature_signal": float("inf")}, "feature_signal must be finite, got inf"),
        ({"auxiliary": {}}, "auxiliary must have at least one type, got none"),
        ({"auxiliary": {"target": AUXILIARY}}, "texts other than '' and 'target', got 'target'"),
        ({"auxiliary": {3: AUXILIARY}}, "texts other than '' and 'target', got 3"),
        (
            {"auxiliary": {"a": {"num_nodes": 20, "degree": 2.0}}},
            r"auxiliary\['a'\] must have num_nodes, average_degree, homophily, got num_nodes, deg",
        ),
        ({"auxiliary": {"a": {}}}, r"average_degree, homophily, got nothing"),
    ],
)
def test_every_failure_is_named(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        draw(**changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"num_nodes": 2}, "num_nodes must be at least 3, got 2"),
        ({"average_degree": -1.0}, r"average_degree must be 0 or more, got -1\.0"),
        ({"average_degree": float("nan")}, "average_degree must be finite, got nan"),
        ({"homophily": 1.1}, r"homophily must be in \[0, 1\], got 1\.1"),
        (
            {"average_degree": 15.0},
            r"average_degree=15\.0 and homophily=0\.7 ask for 630 links inside classes, but there "
            "are 400 such pairs",
        ),
        ({"average_degree": 14.0, "homophily": 0.0}, "ask for 840 links between classes, but"),
    ],
)
def test_every_failure_of_a_type_is_named(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=r"auxiliary\['author'\] .*" + message):
        draw_author(**changes)


@pytest.mark.parametrize("name", ["num_targets", "num_classes", "num_features", "seed"])
def test_counts_are_integers(name: str) -> None:
    for wrong in (1.0, True, "3"):
        with pytest.raises(TypeError, match=f"{name} must be a whole number, got {wrong!r}"):
            draw(**{name: wrong})


@pytest.mark.parametrize(
    ("auxiliary", "message"),
    [
        ([AUXILIARY], "auxiliary must be a mapping of types by name, got"),
        ({"a": 3}, r"auxiliary\['a'\] must be a mapping of num_nodes, average_degree, homophily"),
        ({"a": {**AUXILIARY, "num_nodes": 20.0}}, "num_nodes must be a whole number, got 20.0"),
        ({"a": {**AUXILIARY, "homophily": "1"}}, "homophily must be a number, got '1'"),
    ],
)
def test_types_are_mappings_of_numbers(auxiliary: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        draw(auxiliary=auxiliary)


def test_a_hundred_thousand_targets_take_seconds() -> None:
    started = time.process_time()
    data = draw(
        num_targets=100_000,
        auxiliary={
            "author": {"num_nodes": 50_000, "average_degree": 3.0, "homophily": 0.9},
            "subject": {"num_nodes": 100, "average_degree": 5.0, "homophily": 0.5},
        },
    )
    assert time.process_time() - started < 5
    assert data.num_edges == 1_600_000
