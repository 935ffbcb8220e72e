"""PamC in mini-batches: seeds against the meta-nodes of the whole graph."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch_geometric.data import Data

from graphcl.methods import PamC, create_method, load_method, save_method
from graphcl.sampling import NeighbourBatches, NodeBatches
from graphcl.training import fit
from tests.methods.conftest import make_planted

SMALL: dict[str, Any] = {"num_clusters": 3, "width": 4, "hidden": (16,), "pretrain_epochs": 20}
CONTRAST_ALONE: dict[str, Any] = {"contrast_weight": 1.0, "clustering_weight": 0.0}
WITH_NEIGHBOURS: dict[str, Any] = {"batch_size": 30, "num_neighbours": (-1, -1)}


@pytest.fixture(scope="module")
def graph() -> Data:
    return make_planted(120, feature_signal=3.0)


def mean_over_batches(method: PamC, graph: Data) -> float:
    values = [float(method.loss(batch)) for batch in NeighbourBatches(graph, **WITH_NEIGHBOURS)]
    return sum(values) / len(values)


@pytest.mark.parametrize("order", ["first", "second", "second_exp"])
@pytest.mark.parametrize("encoder", ["mlp", "gcn"])
def test_batches_see_the_negatives_of_the_whole_graph(
    graph: Data, order: str, encoder: str
) -> None:
    torch.manual_seed(0)
    method = PamC(8, order=order, encoder=encoder, **SMALL, **CONTRAST_ALONE)
    method.setup(graph)
    # the rows are those of setup; a convolution reads its last hop from a cut neighbourhood
    close = 1e-4 if encoder == "mlp" else 0.05
    assert mean_over_batches(method, graph) == pytest.approx(float(method.loss(graph)), abs=close)


def test_the_loss_is_nearer_to_that_of_the_whole_graph_while_it_trains(graph: Data) -> None:
    away: dict[bool, list[float]] = {True: [], False: []}
    for running in away:
        method, settings = create_method(
            "pamc", graph, seed=0, order="first", running_sums=running, epochs=6,
            learning_rate=0.01, **SMALL, **CONTRAST_ALONE,
        )  # fmt: skip

        def compare(
            epoch: int,
            loss: float,
            method: Any = method,
            found: list[float] = away[running],
        ) -> None:
            with torch.no_grad():
                batch = next(iter(NodeBatches(graph, batch_size=30)))
                found.append(abs(float(method.loss(batch)) - float(method.loss(graph))))

        loader = NodeBatches(graph, batch_size=30)
        fit(method, graph, settings=settings, loader=loader, on_epoch=compare)
    assert max(away[True]) < 0.2 * min(away[False])


@pytest.mark.parametrize("order", ["first", "second"])
def test_a_resumed_run_is_the_whole_run(graph: Data, order: str, tmp_path: Path) -> None:
    def fresh() -> tuple[Any, Any, Any]:
        method, settings = create_method("pamc", graph, seed=0, order=order, epochs=4, **SMALL)
        return method, settings, NeighbourBatches(graph, batch_size=40, num_neighbours=(3, 3))

    whole, settings, loader = fresh()
    fit(whole, graph, settings=settings, loader=loader)
    path = tmp_path / "state.pt"

    class Stop(Exception):
        pass

    def stop(epoch: int, loss: float) -> None:
        if epoch == 1:
            raise Stop

    options: dict[str, Any] = {"settings": settings, "checkpoint": path, "checkpoint_every": 1}
    first, _, loader = fresh()
    with pytest.raises(Stop):
        fit(first, graph, loader=loader, on_epoch=stop, **options)
    second, _, loader = fresh()
    fit(second, graph, loader=loader, **options)
    states = whole.state_dict(), second.state_dict()
    assert "memory.rows" in states[0]
    assert list(states[0]) == list(states[1])
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])
    file = tmp_path / "method.pt"
    save_method(file, second)
    assert torch.equal(load_method(file).embed(graph), whole.embed(graph))


def test_nothing_is_kept_where_nothing_is_needed(graph: Data) -> None:
    for options in ({"order": "official"}, {"order": "first", "running_sums": False}):
        method = PamC(8, **SMALL, **options)
        method.setup(graph)
        method.loss(next(iter(NeighbourBatches(graph, batch_size=30, num_neighbours=(5, 5)))))
        assert method.memory is None
    method = PamC(8, order="first", **SMALL)
    method.setup(graph)
    method.loss(graph)
    assert method.memory is None
    batch = next(iter(NodeBatches(graph, batch_size=30)))
    with pytest.raises(ValueError, match=r"running sums need PamC.setup\(graph\) first"):
        PamC(8, order="first", **SMALL).loss(batch)


@pytest.mark.parametrize("name", ["pamc", "scgc"])
def test_only_seeds_are_anchors(graph: Data, name: str) -> None:
    method: Any = create_method(name, graph, seed=0, **SMALL, **CONTRAST_ALONE)[0]
    batch = next(iter(NeighbourBatches(graph, **WITH_NEIGHBOURS)))
    rows = method.rows(batch)
    assert len(rows) == sum(batch.num_sampled_nodes[:2])
    influence = method._reach(batch, len(rows))
    clusters = torch.zeros(len(rows), dtype=torch.int64)
    value = method.contrast(rows, clusters, influence, anchors=30)
    (gradient,) = torch.autograd.grad(value, rows)
    assert bool((gradient[:30] != 0).any())
    seeds = set(batch.n_id[:30].tolist())
    source, target = graph.edge_index
    touched = {int(s) for s, t in zip(source, target, strict=True) if int(t) in seeds} | seeds
    assert set(batch.n_id[: len(rows)].tolist()) == touched
