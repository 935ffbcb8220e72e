"""What a learned embedding of a heterogeneous graph has to beat."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch_geometric.data import HeteroData

from graphcl.datasets import load
from graphcl.metapaths import count_paths, normalized
from graphcl.methods import Method, create_method, get_method

CONTROLS = ("raw", "metapath-means", "random-encoder")
PATHS = ("paper-author-paper", "paper-subject-paper")


def graph(*, features: bool = True) -> HeteroData:
    """Five papers, of which the last has no author; nobody looks at the venues."""
    data = HeteroData()
    generator = torch.Generator().manual_seed(0)
    if features:
        data["paper"].x = torch.randn(5, 3, generator=generator)
    else:
        data["paper"].num_nodes = 5
    data["author"].num_nodes, data["subject"].num_nodes, data["venue"].num_nodes = 3, 2, 4
    by = torch.tensor([[0, 0, 1, 2, 3], [0, 1, 1, 2, 2]])
    on = torch.tensor([[0, 1, 2, 3, 4], [0, 0, 1, 1, 1]])
    data["paper", "by", "author"].edge_index = by
    data["author", "wrote", "paper"].edge_index = by.flip(0)
    data["paper", "on", "subject"].edge_index = on
    data["subject", "of", "paper"].edge_index = on.flip(0)
    return data


def make(name: str, data: HeteroData, **changes: Any) -> Method:
    arguments: dict[str, Any] = {"target": "paper", "metapaths": PATHS, "seed": 0, **changes}
    return create_method(name, data, **arguments)[0]


def test_raw_is_a_copy_of_the_target_features() -> None:
    data = graph()
    rows = make("raw", data, metapaths=[]).embed(data)
    assert rows.equal(data["paper"].x)
    rows.zero_()
    assert data["paper"].x.any()


def test_means_are_those_over_path_instances() -> None:
    data = graph()
    rows = make("metapath-means", data).embed(data)
    parts = [data["paper"].x]
    for path in PATHS:
        counts = count_paths(data, path).to_dense()
        parts.append(counts @ data["paper"].x / counts.sum(1, keepdim=True).clamp(min=1))
    expected = torch.cat([torch.nn.functional.normalize(part) for part in parts], dim=1)
    torch.testing.assert_close(rows, expected)
    assert not rows[4, 3:6].any()  # without author there is nothing to take the mean of
    assert rows[4, 6:].any()


@pytest.mark.parametrize("features", [True, False])
def test_the_random_encoder_is_its_equation(features: bool) -> None:
    data = graph(features=features)
    method: Any = make("random-encoder", data, width=4, activation="elu")
    adjacency = torch.stack([normalized(count_paths(data, p)).to_dense() for p in PATHS]).mean(0)
    x = data["paper"].x if features else torch.eye(5)
    with torch.no_grad():
        hidden = torch.nn.functional.elu(adjacency @ x @ method.first.weight.T + method.first.bias)
        rows = adjacency @ hidden @ method.second.weight.T
    expected = (rows - rows.mean(0)) / rows.std(0, correction=0)
    torch.testing.assert_close(method.embed(data), expected)
    assert not method.embed(data).equal(make("random-encoder", data, width=4, seed=1).embed(data))


@pytest.mark.parametrize("name", CONTROLS)
def test_controls_learn_nothing_and_embed_countries(name: str) -> None:
    data, card = load("countries")
    assert not get_method(name).trained
    method = make(name, data, target=card.target, metapaths=card.metapaths)
    rows = method.embed(data)
    assert rows.size(0) == 244
    assert rows.equal(make(name, data, target=card.target, metapaths=card.metapaths).embed(data))


@pytest.mark.parametrize("name", ["raw", "metapath-means"])
def test_controls_made_of_features_need_some(name: str) -> None:
    message = f"{name} is made of features, but nodes of type 'paper' have none; random-encoder"
    with pytest.raises(ValueError, match=message):
        make(name, graph(features=False))


@pytest.mark.parametrize("name", ["metapath-means", "random-encoder"])
def test_controls_over_metapaths_need_one(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} needs at least one meta-path, got none"):
        make(name, graph(), metapaths=[])
    with pytest.raises(ValueError, match="width must be at least 1, got 0"):
        make("random-encoder", graph(), width=0)
