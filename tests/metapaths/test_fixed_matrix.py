"""Products with a constant sparse matrix."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from graphcl.metapaths import FixedMatrix


def sparse(num_rows, num_columns, seed=0, share=0.1):
    random = torch.Generator().manual_seed(seed)
    dense = torch.rand(num_rows, num_columns, generator=random, dtype=torch.float64)
    return torch.where(dense < share, dense, 0)


@given(
    st.integers(1, 6),
    st.integers(1, 6),
    st.integers(0, 50),
    st.sampled_from([0.1, 0.6]),
    st.sampled_from([3, 64, 130]),
)
def test_value_and_gradient_are_those_of_the_dense_product(
    num_rows, num_columns, seed, share, width
):
    dense = sparse(num_rows, num_columns, seed, share)
    rows = torch.rand(num_columns, width, dtype=torch.float64, requires_grad=True)
    mine = FixedMatrix(dense.to_sparse_csr()) @ rows
    torch.testing.assert_close(mine, dense @ rows)
    seen = torch.rand_like(mine)
    found = torch.autograd.grad(mine, rows, seen)[0]
    torch.testing.assert_close(found, dense.T @ seen)


@pytest.mark.parametrize("share", [0.2, 0.8])
def test_gradients_of_gradients(share):
    matrix = FixedMatrix(sparse(4, 3, share=share).to_sparse_csr())
    assert matrix.is_dense is (share == 0.8)
    rows = torch.rand(3, 2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: matrix @ x, rows)
    assert torch.autograd.gradgradcheck(lambda x: (matrix @ x).square(), rows)


def test_rows_of_another_type_become_the_type_of_the_matrix():
    matrix = FixedMatrix(sparse(4, 3).float().to_sparse_csr())
    rows = torch.ones(3, 2, dtype=torch.bfloat16, requires_grad=True)
    product = matrix @ rows
    assert product.dtype == torch.float32
    product.sum().backward()
    assert rows.grad.dtype == torch.bfloat16


def test_shape_and_an_empty_matrix():
    matrix = FixedMatrix(torch.zeros(3, 5).to_sparse_csr())
    assert matrix.shape == (3, 5)
    assert torch.equal(matrix @ torch.ones(5, 2), torch.zeros(3, 2))


def test_bad_matrices_are_refused():
    with pytest.raises(TypeError, match=r"matrix must be a torch sparse CSR tensor, got"):
        FixedMatrix(torch.eye(2))
    with pytest.raises(TypeError, match=r"a matrix of floating-point numbers, got torch\.int64"):
        FixedMatrix(torch.eye(2, dtype=torch.int64).to_sparse_csr())
    with pytest.raises(ValueError, match="must not need a gradient"):
        FixedMatrix(torch.eye(2).to_sparse_csr().requires_grad_())


@pytest.mark.parametrize("share", [0.2, 0.8])
def test_in_another_dtype_it_leaves_the_first_as_it_is(share):
    matrix = FixedMatrix(sparse(4, 3, share=share).to_sparse_csr())
    single = matrix.to(torch.float32)
    assert (single @ torch.ones(3, 1)).dtype == torch.float32
    assert (matrix @ torch.ones(3, 1)).dtype == torch.float64


def test_rows_of_another_number_are_refused():
    with pytest.raises(ValueError, match=r"rows must have shape \[3, d\], got \[4, 2\]"):
        FixedMatrix(sparse(4, 3).to_sparse_csr()) @ torch.ones(4, 2)
