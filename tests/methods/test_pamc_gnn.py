"""PamC-GNN: its loss, its meta-nodes, batches, resuming, small graphs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch_geometric.data import Data

from graphcl.contrast import Influence
from graphcl.datasets import planted_partition
from graphcl.evaluation import cluster_embeddings, clustering_metrics, evaluate
from graphcl.losses import PamCLoss
from graphcl.methods import PamCGNN, create_method
from graphcl.sampling import NeighbourBatches, NodeBatches
from graphcl.training import fit

SMALL: dict[str, Any] = {"width": 8, "hidden_width": 16, "meta_nodes": 6}


@pytest.fixture(scope="module")
def graph() -> Data:
    return planted_partition(
        120,
        num_classes=3,
        average_degree=8.0,
        homophily=0.85,
        num_features=8,
        feature_signal=2.0,
        seed=0,
    )


def test_loss_is_that_of_the_rows_where_nothing_is_corrupted(graph: Data) -> None:
    method, _ = create_method(
        "pamc-gnn", graph, seed=0, drop_edges=0.0, mask_features=0.0, temperature=0.7, **SMALL
    )
    method.before_epoch(0, graph)
    rows = method.embed(graph)
    reach = Influence(graph.edge_index, 120)
    expected = PamCLoss(0.7)(rows, method.meta, reach, other=rows)
    torch.testing.assert_close(method.loss(graph), expected)


def test_planted_classes_are_found(graph: Data) -> None:
    method, settings = create_method("pamc-gnn", graph, seed=0, epochs=40, **SMALL)
    fit(method, graph, settings=settings)
    assert evaluate("P-CLU", method.embed(graph), graph, 0)["acc"] > 0.95


@pytest.mark.parametrize("order", ["first", "second", "second_exp"])
def test_orders_train_in_batches_too(graph: Data, order: str) -> None:
    method, settings = create_method("pamc-gnn", graph, seed=0, epochs=3, order=order, **SMALL)
    history = fit(
        method, graph, settings=settings, loader=NodeBatches(graph, batch_size=40, seed=0)
    )
    assert history.epochs_run == 3
    assert method.memory is not None
    assert bool(method.memory.seen.all())


def test_small_batches_keep_neighbours_together() -> None:
    towns = planted_partition(
        600,
        num_classes=4,
        average_degree=10.0,
        homophily=0.85,
        num_features=16,
        feature_signal=0.5,
        seed=0,
    )
    changes = {"width": 16, "hidden_width": 32, "meta_nodes": 20, "normalize_features": False}
    method, settings = create_method(
        "pamc-gnn", towns, seed=0, steps=60, epochs=60, learning_rate=0.01, **changes
    )
    # Of 16 seeds hardly two are neighbours: positives are among the nodes that were sampled.
    fit(method, towns, settings=settings, loader=NeighbourBatches(towns, batch_size=16, seed=0))
    found = cluster_embeddings(method.embed(towns), 4, seed=0)
    assert clustering_metrics(found, edge_index=towns.edge_index)["modularity"] > 0.45


def test_meta_nodes_are_found_anew_every_few_epochs(graph: Data) -> None:
    method, _ = create_method("pamc-gnn", graph, seed=0, refresh=3, **SMALL)
    method.before_epoch(0, graph)
    first = method.meta
    assert first.unique().numel() == 6
    method.before_epoch(2, graph)
    assert method.meta is first
    method.before_epoch(3, graph)
    assert method.meta is not first


@pytest.mark.parametrize("batches", [False, True])
def test_resumed_run_equals_uninterrupted_run(graph: Data, tmp_path: Path, batches: bool) -> None:
    def run(epochs: int, path: Path | None) -> PamCGNN:
        method, settings = create_method(
            "pamc-gnn", graph, seed=0, epochs=epochs, refresh=4, **SMALL
        )
        loader = NodeBatches(graph, batch_size=40, seed=0) if batches else None

        def stop(epoch: int, loss: float) -> None:
            if path is not None and epoch == 4 and not path.with_suffix(".stopped").exists():
                path.with_suffix(".stopped").touch()
                raise KeyboardInterrupt

        arguments: dict[str, Any] = {"settings": settings, "loader": loader, "seed": 1}
        try:
            fit(method, graph, checkpoint=path, checkpoint_every=1, on_epoch=stop, **arguments)
        except KeyboardInterrupt:
            return run(epochs, path)
        assert isinstance(method, PamCGNN)
        return method

    whole, resumed = run(7, None), run(7, tmp_path / "state.pt")
    for name, value in whole.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[name]), name


def test_small_and_edgeless_graphs(graph: Data) -> None:
    for size in (1, 2, 5):
        tiny = Data(x=torch.rand(size, 4), edge_index=torch.empty(2, 0, dtype=torch.long))
        method, settings = create_method("pamc-gnn", tiny, seed=0, epochs=2, **SMALL)
        fit(method, tiny, settings=settings)
        assert torch.isfinite(method.embed(tiny)).all()


def test_rows_in_blocks_are_the_rows(graph: Data) -> None:
    method, _ = create_method("pamc-gnn", graph, seed=0, **SMALL)
    torch.testing.assert_close(method.embed(graph, batch_size=7), method.embed(graph))


def test_refused(graph: Data) -> None:
    with pytest.raises(ValueError, match="order must not be 'official'"):
        PamCGNN(4, order="official")
    with pytest.raises(ValueError, match="did you mean 'second'"):
        PamCGNN(4, order="secnd")
    with pytest.raises(ValueError, match="meta_nodes"):
        PamCGNN(4, meta_nodes=0)
    with pytest.raises(ValueError, match="call before_epoch"):
        PamCGNN(graph.x.size(1)).loss(graph)
