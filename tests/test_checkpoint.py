"""Checkpoints: resumed bit for bit, refused where they do not belong."""

import os

import pytest
import torch
from torch_geometric.data import Data, HeteroData

from graphcl.checkpoint import data_digest, write_checkpoint
from graphcl.methods import create_method
from graphcl.training import TrainingSettings, fit
from tests.training.toys import (
    PATIENT,
    SETTINGS,
    Scripted,
    Stop,
    Toy,
    assert_same_state,
    interrupted_at,
    toy,
)


@pytest.fixture
def graph():
    x = torch.rand(6, 4, generator=torch.Generator().manual_seed(0))
    return Data(x=x, edge_index=torch.tensor([[0, 1], [1, 0]]))


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
