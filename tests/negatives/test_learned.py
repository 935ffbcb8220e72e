"""Learned weights: the dense formula, the drift, saturation, windows of anchors."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn.functional import logsigmoid

from graphcl.contrast import MASKED, Block, Mask, Pairs, Rows
from graphcl.losses import InfoNCELoss
from graphcl.negatives import LearnedNegatives, make_negatives
from tests.losses.checking import SIZES, assert_same, finite_gradients
from tests.losses.dense import embeddings, unit

ADAMEOW: dict[str, Any] = {"symmetric": False, "positive_in_denominator": "weighted"}
normalized = pytest.mark.parametrize("normalize", [None, "row", "all"])


def network(width: int, normalize: Any = None, hidden: int = 3) -> LearnedNegatives:
    torch.manual_seed(0)
    return LearnedNegatives(width, hidden=hidden, normalize=normalize).double()


def dense_logits(strategy: LearnedNegatives, u: Tensor, v: Tensor) -> Tensor:
    return strategy.second(strategy.first(u.unsqueeze(1) + v.unsqueeze(0)).tanh()).squeeze(2)


def dense_sum(strategy: LearnedNegatives, u: Tensor, v: Tensor, keep: Tensor, tau: float) -> Tensor:
    """Log of the weighted sum over the kept pairs, from all pairs at once."""
    logs = torch.where(keep, logsigmoid(dense_logits(strategy, u, v)), MASKED)
    total = (u @ v.T / tau + logs).logsumexp(1)
    if strategy.normalize == "row":
        return total - logs.logsumexp(1) + keep.sum(1).double().log()
    if strategy.normalize == "all":
        return total - logs.reshape(-1).logsumexp(0) + keep.sum().double().log()
    return total


@settings(deadline=None, max_examples=25)
@given(**SIZES, normalize=st.sampled_from([None, "row", "all"]), intra_view=st.booleans())
def test_equals_the_dense_formula_with_a_queue(
    n: int, width: int, tile: int | None, seed: int, normalize: Any, intra_view: bool
) -> None:
    z1, z2, queue = embeddings(n, n, 4, seed=seed, width=width)
    strategy = network(width, normalize)
    eye = torch.eye(n, dtype=torch.bool)
    losses = []
    for first, second in ((unit(z1), unit(z2)), (unit(z2), unit(z1))):
        candidates, keep = [second], [torch.ones(n, n, dtype=torch.bool)]
        if intra_view:
            candidates.append(first)
            keep.append(~eye)
        candidates.append(unit(queue))
        keep.append(torch.ones(n, 4, dtype=torch.bool))
        total = dense_sum(strategy, first, torch.cat(candidates), torch.cat(keep, 1), 0.3)
        losses.append((total - (first * second).sum(1) / 0.3).mean())
    reference = torch.stack(losses).mean()
    loss_fn = InfoNCELoss(
        0.3,
        intra_view=intra_view,
        positive_in_denominator="weighted",
        negatives=strategy,
        tile=tile,
    )
    ours = loss_fn(z1, z2, queue=queue)
    assert_same(ours, reference, [z1, z2, queue, *strategy.parameters()])


@normalized
def test_the_pass_is_what_the_tiles_give(normalize: Any) -> None:
    z1, z2 = (unit(z).detach() for z in embeddings(9, 7))
    strategy = network(z1.size(1), normalize)
    masked = Mask(torch.tensor([[0, 3, 3], [0, 1, 6]]))
    rows = Rows(z1, (Block(z2, masked, view=1), Block(z1[:2])), 0.3, tile=4)
    weights, inputs = strategy.tile_weights(rows, strategy.prepare(rows))

    def exponent(cosine: Tensor, *tile: Any) -> Tensor:
        return cosine / 0.3 + weights(cosine, *tile)

    ours, tiled = strategy.log_denominator(rows), rows.tiles(exponent, inputs=inputs)
    torch.testing.assert_close(ours, tiled)
    parameters = list(strategy.parameters())
    torch.testing.assert_close(
        torch.autograd.grad(ours.square().sum(), parameters, retain_graph=True),
        torch.autograd.grad(tiled.square().sum(), parameters),
    )


def test_graphs_and_nodes_against_graphs() -> None:
    nodes, graphs, other = embeddings(8, 3, 3)
    strategy = network(nodes.size(1))
    loss_fn = InfoNCELoss(0.5, negatives=strategy, reduction="none")
    member = torch.tensor([0, 0, 0, 1, 1, 2, 2, 2])
    (ours,) = loss_fn(nodes, graphs, pairs=Pairs.membership(member))
    u, g = unit(nodes), unit(graphs)
    keep = member.unsqueeze(1) != torch.arange(3)
    positive = (u * g[member]).sum(1) / 0.5
    total = torch.logaddexp(dense_sum(strategy, u, g, keep, 0.5), positive)
    torch.testing.assert_close(ours, total - positive)
    finite_gradients(InfoNCELoss(0.5, negatives=strategy)(graphs, other), [graphs, other])


def test_the_published_objective_is_unbounded_and_the_shares_stay() -> None:
    z1, z2 = embeddings(12, 12)
    strategy = network(z1.size(1))
    loss_fn = InfoNCELoss(1.0, negatives=strategy, **ADAMEOW)
    values, pulls, means = [], [], []
    for shift in (-20.0, -40.0, -400.0):
        with torch.no_grad():
            strategy.second.bias.fill_(shift)
        loss = loss_fn(z1, z2)
        values.append(float(loss.detach()))
        pulls.append(torch.autograd.grad(loss, z1)[0])
        means.append(strategy.statistics(Rows(unit(z1), (Block(unit(z2)),), 1.0)).mean)
    assert values[0] - values[1] == pytest.approx(20, abs=1e-6)
    assert values[1] - values[2] == pytest.approx(360, abs=1e-6)
    torch.testing.assert_close(pulls[0], pulls[2], rtol=1e-6, atol=1e-9)
    assert means[0] > means[1] > means[2]


@pytest.mark.parametrize("normalize", ["row", "all"])
def test_normalised_weights_do_not_drift(normalize: Any) -> None:
    z1, z2 = embeddings(12, 12)
    strategy = network(z1.size(1), normalize)
    loss_fn = InfoNCELoss(1.0, negatives=strategy, **ADAMEOW)
    values = []
    for shift in (-20.0, -40.0, -400.0):  # where sigmoid is exp
        with torch.no_grad():
            strategy.second.bias.fill_(shift)
        loss = loss_fn(z1, z2)
        values.append(loss.detach())
        (slope,) = torch.autograd.grad(loss, strategy.second.bias)
        assert abs(float(slope)) < 1e-7
    torch.testing.assert_close(values[0], values[1], rtol=1e-6, atol=0)
    torch.testing.assert_close(values[1], values[2], rtol=1e-6, atol=0)


@normalized
@pytest.mark.parametrize("scale", [30.0, 1e4])
def test_a_saturated_network_is_defined(normalize: Any, scale: float) -> None:
    z1, z2 = (z.detach().float().requires_grad_() for z in embeddings(9, 9))
    strategy = network(z1.size(1), normalize, hidden=4)
    with torch.no_grad():
        for parameter in strategy.parameters():
            parameter.mul_(scale)
    dense = copy.deepcopy(strategy)
    loss = InfoNCELoss(1.0, negatives=strategy.float(), **ADAMEOW)(z1, z2)
    finite_gradients(loss, [z1, z2, *strategy.parameters()])
    u, v = unit(z1.double()), unit(z2.double())
    keep = torch.ones(9, 9, dtype=torch.bool)
    reference = (dense_sum(dense, u, v, keep, 1.0) - (u * v).sum(1)).mean()
    torch.testing.assert_close(loss.double(), reference, rtol=1e-3, atol=1e-3)


def test_a_single_pair_is_its_log_weight_and_warned_about() -> None:
    z1, z2 = embeddings(1, 1)
    strategy = network(z1.size(1))
    with pytest.warns(UserWarning, match="a single pair to weigh"):
        loss = InfoNCELoss(1.0, negatives=strategy, **ADAMEOW)(z1, z2)
    torch.testing.assert_close(
        loss, logsigmoid(dense_logits(strategy, unit(z1), unit(z2))).squeeze()
    )
    assert loss < 0


def test_mean_and_spread_of_the_weights() -> None:
    z1, z2 = (unit(z) for z in embeddings(6, 5))
    strategy = network(z1.size(1), "row")
    masked = torch.tensor([[0, 2], [0, 1]])
    weights = dense_logits(strategy, z1, z2).sigmoid()
    weights[masked[0], masked[1]] = torch.nan
    weights = weights[~weights.isnan()]
    found = strategy.statistics(Rows(z1, (Block(z2, Mask(masked)),), 0.5, tile=2))
    assert found.mean == pytest.approx(float(weights.mean()))
    assert found.std == pytest.approx(float(weights.std(correction=0)))
    nothing = Mask(torch.cartesian_prod(torch.arange(6), torch.arange(5)).T)
    with pytest.raises(ValueError, match="none to weigh"):
        strategy.statistics(Rows(z1, (Block(z2, nothing),), 0.5))


@pytest.mark.parametrize("normalize", [None, "row"])
def test_windows_of_anchors_add_up(normalize: Any) -> None:
    """What `AcrossRanks` does, one rank after the other."""
    z1, z2 = embeddings(7, 7)
    strategy = network(z1.size(1), normalize)
    loss_fn = InfoNCELoss(0.5, intra_view=True, negatives=strategy)
    parts = [loss_fn.sums(z1, z2, anchors=window) for window in ((0, 3), (3, 7))]
    total = sum(part[0] for part in parts) / sum(part[1] for part in parts)
    assert_same(total.mean(), loss_fn(z1, z2), [z1, z2, *strategy.parameters()])


def test_a_mean_over_all_needs_all_anchors() -> None:
    z1, z2 = embeddings(6, 6)
    loss_fn = InfoNCELoss(0.5, negatives=network(z1.size(1), "all"))
    with pytest.raises(ValueError, match="across ranks use normalize='row'"):
        loss_fn.sums(z1, z2, anchors=(3, 6))


def test_by_name_the_width_is_that_of_the_first_call() -> None:
    z1, z2 = embeddings(6, 6)
    strategy = make_negatives("learned", hidden=5)
    loss_fn = InfoNCELoss(0.5, negatives=strategy)
    adam = torch.optim.Adam(loss_fn.parameters(), 0.1)
    loss = loss_fn(z1, z2)
    loss.backward()
    adam.step()
    assert strategy.first.in_features == z1.size(1)
    assert loss_fn(z1, z2) < loss
    again = make_negatives("learned", hidden=5)
    again.load_state_dict(strategy.state_dict())
    torch.testing.assert_close(InfoNCELoss(0.5, negatives=again)(z1, z2), loss_fn(z1, z2))
    for twin in (copy.deepcopy(loss_fn), pickle.loads(pickle.dumps(loss_fn))):
        torch.testing.assert_close(twin(z1, z2), loss_fn(z1, z2))


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"num_features": 0}, ValueError, "num_features must be at least 1, got 0"),
        ({"hidden": 2.0}, TypeError, "hidden must be a whole number"),
        ({"normalize": "rows"}, ValueError, r"normalize must be None or one of .*got 'rows'"),
    ],
)
def test_arguments_are_checked(options: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        LearnedNegatives(**options)


def test_rows_of_another_width_are_refused() -> None:
    z1, z2 = embeddings(4, 4)
    with pytest.raises(ValueError, match=r"LearnedNegatives\(2\) weighs rows of that width"):
        InfoNCELoss(negatives=LearnedNegatives(2))(z1, z2)
