"""SCGC's exact contrast against whole matrices."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from graphcl.contrast import Influence
from graphcl.losses import NContrastLoss
from tests.losses.checking import assert_same, finite_gradients
from tests.losses.dense import embeddings, unit


def dense(z: Tensor, w: Tensor, scale: float) -> Tensor:
    """The authors' formula: the cosine of a node with itself is 0."""
    s = (unit(z) @ unit(z).T).masked_fill(torch.eye(len(z), dtype=torch.bool), 0) * scale
    return -(((w * s.exp()).sum(1) / s.exp().sum(1)) + 1e-8).log().mean()


@settings(deadline=None, max_examples=25)
@given(
    n=st.integers(2, 9),
    hops=st.integers(1, 3),
    cumulative=st.booleans(),
    seed=st.integers(0, 500),
    temperature=st.sampled_from([0.2, 1.0, 4.0]),
)
def test_it_is_the_authors_formula(
    n: int, hops: int, cumulative: bool, seed: int, temperature: float
) -> None:
    (z,) = embeddings(n, seed=seed)
    index = torch.randint(n, (2, n), generator=torch.Generator().manual_seed(seed))
    influence = Influence(index, n, hops=hops, cumulative=cumulative)
    assert influence.index is not None
    assert influence.weight is not None
    w = torch.zeros(n, n, dtype=torch.float64)
    w[influence.index[0], influence.index[1]] = influence.weight
    loss = NContrastLoss(temperature)(z, influence)
    assert_same(loss, dense(z, w, 1 / temperature), [z])
    bound = NContrastLoss(temperature)(
        z, Influence(index, n, hops=hops, cumulative=cumulative, most_pairs=0)
    )
    assert bound >= loss - 1e-9


def test_nodes_without_edges_stay_finite() -> None:
    z = torch.randn(4, 3, requires_grad=True)
    loss = NContrastLoss(0.01)(z, torch.tensor([[0], [1]]))
    finite_gradients(loss, [z])


def test_the_default_weight_is_one_over_the_degree() -> None:
    (z,) = embeddings(4)
    index = torch.tensor([[0, 0, 1, 2], [1, 2, 0, 2]])
    weight = torch.tensor([0.5, 0.5, 1.0, 1.0])
    assert_same(NContrastLoss()(z, index), NContrastLoss()(z, index, weight), [z])


def test_failures() -> None:
    z = torch.randn(4, 3)
    with pytest.raises(ValueError, match="temperature must be above 0, got -1"):
        NContrastLoss(-1)
    with pytest.raises(ValueError, match=r"edge_index must have shape \[2, P\], got \[4\]"):
        NContrastLoss()(z, torch.zeros(4, dtype=torch.int64))
    with pytest.raises(ValueError, match="edge_weight must be None: an Influence has weights"):
        NContrastLoss()(z, Influence(torch.zeros(2, 0).long(), 4), torch.ones(4))
