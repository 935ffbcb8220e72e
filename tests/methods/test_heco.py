"""HeCo against its equations in plain torch, and what it does with odd graphs."""

import copy
import logging

import pytest
import torch
from torch.nn import functional
from torch_geometric.data import HeteroData

from graphcl.metapaths import MetaPath, metapath_positives, reach
from graphcl.methods import HeCo, create_method, load_method, save_method
from graphcl.sampling import draw_neighbours
from graphcl.training import fit
from tests.methods.heterogeneous_graphs import (
    EMPTY,
    ISOLATED,
    METAPATHS,
    TARGET,
    make_heterogeneous,
    permuted,
)


def small(data, seed=0, **parameters):
    chosen = {"target": TARGET, "metapaths": METAPATHS, "width": 8} | parameters
    return create_method("heco", data, seed=seed, **chosen)


def rows_of(method, data, kind):
    projection = method.projections[method.kinds.index(kind)]
    x = data[kind].get("x")
    if x is None:
        return functional.elu(projection.weight + projection.bias)
    x = x / x.abs().sum(1, keepdim=True)
    return functional.elu(x @ projection.weight + projection.bias)


def fuse(attention, views, masks=None):
    masks = [torch.ones(len(view), dtype=torch.bool) for view in views] if masks is None else masks
    each = [
        attention.transform(view[mask]).tanh().mean(0) @ attention.vector[0]
        for view, mask in zip(views, masks, strict=True)
    ]
    weights = torch.stack(each).softmax(0)
    return sum(weight * view for weight, view in zip(weights, views, strict=True))


def metapath_view(method, data):
    """By dense matrices."""
    own = rows_of(method, data, TARGET)
    paths = [MetaPath.parse(path, data) for path in method.metapaths]
    matrices = [reach(data, path, len(path)).to_dense() for path in paths]
    alone = torch.stack(matrices).sum((0, 2)) == 0
    views = []
    for matrix, layer in zip(matrices, method.convolutions, strict=True):
        looped = matrix + alone.float().diag()
        degrees = looped.sum(1)
        scale = torch.where(degrees > 0, degrees.rsqrt(), 0)
        adjacency = scale[:, None] * looped * scale
        views.append(layer.activation(adjacency @ own @ layer.linear.weight.T + layer.bias))
    return fuse(method.path_attention, views)


def schema_view(method, data):
    """Draws the neighbours as the method does, from the global generator."""
    own = rows_of(method, data, TARGET)
    views, masks = [], []
    for (step, count), layer in zip(method.neighbours.items(), method.schema, strict=True):
        edges = data[step].edge_index
        dense = torch.zeros(data[TARGET].num_nodes, data[step[0]].num_nodes)
        dense[edges[1], edges[0]] = 1
        drawn, present = draw_neighbours(dense.to_sparse_csr(), count)
        other = rows_of(method, data, step[0])[drawn]
        pairs = torch.cat([own[:, None].expand_as(other), other], dim=2)
        weights = functional.leaky_relu(pairs @ layer.vector[0]).softmax(1)
        mean = functional.elu((weights[:, :, None] * other).sum(1))
        views.append(torch.where(present[:, None], mean, 0))
        masks.append(present)
    return fuse(method.relation_attention, views, masks)


def dense_loss(method, data, keep):
    one, other = (
        functional.normalize(method.projector(view(method, data)))
        for view in (metapath_view, schema_view)
    )
    cosines = one @ other.T / method.configuration["temperature"]
    reached = [reach(data, path, len(path)) for path in method.metapaths]
    positive = torch.zeros_like(cosines, dtype=torch.bool)
    positive[tuple(metapath_positives(reached, keep, score=method.score, ties=method.ties))] = True
    terms = [
        (s.logsumexp(1) - s.masked_fill(~positive, -1e30).logsumexp(1)).mean()
        for s in (cosines, cosines.T)
    ]
    share = method.metapath_share
    return share * terms[0] + (1 - share) * terms[1]


@pytest.mark.parametrize("features", [True, False])
def test_the_embedding_is_the_metapath_view(features):
    data = make_heterogeneous(features=features)
    method, _ = small(data)
    state = torch.get_rng_state()
    torch.testing.assert_close(method.embed(data), metapath_view(method, data).detach())
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("options", [{}, {"score": "count", "metapath_share": 0.3}])
def test_loss_and_gradients_are_those_of_the_equations(options):
    data = make_heterogeneous()
    method, _ = small(data, num_positives=4, neighbours={"author": 3, "venue": 1}, **options)
    method.setup(data)
    method.eval()
    losses, gradients = [], []
    for loss in (method.loss, lambda graph: dense_loss(method, graph, 4)):
        torch.manual_seed(5)
        method.zero_grad()
        value = loss(data)
        value.backward()
        losses.append(value.detach())
        gradients.append([p.grad.clone() for p in method.parameters()])
    torch.testing.assert_close(*losses)
    for mine, theirs in zip(*gradients, strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-4, atol=1e-6)


def test_a_step_draws_and_drops_anew():
    data = make_heterogeneous()
    method, _ = small(data)
    method.train()
    assert method.loss(data) != method.loss(data)
    method.eval()  # the draws alone
    assert method.loss(data) != method.loss(data)


def test_training_lowers_the_loss_and_follows_its_seed():
    data = make_heterogeneous()
    runs = []
    for seed, epochs in ((0, 25), (0, 4), (1, 4)):
        method, settings = small(data, epochs=epochs, learning_rate=0.02, patience=None)
        runs.append(fit(method, data, settings=settings, seed=seed).losses)
    assert runs[0][:4] == runs[1] != runs[2]
    assert sum(runs[0][-5:]) < sum(runs[0][:5])


def test_a_resumed_run_is_the_same_bit_for_bit(tmp_path):
    data = make_heterogeneous()
    rows, losses = [], []
    for stops in ((5,), (2, 5)):
        file = tmp_path / f"{len(stops)}.pt"
        for epochs in stops:
            method, settings = small(data, epochs=5, patience=4)
            cut = KeyboardInterrupt if epochs < 5 else None

            def stop(epoch, _, last=epochs, cut=cut):
                if cut is not None and epoch == last:
                    raise cut

            try:
                history = fit(
                    method,
                    data,
                    settings=settings,
                    checkpoint=file,
                    checkpoint_every=1,
                    on_epoch=stop,
                )
            except KeyboardInterrupt:
                continue
        rows.append(method.embed(data))
        losses.append(history.losses)
    assert losses[0] == losses[1]
    assert torch.equal(*rows)


@pytest.mark.parametrize("features", [True, False])
def test_embedding_follows_a_permutation_of_the_targets(features):
    data = make_heterogeneous(features=features)
    method, _ = small(data)
    expected = method.embed(data)
    order = torch.randperm(14, generator=torch.Generator().manual_seed(1))
    if not features:  # every node has its own learned row: they move along
        method.projections[0].weight.data = method.projections[0].weight.data[order]
    torch.testing.assert_close(method.embed(permuted(data, order)), expected[order])


def test_an_isolated_target_keeps_its_own_row():
    data = make_heterogeneous()
    method, _ = small(data, metapaths=METAPATHS[:2])
    own = rows_of(method, data, TARGET)[ISOLATED]
    views = [layer.activation(layer.linear(own) + layer.bias) for layer in method.convolutions]
    found = method.embed(data)[ISOLATED]
    between = torch.stack(views).aminmax(dim=0)
    assert (found >= between.min - 1e-6).all()
    assert (found <= between.max + 1e-6).all()
    assert method.loss(data).isfinite()


@pytest.mark.parametrize("metapaths", [METAPATHS[:1], METAPATHS[3:]])
def test_a_single_path_and_a_single_relation_have_weight_one(metapaths):
    data = make_heterogeneous()
    method, _ = small(data, metapaths=metapaths, neighbours={"author": 2})
    torch.testing.assert_close(method.embed(data), metapath_view(method, data).detach())
    value = method.loss(data)
    value.backward()
    assert value.isfinite()
    assert method.relation_attention.vector.grad.abs().max() < 1e-6  # nothing to weigh


def test_no_neighbour_of_any_type_at_all():
    data = make_heterogeneous()
    method, settings = small(data, epochs=2, num_positives=3)
    for step in data.edge_types:
        data[step].edge_index = data[step].edge_index[:, :0]
    with pytest.warns(UserWarning, match="has no instance in this graph"):
        history = fit(method, data, settings=settings)
    assert all(loss < 10 for loss in history.losses)
    assert method.embed(data).isfinite().all()


def test_a_single_target():
    data = HeteroData()
    data["paper"].x, data["author"].num_nodes = torch.ones(1, 3), 2
    data["author", "wrote", "paper"].edge_index = torch.tensor([[0, 1], [0, 0]])
    data["paper", "by", "author"].edge_index = torch.tensor([[0, 0], [0, 1]])
    method, settings = small(data, metapaths=["paper-author-paper"], epochs=2)
    assert fit(method, data, settings=settings).losses == pytest.approx([0, 0], abs=1e-6)
    assert method.embed(data).shape == (1, 8)


def test_an_empty_path_is_said():
    data = make_heterogeneous()
    method, _ = small(data, metapaths=[METAPATHS[0], EMPTY])
    with pytest.warns(UserWarning, match=r"meta-path .*has no instance in this graph"):
        method.setup(data)
    assert method.embed(data).isfinite().all()


def test_no_positives_at_all_are_said():
    class Lonely(HeCo):
        def positives(self, data, reached):
            pairs = super().positives(data, reached)
            nobody = pairs.positive[:, :0]
            return type(pairs)(pairs.num_anchors, pairs.num_candidates, positive=nobody)

    data = make_heterogeneous()
    base, _ = small(data)
    method = Lonely(**base.configuration)
    with pytest.warns(UserWarning, match="no node has a positive: the loss is 0"):
        method.setup(data)
    assert method.loss(data) == 0


def test_the_number_of_positives_is_the_median_reach_and_logged(caplog):
    data = make_heterogeneous()
    method, _ = small(data, metapaths=METAPATHS[:1])
    with caplog.at_level(logging.INFO, logger="graphcl"):
        method.setup(data)
    assert "num_positives=" in caplog.text
    given, _ = small(data, num_positives=2)
    path = MetaPath.parse(METAPATHS[0], data)
    assert given.positives(data, [reach(data, path, 2)]).num_positives().max() == 2


def test_a_saved_method_embeds_also_where_other_types_have_more_nodes(tmp_path):
    data = make_heterogeneous()
    method, _ = small(data)
    loaded = load_method(save_method(tmp_path / "heco.pt", method))
    assert loaded.neighbours == method.neighbours
    assert torch.equal(loaded.embed(data), method.embed(data))
    wider = make_heterogeneous(num_papers=20, venue=9)
    assert loaded.embed(wider).shape == (20, 8)
    with pytest.raises(ValueError, match=r"data\['venue'\] has 9 nodes; HeCo was built for 4"):
        loaded.loss(wider)


def test_the_input_is_not_modified():
    data = make_heterogeneous()
    copied = copy.deepcopy(data)
    method, settings = small(data, epochs=1)
    fit(method, data, settings=settings)
    method.embed(data)[:] = 0
    for mine, theirs in zip(data.node_stores + data.edge_stores, copied.stores[1:], strict=True):
        for key, value in mine.items():
            assert torch.equal(torch.as_tensor(value), torch.as_tensor(theirs[key]))
