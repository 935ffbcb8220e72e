"""Neighbours drawn for all rows at once."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from graphcl.sampling import draw_neighbours

DEGREES = st.lists(st.integers(0, 6), min_size=1, max_size=8)


def rows_with(degrees, num_columns=9, seed=0):
    random = torch.Generator().manual_seed(seed)
    dense = torch.zeros(len(degrees), num_columns)
    for row, degree in enumerate(degrees):
        dense[row, torch.randperm(num_columns, generator=random)[:degree]] = 1
    return dense


@given(DEGREES, st.integers(1, 8), st.integers(0, 99))
def test_only_neighbours_are_drawn_and_without_replacement_where_there_are_enough(
    degrees, count, seed
):
    dense = rows_with(degrees, seed=seed)
    drawn, present = draw_neighbours(dense.to_sparse_csr(), count)
    assert drawn.shape == (len(degrees), count)
    assert drawn.dtype == torch.int64
    assert present.tolist() == [degree > 0 for degree in degrees]
    for row, degree in enumerate(degrees):
        if degree == 0:
            assert not drawn[row].any()
            continue
        assert dense[row, drawn[row]].all()
        assert degree < count or len(drawn[row].unique()) == count


@pytest.mark.parametrize(("degree", "count"), [(5, 3), (5, 5), (3, 4), (1, 2), (7, 1)])
def test_draws_are_uniform(degree, count):
    num_rows = 4000
    adjacency = torch.ones(num_rows, degree).to_sparse_csr()
    drawn, _ = draw_neighbours(adjacency, count, generator=torch.Generator().manual_seed(0))
    share = torch.bincount(drawn.flatten(), minlength=degree) / drawn.numel()
    assert (share - 1 / degree).abs().max() < 0.02
    # with replacement where there are too few: repeats as often as chance has it
    if degree < count:
        repeats = (drawn.sort().values.diff() == 0).any(1).float().mean()
        distinct = torch.arange(degree, degree - count, -1).clamp(min=0).prod() / degree**count
        assert abs(repeats - (1 - distinct)) < 0.02


def test_pairs_without_replacement_are_uniform():
    adjacency = torch.ones(6000, 4).to_sparse_csr()
    drawn, _ = draw_neighbours(adjacency, 2, generator=torch.Generator().manual_seed(1))
    pair = drawn.sort().values
    share = torch.bincount(pair[:, 0] * 4 + pair[:, 1], minlength=16) / len(pair)
    assert (share[share > 0] - 1 / 6).abs().max() < 0.02
    assert (share > 0).sum() == 6


def test_the_generator_decides():
    adjacency = rows_with([5, 6, 2, 0]).to_sparse_csr()

    def draw(seed):
        return draw_neighbours(adjacency, 3, generator=torch.Generator().manual_seed(seed))[0]

    assert torch.equal(draw(0), draw(0))
    assert not torch.equal(draw(0), draw(1))
    state = torch.get_rng_state()
    draw(0)
    assert torch.equal(torch.get_rng_state(), state)
    draw_neighbours(adjacency, 3)
    assert not torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("shape", [(3, 4), (0, 4), (3, 0)])
def test_nothing_to_draw_from(shape):
    drawn, present = draw_neighbours(torch.zeros(shape).to_sparse_csr(), 2)
    assert drawn.shape == (shape[0], 2)
    assert not drawn.any()
    assert not present.any()


def test_bad_arguments_are_refused():
    with pytest.raises(TypeError, match=r"adjacency must be a sparse CSR tensor, got torch\.strid"):
        draw_neighbours(torch.eye(2), 1)
    with pytest.raises(TypeError, match="adjacency must be a sparse CSR tensor, got list"):
        draw_neighbours([[1]], 1)
    with pytest.raises(ValueError, match="count must be at least 1, got 0"):
        draw_neighbours(torch.eye(2).to_sparse_csr(), 0)
