import pytest
import torch
from torch.nn.functional import elu

from graphcl.nn import Projector


def test_is_linear_elu_linear():
    projector = Projector(6, hidden=3)
    rows = torch.randn(4, 6)
    first, second = projector.first, projector.second
    expected = elu(rows @ first.weight.T + first.bias) @ second.weight.T + second.bias
    torch.testing.assert_close(projector(rows), expected)
    assert first.weight.shape == (3, 6)


def test_hidden_width_defaults_to_width():
    assert Projector(6).first.weight.shape == (6, 6)


def test_bad_widths():
    with pytest.raises(ValueError, match="width must be at least 1, got 0"):
        Projector(0)
    with pytest.raises(ValueError, match="hidden must be at least 1, got -2"):
        Projector(4, hidden=-2)
