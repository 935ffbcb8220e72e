"""The GIN encoder against its formula."""

import pytest
import torch

from graphcl.nn import GINEncoder, Projector, ShortcutProjector, reset_linear


def test_layers_side_by_side_as_the_formula_has_them() -> None:
    torch.manual_seed(0)
    encoder = GINEncoder(3, width=4, layers=2)
    x = torch.rand(5, 3)
    edges = torch.tensor([[0, 1, 1, 2, 3], [1, 0, 2, 1, 3]])
    adjacency = torch.zeros(5, 5).index_put((edges[1], edges[0]), torch.ones(5), accumulate=True)
    rows, expected = x, []
    for convolution, norm in zip(encoder.convolutions, encoder.norms, strict=True):
        rows = norm(torch.relu(convolution.nn(rows + adjacency @ rows)))
        expected.append(rows)
    torch.testing.assert_close(encoder(x, edges), torch.cat(expected, dim=1))
    assert encoder.out_width == 8
    assert encoder(x.double(), edges).dtype == torch.float32


def test_reset_linear() -> None:
    encoder = GINEncoder(3)
    reset_linear(encoder)
    for module in encoder.modules():
        if isinstance(module, torch.nn.Linear):
            bound = (6 / (module.in_features + module.out_features)) ** 0.5
            assert float(module.weight.detach().abs().max()) <= bound
            assert not module.bias.any()


@pytest.mark.parametrize("options", [{"width": 0}, {"layers": 0}])
def test_bad_sizes(options: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="must be at least 1, got 0"):
        GINEncoder(3, **options)


def test_heads() -> None:
    head = ShortcutProjector(4)
    rows = torch.rand(3, 4)
    torch.testing.assert_close(head(rows), head.layers(rows) + head.shortcut(rows))
    assert isinstance(Projector(4, activation="relu").activation, torch.nn.ReLU)
    with pytest.raises(ValueError, match="unknown activation"):
        Projector(4, activation="sigmoid")
