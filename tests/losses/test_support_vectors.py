import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from graphcl.losses.support_vectors import (
    closed_form_weights,
    projected_gradient_weights,
    unclipped_weights,
)
from tests.losses.checking import SIZES
from tests.losses.dense import embeddings, unit


def gaussian(n: int, width: int, seed: int, dtype: torch.dtype = torch.float64) -> Tensor:
    rows = unit(embeddings(n, seed=seed, width=width + 1)[0].detach()).to(dtype)
    return ((2 * rows @ rows.T - 2) / 2.0).exp()


def dual_problem(kernel: Tensor, anchor: int, ridge: float) -> tuple[Tensor, Tensor]:
    """D_t as in the paper, and which rows it is of."""
    others = torch.arange(len(kernel))[torch.arange(len(kernel)) != anchor]
    k = kernel[others]
    dual = kernel[anchor, anchor] + k[:, others] - k[:, [anchor]] - kernel[anchor, others]
    return dual + ridge * torch.eye(len(others), dtype=kernel.dtype), others


@settings(deadline=None, max_examples=40)
@given(
    n=SIZES["n"],
    width=SIZES["width"],
    seed=SIZES["seed"],
    ridge=st.sampled_from([0.01, 0.1, 1.0]),
)
def test_one_factor_equals_a_solve_for_each_anchor(
    n: int, width: int, seed: int, ridge: float
) -> None:
    kernel = gaussian(n, width, seed)
    ours = unclipped_weights(kernel, ridge=ridge)
    for anchor in range(n):
        dual, others = dual_problem(kernel, anchor, ridge)
        solution = torch.linalg.solve(dual, torch.full((n - 1,), 2.0, dtype=torch.float64))
        torch.testing.assert_close(ours[anchor, others], solution, rtol=1e-8, atol=1e-8)
        assert ours[anchor, anchor] == 0
    clipped = closed_form_weights(kernel, ridge=ridge, bound=1.5)
    torch.testing.assert_close(clipped, ours.clamp(0, 1.5))


@pytest.mark.parametrize("cosine", [-1.0, 0.0, 0.5, 1.0])
def test_two_rows_have_a_formula(cosine: float) -> None:
    k = torch.tensor((2 * cosine - 2) / 3.0, dtype=torch.float64).exp()
    kernel = torch.stack([torch.stack([k**0, k]), torch.stack([k, k**0])])
    expected = (2 / (2 - 2 * k + 0.1)) * (1 - torch.eye(2, dtype=torch.float64))
    torch.testing.assert_close(closed_form_weights(kernel, ridge=0.1, bound=None), expected)
    iterated = projected_gradient_weights(kernel, ridge=0.1, bound=None, iterations=500)
    torch.testing.assert_close(iterated, expected)


@pytest.mark.parametrize("bound", [None, 0.4])
@pytest.mark.parametrize("momentum_start", [None, 0.9])
@pytest.mark.parametrize("n", [3, 9])
def test_projected_gradient_satisfies_karush_kuhn_tucker(
    n: int, bound: float | None, momentum_start: float | None
) -> None:
    kernel = gaussian(n, 4, 3)
    weights = projected_gradient_weights(
        kernel, ridge=0.1, bound=bound, iterations=4000, momentum_start=momentum_start
    )
    for anchor in range(n):
        dual, others = dual_problem(kernel, anchor, 0.1)
        a = weights[anchor, others]
        slope = dual @ a - 2
        assert (a >= 0).all()
        torch.testing.assert_close(weights[anchor, anchor], torch.zeros_like(a[0]))
        at_zero, at_bound = a == 0, torch.zeros_like(a, dtype=torch.bool)
        if bound is not None:
            assert (a <= bound).all()
            at_bound = a == bound
            assert at_bound.any()
        assert (slope[at_zero] >= -1e-8).all()
        assert (slope[at_bound] <= 1e-8).all()
        free = slope[~at_zero & ~at_bound]
        torch.testing.assert_close(free, torch.zeros_like(free), rtol=0, atol=1e-8)


def test_it_stops_when_nothing_moves() -> None:
    kernel = gaussian(6, 4, 0)
    options = {"ridge": 0.1, "bound": None}
    loose = projected_gradient_weights(kernel, iterations=5000, tolerance=0.01, **options)
    exact = projected_gradient_weights(kernel, iterations=5000, **options)
    assert not torch.equal(loose, exact)
    torch.testing.assert_close(loose, exact, rtol=0.5, atol=0.5)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("ridge", [1e-4, 0.1])
def test_equal_rows(dtype: torch.dtype, ridge: float) -> None:
    """The Gram matrix of the differences is zero: its terms cancel, and 2 / ridge is left."""
    kernel = torch.ones(150, 150, dtype=dtype)
    own = torch.eye(150, dtype=torch.bool)
    options = {"ridge": ridge, "bound": None}
    found = projected_gradient_weights(kernel, iterations=100, **options)
    assert found.isfinite().all()
    if dtype == torch.float64:  # in float32 the products round by more than a small ridge
        expected = torch.full_like(found[~own], 2 / ridge)
        torch.testing.assert_close(found[~own], expected, rtol=1e-3, atol=0)
    closed = closed_form_weights(kernel, ridge=0.1, bound=100.0)
    assert closed.isfinite().all()


def test_one_row() -> None:
    kernel = torch.ones(1, 1)
    assert closed_form_weights(kernel, ridge=0.1, bound=None) == 0
    assert projected_gradient_weights(kernel, ridge=0.1, bound=None, iterations=3) == 0
