from __future__ import annotations

import copy

import pytest
import torch
from torch_geometric.data import Batch, Data

from graphcl.augmentations import Compose, DropEdges, DropNodes, MaskFeatures, OneOf


def triangle(value: float = 1.0) -> Data:
    edge_index = torch.tensor([[0, 1, 1, 2, 2, 0], [1, 0, 2, 1, 0, 2]])
    return Data(x=torch.full((3, 2), value), edge_index=edge_index, y=torch.tensor([int(value)]))


EMPTY, BLANK = DropEdges(1.0), MaskFeatures(1.0)


def kind(graph: Data) -> str:
    return (
        f"{'no edges' if graph.num_edges == 0 else ''}{'no features' if not graph.x.any() else ''}"
    )


def test_each_call_draws_one() -> None:
    transform = OneOf([EMPTY, BLANK], [0.25, 0.75], seed=0)
    drawn = [kind(transform(triangle())) for _ in range(1000)]
    assert set(drawn) == {"no edges", "no features"}
    assert drawn.count("no edges") == pytest.approx(250, abs=50)


@pytest.mark.parametrize("follow", [None, ["edge_index"]])
def test_each_graph_of_a_batch_draws_one_and_order_is_kept(follow: list[str] | None) -> None:
    batch = Batch.from_data_list([triangle(value) for value in range(1, 41)], follow_batch=follow)
    view = OneOf([EMPTY, BLANK], seed=1)(batch)
    assert {kind(graph) for graph in view.to_data_list()} == {"no edges", "no features"}
    assert view.y.tolist() == list(range(1, 41))
    assert sorted(view.keys()) == sorted(batch.keys())
    assert batch.num_edges == 240
    for graph, value in zip(view.to_data_list(), range(1, 41), strict=True):
        if kind(graph) == "no edges":
            assert torch.equal(graph.x, torch.full((3, 2), float(value)))
        else:
            assert torch.equal(graph.edge_index, triangle().edge_index)


def test_a_single_choice_takes_the_batch_as_it_is() -> None:
    view = OneOf([EMPTY, BLANK], [1.0, 0.0])(Batch.from_data_list([triangle()] * 3))
    assert view.num_edges == 0
    assert len(view.to_data_list()) == 3


def test_probability_zero_is_never_drawn() -> None:
    transform = OneOf([EMPTY, BLANK, EMPTY], [0.0, 1.0, 0.0], seed=0)
    assert {kind(transform(triangle())) for _ in range(200)} == {"no features"}


def test_compose_is_applied_in_order() -> None:
    view = Compose([EMPTY, BLANK])(triangle())
    assert kind(view) == "no edgesno features"


def test_views_have_the_same_fields_where_some_transforms_drop_nodes() -> None:
    transform = OneOf([Compose([DropNodes(0.5, seed=1)]), BLANK], seed=0)
    view = transform(Batch.from_data_list([triangle()] * 20))
    sizes = {len(graph.n_id) for graph in view.to_data_list()}
    assert 3 in sizes
    assert len(sizes) > 1
    assert all("n_id" in transform(triangle()) for _ in range(10))
    assert "n_id" not in OneOf([DropNodes(0.5, remove=False), BLANK])(triangle())


def test_views_with_different_fields_are_refused() -> None:
    def forget(data: Data) -> Data:
        data = copy.copy(data)
        del data.y
        return data

    def weigh(data: Data) -> Data:
        data = copy.copy(data)
        data.edge_weight = torch.ones(data.num_edges)
        return data

    batch = Batch.from_data_list([triangle()] * 20)
    with pytest.raises(ValueError, match="of which only some have y"):
        OneOf([forget, BLANK], seed=0)(batch)
    with pytest.raises(ValueError, match="set after batching: edge_weight"):
        OneOf([weigh, BLANK], seed=0)(batch)


def test_failures() -> None:
    with pytest.raises(ValueError, match="at least one transform"):
        OneOf([])
    with pytest.raises(TypeError, match="OneOf takes transforms, got 3"):
        OneOf([3])  # type: ignore[list-item]
    with pytest.raises(ValueError, match="2 transforms, but 1 probabilities"):
        OneOf([EMPTY, BLANK], [1.0])
    for wrong in ([0.5, 0.6], [-0.5, 1.5], [float("nan"), 1.0]):
        with pytest.raises(ValueError, match="0 or more and sum to 1, got"):
            OneOf([EMPTY, BLANK], wrong)
    with pytest.raises(TypeError, match="got list"):
        OneOf([EMPTY])([triangle()])


def test_batches_that_cannot_be_taken_apart() -> None:
    batch = Batch.from_data_list([triangle()] * 2)
    batch.extra = torch.ones(2)
    with pytest.raises(ValueError, match="set after batching: extra"):
        OneOf([EMPTY, BLANK])(batch)
    made_by_hand = Batch(x=torch.ones(2, 1), batch=torch.tensor([0, 1]))
    with pytest.raises(ValueError, match=r"Batch\.from_data_list"):
        OneOf([EMPTY])(made_by_hand)


def test_repr() -> None:
    assert repr(OneOf([BLANK])) == "OneOf([MaskFeatures(1.0, mode='columns')], [1.0])"
