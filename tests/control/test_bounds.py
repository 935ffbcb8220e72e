"""Distances, sequences, zero forcing and ranks against slow computations."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from graphcl import control
from tests.control.made_up import (
    Ints,
    float_rank,
    is_pmi,
    longest_sequence,
    networks,
    slow_distances,
)

Network = tuple[Ints, Ints, int]


@settings(deadline=None)
@given(st.booleans().flatmap(lambda directed: networks(directed=directed)))
def test_distances_are_those_of_a_slow_search(network: Network) -> None:
    edges, leaders, nodes = network
    found = control.leader_distances(edges, leaders, num_nodes=nodes)
    assert np.array_equal(found, slow_distances(edges, leaders, nodes))
    as_tensor = control.leader_distances(
        torch.from_numpy(edges), torch.from_numpy(leaders), num_nodes=nodes
    )
    assert torch.equal(as_tensor, torch.from_numpy(found))
    matrix = sparse.csr_array((np.ones(edges.shape[1]), tuple(edges)), shape=(nodes, nodes))
    assert np.array_equal(control.leader_distances(matrix, leaders), found)


@settings(deadline=None)
@given(networks())
def test_the_exact_sequence_is_a_longest_one(network: Network) -> None:
    edges, leaders, nodes = network
    distances = control.leader_distances(edges, leaders, num_nodes=nodes)
    exact = control.pmi_sequence(distances, method="exact")
    greedy = control.pmi_sequence(distances, method="greedy")
    assert exact.bound == len(exact.nodes) == longest_sequence(distances)
    assert exact.exact.all()
    assert is_pmi(distances, exact)
    assert is_pmi(distances, greedy)
    eccentricities = distances.max(0)
    assert exact.bound >= greedy.bound
    assert exact.bound >= eccentricities.max() + 1
    assert control.pmi_sequence(distances[:, :1]).bound == eccentricities[0] + 1


@settings(deadline=None)
@given(
    st.lists(networks(max_leaders=3), min_size=1, max_size=4), st.sampled_from(["exact", "greedy"])
)
def test_a_batch_equals_its_graphs(drawn: list[Network], method: Any) -> None:
    starts = np.cumsum([0, *(nodes for *_, nodes in drawn)])
    edges = np.concatenate([e + s for (e, *_), s in zip(drawn, starts[:-1], strict=True)], axis=1)
    slots = np.full((len(drawn), 3), -1)
    for row, (_, leaders, _), start in zip(slots, drawn, starts[:-1], strict=True):
        row[: len(leaders)] = leaders + start
    batch = np.repeat(np.arange(len(drawn)), np.diff(starts))
    distances = control.leader_distances(edges, slots, num_nodes=int(starts[-1]))
    sequence = control.pmi_sequence(distances, batch=batch, method=method)
    forcing = control.zero_forcing(edges, slots, num_nodes=int(starts[-1]))
    kept = control.sequence_backbone(edges, distances, sequence, batch=batch)
    ends = np.cumsum([0, *sequence.bounds])
    edge_ends = np.cumsum([0, *(e.shape[1] for e, *_ in drawn)])
    for g, (own, leaders, nodes) in enumerate(drawn):
        rows = slice(starts[g], starts[g + 1])
        alone = control.leader_distances(own, leaders, num_nodes=nodes)
        assert np.array_equal(distances[rows, : len(leaders)], alone)
        assert (distances[rows, len(leaders) :] == -1).all()
        single = control.pmi_sequence(alone, method=method)
        part = slice(ends[g], ends[g + 1])
        assert np.array_equal(sequence.nodes[part] - starts[g], single.nodes)
        assert np.array_equal(sequence.columns[part], single.columns)
        forced = control.zero_forcing(own, leaders, num_nodes=nodes)
        assert np.array_equal(forcing.turned[rows], forced.turned)
        assert np.array_equal(
            kept[edge_ends[g] : edge_ends[g + 1]],
            control.sequence_backbone(own, alone, single),
        )


@settings(deadline=None)
@given(networks(), st.data())
def test_bounds_are_below_the_exact_rank(network: Network, data: st.DataObject) -> None:
    edges, leaders, nodes = network
    half = edges.shape[1] // 2
    weights = np.tile(
        np.array(data.draw(st.lists(st.integers(1, 999), min_size=half, max_size=half)), int), 2
    )
    rank = control.controllability_rank(edges, leaders, weights=weights, num_nodes=nodes)
    assert rank == float_rank(edges, leaders, nodes, weights)
    distances = control.leader_distances(edges, leaders, num_nodes=nodes)
    forcing = control.zero_forcing(edges, leaders, num_nodes=nodes)
    assert max(control.pmi_sequence(distances).bound, forcing.bound) <= rank
    assert rank <= control.generic_rank(edges, leaders, num_nodes=nodes)
    followers = control.controllability_rank(
        edges, leaders, weights=weights / 8, num_nodes=nodes, system="leader_follower"
    )
    assert followers == rank - len(leaders)


@settings(deadline=None)
@given(networks(), st.randoms())
def test_the_derived_set_does_not_depend_on_the_order(network: Network, random: Any) -> None:
    edges, leaders, nodes = network
    black = set(leaders.tolist())
    while True:
        ready = [
            (i, white[0])
            for i in black
            if len(white := [int(j) for j in edges[1, edges[0] == i] if j not in black]) == 1
        ]
        if not ready:
            break
        black.add(random.choice(ready)[1])
    forcing = control.zero_forcing(edges, leaders, num_nodes=nodes)
    assert set(forcing.derived.nonzero()[0].tolist()) == black
    assert forcing.forces.shape[1] == forcing.bound - len(leaders)


@pytest.mark.parametrize(
    ("distances", "bound"),
    [([[0]], 1), ([[0], [-1]], 1), ([[0, 1], [1, 0]], 2), ([[-1], [-1]], 0)],
)
def test_small_cases(distances: list[list[int]], bound: int) -> None:
    for method in ("exact", "greedy", "auto"):
        assert control.pmi_sequence(np.array(distances), method=method).bound == bound  # type: ignore[arg-type]


def test_long_paths_are_solved_exactly() -> None:
    distances = np.arange(30_000)[:, None]
    sequence = control.pmi_sequence(distances)
    assert sequence.bound == 30_000
    assert sequence.exact.all()


PATH = np.array([[0, 1, 1, 2], [1, 0, 2, 1]])


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: control.leader_distances(PATH, [], num_nodes=3), ValueError, "at least one node"),
        (lambda: control.leader_distances(PATH, [3], num_nodes=3), ValueError, "from 0 to 2"),
        (lambda: control.leader_distances(PATH, [1, 1], num_nodes=3), ValueError, "different"),
        (lambda: control.leader_distances(PATH, [0]), ValueError, "num_nodes must be given"),
        (lambda: control.leader_distances(PATH, [0], num_nodes=2), ValueError, "with 2 nodes"),
        (lambda: control.leader_distances(PATH.T, [0], num_nodes=3), ValueError, r"\[2, edges\]"),
        (lambda: control.leader_distances(PATH / 1, [0], num_nodes=3), TypeError, "whole numbers"),
        (lambda: control.leader_distances("no", [0]), TypeError, "got str"),  # type: ignore[arg-type]
        (lambda: control.pmi_sequence(np.zeros(3, int)), ValueError, r"\[nodes, leaders\]"),
        (lambda: control.pmi_sequence(np.array([[-2]])), ValueError, "-1"),
        (lambda: control.pmi_sequence(np.array([[0]]), method="exakt"), ValueError, "'exact'"),  # type: ignore[arg-type]
        (
            lambda: control.controllability_rank(PATH[:, :3], [0], num_nodes=3),
            ValueError,
            "both directions",
        ),
        (
            lambda: control.controllability_rank(PATH, [0], weights=-np.ones(4), num_nodes=3),
            ValueError,
            "above 0",
        ),
        (
            lambda: control.controllability_rank(PATH, [0], weights=np.arange(1, 5), num_nodes=3),
            ValueError,
            "both directions",
        ),
        (
            lambda: control.controllability_rank(PATH, [0], num_nodes=3, system="f"),
            ValueError,
            "full",
        ),
    ],
)
def test_bad_input(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call()
