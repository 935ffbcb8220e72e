"""Methods of whole graphs: graphcl and its kin, infograph, control-gcl, and their controls."""

import copy
import warnings
from pathlib import Path

import pytest
import torch
from torch_geometric.data import Batch, Data

from graphcl.losses import InfoNCELoss, loss_names
from graphcl.methods import GraphCL, create_method, get_method
from graphcl.training import TrainingSettings, fit
from tests.methods.conftest import make_graph

TRAINED = ["graphcl", "simgrace", "joao", "infograph", "control-gcl"]
CONTROLS = ["degree-statistics", "weisfeiler-lehman", "ctrl"]
SMALL = {"width": 4, "layers": 2}


@pytest.fixture
def many():
    return [make_graph(num_nodes=6 + n % 4, num_edges=14, seed=n) for n in range(9)]


@pytest.mark.parametrize("name", TRAINED)
def test_training_is_seeded_and_leaves_the_graphs_alone(name, many):
    before, losses = copy.deepcopy(many), []
    for seed in (0, 0, 1):
        method, settings = create_method(name, many, seed=0, epochs=3, batch_size=4, **SMALL)
        history = fit(method, many, settings=settings, seed=seed)
        losses.append(history.losses)
        assert history.steps_run == 6  # of 4 and 5 graphs: the last one is not alone
    assert losses[0] == losses[1] != losses[2]
    assert method.embed(many).shape == (9, 8)
    for graph, old in zip(many, before, strict=True):
        assert set(graph.keys()) == set(old.keys())
        assert torch.equal(graph.x, old.x)
        assert torch.equal(graph.edge_index, old.edge_index)


@pytest.mark.parametrize("name", TRAINED)
def test_an_interrupted_run_goes_on(name, many, tmp_path: Path):
    rows = []
    for path in (None, tmp_path / "c.pt"):
        for epochs in (4,) if path is None else (2, 4):
            settings = TrainingSettings(epochs=4, learning_rate=0.01, batch_size=4)
            method, _ = create_method(name, many, seed=0, **SMALL)

            def stop(epoch, loss, last=epochs):
                if epoch + 1 == last < 4:
                    raise InterruptedError

            try:
                fit(
                    method,
                    many,
                    settings=settings,
                    checkpoint=path,
                    checkpoint_every=1,
                    on_epoch=stop,
                )
            except InterruptedError:
                continue
            rows.append(method.embed(many))
    assert torch.equal(rows[0], rows[1])


@pytest.mark.parametrize("name", TRAINED)
def test_whole_lists_batches_and_loaders(name, many):
    method, _ = create_method(name, many, seed=0, **SMALL)
    settings = TrainingSettings(epochs=1)
    assert fit(method, many, settings=settings).steps_run == 1
    assert fit(method, Batch.from_data_list(many), settings=settings).steps_run == 1
    for graph in many:
        graph.edge_attr = torch.rand(graph.num_edges, 2)
    own = [Batch.from_data_list(many[:5]), many[5:]]
    assert fit(method, many, settings=settings, loader=own).steps_run == 2


@pytest.mark.parametrize("name", [*TRAINED, *CONTROLS])
def test_a_single_graph_is_refused(name, graph):
    with pytest.raises(ValueError, match="works at graph level, the data are a single graph"):
        create_method(name, graph)


@pytest.mark.parametrize("name", TRAINED)
def test_degenerate_graphs_train(name):
    none = torch.empty(2, 0, dtype=torch.long)
    pair = torch.tensor([[0, 1, 0], [1, 0, 0]])
    graphs = [Data(x=torch.rand(n, 3), edge_index=none) for n in (1, 2, 1)]
    graphs.append(Data(x=torch.zeros(3, 3), edge_index=pair))
    method, settings = create_method(name, graphs, seed=0, epochs=2, **SMALL)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of views that change nothing
        history = fit(method, graphs, settings=settings)
    assert torch.tensor(history.losses).isfinite().all()
    assert method.embed(graphs).isfinite().all()


@pytest.mark.parametrize("name", ["graphcl", "simgrace", "control-gcl"])
@pytest.mark.parametrize("loss", loss_names())
def test_every_loss_of_two_views(name, loss, many):
    choice = {"name": loss, "topk": 3} if loss == "group-ordering" else loss
    method, settings = create_method(name, many, seed=0, epochs=1, loss=choice, **SMALL)
    assert torch.tensor(fit(method, many, settings=settings).losses).isfinite().all()


@pytest.mark.parametrize(
    "negatives",
    ["hard", "probable", {"name": "clusters", "num_clusters": 2}, "difficulty"],
    ids=["hard", "probable", "clusters", "difficulty"],
)
def test_negatives_weigh_graphs(negatives, many):
    method, settings = create_method(
        "control-gcl", many, seed=0, epochs=2, batch_size=4, negatives=negatives, **SMALL
    )
    assert torch.tensor(fit(method, many, settings=settings).losses).isfinite().all()


def test_neighbours_are_no_matter_of_graphs(many):
    method, settings = create_method("control-gcl", many, seed=0, negatives="sparse", **SMALL)
    with pytest.raises(ValueError, match="sparse weighs nodes by their distance, but here graphs"):
        fit(method, many, settings=settings)


def test_the_loss_of_graphcl_is_its_authors():
    first, second = torch.randn(2, 5, 3, generator=torch.Generator().manual_seed(0))
    cosines = torch.nn.functional.normalize(first) @ torch.nn.functional.normalize(second).T
    scores = torch.exp(cosines / 0.2)
    expected = -(scores.diag() / (scores.sum(1) - scores.diag())).log().mean()
    torch.testing.assert_close(GraphCL(3).objective(first, second), expected)


@pytest.mark.parametrize("loss", ["info-nce", "triplet"])
def test_infograph_takes_losses_with_pairs(loss, many):
    method, settings = create_method("infograph", many, seed=0, epochs=1, loss=loss, **SMALL)
    assert torch.tensor(fit(method, many, settings=settings).losses).isfinite().all()


def test_infograph_contrasts_nodes_with_graphs(many):
    method, _ = create_method("infograph", many, seed=0, loss="info-nce", **SMALL)
    batch = Batch.from_data_list(many)
    rows = method.encoder(batch.x, batch.edge_index)
    graphs = method.graph_head(torch.stack([rows[batch.batch == b].sum(0) for b in range(9)]))
    nodes = method.node_head(rows)
    cosines = torch.nn.functional.normalize(nodes) @ torch.nn.functional.normalize(graphs).T
    expected = torch.nn.functional.cross_entropy(cosines / 0.2, batch.batch)
    torch.testing.assert_close(method.loss(many), expected)
    assert isinstance(method.objective.loss.loss, InfoNCELoss)


@pytest.mark.parametrize("mode", ["distance", "bound", "zero_forcing"])
@pytest.mark.parametrize("operation", ["drop", "add", "rewire"])
def test_views_of_control_gcl(mode, operation, many):
    method, _ = create_method(
        "control-gcl", many, seed=0, mode=mode, operation=operation, ratio=0.3, views="two", **SMALL
    )
    prepared = method.prepare(many)
    batch = Batch.from_data_list(prepared)
    view = method.view(batch)
    assert view.num_graphs == 9
    assert torch.equal(view.x, batch.x)
    assert bool((view.control_ratio > 0).any())
    assert torch.equal(view.control_node_leader, batch.control_node_leader)
    assert method.loss(prepared).isfinite()


@pytest.mark.parametrize(
    ("name", "parameters", "error", "message"),
    [
        ("graphcl", {"augmentations": []}, ValueError, "augmentations must name at least one"),
        ("graphcl", {"augmentations": ["drop-node"]}, ValueError, "did you mean 'drop-nodes'"),
        ("graphcl", {"ratio": 1.5}, ValueError, "ratio must be from 0 to 1, got 1.5"),
        ("graphcl", {"views": "three"}, ValueError, "views: unknown choice 'three'"),
        ("graphcl", {"layers": 0}, ValueError, "layers must be at least 1, got 0"),
        ("graphcl", {"batch_size": 0}, ValueError, "batch_size must be at least 1, got 0"),
        ("infograph", {"loss": "vicreg"}, ValueError, "loss must use pairs"),
        (
            "infograph",
            {"loss": "info-nce", "negatives": "clusters"},
            ValueError,
            "negatives: clusters needs two rows of the same kind",
        ),
        ("control-gcl", {"mode": "bounds"}, ValueError, "did you mean 'bound'"),
        ("control-gcl", {"operation": "swap"}, ValueError, "operation: unknown operation 'swap'"),
        ("control-gcl", {"leaders": 3}, TypeError, "leaders must be the name of a strategy"),
        ("weisfeiler-lehman", {"iterations": -1}, ValueError, "iterations must be at least 0"),
        ("ctrl", {"draws": 0}, ValueError, "draws must be at least 1"),
    ],
)
def test_bad_values_are_named(name, parameters, error, message, many):
    with pytest.raises(error, match=message):
        create_method(name, many, **parameters)


def test_published_settings():
    for name in TRAINED:
        assert get_method(name).training == TrainingSettings(
            epochs=20, learning_rate=0.01, batch_size=128
        )
    assert get_method("infograph").settings_for("ptc_mr")[0]["layers"] == 2
    assert "unsupervised_TU" in get_method("graphcl").settings["mutag"].source


def test_weisfeiler_lehman_tells_what_colours_tell():
    ring = torch.tensor([[0, 1, 2, 3, 4, 5], [1, 2, 3, 4, 5, 0]])
    triangles = torch.tensor([[0, 1, 2, 3, 4, 5], [1, 2, 0, 4, 5, 3]])
    path = torch.tensor([[0, 1, 2, 3, 4], [1, 2, 3, 4, 5]])
    graphs = [
        Data(x=torch.ones(6, 1), edge_index=torch.cat([edges, edges.flip(0)], dim=1))
        for edges in (ring, triangles, path)
    ]
    method, _ = create_method("weisfeiler-lehman", graphs)
    first, second, third = method.embed(graphs)
    assert torch.equal(first, second)  # all nodes have degree 2: the test cannot tell them apart
    assert not torch.equal(first, third)
    order = torch.randperm(6, generator=torch.Generator().manual_seed(0))
    other = Data(x=torch.ones(6, 1), edge_index=order[graphs[2].edge_index])
    assert torch.equal(method.embed([other])[0], third)
    assert method.embed(graphs)[0].abs().sum() == 4 * 6  # every node has a colour each round


def test_ctrl_draws_leaders_by_its_seed(many):
    rows = [create_method("ctrl", many, seed=seed, draws=2)[0].embed(many) for seed in (0, 0, 1)]
    assert torch.equal(rows[0], rows[1])
    assert not torch.equal(rows[0], rows[2])


def test_control_grace_keeps_its_leaders(graph):
    method, settings = create_method("control-grace", graph, seed=0, width=4, epochs=2)
    prepared = method.prepare(graph)
    views = [corruption.change_edges(prepared) for corruption in method.corruptions]
    for view in views:
        assert torch.equal(view.control_node_leader, prepared.control_node_leader)
        assert view.num_edges < graph.num_edges
    assert "control_node_leader" not in graph
    assert len(fit(method, graph, settings=settings).losses) == 2
