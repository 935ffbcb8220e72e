"""Products of listed pairs against the whole matrix."""

import warnings

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from graphcl.contrast import Pairs
from graphcl.contrast.pair_products import PairIndex, pair_products, weighted_row_sums


@settings(deadline=None, max_examples=30)
@given(pairs=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 6)), max_size=20))
def test_pair_products_and_sums(pairs: list[tuple[int, int]]) -> None:
    index = torch.tensor(sorted(pairs), dtype=torch.int64).reshape(-1, 2).T.contiguous()
    left = torch.randn(5, 3, dtype=torch.float64, requires_grad=True)
    right = torch.randn(7, 3, dtype=torch.float64, requires_grad=True)
    torch.testing.assert_close(
        pair_products(left, right, index), (left @ right.T)[index[0], index[1]]
    )
    weight = torch.rand(index.size(1), dtype=torch.float64)
    dense = torch.zeros(5, 7, dtype=torch.float64).index_put(
        (index[0], index[1]), weight, accumulate=True
    )
    sums = weighted_row_sums(right, index, weight, 5)
    torch.testing.assert_close(sums, dense @ right)
    if index.numel():
        assert torch.autograd.gradcheck(lambda a, b: pair_products(a, b, index), (left, right))
        weight.requires_grad_()
        assert torch.autograd.gradcheck(
            lambda r, w: weighted_row_sums(r, index, w, 5), (right, weight)
        )


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("device", ["cpu", *(["cuda"] if torch.cuda.is_available() else [])])
def test_gradients_are_those_of_gathered_rows(dtype, device):
    generator = torch.Generator().manual_seed(0)
    first, second = (
        torch.randn(size, 16, generator=generator, dtype=dtype).to(device).requires_grad_()
        for size in (40, 30)
    )
    row, column = torch.randint(30, (2, 500), generator=generator)  # also twice, and some not
    index = torch.stack([row.sort().values, column]).to(device)
    weight = torch.randn(500, generator=generator, dtype=dtype).to(device)
    found = pair_products(first, second, index)
    expected = (first[index[0]] * second[index[1]]).sum(1)
    torch.testing.assert_close(found, expected)
    for mine, theirs in zip(
        torch.autograd.grad((found * weight).sum(), (first, second)),
        torch.autograd.grad((expected * weight).sum(), (first, second)),
        strict=True,
    ):
        torch.testing.assert_close(mine, theirs, rtol=1e-4, atol=1e-5)


def test_one_tensor_on_both_sides():
    rows = torch.randn(5, 3, dtype=torch.float64, requires_grad=True)
    index = torch.tensor([[0, 0, 2, 4], [4, 1, 2, 0]])
    assert torch.autograd.gradcheck(lambda a: pair_products(a, a, index), (rows,))


def test_only_what_is_wanted_has_a_gradient():
    rows = torch.randn(5, 3, requires_grad=True)
    index = torch.tensor([[0, 3], [1, 1]])
    for pair in ((rows, rows.detach()), (rows.detach(), rows)):
        (gradient,) = torch.autograd.grad(pair_products(*pair, index).sum(), rows)
        assert (gradient != 0).any()


def test_an_index_finds_its_order_once():
    pairs = Pairs(4, 3, torch.tensor([[0, 0, 2, 3], [2, 0, 1, 0]]), same_items=False)
    listed = pairs.listed
    assert listed is pairs.listed
    assert listed.by_column is listed.by_column
    assert listed.starts.tolist() == [0, 2, 2, 3, 4]
    order, rows, starts = listed.by_column
    assert pairs.positive[1][order].tolist() == [0, 0, 1, 2]
    assert torch.equal(rows, pairs.positive[0][order])
    assert starts.tolist() == [0, 2, 3, 4]
    assert Pairs.aligned(3).listed is None
    assert Pairs.from_labels(torch.tensor([0, 0, 1])).listed is None


def test_no_pairs_and_no_warnings():
    rows = torch.randn(3, 2, requires_grad=True)
    empty = torch.empty(2, 0, dtype=torch.int64)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = pair_products(rows, rows, PairIndex(empty, 3, 3))
        found.sum().backward()
    assert found.shape == (0,)
    assert not rows.grad.any()
