"""tanh of sums as inner products: as exact as the type, or refused."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from graphcl.losses import InfoNCELoss
from graphcl.negatives import LearnedNegatives, tanh_factors, weighted_sums


def draw(scale: float, shift: float, seed: int, dtype: torch.dtype) -> list[Tensor]:
    generator = torch.Generator().manual_seed(seed)
    rows = [torch.rand(n, 3, generator=generator, dtype=torch.float64) for n in (7, 5)]
    weight = torch.randn(3, generator=generator, dtype=torch.float64)
    parts = [scale * (2 * rows[0] - 1) + shift, scale * (2 * rows[1] - 1) - shift / 2, weight]
    return [part.to(dtype).requires_grad_() for part in parts]


def by_hand(p: Tensor, q: Tensor, weight: Tensor) -> Tensor:
    return torch.tanh(p.unsqueeze(1) + q) @ weight


@settings(deadline=None, max_examples=25)
@given(st.floats(0, 1.2), st.floats(-0.5, 0.5), st.integers(0, 1000))
def test_values_and_gradients_are_those_of_tanh(scale: float, shift: float, seed: int) -> None:
    p, q, weight = draw(scale, shift, seed, torch.float64)
    factors = tanh_factors.tanh_factors([p, q], weight)
    assert factors is not None
    (left, _), (_, right) = factors
    found, expected = left @ right.T, by_hand(p, q, weight)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-13)
    flow = torch.randn(7, 5, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    for mine, theirs in zip(
        torch.autograd.grad(found, (p, q, weight), flow),
        torch.autograd.grad(expected, (p, q, weight), flow),
        strict=True,
    ):
        torch.testing.assert_close(mine, theirs, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("scale", [0.01, 0.3, 1.0, 2.5])
def test_float32_loses_no_digits(scale: float) -> None:
    p, q, weight = draw(scale, 0.1, 0, torch.float32)
    factors = tanh_factors.tanh_factors([p, q], weight)
    assert factors is not None
    expected = by_hand(p.double(), q.double(), weight.double())
    torch.testing.assert_close(
        (factors[0][0] @ factors[1][1].T).double(), expected, rtol=0, atol=5e-6
    )


def test_narrow_ranges_need_few_terms() -> None:
    p, q, weight = draw(0.3, 0.0, 0, torch.float32)
    factors = tanh_factors.tanh_factors([p, q], weight)
    assert factors is not None
    assert factors[0][0].size(1) <= 3 * 10


@pytest.mark.parametrize("value", [30.0, float("inf")])
def test_a_range_that_is_too_wide_is_refused(value: float) -> None:
    p, q, weight = draw(1.0, 0.0, 0, torch.float32)
    with torch.no_grad():
        p[0, 0] = value
    assert tanh_factors.tanh_factors([p, q], weight) is None


@pytest.mark.parametrize("normalize", [None, "row", "all"])
@pytest.mark.parametrize("intra_view", [False, True])
def test_the_loss_is_the_same_unit_by_unit(
    normalize: str | None, intra_view: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    generator = torch.Generator().manual_seed(0)
    views = [torch.randn(9, 4, generator=generator, dtype=torch.float64) for _ in range(2)]
    negatives = LearnedNegatives(4, hidden=3, normalize=normalize).double()
    loss = InfoNCELoss(0.5, intra_view=intra_view, negatives=negatives)
    results = []
    for most in (tanh_factors.MOST_NODES, 0):
        monkeypatch.setattr(tanh_factors, "MOST_NODES", most)
        rows = [view.clone().requires_grad_() for view in views]
        value = loss(*rows)
        sources = (*rows, *negatives.parameters())
        results.append((value.detach(), *torch.autograd.grad(value, sources)))
    for mine, theirs in zip(*results, strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-10, atol=1e-12)


def test_both_ways_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    monkeypatch.setattr(
        weighted_sums,
        "PairUnits",
        lambda *parts, init=weighted_sums.PairUnits: made.append(1) or init(*parts),
    )
    views = [torch.eye(4), torch.eye(4).flip(0)]
    negatives = LearnedNegatives(4)
    loss = InfoNCELoss(0.5, negatives=negatives)
    loss(*views)
    assert not made
    with torch.no_grad():
        negatives.first.weight.mul_(200)
    assert loss(*views).isfinite()
    assert made
