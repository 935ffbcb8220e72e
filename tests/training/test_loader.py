"""Training on mini-batches: one step a batch, the same again after an interruption."""

import math

import pytest
import torch
from torch_geometric.data import Batch, Data

from graphcl.methods import create_method
from graphcl.sampling import NeighbourBatches, NodeBatches
from graphcl.training import TrainingSettings, fit
from tests.methods.conftest import make_graph
from tests.training.toys import SETTINGS, Scripted, Stop, assert_same_state, interrupted_at, toy

SAMPLERS = {
    "neighbours": lambda graph, **options: NeighbourBatches(
        graph, batch_size=5, num_neighbours=(2, 2), **options
    ),
    "parts": lambda graph, **options: NodeBatches(graph, batch_size=5, **options),
}


class Recorder:
    """A loader that says which epochs it was asked for."""

    def __init__(self, batches):
        self.batches, self.epochs = batches, []

    def set_epoch(self, epoch):
        self.epochs.append(epoch)

    def __iter__(self):
        return iter(self.batches)

    def __len__(self):
        return len(self.batches)


@pytest.fixture
def graph():
    return make_graph(num_features=4)


def seeded(graph, size):
    batch = graph.clone()
    batch.batch_size = size
    return batch


def test_one_step_a_batch_and_the_loss_is_weighted_by_seeds(graph):
    loader = Recorder([seeded(graph, 3), seeded(graph, 1)])
    method, heard = Scripted([1.0, 5.0, 2.0, 2.0]), []
    history = fit(
        method,
        graph,
        settings=TrainingSettings(epochs=2, learning_rate=1.0),
        loader=loader,
        on_epoch=lambda *call: heard.append(call),
    )
    assert history.losses == [2.0, 2.0]
    assert heard == [(0, 2.0), (1, 2.0)]
    assert (history.epochs_run, history.steps_run) == (2, 4)
    assert loader.epochs == [0, 1]
    assert method.weight.item() == pytest.approx(-4.0)


def test_hooks_get_the_whole_graph_and_loss_the_batches(graph):
    seen = []

    class Watching(Scripted):
        def setup(self, data):
            seen.append(("setup", data.num_nodes))

        def before_epoch(self, epoch, data):
            seen.append(("before", data.num_nodes))

        def loss(self, data):
            seen.append(("loss", data.num_nodes))
            return super().loss(data)

    loader = NodeBatches(graph, batch_size=7)
    fit(Watching([1.0] * 2), graph, settings=TrainingSettings(epochs=1), loader=loader)
    assert seen == [("setup", 12), ("before", 12), ("loss", 7), ("loss", 5)]


def test_one_batch_of_all_equals_no_loader(graph):
    plain, batched = toy(), toy()
    expected = fit(plain, graph, settings=SETTINGS, seed=3)
    history = fit(batched, graph, settings=SETTINGS, seed=3, loader=[graph])
    assert history.losses == pytest.approx(expected.losses, rel=1e-15)
    assert_same_state(plain, batched)


@pytest.mark.parametrize(("steps", "epochs"), [(1, 1), (3, 1), (4, 2), (6, 2)])
def test_steps_end_training_also_within_an_epoch(graph, steps, epochs):
    method = Scripted([1.0] * 9)
    settings = TrainingSettings(epochs=3, learning_rate=1.0, steps=steps)
    history = fit(method, graph, settings=settings, loader=NodeBatches(graph, batch_size=4))
    assert (history.steps_run, history.epochs_run) == (steps, epochs)
    assert method.weight.item() == pytest.approx(-steps)


def test_steps_without_a_loader_and_more_steps_than_epochs(graph):
    for steps, run in ((2, 2), (99, 3)):
        settings = TrainingSettings(epochs=3, steps=steps)
        assert fit(Scripted([1.0] * 3), graph, settings=settings).steps_run == run


def test_patience_counts_epochs_and_restores_the_end_of_the_best(graph):
    losses = [4.0, 4.0, 1.0, 3.0, 5.0, 5.0, 2.0, 3.0]
    settings = TrainingSettings(epochs=4, learning_rate=1.0, patience=2)
    method = Scripted(losses)
    history = fit(method, graph, settings=settings, loader=NodeBatches(graph, batch_size=6))
    assert history.losses == [4.0, 2.0, 5.0, 2.5]
    assert history.stopped_early
    assert method.weight.item() == pytest.approx(-4.0)


@pytest.mark.parametrize(
    ("name", "sampler", "steps"),
    [("grace", "neighbours", None), ("grace-neighbours", "parts", 7)],
)
def test_resumed_run_equals_uninterrupted_run(graph, tmp_path, name, sampler, steps):
    def run(checkpoint=None, stop=None):
        method, settings = create_method(
            name, graph, seed=0, width=4, epochs=4, learning_rate=0.01, steps=steps
        )
        history = fit(
            method,
            graph,
            settings=settings,
            seed=2,
            loader=SAMPLERS[sampler](graph, seed=5),
            checkpoint=checkpoint,
            checkpoint_every=1,
            on_epoch=None if stop is None else interrupted_at(stop),
        )
        return history, method

    expected, whole = run()
    for stop in range(expected.epochs_run):
        with pytest.raises(Stop):
            run(tmp_path / f"{stop}.pt", stop)
        history, resumed = run(tmp_path / f"{stop}.pt")
        assert history.losses == expected.losses
        assert history.steps_run == expected.steps_run
        assert_same_state(resumed, whole)
    assert len(set(expected.losses)) == expected.epochs_run


def test_checkpoint_of_another_loader_is_refused(graph, tmp_path):
    settings = TrainingSettings(epochs=1)

    def run(loader):
        fit(toy(), graph, settings=settings, loader=loader, checkpoint=tmp_path / "a")

    run(NodeBatches(graph, batch_size=5))
    run(NodeBatches(graph, batch_size=5))
    for other in (
        NodeBatches(graph, batch_size=6),
        NodeBatches(graph, batch_size=5, seed=1),
        NeighbourBatches(graph, batch_size=5),
        None,
    ):
        with pytest.raises(ValueError, match=r"loader: NodeBatches\(nodes=12 of 12, batch_size=5"):
            run(other)


def test_a_loader_without_a_text_of_its_own_can_be_resumed(graph, tmp_path):
    for _ in range(2):
        fit(
            toy(),
            graph,
            settings=SETTINGS,
            loader=Recorder([graph, graph]),
            checkpoint=tmp_path / "a",
        )


@pytest.mark.parametrize("sampler", SAMPLERS)
@pytest.mark.parametrize("name", ["grace", "grace-neighbours"])
def test_bfloat16_mixed(graph, name, sampler):
    method, settings = create_method(name, graph, seed=0, width=4, epochs=2)
    loader = SAMPLERS[sampler](graph)
    history = fit(method, graph, settings=settings, loader=loader, precision="bf16-mixed")
    assert all(map(math.isfinite, history.losses))
    assert {parameter.dtype for parameter in method.parameters()} == {torch.float32}


def test_lists_and_batches_of_graphs_count_by_graphs(graph):
    one, three = [graph], Batch.from_data_list([graph] * 3)
    history = fit(
        Scripted([4.0, 0.0]),
        graph,
        settings=TrainingSettings(epochs=1),
        loader=[one, three],
    )
    assert history.losses == [1.0]


def test_progress_bar_counts_steps(graph, capsys):
    loader = NodeBatches(graph, batch_size=4)
    fit(toy(), graph, settings=TrainingSettings(epochs=4), loader=loader, progress=True)
    assert "Toy: 100%" in (shown := capsys.readouterr().err)
    assert "12/12" in shown
    settings = TrainingSettings(epochs=4, steps=5)
    fit(toy(), graph, settings=settings, loader=iter_only(loader), progress=True)
    assert "5/5" in capsys.readouterr().err


def iter_only(loader):
    class Endless:
        def __iter__(self):
            return iter(loader)

    return Endless()


@pytest.mark.parametrize(
    ("loader", "error", "message"),
    [
        (3, TypeError, "loader must be iterable, or None, got int"),
        ([], ValueError, "loader gave no batch in epoch 0"),
        ([3], TypeError, "loader must yield Data, Batch or lists of them, got int"),
    ],
)
def test_loaders_that_are_none(graph, loader, error, message):
    with pytest.raises(error, match=message):
        fit(toy(), graph, settings=SETTINGS, loader=loader)


def test_a_loss_that_is_not_finite_names_the_step(graph):
    method = Scripted([1.0, 1.0, math.nan])
    with pytest.raises(ValueError, match="epoch 1, step 2 of Scripted: the loss is nan"):
        fit(
            method,
            graph,
            settings=TrainingSettings(epochs=3, learning_rate=1.0),
            loader=NodeBatches(graph, batch_size=6),
        )
    assert method.weight.item() == pytest.approx(-2.0)


def test_the_callers_batches_stay_as_they_were(graph):
    batch = Data(x=graph.x, edge_index=graph.edge_index, batch_size=3)
    keys = set(batch.keys())
    method, settings = create_method("grace", graph, seed=0, width=4, epochs=1)
    fit(method, graph, settings=settings, loader=[batch])
    assert set(batch.keys()) == keys
    assert batch.x is graph.x
