from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from graphcl import control
from tests.control.made_up import Ints, networks
from tests.golden.control import both

PATH = both(np.stack([np.arange(6), np.arange(1, 7)], axis=1))


@settings(deadline=None, max_examples=50)
@given(networks(), st.sampled_from(sorted(control.LEADER_STRATEGIES)), st.integers(1, 9))
def test_leaders_are_different_nodes(
    network: tuple[Ints, Ints, int], strategy: str, count: int
) -> None:
    edges, _, nodes = network
    leaders = control.select_leaders(edges, strategy=strategy, count=count, num_nodes=nodes)
    assert len(leaders) == len(set(leaders.tolist())) == min(count, nodes)
    assert 0 <= leaders.min() <= leaders.max() < nodes


@settings(deadline=None, max_examples=50)
@given(
    st.lists(networks(), min_size=1, max_size=4),
    st.sampled_from(["degree", "peripheral", "greedy"]),
)
def test_a_batch_equals_its_graphs(drawn: list[tuple[Ints, Ints, int]], strategy: str) -> None:
    starts = np.cumsum([0, *(nodes for *_, nodes in drawn)])
    edges = np.concatenate([e + s for (e, *_), s in zip(drawn, starts[:-1], strict=True)], axis=1)
    batch = np.repeat(np.arange(len(drawn)), np.diff(starts))
    together = control.select_leaders(
        edges, strategy=strategy, count=3, num_nodes=int(starts[-1]), batch=batch
    )
    for (own, _, nodes), row, start in zip(drawn, together, starts[:-1], strict=True):
        alone = control.select_leaders(own, strategy=strategy, count=3, num_nodes=nodes)
        assert np.array_equal(row[row >= 0] - start, alone)


def test_strategies_choose_what_they_say() -> None:
    def chosen(strategy: str, count: int) -> list[int]:
        return control.select_leaders(PATH, strategy=strategy, count=count, num_nodes=7).tolist()

    assert chosen("peripheral", 3) == [6, 0, 3]
    assert chosen("degree", 2) == [1, 2]
    first = chosen("greedy", 1)
    assert first in ([0], [6])  # the whole path is controlled from an end
    star = both(np.array([[0, 1], [0, 2], [0, 3]]))
    assert control.select_leaders(star, strategy="degree", count=1, num_nodes=4).tolist() == [0]
    best = control.select_leaders(star, strategy="greedy", count=2, num_nodes=4)
    bounds = {
        pair: control.pmi_sequence(control.leader_distances(star, list(pair), num_nodes=4)).bound
        for pair in itertools.combinations(range(4), 2)
    }
    assert bounds[tuple(sorted(best.tolist()))] == max(bounds.values())


def test_seeds_and_tensors() -> None:
    edges = torch.from_numpy(PATH.copy())
    one = control.select_leaders(edges, count=3, num_nodes=7, seed=1)
    assert isinstance(one, torch.Tensor)
    assert torch.equal(one, control.select_leaders(edges, count=3, num_nodes=7, seed=1))
    drawn = {
        tuple(control.select_leaders(PATH, count=2, num_nodes=7, seed=seed).tolist())
        for seed in range(20)
    }
    assert len(drawn) > 5


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"strategy": "gredy"}, ValueError, "did you mean 'greedy'"),
        ({"count": 0}, ValueError, "at least 1"),
        ({"count": 1.5}, ValueError, "a share"),
        ({"count": "2"}, TypeError, "whole number"),
        ({"batch": np.array([1, 0, 0, 0, 0, 0, 0])}, ValueError, "sorted order"),
    ],
)
def test_bad_input(options: dict[str, object], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        control.select_leaders(PATH, num_nodes=7, **options)  # type: ignore[arg-type]
