import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from graphcl.contrast import MASKED, Pairs
from graphcl.losses import InfoNCELoss, debiased_log_sum
from tests.losses.checking import assert_same
from tests.losses.dense import embeddings


@settings(deadline=None, max_examples=40)
@given(
    seed=st.integers(0, 500),
    prior=st.sampled_from([0.0, 0.1, 0.6, 0.99]),
    temperature=st.sampled_from([0.05, 0.5, 2.0]),
)
def test_equals_the_formula(seed: int, prior: float, temperature: float) -> None:
    log_sum, positive = (z.squeeze(1) for z in embeddings(6, 6, seed=seed, width=1))
    count = torch.tensor([0, 1, 2, 3, 10, 10])
    ours, clamped = debiased_log_sum(
        log_sum, positive, count, class_prior=prior, temperature=temperature
    )
    count = count.double()
    estimate = (log_sum.exp() - prior * count * positive.exp()) / (1 - prior)
    bound = count * math.exp(-1 / temperature)
    assert_same(ours[1:].sum(), torch.maximum(estimate, bound)[1:].log().sum(), [log_sum, positive])
    assert ours[0] == MASKED
    assert not clamped[0]
    assert torch.equal(clamped[1:], (estimate < bound)[1:])


def test_clamped_anchors_have_a_gradient_from_their_positive_only() -> None:
    log_sum = torch.zeros(1, requires_grad=True)
    value, clamped = debiased_log_sum(
        log_sum, torch.ones(1), torch.ones(1), class_prior=0.9, temperature=0.5
    )
    assert clamped.all()
    torch.testing.assert_close(value, torch.tensor([-2.0]))
    value.sum().backward()
    assert log_sum.grad == 0


@pytest.mark.parametrize("intra_view", [False, True])
def test_several_positives_are_refused(intra_view: bool) -> None:
    """With intra_view an unaligned relation holds in the own view, too: two positives."""
    z1, z2 = embeddings(3, 3)
    shifted = Pairs(3, 3, torch.tensor([[0, 1, 2], [1, 2, 0]]))
    loss_fn = InfoNCELoss(debias=0.1, intra_view=intra_view)
    if intra_view:
        with pytest.raises(ValueError, match="exactly one positive for each anchor"):
            loss_fn(z1, z2, pairs=shifted)
    else:
        assert loss_fn(z1, z2, pairs=shifted).isfinite()


def test_graphs_against_their_nodes_are_refused() -> None:
    z, g = embeddings(4, 2)
    pairs = Pairs.membership(torch.tensor([0, 0, 1, 1]))
    assert InfoNCELoss(debias=0.1)(z, g, pairs=pairs).isfinite()
    with pytest.raises(ValueError, match="exactly one positive for each anchor"):
        InfoNCELoss(debias=0.1, symmetric=True)(z, g, pairs=pairs)
