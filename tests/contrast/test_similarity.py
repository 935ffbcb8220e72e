import torch

from graphcl.contrast.similarity import MASKED, grouped_logsumexp, normalize_rows


def test_normalize_rows_has_no_gradient_at_zero() -> None:
    x = torch.tensor([[3.0, 4.0], [0.0, 0.0], [1e-20, 0.0]], requires_grad=True)
    unit = normalize_rows(x)
    assert unit.tolist() == [[0.6000000238418579, 0.800000011920929], [0, 0], [0, 0]]
    (gradient,) = torch.autograd.grad(unit.sum(), x)
    assert gradient[0].any()
    assert not gradient[1:].any()


def test_grouped_logsumexp_of_an_empty_group_is_the_floor() -> None:
    values = torch.tensor([1000.0, 1001.0, MASKED], dtype=torch.float64, requires_grad=True)
    result = grouped_logsumexp(values, torch.tensor([0, 0, 2]), 4)
    torch.testing.assert_close(result[0], torch.logaddexp(values[0], values[1]))
    assert result[1] == MASKED
    assert result[2] == MASKED
    (gradient,) = torch.autograd.grad(result[:2].sum(), values)
    assert gradient.isfinite().all()
