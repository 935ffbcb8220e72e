import math

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.functional import softplus

from graphcl.contrast import Pairs
from graphcl.losses import JensenShannonLoss
from tests.losses.checking import SIZES, assert_same, finite_gradients, several_positives
from tests.losses.dense import dense_masks, embeddings, unit


@settings(deadline=None, max_examples=50)
@given(**SIZES, normalize=st.booleans(), kind=st.sampled_from(["aligned", "weighted", "labels"]))
def test_equals_the_dense_formula(
    n: int, width: int, tile: int | None, seed: int, normalize: bool, kind: str
) -> None:
    z1, z2 = embeddings(n, n, seed=seed, width=width)
    pairs = {
        "aligned": Pairs.aligned(n),
        "weighted": several_positives(n, seed),
        "labels": Pairs.from_labels(torch.arange(n) % 2),
    }[kind]
    weight, excluded = dense_masks(pairs)
    s = unit(z1) @ unit(z2).T if normalize else z1 @ z2.T
    negative = ~excluded & (weight == 0)
    gain = (weight * (math.log(2) - softplus(-s))).sum() / weight.sum()
    push = ((softplus(s) - math.log(2)) * negative).sum() / negative.sum().clamp(min=1)
    ours = JensenShannonLoss(normalize=normalize, tile=tile)(z1, z2, pairs=pairs)
    assert_same(ours, push - gain, [z1, z2])


def test_nodes_against_graphs() -> None:
    """InfoGraph: the nodes of a graph against the graphs of the batch."""
    z, g = embeddings(5, 2)
    batch = torch.tensor([0, 0, 1, 1, 1])
    s = z @ g.T
    own = torch.nn.functional.one_hot(batch, 2).bool()
    reference = (softplus(s[~own]) - math.log(2)).mean() - (math.log(2) - softplus(-s[own])).mean()
    ours = JensenShannonLoss(normalize=False)(z, g, pairs=Pairs.membership(batch))
    assert_same(ours, reference, [z, g])


def test_no_positives_and_no_negatives() -> None:
    z1, z2 = embeddings(3, 3)
    everything = torch.ones(3, 3).nonzero().T
    loss = JensenShannonLoss()(
        z1, z2, pairs=Pairs(3, 3, torch.empty(2, 0, dtype=torch.int64), excluded=everything)
    )
    assert loss == 0
    finite_gradients(loss, [z1, z2])


def test_large_scores_do_not_overflow() -> None:
    z1, z2 = (z.detach().float().mul(1e3).requires_grad_() for z in embeddings(6, 6))
    finite_gradients(JensenShannonLoss(normalize=False)(z1, z2), [z1, z2])
