import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from graphcl.contrast.similarity import (
    MASKED,
    grouped_logsumexp,
    normalize_rows,
    pair_products,
    weighted_row_sums,
)


def test_normalize_rows_has_no_gradient_at_zero() -> None:
    x = torch.tensor([[3.0, 4.0], [0.0, 0.0], [1e-20, 0.0]], requires_grad=True)
    unit = normalize_rows(x)
    assert unit.tolist() == [[0.6000000238418579, 0.800000011920929], [0, 0], [0, 0]]
    (gradient,) = torch.autograd.grad(unit.sum(), x)
    assert gradient[0].any()
    assert not gradient[1:].any()


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


def test_pair_products_in_chunks(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr("graphcl.contrast.similarity._CHUNK_ELEMENTS", 6)
    left = torch.randn(5, 3, dtype=torch.float64, requires_grad=True)
    index = torch.randint(5, (2, 9))
    assert torch.autograd.gradcheck(lambda a: pair_products(a, a, index), (left,))


def test_grouped_logsumexp_of_an_empty_group_is_the_floor() -> None:
    values = torch.tensor([1000.0, 1001.0, MASKED], dtype=torch.float64, requires_grad=True)
    result = grouped_logsumexp(values, torch.tensor([0, 0, 2]), 4)
    torch.testing.assert_close(result[0], torch.logaddexp(values[0], values[1]))
    assert result[1] == MASKED
    assert result[2] == MASKED
    (gradient,) = torch.autograd.grad(result[:2].sum(), values)
    assert gradient.isfinite().all()
