from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch.nn.functional import normalize, selu
from torch_geometric.data import Data

from graphcl.evaluation import evaluate
from graphcl.methods import NS4GC, create_method, get_method, load_method, save_method
from graphcl.nn import normalized_adjacency
from graphcl.sampling import NeighbourBatches, NodeBatches
from graphcl.training import TrainingSettings, fit
from tests.methods.conftest import make_graph, make_planted

UNCHANGED: dict[str, Any] = {"drop_edges": (0, 0), "mask_features": (0, 0)}


@pytest.fixture(scope="module")
def communities() -> Data:
    return make_planted(120, feature_signal=1.0)


def test_the_encoder_is_two_convolutions_with_selu_between(graph: Data) -> None:
    method: Any = NS4GC(6, width=4, hidden_width=5)
    a = normalized_adjacency(graph.edge_index, 12).to_dense()
    first, second = method.encoder.layers
    hidden = selu(a @ first.lin(graph.x) + first.bias)
    expected = normalize(a @ second.lin(hidden) + second.bias)
    torch.testing.assert_close(method.embed(graph), expected)
    torch.testing.assert_close(method.embed(graph, batch_size=5), expected)
    assert len(NS4GC(6, width=4, hidden_width=None).encoder.layers) == 1


def test_without_corruption_the_loss_is_the_authors(graph: Data) -> None:
    method = NS4GC(6, width=4, **UNCHANGED)
    rows = method.encode(graph)
    s = rows @ rows.T
    source, target = graph.edge_index.unique(dim=1)
    other = ~torch.eye(12, dtype=torch.bool)
    other[source, target] = False
    expected = (
        -s.diag().mean() - s[source, target].mean() + torch.sigmoid((s[other] - 0.6) / 0.1).mean()
    )
    torch.testing.assert_close(method.loss(graph), expected)
    assert not torch.equal(NS4GC(6, width=4).loss(graph), expected)


def test_planted_classes_are_found(communities: Data) -> None:
    method, settings = create_method(
        "ns4gc", communities, seed=0, width=16, epochs=30, mask_features=(0, 0), learning_rate=0.01
    )
    history = fit(method, communities, settings=settings)
    assert history.losses[-1] < history.losses[0]
    assert evaluate("P-CLU", method.embed(communities), communities, 0)["acc"] > 0.85


@pytest.mark.parametrize("loss", ["neighbour-sparsity", "nt-xent", "vicreg"])
def test_losses_and_negatives_by_name(graph: Data, loss: str, tmp_path: Path) -> None:
    negatives = {"name": "clusters", "num_clusters": 3} if loss == "nt-xent" else None
    rows = []
    for _ in range(2):
        method, settings = create_method(
            "ns4gc", graph, seed=0, width=4, epochs=2, loss=loss, negatives=negatives
        )
        fit(method, graph, settings=settings)
        rows.append(method.embed(graph))
    assert torch.equal(*rows)
    path = save_method(tmp_path / "method.pt", method)
    assert torch.equal(load_method(path).embed(graph), rows[0])


def test_a_batch_of_everything_is_the_whole_graph(graph: Data) -> None:
    method = NS4GC(6, width=4, **UNCHANGED)
    method.setup(graph)
    for batch in (
        next(iter(NeighbourBatches(graph, batch_size=12, num_neighbours=[-1, -1, -1]))),
        next(iter(NodeBatches(graph, batch_size=12))),
    ):
        torch.testing.assert_close(method.loss(batch), method.loss(graph), rtol=1e-4, atol=1e-5)
    history = fit(
        method, graph, settings=TrainingSettings(epochs=2), loader=NodeBatches(graph, batch_size=5)
    )
    assert history.steps_run == 6


def test_another_graph_and_changed_edges_are_noticed(graph: Data) -> None:
    method = NS4GC(6, width=4, **UNCHANGED)
    before = method.loss(graph)
    graph.edge_index = graph.edge_index[:, :-4]
    assert not torch.equal(method.loss(graph), before)
    assert method.loss(make_graph(num_nodes=5, seed=7)).isfinite()


def test_settings_are_published_ones_and_bad_ones_are_refused(graph: Data) -> None:
    method: Any
    method, settings = create_method("ns4gc", graph, dataset="CiteSeer")
    assert len(method.encoder.layers) == 1
    assert method.objective.loss.loss.threshold == 0.5
    assert (settings.epochs, settings.learning_rate, settings.weight_decay) == (50, 1e-3, 1e-5)
    assert "params.txt" in get_method("ns4gc").settings["photo"].source
    with pytest.raises(ValueError, match="hidden_width must be at least 1, got 0"):
        NS4GC(3, hidden_width=0)
    with pytest.raises(ValueError, match="the loss neighbour-sparsity weighs no negatives"):
        NS4GC(3, negatives="hard")
    with pytest.raises(ValueError, match="difficulty needs a second encoder"):
        NS4GC(3, loss="nt-xent", negatives="difficulty")
    with pytest.raises(ValueError, match="drop_edges must be one rate for both views or two"):
        NS4GC(3, drop_edges=(0.1,))
