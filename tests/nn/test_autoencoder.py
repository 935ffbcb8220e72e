from typing import Any

import pytest
import torch

from graphcl.nn import Autoencoder, pretrain_autoencoder


def features() -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    code = torch.randn(60, 2, generator=generator)
    return code @ torch.randn(2, 12, generator=generator)


def model(seed: int = 0) -> Autoencoder:
    torch.manual_seed(seed)
    return Autoencoder(12, 3, hidden=(16,))


def test_the_layers_are_those_of_sdcn() -> None:
    published = Autoencoder(1870, 10)
    shapes = [
        [layer.out_features for layer in part if isinstance(layer, torch.nn.Linear)]
        for part in (published.encoder, published.decoder)
    ]
    assert shapes == [[500, 500, 2000, 10], [2000, 500, 500, 1870]]
    assert isinstance(published.encoder[-1], torch.nn.Linear)  # the code is linear


def test_it_learns_and_the_seed_decides() -> None:
    x = features()
    first, second, third = model(), model(), model()
    options: dict[str, Any] = {"epochs": 20, "batch_size": 16, "learning_rate": 0.01}
    losses = pretrain_autoencoder(first, x, **options)
    assert losses[-1] < 0.5 * losses[0]
    assert pretrain_autoencoder(second, x, **options) == losses
    assert pretrain_autoencoder(third, x, seed=1, **options) != losses
    torch.testing.assert_close(first(x), second(x), rtol=0, atol=0)
    assert first.reconstruct(x).shape == x.shape


def test_no_epoch_changes_nothing() -> None:
    one = model()
    before = one.encoder[0].weight.detach().clone()
    assert pretrain_autoencoder(one, features(), epochs=0) == []
    assert torch.equal(one.encoder[0].weight, before)


def test_steps_end_it_within_an_epoch() -> None:
    one, other = model(), model()
    x = features()  # 60 rows: 4 steps of 16 an epoch
    losses = pretrain_autoencoder(one, x, batch_size=16, epochs=9, steps=6)
    assert len(losses) == 2
    assert losses[0] == pretrain_autoencoder(other, x, batch_size=16, epochs=9, steps=4)[0]
    assert not torch.equal(one.encoder[0].weight, other.encoder[0].weight)
    assert len(pretrain_autoencoder(one, x, batch_size=16, epochs=2, steps=100)) == 2


def test_failures() -> None:
    with pytest.raises(ValueError, match="steps must be at least 1, got 0"):
        pretrain_autoencoder(model(), features(), steps=0)
    with pytest.raises(ValueError, match="width must be at least 1, got 0"):
        Autoencoder(5, 0)
    with pytest.raises(ValueError, match="hidden must be at least 1, got 0"):
        Autoencoder(5, 2, hidden=(0,))
    with pytest.raises(ValueError, match="learning_rate must be above 0, got 0"):
        pretrain_autoencoder(model(), features(), learning_rate=0)
    with pytest.raises(ValueError, match="x must be finite"):
        pretrain_autoencoder(model(), torch.full((2, 12), torch.nan))
