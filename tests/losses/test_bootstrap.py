import torch
from hypothesis import given, settings

from graphcl.losses import BootstrapLoss
from tests.losses.checking import SIZES, assert_same
from tests.losses.dense import embeddings, unit


@settings(deadline=None, max_examples=25)
@given(n=SIZES["n"], width=SIZES["width"], seed=SIZES["seed"])
def test_equals_the_squared_distances(n: int, width: int, seed: int) -> None:
    p1, p2, t1, t2 = embeddings(n, n, n, n, seed=seed, width=width)
    first = (unit(p1) - unit(t2.detach())).square().sum(1)
    second = (unit(p2) - unit(t1.detach())).square().sum(1)
    ours = BootstrapLoss()(p1, p2, targets1=t1, targets2=t2)
    assert_same(ours, (first + second).mean(), [p1, p2])
    assert torch.autograd.grad(ours, [t1, t2], allow_unused=True) == (None, None)
