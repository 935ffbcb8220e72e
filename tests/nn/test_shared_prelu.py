from __future__ import annotations

import pytest
import torch
from torch import nn

from graphcl.nn import SharedPReLU


@pytest.mark.parametrize("slope", [0.25, 0.0, -1.5, 2.0])
@pytest.mark.parametrize("shape", [(7, 5), (0, 5), (1, 1), ()])
def test_it_is_torchs(slope: float, shape: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    ours, torchs = SharedPReLU().double(), nn.PReLU().double()
    for module in (ours, torchs):
        nn.init.constant_(module.weight, slope)
    rows = torch.randn(shape, dtype=torch.float64)
    if rows.numel() > 2:
        rows.view(-1)[:2] = 0.0
    upstream = torch.randn(shape, dtype=torch.float64)
    found = []
    for module in (ours, torchs):
        leaf = rows.clone().requires_grad_()
        values = module(leaf)
        gradients = torch.autograd.grad(values, [leaf, module.weight], upstream)
        found.append((values.detach(), *gradients))
    assert torch.equal(found[0][0], found[1][0])
    assert torch.equal(found[0][1], found[1][1])
    torch.testing.assert_close(found[0][2], found[1][2])
    assert list(ours.state_dict()) == list(torchs.state_dict())


def test_gradients_are_right_also_of_rows_that_are_not_contiguous() -> None:
    module = SharedPReLU().double()
    rows = torch.randn(4, 6, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(
        lambda x, slope: torch.func.functional_call(module, {"weight": slope}, x.t()[::2]),
        (rows, module.weight),
    )


def test_what_is_not_asked_for_is_not_computed() -> None:
    module = SharedPReLU()
    module.weight.requires_grad_(False)
    rows = torch.tensor([-4.0, 2.0], requires_grad=True)
    module(rows).sum().backward()
    torch.testing.assert_close(rows.grad, torch.tensor([0.25, 1.0]))
    assert module.weight.grad is None
    assert module(torch.ones(2)).grad_fn is None


def test_short_floats_are_torchs() -> None:
    rows = torch.tensor([-4.0, 2.0], dtype=torch.bfloat16)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        torch.testing.assert_close(
            SharedPReLU().bfloat16()(rows), nn.PReLU().bfloat16()(rows), rtol=0, atol=0
        )
