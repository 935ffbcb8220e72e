"""What products in bfloat16 cost in accuracy: the bounds that the documentation gives."""

import pytest
import torch

from graphcl.contrast import normalize_rows
from graphcl.losses import InfoNCELoss
from graphcl.negatives import ClusterNegatives, NegativeStrategy


@pytest.mark.parametrize("negatives", [None, ClusterNegatives(0.5)])
@pytest.mark.parametrize(("temperature", "bound"), [(0.5, 4e-4), (0.05, 4e-3)])
def test_value_and_gradient(
    temperature: float, bound: float, negatives: NegativeStrategy | None
) -> None:
    generator = torch.Generator().manual_seed(0)
    base = torch.randn(512, 128, generator=generator)
    views = [
        (base + noise * torch.randn(512, 128, generator=generator)).requires_grad_()
        for noise in (0.7, 2.0)
    ]
    known = {"clusters": torch.randint(5, (512,), generator=generator)}
    results = []
    for bfloat16 in (False, True):
        loss_fn = InfoNCELoss(temperature, negatives=negatives, bfloat16=bfloat16, intra_view=True)
        loss = loss_fn(*views, context=known)
        assert loss.dtype == torch.float32
        results.append((loss, torch.cat(torch.autograd.grad(loss, views))))
    (value, gradient), (rounded, rounded_gradient) = results
    assert not torch.equal(gradient, rounded_gradient)
    assert (value - rounded).abs() < 2e-4 * max(1.0, float(value.detach()))
    assert (gradient - rounded_gradient).norm() < bound * gradient.norm()


def test_cosines() -> None:
    rows = normalize_rows(torch.randn(512, 128, generator=torch.Generator().manual_seed(0)))
    rounded = (rows.bfloat16() @ rows.bfloat16().T).float()
    assert (rounded - rows @ rows.T).abs().max() < 2.5e-3 * 1.2
