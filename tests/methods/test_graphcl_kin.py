"""What is new in simgrace and joao; what they share is in test_graph_level.py."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch_geometric.data import Batch, Data

from graphcl.methods import JOAO, GraphCL, SimGRACE, create_method, settings_source
from graphcl.methods.joao import nearest_probabilities
from graphcl.methods.simgrace import noisy_weights
from graphcl.training import fit
from tests.methods.conftest import make_graph

SMALL: dict[str, Any] = {"width": 4, "layers": 2}


@pytest.fixture
def many() -> list[Data]:
    return [make_graph(num_nodes=6 + n % 4, num_edges=14, seed=n) for n in range(9)]


@pytest.mark.parametrize(
    ("name", "options"), [("simgrace", {"eta": 0.1, "epochs": 30}), ("joao", {"epochs": 12})]
)
def test_training_lowers_the_loss(name: str, options: Any, many: list[Data]) -> None:
    method, settings = create_method(name, many, seed=0, **options, **SMALL)
    losses = fit(method, many, settings=settings).losses
    assert sum(losses[-4:]) < sum(losses[:4])


def test_noise_is_of_the_size_of_each_tensor() -> None:
    module: Any = torch.nn.Sequential(torch.nn.Linear(50, 100), torch.nn.BatchNorm1d(100))
    torch.nn.init.zeros_(module[0].bias)
    torch.manual_seed(0)
    weights = noisy_weights(module, 0.5)
    assert weights.keys() == module.state_dict().keys()
    change = weights["0.weight"] - module[0].weight
    torch.testing.assert_close(change.std(), 0.5 * module[0].weight.std(), rtol=0.05, atol=0)
    for constant in ("0.bias", "1.weight", "1.bias"):
        assert torch.equal(weights[constant], module.state_dict()[constant])
    single = torch.nn.Linear(1, 1)
    assert torch.equal(noisy_weights(single, 1.0)["weight"], single.weight)


def test_the_noisy_encoder_leaves_no_trace(many: list[Data]) -> None:
    method, batch = SimGRACE(6, **SMALL), Batch.from_data_list(many)
    before = {name: value.clone() for name, value in method.named_parameters()}
    norm: Any = method.encoder.norms[0]
    first, second = method.rows(method.encoder, method.projector, (batch, batch))
    assert not first.requires_grad
    assert second.requires_grad
    assert not torch.equal(first, second)
    assert all(torch.equal(before[name], value) for name, value in method.named_parameters())
    assert int(norm.num_batches_tracked) == 1  # by the encoder itself
    silent = SimGRACE(6, eta=0.0, **SMALL)
    torch.testing.assert_close(*silent.rows(silent.encoder, silent.projector, (batch, batch)))


def test_negatives_may_need_a_second_encoder(many: list[Data]) -> None:
    method, settings = create_method(
        "simgrace", many, seed=0, epochs=2, negatives="difficulty", loss="nt-xent", **SMALL
    )
    assert torch.tensor(fit(method, many, settings=settings).losses).isfinite().all()


def test_joao_draws_what_is_hard(many: list[Data]) -> None:
    method, settings = create_method("joao", many, seed=0, epochs=4, **SMALL)
    history = fit(method, many, settings=settings)
    probabilities: Any = method.probabilities
    assert torch.tensor(history.losses).isfinite().all()
    assert probabilities.sum() == pytest.approx(1)
    assert bool((probabilities >= 0).all())
    assert int(probabilities.argmax()) != 4  # "none", the easiest


def test_one_step_of_joao_is_the_authors(many: list[Data], monkeypatch: Any) -> None:
    method = JOAO(6, gamma=0.5, **SMALL)
    losses = torch.tensor([1.0, 0.8, 0.9, 0.7, 0.2], dtype=torch.float64)
    method.probabilities = torch.tensor([0.4, 0.1, 0.2, 0.2, 0.1], dtype=torch.float64)
    b = method.probabilities + losses - 0.5 * (method.probabilities - 0.2)
    low, high = b.min() - 0.2, b.max() - 0.2  # bisection, as in the authors' code
    for _ in range(60):
        middle = (low + high) / 2
        above = (b - middle).clamp(min=0).sum() > 1
        low, high = (middle, high) if above else (low, middle)
    monkeypatch.setattr(method, "_losses", lambda graphs: losses)
    method.before_epoch(1, many)
    torch.testing.assert_close(method.probabilities, (b - low).clamp(min=0))


def test_joao_compares_the_losses_of_single_augmentations(many: list[Data]) -> None:
    method = JOAO(6, augmentations=["drop-edges", "none"], sample=9, **SMALL)
    plain = GraphCL(6, augmentations="none", **SMALL)
    plain.load_state_dict(method.state_dict(), strict=False)
    torch.manual_seed(0)
    found = method._losses(many)
    assert method.probabilities.tolist() == [0.5, 0.5]
    torch.testing.assert_close(found[1].float(), plain.loss(many))


def test_comparing_augmentations_is_no_step(many: list[Data], monkeypatch: Any) -> None:
    method = JOAO(6, negatives={"name": "probable", "start": 100}, loss="nt-xent", **SMALL)
    strategy: Any = method.objective.loss.loss.negatives
    method.before_epoch(1, many)
    assert int(strategy.calls) == 0
    assert method.objective.training
    method.loss(many)
    assert int(strategy.calls) == 1
    held = method.probabilities.clone()
    monkeypatch.setattr(method, "loss", lambda data: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        method.before_epoch(2, many)
    assert torch.equal(method.probabilities, held)


@pytest.mark.parametrize(
    ("values", "expected"),
    [([0.2, 0.3], [0.45, 0.55]), ([5.0, 0.0, 4.5], [0.75, 0.0, 0.25]), ([7.0], [1.0])],
)
def test_nearest_probabilities(values: list[float], expected: list[float]) -> None:
    torch.testing.assert_close(nearest_probabilities(torch.tensor(values)), torch.tensor(expected))


@pytest.mark.parametrize(
    ("cls", "parameters", "error", "message"),
    [
        (SimGRACE, {"eta": -1}, ValueError, "eta must be at least 0, got -1"),
        (SimGRACE, {"eta": "much"}, TypeError, "eta must be a number, got 'much'"),
        (SimGRACE, {"layers": 0}, ValueError, "layers must be at least 1, got 0"),
        (JOAO, {"gamma": -0.1}, ValueError, "gamma must be at least 0, got -0.1"),
        (JOAO, {"sample": 1}, ValueError, "sample must be at least 2, got 1"),
        (JOAO, {"augmentations": ["nothing"]}, ValueError, "augmentations: unknown name 'nothing'"),
    ],
)
def test_bad_values_are_named(cls: Any, parameters: Any, error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        cls(3, **parameters)


def test_sources_of_the_settings() -> None:
    assert "not chosen from the authors' grid by test accuracy" in settings_source(
        "simgrace", "MUTAG"
    )
    assert "Shen-Lab/GraphCL_Automated" in settings_source("joao", "PTC_MR")
