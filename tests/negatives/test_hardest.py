import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from graphcl.losses import InfoNCELoss
from graphcl.negatives import HardestNegatives
from tests.losses.checking import SIZES, assert_same
from tests.losses.dense import embeddings, unit


@settings(deadline=None, max_examples=30)
@given(**SIZES, share=st.sampled_from([1e-6, 0.2, 0.5, 1.0]))
def test_equals_the_dense_formula(
    n: int, width: int, tile: int | None, seed: int, share: float
) -> None:
    z1, z2 = embeddings(n, n, seed=seed, width=width + 1)
    s = unit(z1) @ unit(z2).T
    own = torch.eye(n, dtype=torch.bool)
    rank = max(1, math.ceil(share * (n - 1) - 1e-9))
    ordered = s.detach().masked_fill(own, -2).sort(1, descending=True).values
    kept = (s >= ordered[:, [rank - 1]] - 1e-14) & ~own
    reference = torch.where(kept | own, s / 0.3, -torch.inf).logsumexp(1) - s.diagonal() / 0.3
    loss_fn = InfoNCELoss(0.3, negatives=HardestNegatives(share=share), symmetric=False, tile=tile)
    assert_same(loss_fn(z1, z2), reference.mean(), [z1, z2])


def test_ties_are_kept() -> None:
    z = torch.ones(6, 3)
    (rows,) = InfoNCELoss(
        1.0, negatives=HardestNegatives(share=0.2), symmetric=False, reduction="none"
    )(z, z)
    torch.testing.assert_close(rows, torch.full((6,), math.log(6)))


def test_a_threshold_that_nothing_reaches() -> None:
    z = torch.eye(4)
    strategy = HardestNegatives(threshold=0.5)
    assert InfoNCELoss(1.0, negatives=strategy)(z, z) == 0
    # without the positive nothing is left: such anchors do not count
    assert InfoNCELoss(1.0, negatives=strategy, positive_in_denominator="excluded")(z, z) == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "give either share or threshold"),
        ({"share": 0.5, "threshold": 0.5}, "give either share or threshold"),
        ({"share": 0.0}, "share must be above 0 and at most 1, got 0"),
        ({"share": 1.5}, "share must be above 0 and at most 1, got 1.5"),
        ({"threshold": float("nan")}, "threshold must be finite, got nan"),
    ],
)
def test_arguments_are_checked(arguments: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        HardestNegatives(**arguments)
