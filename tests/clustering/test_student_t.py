"""Deep embedded clustering's parts: against the formulas, far from the origin, failures."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from graphcl.clustering import assignment_divergence, student_t_assignment, target_distribution


@settings(deadline=None, max_examples=30)
@given(
    n=st.integers(1, 8),
    k=st.integers(1, 4),
    seed=st.integers(0, 500),
    degrees=st.sampled_from([0.5, 1.0, 3.0]),
)
def test_formulas(n: int, k: int, seed: int, degrees: float) -> None:
    generator = torch.Generator().manual_seed(seed)
    z, c = (torch.randn(m, 3, generator=generator, dtype=torch.float64) for m in (n, k))
    q = student_t_assignment(z, c, degrees=degrees)
    kernel = (1 + torch.cdist(z, c).square() / degrees) ** (-(degrees + 1) / 2)
    torch.testing.assert_close(q, kernel / kernel.sum(1, keepdim=True))
    p = target_distribution(q)
    torch.testing.assert_close(p.sum(1), torch.ones(n, dtype=torch.float64))
    weight = q**2 / q.sum(0)
    torch.testing.assert_close(p, weight / weight.sum(1, keepdim=True))
    divergence = assignment_divergence(p, q)
    torch.testing.assert_close(divergence, (p * (p / q).log()).sum() / n)
    assert divergence >= -1e-12


def test_far_from_the_origin_in_single_precision() -> None:
    z = torch.randn(50, 4, generator=torch.Generator().manual_seed(0))
    far = student_t_assignment(z + 1000, z[:3] + 1000)
    torch.testing.assert_close(far, student_t_assignment(z, z[:3]), atol=1e-3, rtol=1e-2)


def test_a_point_on_a_centroid_and_an_empty_cluster_are_defined() -> None:
    z = torch.tensor([[0.0, 0.0], [1.0, 1.0]], requires_grad=True)
    q = student_t_assignment(z, torch.tensor([[0.0, 0.0], [1e6, 1e6]]))
    loss = assignment_divergence(target_distribution(q).detach(), q)
    loss.backward()
    assert z.grad is not None
    assert z.grad.isfinite().all()
    empty = torch.tensor([[1.0, 0.0], [1.0, 0.0]])
    assert torch.equal(target_distribution(empty), empty)
    assert assignment_divergence(empty, empty) == 0


def test_failures() -> None:
    z = torch.randn(4, 3)
    with pytest.raises(ValueError, match="degrees must be above 0, got 0"):
        student_t_assignment(z, z, degrees=0)
    with pytest.raises(ValueError, match="must be of one width, got 3 and 2"):
        student_t_assignment(z, torch.randn(2, 2))
    with pytest.raises(ValueError, match=r"must have shapes \[N, d\] and \[K, d\]"):
        student_t_assignment(z, z[0])
    with pytest.raises(ValueError, match=r"p and q must both have shape \[N, K\]"):
        assignment_divergence(z, z[:2])
