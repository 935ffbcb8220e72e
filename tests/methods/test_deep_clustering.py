"""PamC and SCGC: what they start from, what they minimise, batches, resuming, both encoders."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch_geometric.data import Data

from graphcl.clustering import assignment_divergence, student_t_assignment, target_distribution
from graphcl.contrast import Influence
from graphcl.evaluation import clustering_metrics
from graphcl.losses import NContrastLoss, PamCLoss
from graphcl.methods import SCGC, PamC, create_method, settings_source
from graphcl.sampling import NeighbourBatches
from graphcl.training import TrainingSettings, fit
from tests.methods.conftest import make_planted

SMALL: dict[str, Any] = {"num_clusters": 3, "width": 4, "hidden": (16,), "pretrain_epochs": 100}
FAST = {**SMALL, "learning_rate": 0.01}
both = pytest.mark.parametrize("name", ["scgc", "pamc"])


@pytest.fixture(scope="module")
def graph() -> Data:
    return make_planted(90, feature_signal=3.0)


def accuracy(method: Any, graph: Data) -> float:
    return float(clustering_metrics(method.assignment(graph), labels=graph.y)["acc"])


@pytest.mark.parametrize("name", ["scgc", "pamc"])
@pytest.mark.parametrize("encoder", ["mlp", "gcn"])
def test_planted_classes_are_found(graph: Data, name: str, encoder: str) -> None:
    method, settings = create_method(name, graph, seed=0, encoder=encoder, epochs=40, **FAST)
    fit(method, graph, settings=settings)  # the loss need not fall: its target moves
    assert accuracy(method, graph) > 0.9
    assert method.embed(graph).shape == (90, 4)


@pytest.mark.parametrize("order", ["official", "first", "second", "second_exp"])
def test_every_order_trains(graph: Data, order: str) -> None:
    method, settings = create_method("pamc", graph, seed=0, order=order, epochs=10, **FAST)
    fit(method, graph, settings=settings)
    assert accuracy(method, graph) > 0.8


def test_the_start_is_k_means_on_the_code_of_the_autoencoder(graph: Data) -> None:
    method, _ = create_method("pamc", graph, seed=0, **SMALL)
    before = [parameter.detach().clone() for parameter in method.encoder.parameters()]
    method.setup(graph)
    after = list(method.encoder.parameters())
    assert any(not torch.equal(a, b) for a, b in zip(before, after, strict=True))
    code, clusters = method.embed(graph), method.assignment(graph)
    for k in range(3):  # centroids are means of those nearest to them
        torch.testing.assert_close(method.centroids[k].detach(), code[clusters == k].mean(0))
    assert {p for name, p in method.named_parameters() if "decoder" in name} == set()


def test_the_loss_is_its_two_parts(graph: Data) -> None:
    influence = Influence(graph.edge_index, 90, hops=2)
    for cls, contrast in (
        (PamC, lambda z, q: PamCLoss(2.0, order="official")(z, q.argmax(1), influence)),
        (SCGC, lambda z, q: NContrastLoss(4.0)(z, influence)),
    ):
        method = cls(8, hops=2, contrast_weight=0.7, clustering_weight=0.3, **SMALL)
        z = method.rows(graph)
        q = student_t_assignment(z, method.centroids)
        divergence = assignment_divergence(target_distribution(q).detach(), q)
        expected = 0.7 * contrast(z, q) + 0.3 * divergence
        torch.testing.assert_close(method.loss(graph), expected)


@both
@pytest.mark.parametrize("encoder", ["mlp", "gcn"])
def test_mini_batches(graph: Data, name: str, encoder: str) -> None:
    method, settings = create_method(name, graph, seed=0, encoder=encoder, epochs=3, **SMALL)
    loader = NeighbourBatches(graph, batch_size=30, num_neighbours=(5, 5))
    history = fit(method, graph, settings=settings, loader=loader)
    assert history.steps_run == 9
    assert method.assignment(graph).shape == (90,)


@both
def test_a_resumed_run_is_the_whole_run(graph: Data, name: str, tmp_path: Path) -> None:
    whole, settings = create_method(name, graph, seed=0, epochs=6, **SMALL)
    fit(whole, graph, settings=settings)
    path = tmp_path / "state.pt"

    class Stop(Exception):
        pass

    def stop(epoch: int, loss: float) -> None:
        if epoch == 2:
            raise Stop

    first, _ = create_method(name, graph, seed=0, **SMALL)
    options: dict[str, Any] = {"settings": settings, "checkpoint": path, "checkpoint_every": 1}
    with pytest.raises(Stop):
        fit(first, graph, on_epoch=stop, **options)
    second, _ = create_method(name, graph, seed=0, **SMALL)
    fit(second, graph, **options)
    assert torch.equal(second.embed(graph), whole.embed(graph))
    assert torch.equal(second.centroids, whole.centroids)


def test_published_settings() -> None:
    graph = Data(x=torch.rand(5, 3), edge_index=torch.tensor([[0, 1], [1, 0]]))
    method, settings = create_method("pamc", graph, dataset="SDCN-CiteSeer")
    chosen = ("num_clusters", "contrast_weight", "clustering_weight", "hops", "temperature")
    assert [method.configuration[name] for name in chosen] == [6, 2.0, 2.5, 3, 2.0]
    assert settings == TrainingSettings(epochs=200, learning_rate=1e-3)
    assert "chosen on the scored labels" in settings_source("scgc", "SDCN-ACM")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"encoder": "gat"}, "unknown encoder 'gat'"),
        ({"num_clusters": 0}, "num_clusters must be at least 1, got 0"),
        ({"contrast_weight": -1.0}, "contrast_weight must be at least 0, got -1"),
        ({"temperature": 0.0}, "temperature must be above 0, got 0"),
        ({"order": "third"}, "unknown order 'third'"),
        ({"hops": 0}, "hops must be at least 1, got 0"),
    ],
)
def test_failures(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        PamC(3, **arguments)
