import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from graphcl.losses import MaxMarginLoss
from tests.losses.checking import SIZES, assert_same, finite_gradients
from tests.losses.dense import embeddings, unit
from tests.losses.test_support_vectors import dual_problem


@settings(deadline=None, max_examples=30)
@given(
    n=SIZES["n"],
    width=SIZES["width"],
    seed=SIZES["seed"],
    symmetric=st.booleans(),
    bound=st.sampled_from([None, 1.0]),
)
def test_equals_one_solve_an_anchor(
    n: int, width: int, seed: int, symmetric: bool, bound: float | None
) -> None:
    z1, z2 = embeddings(n, n, seed=seed, width=width + 1)

    def one_way(u: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
        kernel = ((2 * u @ u.T - 2) / 3.0).exp().detach()
        scores = ((2 * v @ u.T - 2) / 3.0).exp()
        total = scores.new_zeros(())
        for t in range(n):
            dual, others = dual_problem(kernel, t, 0.2)
            a = torch.linalg.solve(dual, torch.full((n - 1,), 2.0, dtype=torch.float64))
            total = total + (a.clamp(0, bound) * (scores[t, others] - scores[t, t])).sum()
        return total / n

    u, v = unit(z1), unit(z2)
    reference = (one_way(u, v) + one_way(v, u)) / 2 if symmetric else one_way(u, v)
    ours = MaxMarginLoss(3.0, ridge=0.2, bound=bound, symmetric=symmetric)(z1, z2)
    assert_same(ours, reference, [z1, z2], tolerance=1e-8)


def test_the_solvers_agree_where_nothing_is_clipped() -> None:
    """Equidistant rows: all weights are positive, so that the constraint does nothing."""
    z = torch.eye(5, dtype=torch.float64)
    closed = MaxMarginLoss(2.0).weights(z)
    iterated = MaxMarginLoss(2.0, solver="projected_gradient").weights(z)
    torch.testing.assert_close(iterated, closed, rtol=0.05, atol=0)
    assert (closed.sum(1) > 0).all()


@pytest.mark.parametrize("solver", ["closed_form", "projected_gradient"])
def test_one_row_is_zero(solver: str) -> None:
    z1, z2 = embeddings(1, 1)
    loss = MaxMarginLoss(solver=solver)(z1, z2)
    assert loss == 0
    finite_gradients(loss, [z1, z2])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"width": 0.0}, "width must be above 0, got 0"),
        ({"ridge": 0.0}, "ridge must be above 0, got 0"),
        ({"bound": -1.0}, "bound must be above 0, got -1"),
        ({"solver": "lp"}, "solver must be one of closed_form, projected_gradient, got 'lp'"),
        ({"iterations": 0}, "iterations must be at least 1, got 0"),
    ],
)
def test_arguments_are_checked(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        MaxMarginLoss(**arguments)
