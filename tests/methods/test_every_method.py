"""What holds for every registered method."""

import copy

import pytest
import torch
from torch_geometric.data import Batch, Data, HeteroData

from graphcl.methods import create_method, get_method, method_names
from graphcl.training import fit
from tests.methods.conftest import make_graph

SMALL = {"width": 8, "hidden": (8,), "pretrain_epochs": 1, "num_clusters": 3}
HOMOGENEOUS = [name for name in method_names() if not get_method(name).cls.heterogeneous]
NODE_METHODS = [name for name in HOMOGENEOUS if "node" in get_method(name).levels]
GRAPH_METHODS = [name for name in HOMOGENEOUS if "graph" in get_method(name).levels]
TRAINED = [name for name in NODE_METHODS if get_method(name).trained]


def small(name, data, **parameters):
    allowed = get_method(name).parameter_names()
    chosen = {key: value for key, value in SMALL.items() if key in allowed}
    return create_method(name, data, seed=0, **(chosen | parameters))


@pytest.mark.parametrize("name", NODE_METHODS)
def test_one_row_a_node_and_deterministic(name, graph):
    method, settings = small(name, graph)
    fit(method, graph, settings=type(settings)(epochs=min(settings.epochs, 2)))
    state = torch.get_rng_state()
    first, second = method.embed(graph), method.embed(graph)
    assert torch.equal(torch.get_rng_state(), state)
    assert first.shape[0] == 12
    assert first.dim() == 2
    assert torch.equal(first, second)


@pytest.mark.parametrize("name", NODE_METHODS)
def test_embedding_has_no_gradient_and_leaves_the_mode(name, graph):
    method, _ = small(name, graph)
    method.train()
    for module in list(method.modules())[1::2]:
        module.training = False
    before = [module.training for module in method.modules()]
    rows = method.embed(graph)
    assert not rows.requires_grad
    assert [module.training for module in method.modules()] == before
    assert all(parameter.grad is None for parameter in method.parameters())


@pytest.mark.parametrize("name", NODE_METHODS)
def test_permutation_equivariance(name, graph):
    method, _ = small(name, graph)
    order = torch.randperm(12, generator=torch.Generator().manual_seed(1))
    permuted = Data(x=graph.x[order], edge_index=order.argsort()[graph.edge_index])
    torch.testing.assert_close(method.embed(permuted), method.embed(graph)[order])


@pytest.mark.parametrize("name", NODE_METHODS)
def test_input_is_not_modified(name, graph):
    method, settings = small(name, graph)
    copied = copy.deepcopy(graph)
    fit(method, graph, settings=type(settings)(epochs=min(settings.epochs, 1)))
    method.embed(graph)[:] = 0
    assert torch.equal(graph.x, copied.x)
    assert torch.equal(graph.edge_index, copied.edge_index)


@pytest.mark.parametrize("name", NODE_METHODS)
def test_state_dict_round_trip(name, graph):
    method, _ = small(name, graph)
    other, _ = create_method(name, graph, seed=1, **_widths(name))
    other.load_state_dict(method.state_dict())
    assert torch.equal(other.embed(graph), method.embed(graph))


def _widths(name):
    allowed = get_method(name).parameter_names()
    return {key: value for key, value in SMALL.items() if key in allowed}


@pytest.mark.parametrize("name", NODE_METHODS)
def test_same_seed_same_embedding_and_global_generator_untouched(name, graph):
    state = torch.get_rng_state()
    first, _ = small(name, graph)
    assert torch.equal(torch.get_rng_state(), state)
    torch.rand(3)
    second, _ = small(name, graph)
    assert torch.equal(first.embed(graph), second.embed(graph))


@pytest.mark.parametrize("name", TRAINED)
def test_another_training_seed_gives_another_run(name, graph):
    losses = []
    for seed in (0, 0, 1):
        method, settings = small(name, graph, epochs=3)
        losses.append(fit(method, graph, settings=settings, seed=seed).losses)
    assert losses[0] == losses[1] != losses[2]


@pytest.mark.parametrize("name", TRAINED)
@pytest.mark.parametrize(
    ("nodes", "edges"),
    [(1, []), (4, []), (4, [[0, 1], [1, 0]]), (2, [[0, 0], [0, 0]])],
    ids=["one node", "no edges", "isolated nodes", "self-loops twice"],
)
def test_degenerate_graphs_train(name, nodes, edges):
    index = torch.tensor(edges, dtype=torch.long).T if edges else torch.empty(2, 0).long()
    graph = Data(x=torch.rand(nodes, 6), edge_index=index)
    method, settings = small(name, graph, epochs=2)
    history = fit(method, graph, settings=settings)
    assert all(map(torch.isfinite, map(torch.tensor, history.losses)))
    assert method.embed(graph).shape == (nodes, 8)


@pytest.mark.parametrize("name", NODE_METHODS)
def test_features_in_double_precision(name, graph):
    method, _ = small(name, graph)
    expected = method.embed(graph)
    graph.x = graph.x.double()
    torch.testing.assert_close(method.embed(graph).float(), expected)
    if name in TRAINED:
        method.before_epoch(0, graph)
        assert method.loss(graph).isfinite()


@pytest.mark.parametrize("name", NODE_METHODS)
def test_zero_features_embed(name, graph):
    graph.x = torch.zeros_like(graph.x)
    method, _ = small(name, graph)
    assert method.embed(graph).isfinite().all()


@pytest.mark.parametrize("name", NODE_METHODS)
@pytest.mark.parametrize("batch_size", [1, 5, 12, 100])
@pytest.mark.parametrize("num_features", [6, 40])
def test_blocks_of_rows_give_the_same_embedding(name, batch_size, num_features):
    graph = make_graph(num_features=num_features)
    graph.x -= 0.5
    graph.edge_index = torch.cat([graph.edge_index, torch.tensor([[0, 1, 1], [1, 0, 1]])], dim=1)
    method, _ = small(name, graph)
    for weighted in (False, True):
        if weighted:
            graph.edge_weight = torch.rand(graph.num_edges)
        before = graph.clone()
        found = method.embed(graph, batch_size=batch_size)
        assert torch.equal(found, method.embed(graph, batch_size=batch_size))
        torch.testing.assert_close(found, method.embed(graph), rtol=1e-5, atol=1e-5)
        found[:] = 0
        assert torch.equal(graph.x, before.x)


@pytest.mark.parametrize("name", GRAPH_METHODS)
@pytest.mark.parametrize("batch_size", [1, 2, 3, 9])
def test_batches_of_graphs_give_the_same_embedding(name, graphs, batch_size):
    method, _ = small(name, graphs)
    found = method.embed(graphs, batch_size=batch_size)
    torch.testing.assert_close(found, method.embed(graphs), rtol=1e-5, atol=1e-5)
    together = method.embed(Batch.from_data_list(graphs), batch_size=batch_size)
    torch.testing.assert_close(together, found)


@pytest.mark.parametrize("name", GRAPH_METHODS)
def test_one_row_a_graph(name, graphs):
    method, _ = small(name, graphs)
    rows = method.embed(graphs)
    assert rows.shape[0] == 3
    single = torch.cat([method.embed([graph]) for graph in graphs])
    torch.testing.assert_close(rows, single, rtol=1e-5, atol=1e-5)
    if get_method(name).cls.levels == {"node", "graph"}:
        torch.testing.assert_close(rows[0], method.embed(graphs[0]).sum(0))


@pytest.mark.parametrize("name", [n for n in NODE_METHODS if n not in GRAPH_METHODS])
def test_graphs_are_refused_by_node_level_methods(name, graphs):
    with pytest.raises(ValueError, match="works at node level, the data are a list of graphs"):
        small(name, graphs)


@pytest.mark.parametrize("name", NODE_METHODS)
def test_wrong_width_and_bad_features_are_refused(name, graph):
    method, _ = small(name, graph)
    with pytest.raises(ValueError, match=r"data.x must have 6 columns, .* got 2"):
        method.embed(Data(x=torch.ones(3, 2), edge_index=graph.edge_index[:, :0]))
    graph.x[0, 0] = float("nan")
    with pytest.raises(ValueError, match=r"data\.x"):
        method.embed(graph)


@pytest.mark.parametrize("name", NODE_METHODS)
def test_repr_shows_the_configuration(name, graph):
    method, _ = small(name, graph)
    assert "num_features=6" in repr(method)


@pytest.mark.parametrize(
    "name", [name for name in NODE_METHODS if get_method(name).for_heterogeneous is None]
)
def test_graphs_of_several_types_are_refused(name, graph):
    hetero = HeteroData()
    hetero["node"].x = graph.x
    hetero["node", "to", "node"].edge_index = graph.edge_index
    with pytest.raises(ValueError, match=f"{name} embeds graphs with one type .* got HeteroData"):
        create_method(name, hetero)
    method, _ = small(name, graph)
    with pytest.raises(ValueError, match=r"embeds graphs with one type .* got HeteroData"):
        method.embed(hetero)
