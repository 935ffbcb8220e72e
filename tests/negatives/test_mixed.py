import pytest
import torch

from graphcl.contrast import Pairs
from graphcl.losses import InfoNCELoss
from graphcl.negatives import MixedNegatives, Mixing, mix_negatives
from tests.losses.checking import assert_same, finite_gradients
from tests.losses.dense import embeddings, unit


def mixing(n: int, pool: int) -> Mixing:
    generator = torch.Generator().manual_seed(0)
    ranks = [torch.randint(pool, (n, 3), generator=generator) for _ in range(3)]
    shares = [torch.rand(n, 3, generator=generator).double() for _ in range(2)]
    return Mixing(ranks[0], ranks[1], shares[0], ranks[2], shares[1] / 2)


@pytest.mark.parametrize("tile", [None, 1, 3])
def test_equals_the_dense_formula(tile: int | None) -> None:
    z1, z2 = embeddings(6, 6)
    u, v = unit(z1), unit(z2)
    s = u @ v.T / 0.2
    drawn = mixing(6, 4)
    order = s.detach().clone().fill_diagonal_(-99).argsort(1, descending=True)[:, :4]
    extra = []
    for i in range(6):
        n = v[order[i]].detach()
        a, b = drawn.share[i][:, None], drawn.query_share[i][:, None]
        pairs = a * n[drawn.first[i]] + (1 - a) * n[drawn.second[i]]
        with_query = b * u[i].detach() + (1 - b) * n[drawn.query_parent[i]]
        extra.append(unit(torch.cat([pairs, with_query])) @ u[i] / 0.2)
    reference = torch.cat([s, torch.stack(extra)], 1).logsumexp(1) - s.diagonal()
    strategy = MixedNegatives(4, num_mixed=3, num_query_mixed=3)
    loss_fn = InfoNCELoss(0.2, symmetric=False, negatives=strategy, tile=tile)
    assert_same(loss_fn(z1, z2, context={"mixing": drawn}), reference.mean(), [z1, z2])


def test_opposite_parents_are_left_out() -> None:
    z1 = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.0, -1.0]], dtype=torch.float64)
    half, zero = torch.full((3, 1), 0.5).double(), torch.zeros(3, 1, dtype=torch.int64)
    drawn = Mixing(zero, zero + 1, half, zero[:, :0], half[:, :0])
    strategy = MixedNegatives(2, num_mixed=1)
    options = {"symmetric": False, "reduction": "none"}
    (rows,) = InfoNCELoss(0.5, negatives=strategy, **options)(z1, z1, context={"mixing": drawn})
    (plain,) = InfoNCELoss(0.5, **options)(z1, z1)
    assert rows[0] == plain[0]  # its two negatives are opposite
    assert (rows[1:] > plain[1:]).all()
    first = Mixing(*(x[:1] for x in vars(drawn).values()))
    assert not mix_negatives(z1[:1], z1, torch.tensor([[1, 2]]), first)[0].any()


def test_a_pool_that_is_too_large_is_cut_with_a_warning() -> None:
    z1, z2 = embeddings(4, 4)
    with pytest.warns(UserWarning, match="num_hardest=9 is more than the 3 negatives"):
        loss = InfoNCELoss(negatives=MixedNegatives(9, num_mixed=2))(z1, z2)
    finite_gradients(loss, [z1, z2])


def test_an_anchor_without_negatives_does_not_disturb_the_others() -> None:
    z1, z2 = embeddings(5, 5)
    alone = Pairs.aligned(5, excluded=torch.tensor([[0] * 4, [1, 2, 3, 4]]))
    strategy = MixedNegatives(2, num_mixed=4)
    options = {"symmetric": False, "reduction": "none"}
    (rows,) = InfoNCELoss(0.5, negatives=strategy, **options)(z1, z2, pairs=alone)
    (plain,) = InfoNCELoss(0.5, **options)(z1, z2, pairs=alone)
    torch.testing.assert_close(rows[0], torch.zeros_like(rows[0]), rtol=0, atol=1e-12)
    assert (rows[1:] > plain[1:]).all()
    finite_gradients(rows.sum(), [z1, z2])


def test_the_seed_decides() -> None:
    z1, z2 = (z.detach() for z in embeddings(6, 6))
    loss_fn = InfoNCELoss(negatives=MixedNegatives(3, num_mixed=2, num_query_mixed=2))
    losses = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        losses.append(loss_fn(z1, z2))
    assert torch.equal(losses[0], losses[1])
    assert not torch.equal(losses[0], losses[2])


def test_bad_input_is_refused() -> None:
    z1, z2 = embeddings(4, 4)
    loss_fn = InfoNCELoss(negatives=MixedNegatives(2, num_mixed=3, num_query_mixed=3))
    with pytest.raises(TypeError, match="must be a Mixing, got int"):
        loss_fn(z1, z2, context={"mixing": 3})
    with pytest.raises(ValueError, match=r"first must have a row for each of the 4 anchors, of"):
        loss_fn(z1, z2, context={"mixing": mixing(4, 9)})
    with pytest.raises(ValueError, match="num_hardest must be at least 1, got 0"):
        MixedNegatives(0)
