import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from graphcl.clustering import sinkhorn_assignment


@settings(deadline=None, max_examples=40)
@given(
    items=st.integers(1, 8),
    prototypes=st.integers(1, 8),
    iterations=st.integers(0, 4),
    seed=st.integers(0, 100),
)
def test_equals_the_scaled_exponentials(
    items: int, prototypes: int, iterations: int, seed: int
) -> None:
    generator = torch.Generator().manual_seed(seed)
    scores = torch.randn(items, prototypes, generator=generator, dtype=torch.float64)
    plan = (scores / 0.5).exp().T
    plan = plan / plan.sum()
    for _ in range(iterations):
        plan = plan / plan.sum(1, keepdim=True) / prototypes
        plan = plan / plan.sum(0, keepdim=True) / items
    codes = (plan / plan.sum(0)).T
    ours = sinkhorn_assignment(scores, temperature=0.5, iterations=iterations)
    torch.testing.assert_close(ours, codes)
    torch.testing.assert_close(ours.sum(1), torch.ones(items, dtype=torch.float64))


def test_prototypes_get_equal_shares_at_convergence() -> None:
    scores = torch.randn(30, 4, generator=torch.Generator().manual_seed(0)).double()
    codes = sinkhorn_assignment(scores, temperature=0.3, iterations=500)
    torch.testing.assert_close(codes.sum(0), torch.full((4,), 7.5, dtype=torch.float64))


def test_without_iterations_it_is_a_softmax() -> None:
    scores = torch.randn(5, 3)
    codes = sinkhorn_assignment(scores, temperature=0.5, iterations=0)
    torch.testing.assert_close(codes, (2 * scores).softmax(1))


def test_equals_itself_in_logarithms() -> None:
    scores = torch.rand(20, 5, generator=torch.Generator().manual_seed(0)).double()
    far = torch.cat([scores, torch.tensor([[0.0, 0.0, 0.0, 0.0, -400.0]])])  # beyond the safe range
    logs = far
    for _ in range(3):
        logs = logs - logs.logsumexp(0)
        logs = logs - logs.logsumexp(1, keepdim=True)
    found = sinkhorn_assignment(far, temperature=1.0, iterations=3)
    torch.testing.assert_close(found, logs.exp())
    near = sinkhorn_assignment(far.clamp(min=-250), temperature=1.0, iterations=3)
    torch.testing.assert_close(near, found)


@pytest.mark.parametrize("temperature", [1e-4, 1e4])
def test_extreme_temperatures_are_finite(temperature: float) -> None:
    scores = torch.randn(6, 3, generator=torch.Generator().manual_seed(0))
    assert sinkhorn_assignment(scores, temperature=temperature).isfinite().all()


@pytest.mark.parametrize(
    ("scores", "options", "message"),
    [
        (torch.ones(2, 2), {"temperature": 0}, "temperature must be above 0, got 0"),
        (torch.ones(2, 2), {"iterations": -1}, "iterations must be at least 0, got -1"),
        (torch.ones(2), {}, "scores must be finite, of shape"),
        (torch.ones(0, 2), {}, "scores must be finite, of shape"),
        (torch.full((2, 2), torch.nan), {}, "scores must be finite, of shape"),
    ],
)
def test_bad_input_is_refused(
    scores: torch.Tensor, options: dict[str, float], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        sinkhorn_assignment(scores, **options)  # type: ignore[arg-type]
