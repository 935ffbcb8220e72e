"""HeCo's loss against two losses of one direction each."""

import pytest
import torch

from graphcl.contrast import Pairs
from graphcl.losses import InfoNCELoss
from graphcl.methods.heco_loss import co_contrast

POSITIVE = torch.tensor([[0, 0, 1, 2, 3, 3, 3, 5], [0, 2, 1, 0, 3, 5, 1, 2]])  # 4 has none


def views(seed=0):
    generator = torch.Generator().manual_seed(seed)
    return (
        torch.randn(6, 4, generator=generator, dtype=torch.float64, requires_grad=True)
        for _ in range(2)
    )


@pytest.mark.parametrize("excluded", [None, torch.tensor([[0, 1, 4], [1, 4, 0]])])
@pytest.mark.parametrize("share", [0.5, 0.2, 1.0])
def test_it_is_infonce_in_both_orders(share, excluded):
    one, other = views()
    pairs = Pairs(6, 6, POSITIVE, excluded=excluded)
    back = Pairs(6, 6, POSITIVE, excluded=None if excluded is None else excluded.flip(0))
    loss = InfoNCELoss(0.7, positives="inside", symmetric=False)
    expected = share * loss(one, other, pairs=pairs) + (1 - share) * loss(other, one, pairs=back)
    found = co_contrast(one, other, pairs, temperature=0.7, share=share)
    torch.testing.assert_close(found, expected)
    for mine, theirs in zip(
        torch.autograd.grad(found, (one, other)),
        torch.autograd.grad(expected, (one, other)),
        strict=True,
    ):
        torch.testing.assert_close(mine, theirs)


def test_without_positives_it_is_zero():
    one, other = views()
    pairs = Pairs(6, 6, torch.empty(2, 0, dtype=torch.int64))
    loss = co_contrast(one, other, pairs, temperature=0.7, share=0.5)
    assert loss == 0
    loss.backward()
    assert not one.grad.any()
    assert not other.grad.any()


def test_a_row_of_zeros_has_no_gradient():
    one, other = views()
    one = one.detach().clone()
    one[2] = 0
    one.requires_grad_()
    co_contrast(one, other, Pairs(6, 6, POSITIVE), temperature=0.7, share=0.5).backward()
    assert one.grad.isfinite().all()
    assert not one.grad[2].any()


def test_tables_of_labels_and_aligned_pairs_are_relations_too():
    one, other = views()
    for pairs in (Pairs.aligned(6), Pairs.from_labels(torch.tensor([0, 1, 0, 1, 2, 2]))):
        loss = InfoNCELoss(0.7, positives="inside")
        found = co_contrast(one, other, pairs, temperature=0.7, share=0.5)
        torch.testing.assert_close(found, loss(one, other, pairs=pairs))
