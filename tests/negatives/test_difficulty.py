import pytest
import torch

from graphcl.losses import InfoNCELoss
from graphcl.negatives import DifficultyNegatives
from tests.losses.checking import assert_same
from tests.losses.dense import embeddings, unit


@pytest.mark.parametrize("tile", [None, 1, 3])
@pytest.mark.parametrize("n", [2, 6])
def test_equals_the_dense_formula(n: int, tile: int | None) -> None:
    z1, z2, b1, b2 = embeddings(n, n, n, n)
    rows, biased = torch.cat([unit(z1), unit(z2)]), torch.cat([unit(b1), unit(b2)]).detach()
    item = torch.arange(n).repeat(2)
    negative = item[:, None] != item
    s = rows @ rows.T / 0.4
    ours, theirs = s.detach().exp() * negative, (biased @ biased.T / 0.4).exp() * negative
    ours, theirs = (e / e.norm(dim=1, keepdim=True) for e in (ours, theirs))
    weight = 1 + ours / (ours + theirs + 1e-6)
    positive = s[torch.arange(2 * n), torch.arange(2 * n).roll(n)]
    total = (weight * s.exp() * negative).sum(1)
    reference = ((total + positive.exp()).log() - positive).mean()
    loss_fn = InfoNCELoss(0.4, intra_view=True, negatives=DifficultyNegatives(), tile=tile)
    loss = loss_fn(z1, z2, context={"biased": (b1, b2)})
    assert_same(loss, reference, [z1, z2])
    assert torch.autograd.grad(loss, [b1, b2], allow_unused=True) == (None, None)


@pytest.mark.parametrize(
    ("biased", "error", "message"),
    [
        (None, ValueError, r"DifficultyNegatives needs \['biased'\] in context"),
        (torch.ones(4, 2), TypeError, "must be a pair of floating point rows"),
        ((torch.ones(4, 2).long(),) * 2, TypeError, "must be a pair of floating point rows"),
        ((torch.ones(4, 2),), ValueError, r"biased.* has 1 views"),
        ((torch.ones(4, 2), torch.ones(3, 2)), ValueError, r"\[1\] must have 4 rows, got 3"),
        ((torch.full((4, 2), torch.nan),) * 2, ValueError, r"\[0\] must be finite"),
    ],
)
def test_the_context_is_checked(biased: object, error: type[Exception], message: str) -> None:
    z1, z2 = embeddings(4, 4)
    loss_fn = InfoNCELoss(intra_view=True, negatives=DifficultyNegatives())
    with pytest.raises(error, match=message):
        loss_fn(z1, z2, context={} if biased is None else {"biased": biased})
