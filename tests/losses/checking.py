"""What the tests of every loss share: sizes to draw, and equality in value and gradient."""

from collections.abc import Sequence

import torch
from hypothesis import strategies as st
from torch import Tensor

from graphcl.contrast import Pairs

SIZES = {
    "n": st.integers(2, 8),
    "width": st.integers(1, 5),
    "tile": st.sampled_from([None, 1, 3, 7]),
    "seed": st.integers(0, 500),
}


def assert_same(
    ours: Tensor, reference: Tensor, leaves: Sequence[Tensor], *, tolerance: float = 1e-10
) -> None:
    """Equal in value and in the gradient of every leaf."""
    torch.testing.assert_close(ours, reference, rtol=tolerance, atol=tolerance)
    for a, b in zip(
        torch.autograd.grad(ours, leaves, retain_graph=True, materialize_grads=True),
        torch.autograd.grad(reference, leaves, retain_graph=True, materialize_grads=True),
        strict=True,
    ):
        torch.testing.assert_close(a, b, rtol=10 * tolerance, atol=tolerance)


def single_positives(n: int, seed: int) -> Pairs:
    """One random positive for each anchor, and random exclusions."""
    generator = torch.Generator().manual_seed(seed)
    other = torch.randperm(n, generator=generator)
    return Pairs(
        n,
        n,
        torch.stack([torch.arange(n), other]),
        excluded=torch.randint(n, (2, n), generator=generator),
    )


def several_positives(n: int, seed: int) -> Pairs:
    """Random weighted positives, some anchors without, and random exclusions."""
    generator = torch.Generator().manual_seed(seed)
    positive = torch.randint(n, (2, n), generator=generator)
    return Pairs(
        n,
        n,
        positive,
        weight=torch.rand(n, generator=generator, dtype=torch.float64) + 0.1,
        excluded=torch.randint(n, (2, n), generator=generator),
    )


def finite_gradients(loss: Tensor, leaves: Sequence[Tensor]) -> list[Tensor]:
    """The gradients, after checking that they and the value are finite."""
    gradients = list(torch.autograd.grad(loss, leaves, materialize_grads=True))
    assert loss.isfinite().all()
    assert all(g.isfinite().all() for g in gradients)
    return gradients
