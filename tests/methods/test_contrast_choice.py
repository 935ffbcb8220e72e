"""Losses and negatives of a method, by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch_geometric.data import Data

from graphcl.datasets import planted_partition
from graphcl.losses import InfoNCELoss, get_loss, loss_names, make_loss
from graphcl.methods import ContrastChoice, create_method, load_method, save_method
from graphcl.negatives import ClusterNegatives, HardNegatives, make_negatives, strategy_names
from graphcl.sampling import NodeBatches
from graphcl.training import fit

SMALL = {"group-ordering": {"name": "group-ordering", "topk": 3}}
NEGATIVES: dict[str, Any] = {
    "hardest": {"name": "hardest", "share": 0.2},
    "mixed": {"name": "mixed", "num_hardest": 8, "num_mixed": 4},
    "clusters": {"name": "clusters", "num_clusters": 3, "every": 2, "same": 0.1},
    "meta-nodes": {"name": "meta-nodes", "num_clusters": 5, "every": 2, "order": "second"},
    "sparse": {"name": "sparse", "hops": [0.0, 0.5]},
}


@pytest.fixture(scope="module")
def graph() -> Data:
    return planted_partition(
        60,
        num_classes=3,
        average_degree=5.0,
        homophily=0.8,
        num_features=8,
        feature_signal=1.0,
        seed=0,
    )


def train(graph: Data, **options: Any) -> tuple[Any, list[float]]:
    method, settings = create_method(
        "grace", graph, seed=0, width=8, epochs=3, normalize_features=False, **options
    )
    loader = options.pop("loader", None)
    return method, fit(method, graph, settings=settings, loader=loader).losses


@pytest.mark.parametrize("name", loss_names())
def test_grace_learns_with_every_loss(graph: Data, name: str) -> None:
    method, losses = train(graph, loss=SMALL.get(name, name))
    assert len(losses) == 3
    assert method.embed(graph).isfinite().all()


@pytest.mark.parametrize("name", strategy_names())
def test_grace_learns_with_every_strategy(graph: Data, name: str, tmp_path: Path) -> None:
    method, losses = train(graph, negatives=NEGATIVES.get(name, name))
    again, repeated = train(graph, negatives=NEGATIVES.get(name, name))
    assert losses == repeated
    path = save_method(tmp_path / "grace.pt", method)
    torch.testing.assert_close(load_method(path).embed(graph), again.embed(graph))


@pytest.mark.parametrize("name", ["clusters", "meta-nodes", "sparse", "hard"])
def test_strategies_in_mini_batches(graph: Data, name: str) -> None:
    method, settings = create_method(
        "grace",
        graph,
        seed=0,
        width=8,
        epochs=2,
        normalize_features=False,
        negatives=NEGATIVES.get(name, name),
    )
    history = fit(method, graph, settings=settings, loader=NodeBatches(graph, batch_size=20))
    assert history.steps_run == 6


def test_the_default_is_grace(graph: Data) -> None:
    z1, z2 = torch.randn(2, 6, 4)
    choice = ContrastChoice(temperature=0.4)
    assert torch.equal(choice(z1, z2), InfoNCELoss(0.4, intra_view=True)(z1, z2))


def test_names_and_mappings_build_what_the_classes_are() -> None:
    z1, z2 = torch.randn(2, 6, 4)
    named = make_loss("info-nce", temperature=0.3, negatives=make_negatives("hard", beta=2.0))
    built = InfoNCELoss(0.3, negatives=HardNegatives(2.0))
    assert torch.equal(named(z1, z2), built(z1, z2))
    assert isinstance(make_negatives("Clusters", same=0.5), ClusterNegatives)
    assert get_loss("DCL").takes_negatives
    assert not get_loss("vicreg").takes_negatives


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"loss": "nt-xnt"}, "did you mean 'nt-xent'"),
        ({"loss": {"name": "vicreg", "temperature": 1.0}}, "unknown parameter of the loss vicreg"),
        ({"negatives": "hrd"}, "did you mean 'hard'"),
        ({"negatives": {"name": "hard", "gamma": 1}}, "unknown parameter of hard negatives"),
        ({"negatives": {"name": "clusters", "every": 0}}, "every must be at least 1"),
        (
            {"loss": "vicreg", "negatives": "hard"},
            "vicreg weighs no negatives: leave negatives out",
        ),
    ],
)
def test_what_does_not_exist_is_refused(options: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ContrastChoice(temperature=0.5, **options)


def test_a_choice_is_a_name_or_a_mapping() -> None:
    with pytest.raises(TypeError, match="loss must be a name, or a mapping with 'name'"):
        ContrastChoice(loss=3, temperature=0.5)  # type: ignore[arg-type]


def test_neighbours_need_a_loss_with_pairs(graph: Data) -> None:
    with pytest.raises(ValueError, match="loss must use pairs"):
        create_method("grace-neighbours", graph, loss="vicreg")
