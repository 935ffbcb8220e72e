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
        ({"loader": "Magic"}, "loader must be one of digits, .*Planetoid.*, got 'Magic'"),
        ({"loader": ["digits"]}, "loader must be a text"),
        ({"graph_files": ["a"]}, "loader digits needs no files in graph_files"),
        ({"loader": "Amazon"}, "loader Amazon needs at least one file in graph_files"),
        ({"colour": "red"}, r"toy\.yaml has unknown field\(s\): colour"),
    ],
)
def test_broken_fields_are_named(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        read(**changes)
    assert "data card toy.yaml" in str(caught.value)


def test_broken_files_are_named() -> None:
    with pytest.raises(ValueError, match=r"data card a is not valid YAML: .*line 1"):
        read_card("name: [", origin="a")
    with pytest.raises(ValueError, match="data card b must be a mapping, got list"):
        read_card("[1]", origin="b")
    with pytest.raises(ValueError, match=r"data card c lacks field\(s\): arguments, description"):
        read_card("name: Toy", origin="c")
    with pytest.raises(ValueError, match="is not valid YAML"):  # safe YAML makes no objects
        read_card("!!python/object/apply:os.getcwd []", origin="d")
