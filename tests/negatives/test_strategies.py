import pytest
import torch
from torch import Tensor

from graphcl.contrast import MASKED, Block, Mask, Pairs, Rows, normalize_rows
from graphcl.losses import InfoNCELoss
from graphcl.negatives import AllNegatives, HardNegatives, NegativeStrategy

STRATEGIES = [
    AllNegatives(),
    HardNegatives(0.0),
    HardNegatives(2.0),
    HardNegatives(1.0, detach=True),
]


def example() -> tuple[Rows, list[Tensor]]:
    generator = torch.Generator().manual_seed(0)
    u, v = (
        normalize_rows(torch.randn(6, 3, generator=generator, dtype=torch.float64)).requires_grad_()
        for _ in range(2)
    )
    everything = torch.stack([torch.zeros(6), torch.arange(6)]).long()
    diagonal = torch.arange(1, 6).expand(2, -1)
    masked = torch.cat([everything, diagonal], 1)  # anchor 0 has no negatives at all
    own = torch.cat([everything, diagonal], 1)
    return Rows(u, (Block(v, Mask(masked)), Block(u, Mask(own))), 0.4, tile=4), [u, v]


@pytest.mark.parametrize("strategy", STRATEGIES, ids=repr)
def test_closed_form_equals_the_tiles(strategy: NegativeStrategy) -> None:
    rows, leaves = example()
    again, other_leaves = example()  # statistics are shared within one Rows
    closed = strategy.log_denominator(rows)
    tiles = NegativeStrategy.log_denominator(strategy, again)
    assert closed[0] == tiles[0] == MASKED
    torch.testing.assert_close(closed, tiles, rtol=1e-12, atol=1e-12)
    for a, b in zip(
        torch.autograd.grad(closed[1:].square().sum(), leaves),
        torch.autograd.grad(tiles[1:].square().sum(), other_leaves),
        strict=True,
    ):
        torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-12)


def test_hard_weights_have_mean_one() -> None:
    u = normalize_rows(torch.randn(6, 3, dtype=torch.float64))
    rows = Rows(u, (Block(u, Mask(torch.arange(6).expand(2, -1))),), 0.4)
    strategy = HardNegatives(1.5)
    ids = torch.arange(6)
    weight = strategy.log_weights(u @ u.T, ids, ids, rows.blocks[0], rows, strategy.prepare(rows))
    weight = weight.exp().masked_fill(torch.eye(6, dtype=torch.bool), 0)
    torch.testing.assert_close(weight.sum(1) / 5, torch.ones(6, dtype=torch.float64))


def test_beta_zero_is_no_weighting() -> None:
    z1, z2 = (torch.randn(5, 3, dtype=torch.float64) for _ in range(2))
    hard = InfoNCELoss(0.3, intra_view=True, negatives=HardNegatives(0.0))(z1, z2)
    torch.testing.assert_close(hard, InfoNCELoss(0.3, intra_view=True)(z1, z2))


@pytest.mark.parametrize("level", ["node", "graph", "node-graph"])
def test_strategies_at_every_level(level: str) -> None:
    z = torch.randn(8, 4, requires_grad=True)
    batch = torch.tensor([0, 0, 0, 1, 1, 2, 2, 2])
    g = torch.zeros(3, 4).index_add(0, batch, z)
    loss_fn = InfoNCELoss(0.5, negatives=HardNegatives(1.0))
    if level == "node":
        loss = loss_fn(z, z.detach().roll(1, 1))
    elif level == "graph":
        loss = loss_fn(g, g.detach().roll(1, 1))
    else:
        loss = loss_fn(z, g, pairs=Pairs.membership(batch))
    loss.backward()
    assert loss.isfinite()
    assert z.grad is not None
    assert z.grad.isfinite().all()


class WithExtra(AllNegatives):
    """One synthetic negative an anchor: its own opposite."""

    def extra_candidates(self, rows, state):  # type: ignore[no-untyped-def]
        return -rows.anchors.detach()[:, None]

    log_denominator = NegativeStrategy.log_denominator


def test_synthetic_negatives_enter_the_sum() -> None:
    u = torch.eye(3, dtype=torch.float64)
    (rows,) = InfoNCELoss(1.0, negatives=WithExtra(), symmetric=False, reduction="none")(u, u)
    expected = torch.log(torch.tensor(torch.e + 2 + 1 / torch.e, dtype=torch.float64)) - 1
    torch.testing.assert_close(rows, expected.expand(3))


@pytest.mark.parametrize("beta", [-1.0, float("nan"), float("inf")])
def test_beta_is_checked(beta: float) -> None:
    with pytest.raises(ValueError, match=r"beta must be (at least 0|finite), got"):
        HardNegatives(beta)
