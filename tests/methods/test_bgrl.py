"""BGRL: predictions, the teacher's stop-gradient and its moving average; Graph Barlow Twins."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch.nn.functional import cosine_similarity
from torch_geometric.data import Data

from graphcl.evaluation import evaluate
from graphcl.losses import BarlowTwinsLoss
from graphcl.methods import BGRL, GraphBarlowTwins, create_method, load_method, save_method
from graphcl.nn import normalized_adjacency
from graphcl.sampling import NeighbourBatches
from graphcl.training import TrainingSettings, fit

UNCHANGED: dict[str, Any] = {"drop_edges": (0, 0), "mask_features": (0, 0)}


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(0)


def normalised(rows: torch.Tensor) -> torch.Tensor:
    return (rows - rows.mean(0)) / (rows.var(0, unbiased=False) + 1e-5).sqrt()


def bgrl_rows(encoder: Any, a: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """Twice GCN, batch normalisation, PReLU with a slope of its own."""
    for layer, activation in zip(encoder.layers, encoder.activation, strict=True):
        x = activation(normalised(a @ x @ layer.lin.weight.T + layer.bias))
    return x


def test_bgrls_loss_is_twice_the_authors(graph: Data) -> None:
    method = BGRL(6, width=4, hidden_width=5, normalize_features=False, **UNCHANGED)
    a = normalized_adjacency(graph.edge_index, 12).to_dense()
    online, target = (bgrl_rows(e, a, graph.x) for e in (method.encoder, method.teacher.module))
    predicted = method.predictor(online)
    expected = 2 - 2 * cosine_similarity(predicted, target).mean()
    torch.testing.assert_close(method.loss(graph), 2 * expected)


def test_views_have_rates_of_their_own_and_predict_each_other(graph: Data) -> None:
    method = BGRL(6, width=4, drop_edges=(1, 0), mask_features=(0, 0), normalize_features=False)
    full, bare = (
        normalized_adjacency(edges, 12).to_dense()
        for edges in (graph.edge_index, graph.edge_index[:, :0])
    )
    first, second = (method.predictor(bgrl_rows(method.encoder, a, graph.x)) for a in (bare, full))
    target1, target2 = (bgrl_rows(method.teacher.module, a, graph.x) for a in (bare, full))
    cosines = cosine_similarity(first, target2) + cosine_similarity(second, target1)
    torch.testing.assert_close(method.loss(graph), 4 - 2 * cosines.mean())


def test_the_teacher_starts_elsewhere_and_gets_no_gradient(graph: Data) -> None:
    method = BGRL(6, width=4, hidden_width=8)
    own = method.encoder.state_dict()
    other = method.teacher.module.state_dict()
    assert own.keys() == other.keys()
    assert not torch.equal(own["layers.0.lin.weight"], other["layers.0.lin.weight"])
    method.loss(graph).backward()
    assert all(p.grad is None and not p.requires_grad for p in method.teacher.parameters())
    assert all(p.grad is not None for p in method.encoder.parameters())
    assert all(p.grad is not None for p in method.predictor.parameters())
    optimised = {id(p) for group in method.parameter_groups() for p in group["params"]}
    assert not optimised & {id(p) for p in method.teacher.parameters()}


def test_the_teacher_follows_by_the_published_schedule(graph: Data) -> None:
    """m_t = 1 - .01 (1 + cos(pi t / T)) / 2; parameters alone, statistics are its own."""
    method: Any
    method, settings = create_method("bgrl", graph, seed=0, width=4, hidden_width=8, epochs=4)
    seen: list[tuple[Any, Any]] = []
    follow = method.after_step

    def after_step() -> None:
        before = [p.clone() for p in method.teacher.parameters()]
        follow()
        seen.append((before, [p.clone() for p in method.encoder.parameters()]))
        step = len(seen) - 1
        momentum = 1 - 0.01 * (1 + math.cos(math.pi * step / 4)) / 2
        for old, new, mine in zip(*seen[-1], method.teacher.parameters(), strict=True):
            torch.testing.assert_close(mine, momentum * old + (1 - momentum) * new)

    method.after_step = after_step
    fit(method, graph, settings=settings)
    assert len(seen) == 4
    statistics = [dict(e.named_buffers()) for e in (method.encoder, method.teacher.module)]
    means = [each["norms.0.running_mean"] for each in statistics]
    assert not torch.equal(*means)
    assert all(bool(mean.any()) for mean in means)


def test_training_resumes_bit_for_bit(graph: Data, tmp_path: Any) -> None:
    def run(**options: Any) -> Any:
        method, settings = create_method("bgrl", graph, seed=0, width=4, hidden_width=8, epochs=6)
        fit(method, graph, settings=settings, seed=1, **options)
        return method.state_dict()

    class Stop(Exception):
        pass

    def stop(epoch: int, loss: float) -> None:
        if epoch == 3:
            raise Stop

    whole = run()
    path = {"checkpoint": tmp_path / "run", "checkpoint_every": 2}
    with pytest.raises(Stop):
        run(on_epoch=stop, **path)
    for name, value in run(**path).items():
        assert torch.equal(value, whole[name]), name


@pytest.mark.parametrize("loss", ["info-nce", "nt-xent", {"name": "vicreg", "variance": 10.0}])
def test_predictions_may_meet_the_teacher_in_another_loss(planted: Data, loss: Any) -> None:
    method: Any
    method, settings = create_method("bgrl", planted, seed=0, width=8, epochs=5, loss=loss)
    fit(method, planted, settings=settings)
    assert all(p.grad is None for p in method.teacher.parameters())
    assert method.embed(planted).isfinite().all()


def test_barlow_twins_loss_is_that_of_the_encoders_rows(graph: Data) -> None:
    method: Any = GraphBarlowTwins(6, width=4, normalize_features=False, **UNCHANGED)
    first, second = method.encoder.layers
    a = normalized_adjacency(graph.edge_index, 12).to_dense()
    hidden = normalised(a @ graph.x @ first.lin.weight.T + first.bias)
    rows = a @ method.encoder.activation(hidden) @ second.lin.weight.T + second.bias
    torch.testing.assert_close(method.loss(graph), BarlowTwinsLoss(None)(rows, rows))
    correlation = torch.corrcoef(rows.T) - torch.eye(4)
    torch.testing.assert_close(
        method.loss(graph), correlation.square().sum() / 4, rtol=1e-2, atol=1e-3
    )


@pytest.mark.parametrize("name", ["bgrl", "gbt"])
def test_planted_classes_are_found(planted: Data, name: str) -> None:
    rates: dict[str, Any] = {"drop_edges": [0.3, 0.3], "mask_features": [0.0, 0.0]}
    method, settings = create_method(
        name, planted, seed=0, width=16, epochs=60, learning_rate=0.01, warmup=0.1, **rates
    )
    history = fit(method, planted, settings=settings)
    assert history.losses[-1] < 0.7 * history.losses[0]
    assert evaluate("P-CLU", method.embed(planted), planted, 0)["acc"] > 0.85


@pytest.mark.parametrize("name", ["bgrl", "gbt"])
def test_mini_batches_and_saving(planted: Data, name: str, tmp_path: Any) -> None:
    method, _ = create_method(name, planted, seed=0, width=8, **UNCHANGED)
    batch = next(iter(NeighbourBatches(planted, batch_size=90, num_neighbours=[-1, -1], seed=0)))
    torch.testing.assert_close(method.loss(batch), method.loss(planted), rtol=1e-4, atol=1e-4)
    small = NeighbourBatches(planted, batch_size=20, num_neighbours=[3, 3], seed=0)
    fit(method, planted, settings=TrainingSettings(epochs=2, schedule="cosine"), loader=small)
    save_method(tmp_path / "method.pt", method)
    assert torch.equal(load_method(tmp_path / "method.pt").embed(planted), method.embed(planted))


def test_settings_are_published_ones_and_bad_ones_are_refused(graph: Data) -> None:
    method, settings = create_method("bgrl", graph, dataset="CS")
    assert settings == TrainingSettings(
        epochs=10_000, learning_rate=1e-5, weight_decay=1e-5, optimizer="adamw", schedule="cosine",
        warmup=0.1,
    )  # fmt: skip
    assert method.configuration["drop_edges"] == (0.3, 0.2)
    assert create_method("gbt", graph, dataset="Computers")[0].configuration["width"] == 128
    with pytest.raises(ValueError, match=r"momentum must be from 0 to 1, got 1\.5"):
        BGRL(3, momentum=1.5)
    with pytest.raises(ValueError, match="drop_edges must be one rate for both views or two"):
        GraphBarlowTwins(3, drop_edges=(0.5,))
    with pytest.raises(ValueError, match="unknown loss 'bootstrp'"):
        BGRL(3, loss="bootstrp")
    with pytest.raises(ValueError, match="unknown parameter of gbt 'negatives'"):
        create_method("gbt", graph, negatives="hard")
