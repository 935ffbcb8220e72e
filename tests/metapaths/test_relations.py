"""Missing directions are added on request, and only those."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from torch_geometric.data import HeteroData
from torch_geometric.transforms import ToUndirected

from graphcl.metapaths import add_reverse_relations, count_paths
from tests.metapaths.made_up import graphs, made_up


def one_way() -> HeteroData:
    data = HeteroData()
    data["paper"].num_nodes, data["author"].num_nodes = 3, 2
    data["paper", "to", "author"].edge_index = torch.tensor([[0, 1, 2], [0, 0, 1]])
    data["paper", "to", "author"].edge_attr = torch.tensor([1.0, 2.0, 3.0])
    data["paper", "cites", "paper"].edge_index = torch.tensor([[0], [2]])
    return data


def test_pyg_adds_the_same() -> None:
    data = one_way()
    found = add_reverse_relations(data)
    expected = ToUndirected(merge=False)(one_way())
    assert set(found.edge_types) == set(expected.edge_types)
    for edge_type in expected.edge_types:
        for key, value in expected[edge_type].items():
            assert torch.equal(found[edge_type][key], value), (edge_type, key)
    assert set(data.edge_types) == set(one_way().edge_types), "the input was changed"
    assert count_paths(found, "paper-author-paper").to_dense().diagonal().eq(1).all()


def test_what_is_there_is_not_added() -> None:
    data = made_up()
    added = set(add_reverse_relations(data).edge_types) - set(data.edge_types)
    assert added == {("item", "rev_cites", "item")}
    twice = add_reverse_relations(add_reverse_relations(one_way()))
    assert set(twice.edge_types) == set(add_reverse_relations(one_way()).edge_types)


def test_a_reverse_of_any_name_and_order_counts() -> None:
    data = one_way()
    back = torch.tensor([[1, 0, 0], [2, 1, 0]])
    data["author", "wrote", "paper"].edge_index = back
    added = set(add_reverse_relations(data).edge_types) - set(data.edge_types)
    assert added == {("paper", "rev_cites", "paper")}


def test_a_symmetric_relation_is_its_own_reverse() -> None:
    data = HeteroData()
    data["paper"].num_nodes = 3
    data["paper", "near", "paper"].edge_index = torch.tensor([[0, 1, 2], [1, 0, 2]])
    assert add_reverse_relations(data).edge_types == data.edge_types


def test_a_taken_name_is_refused() -> None:
    data = one_way()
    data["author", "rev_to", "paper"].edge_index = torch.tensor([[0], [2]])
    with pytest.raises(ValueError, match=r"does not hold the edges of .*'paper', 'to', 'author'"):
        add_reverse_relations(data)


@given(graphs())
def test_afterwards_every_relation_has_its_reverse(data: HeteroData) -> None:
    found = add_reverse_relations(data)
    for source, relation, end in found.edge_types:
        there = sorted(found[source, relation, end].edge_index.T.tolist())
        assert any(
            sorted(found[step].edge_index.flip(0).T.tolist()) == there
            for step in found.edge_types
            if (step[2], step[0]) == (source, end)
        )
