import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from graphcl.graph_files.edge_list import EdgeList, tidy_edges


def listed(pairs, weights=None):
    ends = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    weight = None if weights is None else np.array(weights, dtype=np.float64)
    return EdgeList(ends[0], ends[1], weight, lambda edge: f"line {edge + 2}")


def as_dict(tidy):
    weight = torch.ones(tidy.edge_index.size(1)) if tidy.edge_weight is None else tidy.edge_weight
    return dict(zip(map(tuple, tidy.edge_index.T.tolist()), weight.tolist(), strict=True))


def test_undirected_edges_in_both_directions() -> None:
    tidy = tidy_edges(listed([(0, 1), (2, 1)], [2, 3]), 3, directed=False)
    assert as_dict(tidy) == {(0, 1): 2, (1, 0): 2, (1, 2): 3, (2, 1): 3}
    assert tidy.edge_weight is not None
    assert tidy.edge_weight.dtype == torch.float32
    assert tidy.notes == ()


def test_directed_edges_stay() -> None:
    tidy = tidy_edges(listed([(2, 1), (0, 1)], [2, 3]), 3, directed=True)
    assert tidy.edge_index.tolist() == [[0, 2], [1, 1]]
    assert as_dict(tidy) == {(0, 1): 3, (2, 1): 2}


def test_repeated_edges_are_one_with_the_sum_of_weights() -> None:
    edges = listed([(0, 1), (0, 1), (1, 2)], [2, 3, 1])
    for directed in (True, False):
        tidy = tidy_edges(edges, 3, directed=directed)
        assert as_dict(tidy)[0, 1] == 5
        assert tidy.notes == ("1 duplicate edge merged, their weights added",)
    bare = tidy_edges(listed([(0, 1)] * 3), 2, directed=False)
    assert bare.edge_weight is None
    assert bare.notes == ("2 duplicate edges merged",)


def test_both_directions_of_an_undirected_edge_are_one_edge() -> None:
    same = tidy_edges(listed([(0, 1), (1, 0)], [2, 2]), 2, directed=False)
    assert as_dict(same) == {(0, 1): 2, (1, 0): 2}
    assert same.notes == ()
    differing = tidy_edges(listed([(0, 1), (1, 0)], [1, 2]), 2, directed=False)
    assert as_dict(differing) == {(0, 1): 1.5, (1, 0): 1.5}
    assert "different weights: the mean is taken" in differing.notes[0]


def test_loops_and_empty_edges_are_left_out() -> None:
    tidy = tidy_edges(listed([(0, 0), (0, 1), (1, 2)], [1, 1, 0]), 3, directed=False)
    assert as_dict(tidy) == {(0, 1): 1, (1, 0): 1}
    assert tidy.edge_weight is None  # all are 1
    assert tidy.notes == (
        "1 self-loop left out (encoders add their own)",
        "1 edge of weight 0 left out",
    )


@pytest.mark.parametrize(
    ("weight", "what"),
    [
        (-1, "at least 0, got -1"),
        (float("nan"), "finite, got nan"),
        (float("inf"), "finite"),
        (1e39, "at most"),
    ],
)
def test_bad_weights_are_named(weight: float, what: str) -> None:
    with pytest.raises(ValueError, match=f"line 3: the weight of an edge must be {what}"):
        tidy_edges(listed([(0, 1), (1, 2)], [1, weight]), 3, directed=True)


def test_no_edges() -> None:
    for directed in (True, False):
        assert tidy_edges(listed([]), 3, directed=directed).edge_index.shape == (2, 0)


pairs = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=20)


@given(pairs, st.randoms(use_true_random=False))
def test_the_order_of_the_file_does_not_matter(edges, random) -> None:  # type: ignore[no-untyped-def]
    weights = [1.0 + a + 2 * b for a, b in edges]
    order = list(range(len(edges)))
    random.shuffle(order)
    for directed in (True, False):
        first = tidy_edges(listed(edges, weights), 5, directed=directed)
        second = tidy_edges(
            listed([edges[i] for i in order], [weights[i] for i in order]), 5, directed=directed
        )
        assert torch.equal(first.edge_index, second.edge_index)
        assert as_dict(first) == pytest.approx(as_dict(second))
        wanted = {(a, b) for a, b in edges if a != b}
        if not directed:
            wanted |= {(b, a) for a, b in wanted}
        assert set(as_dict(first)) == wanted
