import pytest
import torch

from graphcl.nn import FastDropout


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_share_scale_and_gradient(rate):
    torch.manual_seed(0)
    rows = torch.ones(300, 200, requires_grad=True)
    result = FastDropout(rate)(rows)
    assert abs(float((result == 0).float().mean()) - rate) < 0.01
    assert abs(float(result.detach().mean()) - 1) < 0.05
    left = result[result != 0]
    torch.testing.assert_close(left, torch.full_like(left, 1 / (1 - rate)), rtol=1e-3, atol=0)
    result.sum().backward()
    assert torch.equal(rows.grad, result.detach())


@pytest.mark.parametrize("shape", [(0, 3), (1,), (3, 5)])
def test_every_shape(shape):
    assert FastDropout(0.5)(torch.ones(shape)).shape == shape


def test_nothing_happens_in_eval_mode_or_without_a_rate():
    rows = torch.ones(5, 5)
    state = torch.get_rng_state()
    assert FastDropout(0.5).eval()(rows) is rows
    assert FastDropout(0.0)(rows) is rows
    assert torch.equal(torch.get_rng_state(), state)


def test_the_global_generator_governs():
    rows, dropout = torch.ones(40, 40), FastDropout(0.3)
    torch.manual_seed(3)
    first = dropout(rows)
    second = dropout(rows)
    torch.manual_seed(3)
    assert torch.equal(dropout(rows), first)
    assert not torch.equal(first, second)


@pytest.mark.parametrize("rate", [1.0, -0.1])
def test_a_bad_rate_is_refused(rate):
    with pytest.raises(ValueError, match="rate must be from 0 to below 1"):
        FastDropout(rate)
