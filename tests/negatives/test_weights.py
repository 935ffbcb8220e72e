"""Weights pair by pair: those of the loss."""

import pytest
import torch

from graphcl.contrast import Pairs
from graphcl.losses import InfoNCELoss
from graphcl.negatives import (
    AllNegatives,
    ClusterNegatives,
    HardestNegatives,
    HardNegatives,
    NegativeStrategy,
    ProbableNegatives,
    SparseWeights,
    hop_weights,
    negative_weights,
)
from tests.losses.dense import embeddings

TEMPERATURE = 0.3
CLUSTERS = torch.arange(12) % 3
EDGES = torch.tensor([[0, 1, 5], [1, 0, 7]])


@pytest.mark.parametrize(
    ("strategy", "context"),
    [
        (AllNegatives(), {}),
        (HardNegatives(beta=2.0), {}),
        (HardestNegatives(share=0.5), {}),
        (ProbableNegatives(), {}),
        (ClusterNegatives(same=0.3), {"clusters": CLUSTERS}),
        (SparseWeights(), {"weights": hop_weights(EDGES, 12, [0.0, 0.5])}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_weights_give_the_loss(
    strategy: NegativeStrategy, context: dict[str, torch.Tensor]
) -> None:
    z1, z2 = (z.detach() for z in embeddings(12, 12))
    cosine, weight = negative_weights(strategy, z1, z2, temperature=TEMPERATURE, context=context)
    positive = cosine.diagonal() / TEMPERATURE
    negative = (weight * (cosine / TEMPERATURE).exp()).sum(1)
    loss_fn = InfoNCELoss(TEMPERATURE, symmetric=False, reduction="none", negatives=strategy)
    expected = (positive.exp() + negative).log() - positive
    torch.testing.assert_close(loss_fn(z1, z2, context=context)[0], expected)


def test_positives_and_excluded_pairs_weigh_nothing() -> None:
    z1, z2 = (z.detach() for z in embeddings(4, 4))
    pairs = Pairs.without_neighbours(torch.tensor([[0], [3]]), 4)
    weight = negative_weights(AllNegatives(), z1, z2, pairs=pairs)[1]
    expected = 1 - torch.eye(4, dtype=torch.float64)
    expected[0, 3] = 0
    torch.testing.assert_close(weight, expected)


def test_bad_input_is_named() -> None:
    z1, z2 = (z.detach() for z in embeddings(3, 4))
    with pytest.raises(ValueError, match="pairs are of 3 anchors and 3 candidates, got 3 and 4"):
        negative_weights(AllNegatives(), z1, z2)
    with pytest.raises(ValueError, match=r"ClusterNegatives needs \['clusters'\] in context"):
        negative_weights(ClusterNegatives(), z1, z1)
