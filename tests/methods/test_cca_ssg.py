from __future__ import annotations

from typing import Any

import pytest
import torch
from torch_geometric.data import Data

from graphcl.evaluation import evaluate
from graphcl.losses import CanonicalCorrelationLoss
from graphcl.methods import CCASSG, create_method, settings_source
from graphcl.methods.encoder_features import normalize_rows
from graphcl.nn import normalized_adjacency
from graphcl.sampling import NeighbourBatches
from graphcl.training import fit
from tests.methods.conftest import make_planted


@pytest.fixture(scope="module")
def graph() -> Data:
    return make_planted(120, feature_signal=1.0)


def test_the_encoder_is_two_convolutions_with_one_relu(graph: Data) -> None:
    torch.manual_seed(1)
    method: Any = CCASSG(8, width=5, normalize_features=True)
    a = normalized_adjacency(graph.edge_index, 120).to_dense()
    first, second = method.encoder.layers
    x = normalize_rows(graph.x, lowest=graph.x.min())
    hidden = (a @ first.lin(x) + first.bias).relu()
    torch.testing.assert_close(method.embed(graph), a @ second.lin(hidden) + second.bias)
    torch.testing.assert_close(method.embed(graph, batch_size=50), method.embed(graph))
    assert bool((method.embed(graph) < 0).any())


def test_without_corruption_the_loss_is_that_of_the_rows(graph: Data) -> None:
    method = CCASSG(8, width=5, drop_edges=0.0, mask_features=0.0)
    rows = method.encode(graph)
    torch.testing.assert_close(method.loss(graph), method.objective(rows, rows))
    assert not torch.equal(
        CCASSG(8, width=5, mask_features=0.5).loss(graph), method.objective(rows, rows)
    )


@pytest.mark.parametrize("encoder", ["gcn", "mlp"])
@pytest.mark.parametrize("layers", [1, 2])
def test_planted_classes_are_found(graph: Data, encoder: str, layers: int) -> None:
    method, settings = create_method(
        "cca-ssg",
        graph,
        seed=0,
        width=16,
        encoder=encoder,
        layers=layers,
        epochs=30,
        mask_features=0.0,  # of eight columns
        learning_rate=0.01,
    )
    history = fit(method, graph, settings=settings)
    assert history.losses[-1] < history.losses[0]
    if encoder == "gcn":  # eight columns alone say little
        assert evaluate("P-CLU", method.embed(graph), graph, 0)["acc"] > 0.85


@pytest.mark.parametrize("encoder", ["gcn", "mlp"])
def test_a_batch_of_everything_is_the_whole_graph(graph: Data, encoder: str) -> None:
    method = CCASSG(8, width=5, encoder=encoder, drop_edges=0.0, mask_features=0.0)
    batch = next(iter(NeighbourBatches(graph, batch_size=120, num_neighbours=[-1, -1], seed=0)))
    torch.testing.assert_close(method.loss(batch), method.loss(graph), rtol=1e-4, atol=1e-5)


def test_masking_a_column_is_masking_its_weights() -> None:
    graph = Data(x=torch.rand(5, 3), edge_index=torch.empty(2, 0, dtype=torch.int64))
    method = CCASSG(3, width=4, encoder="mlp").eval()
    scale = torch.tensor([1.0, 0.0, 1.0])
    torch.testing.assert_close(
        method.encoder(graph.x, column_scale=scale), method.encoder(graph.x * scale)
    )


def test_settings_are_published_ones_and_bad_ones_are_refused() -> None:
    assert settings_source("cca-ssg", "Photo").startswith("the authors' configuration")
    with pytest.raises(ValueError, match="unknown encoder 'gnc'; did you mean 'gcn'"):
        CCASSG(3, encoder="gnc")
    with pytest.raises(ValueError, match="drop_edges must be from 0 to 1, got 2"):
        CCASSG(3, drop_edges=2)
    with pytest.raises(ValueError, match="layers must be at least 1, got 0"):
        CCASSG(3, layers=0)
    with pytest.raises(ValueError, match="unknown loss 'canonical'"):
        CCASSG(3, loss="canonical")
    with pytest.raises(ValueError, match="unknown parameter of cca-ssg 'negatives'"):
        create_method("cca-ssg", Data(x=torch.eye(3), edge_index=torch.eye(2).long()), negatives="")


def test_another_loss_compares_the_same_views(graph: Data) -> None:
    choices: list[Any] = ["vicreg", {"name": "canonical-correlation", "decorrelation": 0.5}]
    for choice in choices:
        method, settings = create_method("cca-ssg", graph, seed=0, width=8, epochs=3, loss=choice)
        assert len(fit(method, graph, settings=settings).losses) == 3
    torch.manual_seed(0)
    named = method.loss(graph)
    method.objective = CanonicalCorrelationLoss(0.5)
    torch.manual_seed(0)
    torch.testing.assert_close(method.loss(graph), named)


def test_a_rate_for_both_views_is_that_rate_twice(graph: Data) -> None:
    torch.manual_seed(0)
    one = CCASSG(8, width=5, drop_edges=0.3, mask_features=0.2)
    two = CCASSG(8, width=5, drop_edges=(0.3, 0.3), mask_features=[0.2, 0.2])
    two.load_state_dict(one.state_dict())
    torch.manual_seed(1)
    first = one.loss(graph)
    torch.manual_seed(1)
    torch.testing.assert_close(two.loss(graph), first)
