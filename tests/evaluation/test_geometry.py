import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from graphcl.evaluation import alignment, effective_rank, tolerance, uniformity
from tests.losses.checking import SIZES, assert_same, finite_gradients
from tests.losses.dense import embeddings, unit


@settings(deadline=None, max_examples=30)
@given(
    n=SIZES["n"], width=SIZES["width"], seed=SIZES["seed"], exponent=st.sampled_from([1, 2, 3.5])
)
def test_alignment(n: int, width: int, seed: int, exponent: float) -> None:
    x, y = embeddings(n, n, seed=seed, width=width + 1)
    reference = (unit(x) - unit(y)).norm(dim=1).pow(exponent).mean()
    assert_same(alignment(x, y, exponent=exponent), reference, [x, y], tolerance=1e-9)


@settings(deadline=None, max_examples=30)
@given(**SIZES, sharpness=st.sampled_from([0.5, 2.0, 50.0]))
def test_uniformity(n: int, width: int, tile: int | None, seed: int, sharpness: float) -> None:
    (x,) = embeddings(n, seed=seed, width=width)
    rows = unit(x)
    index = torch.triu_indices(n, n, 1)
    squared = (rows[index[0]] - rows[index[1]]).square().sum(1)
    reference = (-sharpness * squared).exp().mean().log()
    assert_same(uniformity(x, sharpness=sharpness, tile=tile), reference, [x], tolerance=1e-9)


def test_uniformity_from_random_pairs() -> None:
    (x,) = embeddings(40)
    exact, estimate = uniformity(x), uniformity(x, pairs=20_000)
    torch.testing.assert_close(estimate, exact, rtol=0.03, atol=0.03)
    assert torch.equal(estimate, uniformity(x, pairs=20_000))
    assert not torch.equal(estimate, uniformity(x, pairs=20_000, seed=1))
    finite_gradients(estimate, [x])


@settings(deadline=None, max_examples=30)
@given(n=SIZES["n"], width=SIZES["width"], seed=SIZES["seed"])
def test_tolerance(n: int, width: int, seed: int) -> None:
    (x,) = embeddings(n, seed=seed, width=width)
    labels = torch.randint(3, (n,), generator=torch.Generator().manual_seed(seed))
    same = labels[:, None] == labels
    s = unit(x) @ unit(x).T
    assert_same(tolerance(x, labels, joint=True), (s * same).mean(), [x])
    other = same & ~torch.eye(n, dtype=torch.bool)
    if other.any():
        assert_same(tolerance(x, labels), s[other].mean(), [x])
    else:
        assert tolerance(x, labels).isnan()


def test_effective_rank() -> None:
    values = torch.tensor([3.0, 1.0, 0.0])
    share = values[:2] / 4
    assert effective_rank(values.diag()) == pytest.approx(float((-share * share.log()).sum().exp()))
    assert effective_rank(torch.ones(5, 3)) == pytest.approx(1.0)
    assert math.isnan(effective_rank(torch.zeros(2, 2)))


@pytest.mark.parametrize("exponent", [0.5, 1.0, 2.0])
def test_equal_and_zero_rows_have_finite_gradients(exponent: float) -> None:
    x = torch.ones(4, 3, dtype=torch.float64)
    x[1] = 0
    x.requires_grad_()
    loss = alignment(x, torch.ones(4, 3, dtype=torch.float64), exponent=exponent)
    finite_gradients(loss, [x])
    finite_gradients(uniformity(x), [x])
    finite_gradients(tolerance(x, torch.tensor([0, 0, 1, 1])), [x])


def test_half_precision_and_scale() -> None:
    (x,) = embeddings(20)
    x = x.detach()
    for dtype in (torch.float16, torch.bfloat16):
        assert uniformity(x.to(dtype)).dtype == torch.float32
        torch.testing.assert_close(
            uniformity(x.to(dtype)).double(), uniformity(x), rtol=0, atol=0.02
        )
    torch.testing.assert_close(uniformity(x * 7), uniformity(x))
    order = torch.randperm(20)
    torch.testing.assert_close(uniformity(x[order]), uniformity(x))


def test_a_single_row_has_no_pair() -> None:
    assert uniformity(torch.ones(1, 2)).isnan()


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda x: alignment(x, x[:2]), ValueError, "first and second need the same shape"),
        (lambda x: alignment(x, x, exponent=0), ValueError, "exponent must be above 0, got 0"),
        (lambda x: uniformity(x, sharpness=-1), ValueError, "sharpness must be above 0, got -1"),
        (lambda x: uniformity(x, pairs=0), ValueError, "pairs must be at least 1, got 0"),
        (lambda x: uniformity(x * torch.inf), ValueError, "embeddings must be finite"),
        (lambda x: uniformity(x.long()), TypeError, "embeddings must be a floating point tensor"),
        (lambda x: tolerance(x, torch.ones(3)), TypeError, "labels must hold integers"),
        (lambda x: tolerance(x, torch.ones(2).long()), ValueError, r"labels must have shape \[3\]"),
        (lambda x: effective_rank(x[0]), ValueError, r"embeddings must have shape \[N, d\]"),
    ],
)
def test_bad_input_is_refused(call, error: type[Exception], message: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(error, match=message):
        call(torch.ones(3, 2))
