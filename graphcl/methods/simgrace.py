"""SimGRACE: a graph against itself, seen by an encoder with noise on its weights."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch_geometric.data import Batch

from graphcl.arguments import check_number
from graphcl.methods.contrast_choice import Choice
from graphcl.methods.graph_contrast import ProjectedContrast, projected
from graphcl.methods.graph_encoding import TU_TRAINING, tu_settings
from graphcl.methods.graphcl import AUTHORS_LOSS
from graphcl.nn import sum_readout

DEFAULT_TRAINING = TU_TRAINING
SETTINGS = tu_settings(
    "the authors' code (5 layers of 32, lr .01, batch 128, 20 epochs), junxia97/SimGRACE; eta "
    "is its default, 1, not chosen from the authors' grid by test accuracy"
)


class SimGRACE(ProjectedContrast):
    """Graph contrastive learning without augmentations of the graphs (SimGRACE).

    Each step adds noise to the encoder's weights, to each tensor of the size of its own spread ::

        theta' = theta + eta * std(theta) * N(0, 1)

    and contrasts the graphs' rows by the noisy encoder, as anchors, with those by the encoder
    itself. The loss is that of :class:`GraphCL`. As in the authors' code the noisy rows get no
    gradient, the projector has no noise, and the noisy encoder's batch statistics are forgotten;
    tensors that are constant (biases, at first) or have a single entry get no noise. The embedding
    is the sum of the encoder's rows over the graph, before the projector. Edge features are not
    used.

    What differs from the authors' code: batches are drawn anew each epoch, and a last batch of one
    graph joins another.

    Source: Xia et al., WWW 2022, arXiv 2202.03104, and the authors' code, junxia97/SimGRACE.

    Args:
        num_features: Width of the features, ``F``.
        eta: Size of the noise, at least 0.
        layers: Number of the encoder's layers, ``L``; the embedding is ``L d`` wide.
        loss: A loss of two views by name, or a mapping with ``name`` and its parameters
            (:class:`graphcl.methods.ContrastChoice`). ``temperature`` is that of the loss.
        **options: ``width``, ``temperature`` and ``negatives``, as in :class:`GraphCL`.

    Raises:
        TypeError: An argument of the wrong type.
        ValueError: An argument outside its range.

    Example:
        >>> from torch_geometric.data import Data
        >>> edges = torch.tensor([[0, 1], [1, 0]])
        >>> graphs = [Data(x=torch.rand(4, 3), edge_index=edges) for _ in range(5)]
        >>> method = SimGRACE(3, width=4, layers=2)
        >>> method.loss(graphs).shape, method.embed(graphs).shape
        (torch.Size([]), torch.Size([5, 8]))
    """

    def __init__(
        self,
        num_features: int,
        *,
        eta: float = 1.0,
        layers: int = 5,
        loss: Choice = AUTHORS_LOSS,
        **options: Any,
    ) -> None:
        if check_number("eta", eta) < 0:
            raise ValueError(f"eta must be at least 0, got {eta}")
        super().__init__(num_features, layers=layers, loss=loss, **options, eta=eta)
        self.eta = eta

    def rows(
        self, encoder: nn.Module, projector: nn.Module, pair: tuple[Batch, Batch]
    ) -> tuple[Tensor, Tensor]:
        """Rows by the noisy encoder, without gradient, and by the encoder, ``[B, L d]`` each."""
        batch = pair[0]
        with torch.no_grad():
            noisy = functional_call(
                encoder, noisy_weights(encoder, self.eta), (batch.x, batch.edge_index)
            )
            first: Tensor = projector(sum_readout(noisy, batch))
        return first, projected(encoder, projector, batch)


@torch.no_grad()
def noisy_weights(module: nn.Module, eta: float) -> dict[str, Tensor]:
    """Its parameters with noise of ``eta`` times their standard deviation, its buffers copied."""
    weights = {name: buffer.clone() for name, buffer in module.named_buffers()}
    for name, parameter in module.named_parameters():
        spread = parameter.std() if parameter.numel() > 1 else parameter.new_zeros(())
        weights[name] = parameter + eta * spread * torch.randn_like(parameter)
    return weights
