import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from graphcl.contrast import Block
from graphcl.losses import InfoNCELoss
from graphcl.negatives import ClusterNegatives
from tests.losses.checking import SIZES, assert_same
from tests.losses.dense import embeddings, unit


@settings(deadline=None, max_examples=30)
@given(**SIZES, same=st.sampled_from([0.0, 0.3, 2.0]), count=st.integers(1, 3))
def test_equals_the_dense_formula_with_a_queue(
    n: int, width: int, tile: int | None, seed: int, same: float, count: int
) -> None:
    z1, z2, queue = embeddings(n, n, 4, seed=seed, width=width)
    generator = torch.Generator().manual_seed(seed)
    clusters = torch.randint(2, (n, count), generator=generator)
    ids = torch.randint(-1, n, (4,), generator=generator)
    s = unit(z1) @ torch.cat([unit(z2), unit(queue)]).T / 0.3
    theirs = torch.cat([clusters, clusters[ids]])
    agree = clusters[:, None] == theirs
    agree[:, n:][:, ids < 0] = False
    weight = torch.where(agree, same, torch.ones((), dtype=torch.float64)).mean(2)
    weight[torch.arange(n), torch.arange(n)] = 1  # the positive
    reference = ((weight * s.exp()).sum(1).log() - s.diagonal()).mean()
    loss_fn = InfoNCELoss(0.3, symmetric=False, negatives=ClusterNegatives(same), tile=tile)
    known = {"clusters": clusters[:, 0] if count == 1 else clusters}
    ours = loss_fn(z1, z2, context=known, queue=Block(queue, ids=ids))
    assert_same(ours, reference, [z1, z2, queue])


@pytest.mark.parametrize("in_denominator", ["plain", "excluded"])
def test_a_single_cluster_leaves_no_negative(in_denominator: str) -> None:
    z1, z2 = embeddings(4, 4)
    loss_fn = InfoNCELoss(0.3, negatives=ClusterNegatives(), positive_in_denominator=in_denominator)
    loss = loss_fn(z1, z2, context={"clusters": torch.zeros(4).long()})
    torch.testing.assert_close(loss, torch.zeros_like(loss), rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("clusters", "error", "message"),
    [
        (torch.ones(4), TypeError, "must be a tensor of integers"),
        ([0, 1, 2, 3], TypeError, "must be a tensor of integers"),
        (torch.ones(3).long(), ValueError, r"must be of the items .*4 of them.*, got 3"),
        (torch.ones(5).long(), ValueError, r"must be of the items .*4 of them.*, got 5"),
        (torch.ones(4, 1, 1).long(), ValueError, r"must have shape \[N\] or \[N, R\]"),
    ],
)
def test_the_context_is_checked(clusters: object, error: type[Exception], message: str) -> None:
    z1, z2 = embeddings(4, 4)
    with pytest.raises(error, match=message):
        InfoNCELoss(negatives=ClusterNegatives())(z1, z2, context={"clusters": clusters})
