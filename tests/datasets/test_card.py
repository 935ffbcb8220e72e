from __future__ import annotations

import pickle
from typing import Any

import pytest
import yaml

from graphcl.datasets import DataCard, available
from graphcl.datasets.card import read_card

GOOD: dict[str, Any] = {
    "name": "Toy",
    "description": "A toy.",
    "level": "node",
    "tasks": ["clustering"],
    "loader": "digits",
    "arguments": {},
    "num_nodes": 3,
    "num_edges": 4,
    "num_features": 2,
    "num_classes": 2,
    "num_graphs": 1,
    "licence": "MIT",
    "source": "here",
    "graph_files": [],
}


def read(**changes: Any) -> DataCard:
    return read_card(yaml.safe_dump({**GOOD, **changes}), origin="toy.yaml")


def test_a_good_card_is_read() -> None:
    card = read()
    assert (card.name, card.tasks, card.embedded) == ("Toy", ("clustering",), True)
    assert hash(card) == hash(read())
    assert pickle.loads(pickle.dumps(card)) == card


def test_cards_of_the_package_say_all_that_a_reader_asks() -> None:
    for card in available():
        assert card.licence
        assert card.source
        assert card.description.endswith(".")
        assert card.embedded != bool(card.graph_files)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": ""}, "name must be a text, got ''"),
        ({"licence": 3}, "licence must be a text, got 3"),
        ({"level": "edge"}, "level must be one of node, graph, got 'edge'"),
        (
            {"tasks": []},
            r"tasks must be one or more of classification, clustering, regression, got \[\]",
        ),
        ({"tasks": ["cooking"]}, "tasks must be one or more of"),
        ({"tasks": "clustering"}, "tasks must be a list of texts"),
        ({"num_nodes": 0}, "num_nodes must be an integer of at least 1, got 0"),
        ({"num_edges": 2.5}, r"num_edges must be an integer of at least 1, got 2\.5"),
        ({"num_classes": True}, "num_classes must be an integer"),
        ({"arguments": [1]}, "arguments must be a mapping"),
        ({"loader": "Magic"}, "loader must be one of countries, .*Planetoid.*, got 'Magic'"),
        ({"loader": ["digits"]}, "loader must be a text"),
        ({"graph_files": ["a"]}, "loader digits needs no files in graph_files"),
        ({"loader": "Amazon"}, "loader Amazon needs at least one file in graph_files"),
        ({"colour": "red"}, r"toy\.yaml has unknown field\(s\): colour"),
        ({"num_features": -1}, "num_features must be an integer of at least 0, got -1"),
        ({"num_classes": 0}, "num_classes must be an integer of at least 1, or null, got 0"),
        ({"num_classes": None}, "num_classes must be null where the one task is regression"),
        ({"tasks": ["regression"]}, "num_classes must be null where the one task is regression"),
        ({"split": 3}, "split must be a text or null, got 3"),
        ({"metapaths": ["a"]}, r"metapaths must be a list of lists of node types, got \['a'\]"),
        ({"node_types": {"a": -1}}, "node_types must be a mapping from types to their numbers"),
        ({"node_types": [1]}, "node_types must be a mapping from types to their numbers"),
        ({"node_types": {"a": 1}}, "node_types need a target node type"),
        ({"metapaths": [["a", "a"]], "edge_types": {"a b a": 1}}, "metapaths, edge_types need a"),
    ],
)
def test_broken_fields_are_named(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        read(**changes)
    assert "data card toy.yaml" in str(caught.value)


HETEROGENEOUS: dict[str, Any] = {
    "target": "paper",
    "node_types": {"paper": 2, "author": 1},
    "edge_types": {"paper to author": 2, "author rev_to paper": 2},
    "metapaths": [["paper", "author", "paper"]],
}


def test_a_card_of_several_node_types_is_read() -> None:
    card = read(**HETEROGENEOUS)
    assert card.heterogeneous
    assert not read().heterogeneous
    assert card.metapaths == (("paper", "author", "paper"),)
    assert card.node_types == {"paper": 2, "author": 1}
    assert hash(card) == hash(read(**HETEROGENEOUS))
    assert read(tasks=["regression"], num_classes=None).num_classes is None
    assert read(num_features=0).num_features == 0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"target": "venue"}, "target 'venue' must be one of node_types: author, paper"),
        ({"edge_types": {"paper author": 2}}, "edge type 'paper author' must be two of node_types"),
        ({"edge_types": {"paper in venue": 2}}, "edge type 'paper in venue' must be two of"),
        (
            {"metapaths": [["author", "paper", "author"]]},
            "meta-path author-paper-author must lead from paper to paper along edge_types",
        ),
        ({"metapaths": [["paper", "paper"]]}, "meta-path paper-paper must lead from paper to"),
        ({"metapaths": [["paper"]]}, "meta-path paper must lead from paper to paper"),
    ],
)
def test_types_that_do_not_fit_are_named(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read(**{**HETEROGENEOUS, **changes})


def test_broken_files_are_named() -> None:
    with pytest.raises(ValueError, match=r"data card a is not valid YAML: .*line 1"):
        read_card("name: [", origin="a")
    with pytest.raises(ValueError, match="data card b must be a mapping, got list"):
        read_card("[1]", origin="b")
    with pytest.raises(ValueError, match=r"data card c lacks field\(s\): arguments, description"):
        read_card("name: Toy", origin="c")
    with pytest.raises(ValueError, match="is not valid YAML"):  # safe YAML makes no objects
        read_card("!!python/object/apply:os.getcwd []", origin="d")
