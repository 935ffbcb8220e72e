from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from torch_geometric.data import Batch, Data

from graphcl.augmentations import Compose, DropEdges, DropNodes, OneOf, common_nodes
from tests.augmentations.strategies import batches, seeds


@settings(deadline=None)
@given(batches(), seeds)
def test_rows_of_the_same_nodes(batch: Batch, seed: int) -> None:
    batch.x = torch.arange(float(batch.num_nodes * 3)).reshape(-1, 3)  # no row twice
    first = OneOf([DropNodes(0.3, seed=seed), DropEdges(0.5)], seed=seed)(batch)
    second = Compose([DropNodes(0.2, seed=seed // 2), DropNodes(0.2, seed=seed // 3)])(batch)
    rows, others = common_nodes(first, second)
    assert torch.equal(first.x[rows], second.x[others])
    assert torch.equal(first.batch[rows], second.batch[others])
    shared = set(first.x[:, 0].tolist()) & set(second.x[:, 0].tolist())
    assert set(first.x[rows, 0].tolist()) == shared
    assert bool((rows.diff() > 0).all())
    everything, same_rows = common_nodes(batch, batch)
    assert everything.tolist() == same_rows.tolist() == list(range(batch.num_nodes))


def test_a_view_without_dropped_nodes_has_all() -> None:
    graph = Data(x=torch.ones(5, 1), edge_index=torch.empty(2, 0, dtype=torch.int64))
    view = DropNodes(0.5, seed=0)(graph)
    assert common_nodes(graph, view)[0].tolist() == view.n_id.tolist()
    assert common_nodes(view, graph)[1].tolist() == view.n_id.tolist()


def test_nothing_in_common_and_no_nodes() -> None:
    one, other, empty = (Data(n_id=torch.tensor(ids).long()) for ids in ([0, 2], [1, 3, 9], []))
    assert [rows.tolist() for rows in common_nodes(one, other)] == [[], []]
    assert [rows.tolist() for rows in common_nodes(one, empty)] == [[], []]
    assert [rows.tolist() for rows in common_nodes(empty, empty)] == [[], []]


def test_bad_input() -> None:
    with pytest.raises(ValueError, match="n_id has a node of a graph twice"):
        common_nodes(Data(n_id=torch.tensor([1, 1])), Data(n_id=torch.tensor([1, 2])))
    with pytest.raises(TypeError, match="common_nodes takes a Data"):
        common_nodes([], Data(x=torch.ones(1, 1)))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="common_nodes cannot tell the number of nodes"):
        common_nodes(Data(), Data())
