import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from graphcl.losses import AUCLoss
from tests.losses.checking import SIZES, assert_same, finite_gradients
from tests.losses.dense import embeddings, unit


@settings(deadline=None, max_examples=50)
@given(
    n=SIZES["n"],
    width=SIZES["width"],
    seed=SIZES["seed"],
    candidates=st.sampled_from(["cross", "both_views"]),
    scale=st.sampled_from([None, 0.0, 3.0]),
    alpha=st.sampled_from([0.0, 1.0]),
)
def test_closed_form_equals_the_explicit_sum(
    n: int, width: int, seed: int, candidates: str, scale: float | None, alpha: float
) -> None:
    z1, z2 = embeddings(n, n, seed=seed, width=width)
    loss_fn = AUCLoss(
        positive_centre=2.0,
        alpha=alpha,
        negative_scale=scale,
        candidates=candidates,
        negative_centre=0.3,
    ).double()
    b = loss_fn.negative_centre
    u, v = unit(z1), unit(z2)
    cosine = (u * v).sum(1)
    if candidates == "cross":
        positive, s = (1 + cosine) / 2, (1 + u @ v.T) / 2
    else:
        rows = torch.cat([u, v])
        positive, s = (cosine / 2).clamp(0, 1), (1 + rows @ rows.T) / 2
    other = ~torch.eye(len(s), dtype=torch.bool)
    negative = ((s - b).square() + 2 * alpha * s) * other
    factor = 32 / (len(s) - 1) if scale is None else scale
    reference = ((positive - 2.0).square() - 2 * alpha * positive).mean()
    reference = reference + factor * negative.sum(1).mean()
    assert_same(loss_fn(z1, z2), reference, [z1, z2, b])


def test_one_pair_has_its_positive_only() -> None:
    z1, z2 = embeddings(1, 1)
    p = (1 + (unit(z1) * unit(z2)).sum()) / 2
    loss_fn = AUCLoss().double()
    assert_same(loss_fn(z1, z2), (p - 10).square() - 2 * p, [z1, z2, loss_fn.negative_centre])


def test_memory_is_linear() -> None:
    """100,000 rows in the blink of an eye: an N x N matrix would take 40 GB."""
    z1, z2 = (z.detach().float().requires_grad_() for z in embeddings(100_000, 100_000, width=4))
    finite_gradients(AUCLoss()(z1, z2), [z1, z2])


def test_training_resumes_bit_for_bit() -> None:
    z1, z2 = (z.detach().float() for z in embeddings(6, 6))

    def train(loss_fn: AUCLoss, steps: int) -> torch.Tensor:
        optimiser = torch.optim.SGD(loss_fn.parameters(), lr=0.1)
        for _ in range(steps):
            optimiser.zero_grad()
            loss_fn(z1, z2).backward()
            optimiser.step()
        return loss_fn.negative_centre.detach()

    whole, half, rest = AUCLoss(), AUCLoss(), AUCLoss()
    train(half, 3)
    rest.load_state_dict(half.state_dict())
    assert torch.equal(train(whole, 6), train(rest, 3))
    assert whole.negative_centre != 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"candidates": "own"}, "candidates must be one of cross, both_views, got 'own'"),
        ({"negative_scale": -1.0}, "negative_scale must be at least 0, got -1"),
        ({"alpha": float("nan")}, "alpha must be finite, got nan"),
    ],
)
def test_arguments_are_checked(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        AUCLoss(**arguments)
