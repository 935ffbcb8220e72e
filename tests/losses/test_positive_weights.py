import pytest
import torch

from graphcl.contrast import Pairs
from graphcl.losses import InfoNCELoss, MisesFisherWeights
from tests.losses.checking import assert_same
from tests.losses.dense import embeddings, unit


@pytest.mark.parametrize("detach", [True, False])
@pytest.mark.parametrize("n", [2, 6])
def test_dclw_equals_the_dense_formula(n: int, detach: bool) -> None:
    z1, z2 = embeddings(n, n)
    rows = torch.cat([unit(z1), unit(z2)])
    s = rows @ rows.T / 0.1
    item = torch.arange(n).repeat(2)
    negative = torch.where(item[:, None] == item, -torch.inf, s)
    positive = (unit(z1) * unit(z2)).sum(1)
    scaled = (positive / 0.5).exp()
    weights = 2 - scaled / scaled.mean()
    torch.testing.assert_close(weights.mean(), torch.ones_like(weights[0]))
    weights = weights.detach() if detach else weights
    pull = (weights * positive / 0.1).repeat(2)
    reference = (negative.logsumexp(1) - pull).mean()
    loss_fn = InfoNCELoss(
        0.1,
        intra_view=True,
        positive_in_denominator="excluded",
        positive_weights=MisesFisherWeights(detach=detach),
    )
    assert_same(loss_fn(z1, z2), reference, [z1, z2])


def test_anchors_without_positives_do_not_enter_the_mean() -> None:
    z1, z2 = embeddings(4, 4)
    some = Pairs(4, 4, torch.tensor([[1, 2], [1, 2]]))
    options = {"symmetric": False, "reduction": "none", "positive_weights": MisesFisherWeights()}
    (rows,) = InfoNCELoss(0.5, **options)(z1, z2, pairs=some)
    s = unit(z1) @ unit(z2).T
    weights = MisesFisherWeights()(s.diagonal()[1:3])
    reference = s[1:3].mul(2).logsumexp(1) - 2 * weights * s.diagonal()[1:3]
    assert_same(rows[1:3].sum(), reference.sum(), [z1, z2])
    assert rows[0] == 0
    assert rows[3] == 0


def test_what_has_no_meaning_is_refused() -> None:
    with pytest.raises(ValueError, match="positive_weights need positives='outside'"):
        InfoNCELoss(positives="inside", positive_weights=MisesFisherWeights())
    with pytest.raises(ValueError, match="sigma must be above 0, got 0"):
        MisesFisherWeights(0)
