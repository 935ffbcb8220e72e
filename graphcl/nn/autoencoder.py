"""The autoencoder of deep clustering, and how it is trained before the clustering."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from graphcl.arguments import all_finite, check_number, check_seed, check_whole


class Autoencoder(nn.Module):
    """A multilayer perceptron to a short code, and its mirror image back.

    ReLU between layers; code and output are linear. It sees features only, no graph.

    Source: the encoder of DEC and SDCN (Bo et al., WWW 2020, arXiv 2002.01633).

    Args:
        num_features: Width of the features, ``F``.
        width: Width of the code, ``d``.
        hidden: Widths of the layers between.

    Raises:
        TypeError: A width that is no whole number.
        ValueError: A width below 1.

    Example:
        >>> model = Autoencoder(7, 2, hidden=(5,))
        >>> model(torch.ones(3, 7)).shape, model.decoder(torch.ones(3, 2)).shape
        (torch.Size([3, 2]), torch.Size([3, 7]))
    """

    def __init__(
        self, num_features: int, width: int = 10, *, hidden: Sequence[int] = (500, 500, 2000)
    ) -> None:
        super().__init__()
        widths = [
            check_whole("num_features", num_features, least=1),
            *(check_whole("hidden", each, least=1) for each in hidden),
            check_whole("width", width, least=1),
        ]
        self.encoder = _layers(widths)
        self.decoder = _layers(widths[::-1])

    def forward(self, x: Tensor) -> Tensor:
        """The code, ``[N, d]``.

        Args:
            x: Features, ``[N, F]``.
        """
        code: Tensor = self.encoder(x)
        return code

    def reconstruct(self, x: Tensor) -> Tensor:
        """The features as the code tells them, ``[N, F]``."""
        features: Tensor = self.decoder(self.encoder(x))
        return features


def pretrain_autoencoder(
    model: Autoencoder,
    x: Tensor,
    *,
    epochs: int = 30,
    batch_size: int = 256,
    learning_rate: float = 1e-3,
    seed: int = 0,
    steps: int | None = None,
) -> list[float]:
    """Train an autoencoder to reconstruct features: mean squared error, Adam, shuffled batches.

    The defaults are the recipe behind SDCN's published weights.

    Args:
        model: It is trained in place.
        x: Features as they are, ``[N, F]``.
        epochs: Passes over the features, at least 0.
        batch_size: Rows of a step, at least 1.
        learning_rate: Of Adam, above 0.
        seed: Of the order of the rows.
        steps: Most steps in all epochs together, at least 1; None: no limit.

    Returns:
        Mean loss of each epoch, of the last one as far as it went.

    Raises:
        TypeError: A number of the wrong type.
        ValueError: A number out of range; features that are no finite matrix.

    Example:
        >>> losses = pretrain_autoencoder(Autoencoder(4, 2, hidden=()), torch.eye(4), epochs=2)
        >>> losses[1] < losses[0]
        True
    """
    check_whole("epochs", epochs, least=0)
    check_whole("batch_size", batch_size, least=1)
    check_seed(seed)
    left = None if steps is None else check_whole("steps", steps, least=1)
    if check_number("learning_rate", learning_rate) <= 0:
        raise ValueError(f"learning_rate must be above 0, got {learning_rate}")
    if x.dim() != 2 or 0 in x.shape or not all_finite(x):
        raise ValueError(f"x must be finite, of shape [N, F], got {list(x.shape)}")
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(model.parameters(), lr=learning_rate)
    losses = []
    for _ in range(epochs):
        total, seen = 0.0, 0
        for rows in torch.randperm(len(x), generator=generator).to(x.device).split(batch_size):
            if left == 0:
                break
            left = None if left is None else left - 1
            seen += len(rows)
            batch = x[rows]
            loss = nn.functional.mse_loss(model.reconstruct(batch), batch)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += float(loss.detach()) * len(rows)
        if seen == 0:
            break
        losses.append(total / seen)
    return losses


def _layers(widths: Sequence[int]) -> nn.Sequential:
    layers: list[nn.Module] = []
    for one, following in pairwise(widths):
        layers += [nn.Linear(one, following), nn.ReLU()]
    return nn.Sequential(*layers[:-1])
