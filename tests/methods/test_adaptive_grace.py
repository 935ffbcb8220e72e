"""What is GRACE but for views or loss: gca, progcl, dcl."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch_geometric.data import Data

from graphcl.augmentations import edge_drop_probabilities, feature_mask_probabilities
from graphcl.losses import InfoNCELoss
from graphcl.methods import DCL, GCA, Grace, ProGCL, create_method, get_method, settings_source
from graphcl.methods.corruption import AdaptiveCorruption
from graphcl.negatives import ProbableNegatives
from graphcl.sampling import NeighbourBatches, NodeBatches
from graphcl.training import TrainingSettings, fit
from tests.methods.conftest import make_graph

UNCHANGED: dict[str, Any] = {"drop_edges": (0, 0), "mask_features": (0, 0)}


def corruption(drop: float, mask: float, **options: Any) -> AdaptiveCorruption:
    chosen = {"centrality": "degree", "undirected": False, "binary_features": True, **options}
    return AdaptiveCorruption(drop, mask, **chosen)


def test_edges_and_columns_fall_as_often_as_they_should() -> None:
    graph = make_graph(num_nodes=10, num_features=8)
    graph.x = (graph.x > 0.6).float()
    chosen = corruption(0.4, 0.3)
    edges, columns = torch.zeros(graph.num_edges), torch.zeros(8)
    number = torch.arange(graph.num_edges)
    graph.edge_weight = number + 1.0  # tells which edges are left
    torch.manual_seed(0)
    for _ in range(600):
        view = chosen(graph)
        assert view.edge_weight is not None
        edges[view.edge_weight.long() - 1] += 1
        columns += view.column_scale
    wanted = 1 - edge_drop_probabilities(graph, 0.4, undirected=False)
    torch.testing.assert_close(edges.double() / 600, wanted, rtol=0, atol=0.08)
    kept = 1 - feature_mask_probabilities(graph, 0.3)[0]
    torch.testing.assert_close(columns.double() / 600, kept, rtol=0, atol=0.08)


@pytest.mark.parametrize("undirected", [True, False])
def test_batches_know_what_matters_in_the_whole_graph(undirected: bool) -> None:
    graph = make_graph(num_nodes=20, num_edges=40)
    chosen = corruption(0.5, 0.7, undirected=undirected)
    chosen.setup(graph)
    for batch in (
        next(iter(NodeBatches(graph, batch_size=7))),
        next(iter(NeighbourBatches(graph, batch_size=3, num_neighbours=[2, 2]))),
    ):
        alone, known = corruption(0.5, 0.7, undirected=undirected), torch.zeros(6)
        torch.manual_seed(0)
        for _ in range(100):
            known += chosen(batch).column_scale
        wanted = 1 - feature_mask_probabilities(graph, 0.7)[0]
        torch.testing.assert_close(known.double() / 100, wanted, rtol=0, atol=0.15)
        assert chosen(batch).edge_index.size(1) <= batch.num_edges
        assert alone(batch).column_scale.shape == (6,)  # not set up: the batch is all it knows


@pytest.mark.parametrize("cls", [GCA, ProGCL, DCL])
def test_without_corruption_encoder_and_embedding_are_those_of_grace(cls: Any, graph: Data) -> None:
    method, plain = cls(6, width=4, **UNCHANGED), Grace(6, width=4, **UNCHANGED)
    plain.load_state_dict(method.state_dict(), strict=False)
    assert torch.equal(method.embed(graph), plain.embed(graph))
    if cls is not DCL:  # before ProGCL's first fit all negatives weigh the same
        torch.testing.assert_close(method.loss(graph), plain.loss(graph))


def test_the_loss_of_dcl_is_debiased(graph: Data) -> None:
    method = DCL(6, width=4, temperature=0.3, **UNCHANGED)
    rows = method.projector(method.encode(graph))
    expected = InfoNCELoss(0.3, intra_view=True, debias=0.1)(rows, rows)
    torch.testing.assert_close(method.loss(graph), expected)


def test_progcl_weighs_negatives_from_its_start(graph: Data) -> None:
    method: Any
    method, settings = create_method(
        "progcl", graph, seed=0, width=4, epochs=3, negatives={"name": "probable", "start": 2}
    )
    strategy = method.objective.loss.loss.negatives
    assert isinstance(strategy, ProbableNegatives)
    fit(method, graph, settings=TrainingSettings(epochs=2))
    assert bool(strategy.mixture.isnan().all())
    fit(method, graph, settings=settings)
    assert bool(strategy.mixture.isfinite().all())


@pytest.mark.parametrize("name", ["gca", "progcl", "dcl"])
def test_training_lowers_the_loss(name: str) -> None:
    graph = make_graph(num_nodes=40, num_edges=120)
    method, settings = create_method(name, graph, seed=0, width=8, epochs=15, learning_rate=0.01)
    losses = fit(method, graph, settings=settings).losses
    assert sum(losses[-5:]) < sum(losses[:5])


@pytest.mark.parametrize("centrality", ["degree", "pagerank", "eigenvector", "lazy_walk"])
@pytest.mark.parametrize("undirected", [True, False])
def test_every_centrality(centrality: str, undirected: bool, graph: Data) -> None:
    method, settings = create_method(
        "gca", graph, seed=0, width=4, epochs=2, centrality=centrality, undirected=undirected
    )
    assert all(loss > 0 for loss in fit(method, graph, settings=settings).losses)


def test_settings_and_their_sources(graph: Data) -> None:
    assert settings_source("gca", "Photo").startswith("the authors' configuration")
    assert settings_source("gca", "Cora").startswith("fallback, the GCA authors give none: GRACE")
    assert "GCA's row" in settings_source("grace", "CS")
    assert "class prior of chingyaoc/DCL" in settings_source("dcl", "CiteSeer")
    method, training = create_method("progcl", graph, dataset="Photo")
    assert method.configuration["negatives"] == {"name": "probable", "start": 400}
    assert (training.epochs, training.learning_rate) == (2500, 0.01)
    assert get_method("gca").settings_for("CS")[0]["activation"] == "rrelu"
    assert "digits" not in get_method("gca").settings


def test_a_loss_without_negatives_takes_the_place_of_the_weighted_ones(graph: Data) -> None:
    with pytest.raises(ValueError, match="or give null to a method that has some of its own"):
        create_method("progcl", graph, loss="max-margin")
    method, _ = create_method("progcl", graph, loss="max-margin", negatives=None)
    assert method.loss(graph).isfinite()


def test_bad_values_are_named(graph: Data) -> None:
    with pytest.raises(ValueError, match="unknown centrality 'degrees'; did you mean 'degree'"):
        GCA(3, centrality="degrees")
    with pytest.raises(TypeError, match="binary_features must be true or false, got 1"):
        GCA(3, binary_features=1)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="drop_edges must be one rate for both views or two"):
        ProGCL(3, drop_edges=(0.2, 0.3, 0.4))
    with pytest.raises(ValueError, match="debias must be a probability"):
        DCL(3, loss={"name": "nt-xent", "debias": 1})
