"""Mini-batches: some rows are anchors, the others only stand beside them."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from graphcl.contrast import Influence
from graphcl.losses import NContrastLoss, PamCLoss
from tests.losses.dense import embeddings

EDGES = torch.tensor([[0, 1, 2, 3, 4, 0], [1, 0, 3, 2, 0, 4]])
CLUSTERS = torch.tensor([0, 1, 1, 0, 1])


@pytest.mark.parametrize("order", ["first", "second"])
def test_meta_nodes_hold_all_rows_and_only_anchors_are_averaged(order: Any) -> None:
    (z,) = embeddings(5)
    loss = PamCLoss(0.7, order=order)
    only = EDGES[:, EDGES[0] < 2]  # a node without an edge is no anchor
    torch.testing.assert_close(loss(z, CLUSTERS, EDGES, anchors=2), loss(z, CLUSTERS, only))
    torch.testing.assert_close(loss(z, CLUSTERS, EDGES, anchors=5), loss(z, CLUSTERS, EDGES))


def test_the_official_order_averages_positives_of_anchors_and_all_clusters() -> None:
    (z,) = embeddings(5)
    influence = Influence(EDGES, 5)
    loss = PamCLoss(2.0, order="official")
    unit = torch.nn.functional.normalize(z)
    weight = torch.zeros(5, 5, dtype=z.dtype)
    assert influence.index is not None
    assert influence.weight is not None
    weight[tuple(influence.index)] = influence.weight
    cosine = (unit @ unit.T).fill_diagonal_(0)
    log_positive = (weight * (cosine / 2.0).exp()).sum(1).log()
    for anchors in (1, 3):
        change = loss(z, CLUSTERS, influence, anchors=anchors) - loss(z, CLUSTERS, influence)
        torch.testing.assert_close(
            change, log_positive.mean() - log_positive[:anchors].mean(), rtol=1e-6, atol=1e-8
        )


def test_the_exact_contrast_averages_anchors() -> None:
    (z,) = embeddings(5)
    influence = Influence(EDGES, 5)
    loss = NContrastLoss(2.0)
    positive, denominator = loss.terms(z, influence)
    expected = -((positive - denominator).exp() + 1e-8).log()[:2].mean()
    torch.testing.assert_close(loss(z, influence, anchors=2), expected)


@pytest.mark.parametrize("anchors", [0, 6])
def test_failures(anchors: int) -> None:
    (z,) = embeddings(5)
    with pytest.raises(ValueError, match=f"anchors must be .*got {anchors}"):
        PamCLoss()(z, CLUSTERS, EDGES, anchors=anchors)
    with pytest.raises(ValueError, match=f"anchors must be .*got {anchors}"):
        NContrastLoss()(z, EDGES, anchors=anchors)
