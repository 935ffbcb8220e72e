"""Attention over drawn neighbours and over views, against plain loops."""

import pytest
import torch
from torch.nn import functional

from graphcl.nn import NeighbourAttention, SemanticAttention


def rows(*shape, seed=0):
    random = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=random, dtype=torch.float64)


def test_neighbour_attention_is_its_equation():
    attention = NeighbourAttention(3).double()
    targets, neighbours = rows(4, 3), rows(5, 3, seed=1)
    drawn = torch.tensor([[0, 1, 4], [2, 2, 3], [1, 1, 1], [0, 0, 0]])
    present = torch.tensor([True, True, True, False])
    found = attention(targets, neighbours, drawn, present)
    for i, numbers in enumerate(drawn.tolist()):
        scores = [
            functional.leaky_relu(attention.vector[0] @ torch.cat([targets[i], neighbours[j]]))
            for j in numbers
        ]
        weights = torch.stack(scores).softmax(0)
        mean = sum(w * neighbours[j] for w, j in zip(weights, numbers, strict=True))
        expected = functional.elu(mean)
        torch.testing.assert_close(found[i], expected if present[i] else torch.zeros(3).double())


def test_a_repeated_draw_counts_twice_and_the_order_does_not_matter():
    attention = NeighbourAttention(3).double()
    targets, neighbours = rows(1, 3), rows(2, 3, seed=1)
    once, twice, turned = (
        attention(targets, neighbours, torch.tensor([numbers]))
        for numbers in ([0, 1], [0, 1, 1], [1, 0, 1])
    )
    torch.testing.assert_close(twice, turned)
    assert not torch.allclose(once, twice)
    single = attention(targets, neighbours, torch.tensor([[1]]))
    torch.testing.assert_close(single, functional.elu(neighbours[1:]))


def test_neighbour_attention_gradients():
    attention = NeighbourAttention(2).double()
    drawn = torch.tensor([[0, 1], [2, 2], [0, 0]])
    present = torch.tensor([True, True, False])
    inputs = (rows(3, 2).requires_grad_(), rows(3, 2, seed=1).requires_grad_())

    def run(targets, neighbours, vector):
        return torch.func.functional_call(
            attention, {"vector": vector}, (targets, neighbours, drawn, present)
        )

    vector = attention.vector.detach().clone().requires_grad_()
    assert torch.autograd.gradcheck(run, (*inputs, vector))


def test_semantic_attention_is_its_equation():
    attention = SemanticAttention(3).double()
    views = [rows(4, 3, seed=seed) for seed in range(3)]
    present = [torch.tensor([True, False, True, True]), None, torch.zeros(4, dtype=torch.bool)]
    scores = []
    for view, mask in zip(views[:2], present[:2], strict=True):
        nodes = range(4) if mask is None else mask.nonzero().flatten().tolist()
        each = [attention.vector[0] @ attention.transform(view[i]).tanh() for i in nodes]
        scores.append(torch.stack(each).mean())
    expected = torch.stack(scores).softmax(0)
    weights = attention.weights(views, present)
    torch.testing.assert_close(weights[:2], expected)
    assert weights[2] == 0
    torch.testing.assert_close(
        attention(views, present), expected[0] * views[0] + expected[1] * views[1]
    )


def test_a_single_view_has_weight_one_and_without_any_row_all_is_zero():
    attention = SemanticAttention(3).double()
    view = rows(4, 3)
    assert torch.equal(attention([view]), view)
    nobody = [torch.zeros(4, dtype=torch.bool)] * 2
    result = attention([view, view], nobody)
    assert torch.equal(result, torch.zeros_like(view))
    result.sum().backward()
    assert all(parameter.grad.isfinite().all() for parameter in attention.parameters())


def test_semantic_attention_gradients():
    attention = SemanticAttention(2).double()
    mask = torch.tensor([True, False, True])
    views = [rows(3, 2, seed=seed).requires_grad_() for seed in range(2)]
    assert torch.autograd.gradcheck(lambda *views: attention(views, [mask, None]), views)


@pytest.mark.parametrize("training", [True, False])
def test_dropout_acts_on_the_vector_while_training_only(training):
    torch.manual_seed(0)
    semantic = SemanticAttention(64, dropout=0.5).train(training)
    neighbour = NeighbourAttention(64, dropout=0.5).train(training)
    view, other = torch.randn(5, 64), torch.randn(5, 64)
    drawn = torch.arange(5).repeat(5, 1)
    first, second = (
        (semantic.weights([view, other]), neighbour(view, other, drawn)) for _ in range(2)
    )
    assert torch.equal(first[0], second[0]) is not training
    assert torch.equal(first[1], second[1]) is not training


@pytest.mark.parametrize("layer", [SemanticAttention, NeighbourAttention])
def test_bad_arguments_are_refused(layer):
    with pytest.raises(ValueError, match="width must be at least 1, got 0"):
        layer(0)
    with pytest.raises(ValueError, match="dropout must be from 0 to below 1, got 1"):
        layer(4, dropout=1)
    with pytest.raises(TypeError, match="dropout must be a number, got 'half'"):
        layer(4, dropout="half")


def test_views_and_masks_must_agree():
    attention = SemanticAttention(3)
    with pytest.raises(ValueError, match="one entry for each of at least one view, got 0 for 0"):
        attention([])
    with pytest.raises(ValueError, match="got 1 for 2 views"):
        attention([torch.ones(2, 3)] * 2, [None])
