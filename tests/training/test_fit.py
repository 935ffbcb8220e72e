import math
import os
import random

import numpy as np
import pytest
import torch
from torch_geometric.data import Data

from graphcl.methods import Raw, create_method
from graphcl.training import History, TrainingSettings, fit
from tests.training.toys import (
    SETTINGS,
    Scripted,
    Toy,
    assert_same_state,
    toy,
)


@pytest.fixture
def graph():
    x = torch.rand(6, 4, generator=torch.Generator().manual_seed(0))
    return Data(x=x, edge_index=torch.tensor([[0, 1], [1, 0]]))


# --- the loop


def test_hooks_are_called_in_order_and_the_callback_hears_the_losses(graph):
    method, heard = toy(), []
    history = fit(method, graph, settings=SETTINGS, on_epoch=lambda *call: heard.append(call))
    assert method.calls == ["setup", *(("before", epoch) for epoch in range(6))]
    assert heard == list(enumerate(history.losses))
    assert int(method.steps) == history.epochs_run == 6
    assert not history.stopped_early
    assert history.seconds > 0


def test_equals_a_plain_torch_loop(graph):
    method, plain = toy(), toy()
    history = fit(method, graph, settings=SETTINGS, seed=5)
    random.seed(5), np.random.seed(5), torch.manual_seed(5)  # noqa: NPY002
    optimizer = torch.optim.Adam(plain.parameters(), lr=0.05, weight_decay=1e-3)
    losses = []
    for _ in range(6):
        optimizer.zero_grad()
        loss = plain.loss(graph)
        losses.append(loss.item())
        loss.backward()
        optimizer.step()
        plain.after_step()
    assert history.losses == losses
    assert_same_state(method, plain)


def test_same_seed_same_result(graph):
    runs = [toy(), toy(), toy()]
    losses = [
        fit(method, graph, settings=SETTINGS, seed=seed).losses
        for method, seed in zip(runs, (3, 3, 4), strict=True)
    ]
    assert losses[0] == losses[1] != losses[2]
    assert_same_state(runs[0], runs[1])


def test_parameter_groups_are_used(graph):
    class OnlyBias(Toy):
        def parameter_groups(self):
            return [{"params": [self.layer[0].bias], "lr": 0.5}]

    torch.manual_seed(0)
    method = OnlyBias()
    weight, bias = method.layer[0].weight.clone(), method.layer[0].bias.clone()
    fit(method, graph, settings=SETTINGS)
    assert torch.equal(method.layer[0].weight, weight)
    assert not torch.equal(method.layer[0].bias, bias)


def test_untrained_methods_are_only_set_up(graph, tmp_path):
    history = fit(Raw(4), graph, settings=SETTINGS, checkpoint=tmp_path / "never")
    assert history == History([], 0, False, history.seconds)
    assert not list(tmp_path.iterdir())


def test_zero_epochs_change_nothing(graph):
    method, other = toy(), toy()
    assert fit(method, graph, settings=TrainingSettings(epochs=0)).epochs_run == 0
    assert_same_state(method, other)


def test_method_can_be_used_and_copied_afterwards(graph):
    import copy

    method = toy()
    fit(method, graph, settings=SETTINGS)
    assert torch.equal(copy.deepcopy(method).embed(graph), method.embed(graph))
    assert "forward" not in vars(method)


def test_bfloat16_mixed(graph):
    method, settings = create_method("grace", graph, seed=0, width=4, epochs=2)
    history = fit(method, graph, settings=settings, precision="bf16-mixed")
    assert all(map(math.isfinite, history.losses))
    assert {parameter.dtype for parameter in method.parameters()} == {torch.float32}


def test_progress_bar(graph, capsys):
    fit(toy(), graph, settings=SETTINGS, progress=True)
    assert "Toy: 100%" in capsys.readouterr().err
    fit(toy(), graph, settings=SETTINGS)
    assert capsys.readouterr().err == ""


# --- stopping


def test_patience_restores_the_weights_of_the_lowest_loss(graph):
    losses = [5.0, 3.0, 4.0, 3.0, 9.0, 1.0]
    method = Scripted(losses)
    settings = TrainingSettings(epochs=6, learning_rate=1.0, patience=3)
    history = fit(method, graph, settings=settings)
    assert history.losses == losses[:5]
    assert history.stopped_early
    assert method.weight.item() == pytest.approx(-1.0)  # one step before the loss of 3 was measured


def test_best_weights_also_without_stopping(graph):
    method = Scripted([5.0, 3.0, 4.0])
    history = fit(method, graph, settings=TrainingSettings(epochs=3, learning_rate=1.0, patience=9))
    assert not history.stopped_early
    assert method.weight.item() == pytest.approx(-1.0)


def test_patience_may_stop_without_going_back(graph):
    losses = [5.0, 3.0, 4.0, 3.0, 9.0, 1.0]
    method = Scripted(losses)
    settings = TrainingSettings(epochs=6, learning_rate=1.0, patience=3, final_weights="last")
    history = fit(method, graph, settings=settings)
    assert (history.epochs_run, history.stopped_early) == (5, True)
    assert method.weight.item() == pytest.approx(-5.0)


@pytest.mark.parametrize(("monitor", "patience"), [(None, 1), ("loss", None)])
def test_fixed_number_of_epochs_ends_with_the_last_weights(graph, monitor, patience):
    method = Scripted([1.0, 2.0, 3.0, 4.0], monitor=monitor)
    settings = TrainingSettings(epochs=4, learning_rate=1.0, patience=patience)
    history = fit(method, graph, settings=settings)
    assert (history.epochs_run, history.stopped_early) == (4, False)
    assert method.weight.item() == pytest.approx(-4.0)


# --- failures


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_loss_that_is_not_finite_stops_before_the_step(graph, value):
    method = Scripted([1.0, value, 1.0])
    with pytest.raises(ValueError, match=f"epoch 1 of Scripted: the loss is {value}"):
        fit(method, graph, settings=TrainingSettings(epochs=3, learning_rate=1.0))
    assert method.weight.item() == pytest.approx(-1.0)


def test_loss_of_wrong_kind(graph):
    class Wrong(Toy):
        given = None

        def loss(self, data):
            return self.given

    for given, message in [
        (1.0, "must be a tensor with one entry, got float"),
        (torch.ones(3), r"must be a tensor with one entry, got \[3\]"),
        (torch.ones(()), "does not depend on any parameter"),
    ]:
        Wrong.given = given
        with pytest.raises(ValueError, match=message):
            fit(Wrong(), graph, settings=SETTINGS)


def test_bad_data_is_refused_first(graph):
    graph.x[0, 0] = math.inf
    method = toy()
    with pytest.raises(ValueError, match=r"data\.x"):
        fit(method, graph, settings=SETTINGS)
    assert not method.calls


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (
            {"device": "gpu"},
            ValueError,
            "device must be auto, cpu, cuda or cuda:<index>, got 'gpu'",
        ),
        ({"device": "cuda:99"}, ValueError, "device 'cuda:99' is not there: torch sees"),
        ({"device": "cpu:1"}, ValueError, "device must be auto"),
        ({"precision": "64"}, ValueError, "precision must be one of 32-true, .* got '64'"),
        (
            {"device": "cpu", "precision": "16-mixed"},
            ValueError,
            "precision 16-mixed needs CUDA; on a CPU use bf16-mixed",
        ),
        ({"seed": -1}, ValueError, "seed must be from 0 to 4294967295, got -1"),
        ({"seed": 0.5}, TypeError, "seed must be a whole number, got 0.5"),
        ({"checkpoint_every": 0}, ValueError, "checkpoint_every must be at least 1, got 0"),
    ],
)
def test_bad_arguments_are_named(graph, arguments, error, message):
    with pytest.raises(error, match=message):
        fit(toy(), graph, settings=SETTINGS, **arguments)


def test_arguments_that_are_something_else(graph):
    method = toy()
    for wrong in ("grace", (method, SETTINGS), torch.nn.Linear(4, 2), Toy):
        with pytest.raises(TypeError, match=r"method must be a graphcl\.methods\.Method .*, got "):
            fit(wrong, graph, settings=SETTINGS)
    with pytest.raises(TypeError, match="settings must be TrainingSettings, got dict"):
        fit(method, graph, settings={"epochs": 3})


def test_a_checkpoint_that_cannot_be_written_is_said_before_training(graph, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    method = toy()
    with pytest.raises(OSError, match=r"checkpoint .*/file/a\.pt cannot be written: "):
        fit(method, graph, settings=SETTINGS, checkpoint=tmp_path / "file" / "a.pt")
    with pytest.raises(ValueError, match="is a folder, it must be a file"):
        fit(method, graph, settings=SETTINGS, checkpoint=tmp_path)
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(OSError, match=r"a\.pt cannot be written: no permission"):
        fit(method, graph, settings=SETTINGS, checkpoint=tmp_path / "a.pt")
    assert not method.calls


def test_unknown_monitor_and_nothing_to_train(graph):
    with pytest.raises(
        ValueError, match=r"Scripted\.monitor must be 'loss' or None, got 'accuracy'"
    ):
        fit(Scripted([1.0], monitor="accuracy"), graph, settings=SETTINGS)

    class Empty(Scripted):
        def parameter_groups(self):
            return [{"params": []}]

    with pytest.raises(ValueError, match="Empty has no parameters to train"):
        fit(Empty([1.0]), graph, settings=SETTINGS)
