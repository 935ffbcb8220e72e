"""Protocols on heterogeneous graphs: the labels and masks are those of the target type."""

import pytest
import torch
from torch_geometric.data import Data, HeteroData

from graphcl.clustering import kmeans
from graphcl.evaluation import (
    ProbeSettings,
    cluster_embeddings,
    clustering_metrics,
    evaluate,
    make_split,
    restarted_probe,
)


def papers(count: int = 90) -> HeteroData:
    rows = torch.arange(count)
    data = HeteroData()
    data["author"].num_nodes = 7
    data["paper"].x = torch.ones(count, 2)
    data["paper"].y = rows % 3
    for size in (20, 40, 60):
        part = (rows + size) % 9
        data["paper"][f"train_mask_{size}"] = part < 3
        data["paper"][f"val_mask_{size}"] = (part >= 3) & (part < 6)
        data["paper"][f"test_mask_{size}"] = part >= 6
    return data


def embed(data: HeteroData, noise: float = 0.3) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    labels = data["paper"].y
    return torch.eye(3)[labels] + noise * torch.randn(len(labels), 3, generator=generator)


@pytest.mark.parametrize("size", [20, 40, 60])
def test_each_protocol_reads_its_own_masks(size: int) -> None:
    data = papers()
    split = make_split(f"P-HET{size}", data, seed=3)
    assert split.train.equal(data["paper"][f"train_mask_{size}"].nonzero().flatten())
    assert split.validation.equal(data["paper"][f"val_mask_{size}"].nonzero().flatten())
    assert split.test.equal(data["paper"][f"test_mask_{size}"].nonzero().flatten())
    assert make_split(f"P-HET{size}", data, seed=0, target="paper").hash == split.hash
    embeddings = embed(data)
    scores = evaluate(f"P-HET{size}", embeddings, data, 3)
    assert scores == restarted_probe(embeddings, data["paper"].y, split, seed=3)


def test_the_probe_has_the_settings_of_the_data_set() -> None:
    data, split = papers(), make_split("P-HET20", papers(), seed=0)
    embeddings = embed(data)
    settings = ProbeSettings(learning_rate=0.1, weight_decay=8e-4)
    expected = restarted_probe(embeddings, data["paper"].y, split, settings=settings)
    assert evaluate("P-HET20", embeddings, data, 0, dataset="HeCo-AMiner") == expected
    assert evaluate("P-HET20", embeddings, data, 0) != expected


def test_the_plain_masks_are_the_public_split() -> None:
    data = papers()
    for name in ("train_mask", "val_mask", "test_mask"):
        data["paper"][name] = data["paper"][f"{name}_40"]
    assert make_split("P-PUB", data, 0).hash == make_split("P-HET40", data, 0).hash
    assert evaluate("P-PUB", embed(data), data, 0)["accuracy"] > 0.9


def test_clustering_is_that_of_the_targets() -> None:
    data, embeddings = papers(), embed(papers())
    found = cluster_embeddings(embeddings, 3, seed=2)
    expected = clustering_metrics(found, labels=data["paper"].y)
    assert evaluate("P-CLU", embeddings, data, 2, target="paper") == expected


def test_the_clustering_of_the_field_is_a_mean_over_fits_on_rows_as_they_are() -> None:
    data = papers()
    long = embed(data) * torch.linspace(0.1, 4, 90)[:, None]  # directions and rows differ
    scores = evaluate("P-HETCLU", long, data, 0)
    fits = [kmeans(long, 3, seed=seed, restarts=1).assignment for seed in range(30)]
    values = [clustering_metrics(fit, labels=data["paper"].y)["nmi"] for fit in fits]
    assert min(values) <= scores["nmi"] <= max(values)
    assert scores["nmi"] < evaluate("P-CLU", long, data, 0)["nmi"]
    assert scores == evaluate("P-HETCLU", long, data, 0)
    assert scores["nmi_restart_std"] >= 0
    assert scores["clusters"] == 3


@pytest.mark.parametrize("protocol", ["P-HET20", "P-PUB", "P-RND2", "P-CLU", "P-HETCLU"])
def test_the_target_is_named_or_the_only_type_with_labels(protocol: str) -> None:
    data = papers()
    with pytest.raises(ValueError, match="unknown target node type 'papers'; did you mean 'paper'"):
        evaluate(protocol, embed(data), data, 0, target="papers")
    with pytest.raises(ValueError, match=r"data\['author'\].y is missing"):
        make_split(protocol, data, 0, target="author")
    with pytest.raises(ValueError, match="embeddings have 7 rows for 90 labels"):
        evaluate(protocol, torch.ones(7, 2), data, 0)
    data["author"].y = torch.arange(7)
    with pytest.raises(ValueError, match=r"unless exactly one type has labels y; .*author.* have"):
        make_split(protocol, data, 0)
    del data["author"].y, data["paper"].y
    with pytest.raises(ValueError, match=r"unless exactly one type has labels y; .* none has them"):
        make_split(protocol, data, 0)


def test_what_does_not_fit_is_refused() -> None:
    data = papers()
    with pytest.raises(
        ValueError, match=r"P-PUB needs the public split, but .* no train_mask, val"
    ):
        make_split("P-PUB", data, 0)
    del data["paper"].val_mask_40
    with pytest.raises(
        ValueError, match=r"P-HET40 needs the splits of HeCo, .* no val_mask_40; use"
    ):
        make_split("P-HET40", data, 0)
    data["paper"].y = data["paper"].y.clone()[:80]
    with pytest.raises(ValueError, match=r"data\['paper'\].y has 80 labels for 90 nodes"):
        make_split("P-HET20", data, 0)
    one = Data(x=torch.ones(3, 1), y=torch.arange(3))
    with pytest.raises(ValueError, match="target 'paper' is for heterogeneous graphs"):
        make_split("P-RND2", one, 0, target="paper")
    with pytest.raises(ValueError, match="target 'paper' is for heterogeneous graphs"):
        make_split("P-RND2", [one], 0, target="paper")
