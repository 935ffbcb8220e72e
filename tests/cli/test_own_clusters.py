"""`graphcl cluster` with a method that finds clusters by itself."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
import torch
from torch_geometric.data import Data
from typer.testing import Result

from graphcl.datasets import planted_partition
from graphcl.methods import load_method
from tests.cli.support import graphcl, refused

QUICK = (
    "--epochs", "40", "--set", "width=4", "--set", "hidden=[16]", "--set", "pretrain_epochs=100",
    "--set", "learning_rate=0.01",
)  # fmt: skip


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("planted") / "planted.pt"
    graph = planted_partition(
        150,
        num_classes=3,
        average_degree=10.0,
        homophily=0.9,
        num_features=8,
        feature_signal=3.0,
        seed=0,
    )
    torch.save(graph, path)
    return str(path)


def accuracy(outcome: Result) -> float:
    return float(outcome.stdout.split("ACC ")[1].split(",")[0])


def test_the_number_goes_to_the_method(planted: str, tmp_path: Path) -> None:
    output = tmp_path / "c.csv"
    outcome = graphcl(
        "cluster", planted, "--method", "pamc", "--n-clusters", "3", *QUICK, "-o", str(output)
    )
    assert outcome.exit_code == 0, outcome.output
    assert "3 clusters, as asked for" in outcome.stdout
    assert "clusters of PamC itself, without k-means" in outcome.stdout
    assert "embedded" not in outcome.stdout
    assert accuracy(outcome) > 0.9
    assert set(pd.read_csv(output)["cluster"]) == {0, 1, 2}


def test_without_a_number_it_is_chosen_before_training(planted: str, tmp_path: Path) -> None:
    outcome = graphcl("cluster", planted, "--method", "pamc", *QUICK, "-o", str(tmp_path / "c.csv"))
    assert outcome.exit_code == 0, outcome.output
    assert "3 clusters: the smallest number within 2 % of the best modularity" in outcome.stdout
    assert "of the features before training" in outcome.stdout
    assert accuracy(outcome) > 0.9


def test_a_trained_method_keeps_its_clusters(planted: str, tmp_path: Path) -> None:
    model, output = tmp_path / "m.pt", tmp_path / "c.csv"
    command = ("--method", "scgc", *QUICK, "--set", "num_clusters=3")
    outcome = graphcl("train", planted, *command, "-o", str(model))
    assert outcome.exit_code == 0, outcome.output
    outcome = graphcl("cluster", planted, "--model", str(model), "-o", str(output))
    assert outcome.exit_code == 0, outcome.output
    assert "3 clusters, as in training" in outcome.stdout
    found = load_method(model).assignment(torch.load(planted, weights_only=False))
    frame = pd.crosstab(pd.read_csv(output)["cluster"], found.numpy())
    assert ((frame > 0).sum() == 1).all()
    outcome = graphcl(
        "cluster", planted, "--model", str(model), "--n-clusters", "4", "-o", str(output)
    )
    refused(outcome, "--n-clusters 4", "was trained with 3 clusters of its own")


def test_the_number_is_said_once(planted: str, tmp_path: Path) -> None:
    command = ("cluster", planted, "--method", "pamc", "-o", str(tmp_path / "c.csv"))
    outcome = graphcl(*command, "--set", "num_clusters=3", "--n-clusters", "3")
    refused(outcome, "--n-clusters and --set num_clusters say the same: one is enough")
    outcome = graphcl(*command, "--set", "num_clusters=5", *QUICK)
    assert outcome.exit_code == 0, outcome.output
    assert "5 clusters, as set" in outcome.stdout


def test_empty_clusters_are_told(tmp_path: Path) -> None:
    edges = torch.tensor([[0, 1, 2, 3], [1, 0, 3, 2]])
    path = tmp_path / "two.pt"
    torch.save(Data(x=torch.eye(2).repeat_interleave(3, 0), edge_index=edges), path)
    command = ("cluster", str(path), "--method", "pamc", *QUICK, "-o", str(tmp_path / "c.csv"))
    outcome = graphcl(*command, "--n-clusters", "4")
    assert outcome.exit_code == 0, outcome.output
    assert "; 2 of the 4 have members" in outcome.stdout
