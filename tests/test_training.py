import math
import os
import random

import numpy as np
import pytest
import torch
from torch import nn
from torch_geometric.data import Data, HeteroData

from graphcl.checkpoint import data_digest, write_checkpoint
from graphcl.methods import Method, Raw, create_method
from graphcl.training import History, TrainingSettings, fit


class Toy(Method):
    """Draws from all three generators, has dropout, a running mean and an extra state."""

    def __init__(self, num_features=4, *, scale=1.0):
        super().__init__(num_features, scale=scale)
        self.layer = nn.Sequential(nn.Linear(num_features, 3), nn.BatchNorm1d(3), nn.Dropout(0.3))
        self.register_buffer("steps", torch.zeros((), dtype=torch.long))
        self.scale, self.calls = scale, []

    def setup(self, data):
        self.calls.append("setup")

    def before_epoch(self, epoch, data):
        self.calls.append(("before", epoch))

    def after_step(self):
        self.steps += 1

    def loss(self, data):
        noise = random.random() + np.random.random() + torch.rand(())  # noqa: NPY002
        rows = self.layer(data.x)
        return self.scale * (rows.square().mean() + (rows[0] - noise).square().mean())

    def encode(self, data):
        return self.layer(data.x)


class Scripted(Method):
    """Its losses are given; its only weight counts the steps."""

    def __init__(self, losses, *, monitor="loss"):
        super().__init__(4)
        self.losses, self.monitor = list(losses), monitor
        self.weight = nn.Parameter(torch.zeros(()))
        self.register_buffer("epoch", torch.zeros((), dtype=torch.long))

    def loss(self, data):
        value = self.losses[int(self.epoch)]
        self.epoch += 1
        return value + self.weight - self.weight.detach()

    def encode(self, data):
        return data.x * self.weight


@pytest.fixture
def graph():
    x = torch.rand(6, 4, generator=torch.Generator().manual_seed(0))
    return Data(x=x, edge_index=torch.tensor([[0, 1], [1, 0]]))


def toy(seed=0, **arguments):
    torch.manual_seed(seed)
    return Toy(**arguments)


SETTINGS = TrainingSettings(epochs=6, learning_rate=0.05, weight_decay=1e-3)
PATIENT = TrainingSettings(epochs=12, learning_rate=0.05, patience=3)


class Stop(Exception):
    pass


def interrupted_at(epoch):
    def on_epoch(now, loss):
        if now == epoch:
            raise Stop

    return on_epoch


def assert_same_state(first, second):
    for (name, a), b in zip(first.state_dict().items(), second.state_dict().values(), strict=True):
        assert torch.equal(a, b), name


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


@pytest.mark.parametrize(("monitor", "patience"), [(None, 1), ("loss", None)])
def test_fixed_number_of_epochs_ends_with_the_last_weights(graph, monitor, patience):
    method = Scripted([1.0, 2.0, 3.0, 4.0], monitor=monitor)
    settings = TrainingSettings(epochs=4, learning_rate=1.0, patience=patience)
    history = fit(method, graph, settings=settings)
    assert (history.epochs_run, history.stopped_early) == (4, False)
    assert method.weight.item() == pytest.approx(-4.0)


# --- checkpoints


@pytest.mark.parametrize("settings", [SETTINGS, PATIENT], ids=["fixed", "patience"])
@pytest.mark.parametrize("every", [1, 2])
def test_resumed_run_equals_uninterrupted_run(graph, tmp_path, settings, every):
    whole = toy()
    expected = fit(whole, graph, settings=settings, seed=7)
    for epoch in range(expected.epochs_run):
        path = tmp_path / f"{epoch}.pt"
        arguments = {
            "settings": settings,
            "seed": 7,
            "checkpoint": path,
            "checkpoint_every": every,
        }
        with pytest.raises(Stop):
            fit(toy(), graph, on_epoch=interrupted_at(epoch), **arguments)
        resumed = toy(seed=99 if path.exists() else 0)
        history = fit(resumed, graph, **arguments)
        assert history.losses == expected.losses
        assert history.stopped_early == expected.stopped_early
        assert_same_state(resumed, whole)
        assert os.listdir(tmp_path).count(path.name + ".partial") == 0


def test_patient_run_stops_early(graph):
    assert fit(toy(), graph, settings=PATIENT, seed=7).stopped_early


def test_grace_resumes_bit_for_bit(graph, tmp_path):
    def new():
        return create_method("grace-neighbours", graph, seed=0, width=4, epochs=5)

    whole, settings = new()
    expected = fit(whole, graph, settings=settings)
    with pytest.raises(Stop):
        fit(
            new()[0],
            graph,
            settings=settings,
            checkpoint=tmp_path / "a",
            checkpoint_every=2,
            on_epoch=interrupted_at(2),
        )
    resumed = new()[0]
    history = fit(resumed, graph, settings=settings, checkpoint=tmp_path / "a", checkpoint_every=2)
    assert history.losses == expected.losses
    assert torch.equal(resumed.embed(graph), whole.embed(graph))


def test_finished_checkpoint_is_not_trained_again(graph, tmp_path):
    first, again, epochs = toy(), toy(seed=3), []
    settings = TrainingSettings(epochs=3)
    history = fit(first, graph, settings=settings, checkpoint=tmp_path / "deep" / "a.pt")
    repeated = fit(
        again,
        graph,
        settings=settings,
        checkpoint=tmp_path / "deep" / "a.pt",
        on_epoch=lambda *call: epochs.append(call),
    )
    assert not epochs
    assert repeated.losses == history.losses
    assert_same_state(first, again)


def test_resume_false_starts_anew(graph, tmp_path):
    path = tmp_path / "a.pt"
    path.write_bytes(b"rubbish")
    expected = fit(toy(), graph, settings=SETTINGS)
    history = fit(toy(), graph, settings=SETTINGS, checkpoint=path, resume=False)
    assert history.losses == expected.losses
    assert fit(toy(), graph, settings=SETTINGS, checkpoint=path).losses == expected.losses


def test_interruption_within_an_epoch_leaves_the_last_checkpoint(graph, tmp_path):
    class Interrupted(Toy):
        armed = True

        def loss(self, data):
            if self.armed and int(self.steps) == 3:
                raise KeyboardInterrupt
            return super().loss(data)

    def new():
        torch.manual_seed(0)
        return Interrupted()

    arguments = {"settings": SETTINGS, "checkpoint": tmp_path / "a", "checkpoint_every": 1}
    with pytest.raises(KeyboardInterrupt):
        fit(new(), graph, **arguments)
    Interrupted.armed = False
    assert fit(new(), graph, **arguments).losses == fit(new(), graph, settings=SETTINGS).losses


def test_failed_write_keeps_the_former_checkpoint(tmp_path, monkeypatch):
    path = tmp_path / "a.pt"
    write_checkpoint(path, {"identity": {}, "epoch": 1})
    before = path.read_bytes()

    def full(*_):
        raise OSError("disk full")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="disk full"):
        write_checkpoint(path, {"identity": {}, "epoch": 2})
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"seed": 1}, "seed: 0 there, 1 now"),
        (
            {"settings": TrainingSettings(epochs=9, learning_rate=0.05, weight_decay=1e-3)},
            "epochs: 6 there, 9 now",
        ),
        ({"precision": "bf16-mixed"}, "precision: 32-true there, bf16-mixed now"),
        ({"method": Toy(scale=2.0)}, r"configuration: .*scale=1.0 there, .*scale=2.0 now"),
        ({"method": Scripted([1.0] * 6)}, "method: Toy version 1 there, Scripted version 1 now"),
        ({"data": Data(x=torch.ones(6, 4), edge_index=torch.tensor([[0, 1], [1, 0]]))}, "data: "),
    ],
    ids=["seed", "settings", "precision", "configuration", "method", "data"],
)
def test_checkpoint_of_another_run_is_refused(graph, tmp_path, change, message):
    path = tmp_path / "a.pt"
    arguments = {"method": toy(), "data": graph, "settings": SETTINGS, "checkpoint": path}
    fit(**arguments)
    with pytest.raises(ValueError, match=message) as caught:
        fit(**(arguments | change))
    assert "belongs to another run" in str(caught.value)
    assert "a.pt" in str(caught.value)


@pytest.mark.parametrize("damage", ["empty", "rubbish", "cut", "flipped", "other", "pickle"])
def test_damaged_checkpoint_is_named(graph, tmp_path, damage):
    path = tmp_path / "a.pt"
    fit(toy(), graph, settings=SETTINGS, checkpoint=path)
    content = path.read_bytes()
    if damage == "empty":
        path.write_bytes(b"")
    elif damage == "rubbish":
        path.write_bytes(b"not a checkpoint at all")
    elif damage == "cut":
        path.write_bytes(content[: len(content) // 2])
    elif damage == "flipped":
        path.write_bytes(content[:100] + bytes(b ^ 255 for b in content[100:400]) + content[400:])
    elif damage == "other":
        torch.save({"weights": torch.ones(2)}, path)
    else:
        torch.save({"identity": {}, "method": Toy()}, path)
    with pytest.raises(ValueError, match=r"a.pt is not a usable checkpoint of graphcl"):
        fit(toy(), graph, settings=SETTINGS, checkpoint=path)


def test_checkpoint_with_missing_parts_and_of_another_format(graph, tmp_path):
    path = tmp_path / "a.pt"
    fit(toy(), graph, settings=SETTINGS, checkpoint=path)
    content = torch.load(path, weights_only=True)
    del content["optimizer"]
    torch.save(content, path)
    with pytest.raises(ValueError, match=r"a.pt is not a usable checkpoint .*optimizer"):
        fit(toy(), graph, settings=SETTINGS, checkpoint=path)
    torch.save(content | {"format": 99}, path)
    with pytest.raises(ValueError, match="has format 99"):
        fit(toy(), graph, settings=SETTINGS, checkpoint=path)
    with pytest.raises(ValueError, match="is a folder"):
        fit(toy(), graph, settings=SETTINGS, checkpoint=tmp_path)


def test_digest_sees_features_and_edges_of_all_kinds_of_data(graph):
    changed = graph.clone()
    changed.edge_index = graph.edge_index.flip(0)
    labelled = graph.clone()
    labelled.y = torch.ones(6)
    assert data_digest(graph) == data_digest(labelled) != data_digest(changed)
    assert data_digest([graph, changed]) != data_digest([changed, graph])
    hetero = HeteroData()
    hetero["a"].x = torch.ones(2, 2)
    assert data_digest(hetero) != data_digest(HeteroData())


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


@pytest.mark.parametrize(
    ("fields", "error", "message"),
    [
        ({"epochs": -1}, ValueError, "epochs must be at least 0, got -1"),
        ({"epochs": True}, TypeError, "epochs must be a whole number, got True"),
        ({"learning_rate": math.nan}, ValueError, "learning_rate must be finite and above 0"),
        ({"learning_rate": "fast"}, TypeError, "learning_rate must be a number, got 'fast'"),
        ({"weight_decay": -1}, ValueError, "weight_decay must be finite and at least 0, got -1"),
        ({"patience": 0}, ValueError, "patience must be at least 1, got 0"),
    ],
)
def test_bad_settings_are_named(fields, error, message):
    with pytest.raises(error, match=message):
        TrainingSettings(**fields)
