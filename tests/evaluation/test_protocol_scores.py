import warnings

import pytest
import torch
from torch_geometric.data import Data

from graphcl.evaluation import (
    cluster_embeddings,
    clustering_metrics,
    evaluate,
    linear_probe,
    make_split,
)


def ring(count: int = 60) -> Data:
    """Three classes of consecutive nodes on a ring."""
    source = torch.arange(count)
    target = (source + 1) % count
    edges = torch.stack([torch.cat([source, target]), torch.cat([target, source])])
    rows = torch.arange(count)
    return Data(
        x=torch.ones(count, 1),
        y=rows * 3 // count,
        edge_index=edges,
        train_mask=rows % 4 == 0,
        val_mask=rows % 4 == 1,
        test_mask=rows % 4 == 2,
    )


def embed(data: Data, noise: float = 0.3) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.eye(3)[data.y] + noise * torch.randn(len(data.y), 3, generator=generator)


@pytest.mark.parametrize("protocol", ["P-PUB", "P-RND2"])
def test_a_probe_is_the_split_and_the_probe(protocol: str) -> None:
    data = ring()
    embeddings = embed(data)
    split = make_split(protocol, data, seed=4)
    scores = evaluate(protocol, embeddings, data, 4)
    assert scores == linear_probe(embeddings, data.y, split, seed=4)


def test_clustering_is_k_means_with_the_number_of_classes() -> None:
    data = ring()
    embeddings = embed(data)
    found = cluster_embeddings(embeddings, 3, seed=2)
    scores = evaluate("P-CLU", embeddings, data, 2)
    assert scores == clustering_metrics(found, labels=data.y, edge_index=data.edge_index)
    assert scores["acc"] > 0.9
    assert list(scores) == [
        "clusters",
        "acc",
        "nmi",
        "ari",
        "f1_macro",
        "modularity",
        "conductance",
    ]


def test_lists_of_graphs_have_no_edge_scores() -> None:
    graphs = [
        Data(x=torch.ones(3, 1), y=torch.tensor([index % 3]), edge_index=torch.tensor([[0], [1]]))
        for index in range(60)
    ]
    embeddings = torch.eye(3)[torch.arange(60) % 3]
    scores = evaluate("P-CLU", embeddings, graphs, 0)
    assert scores["acc"] == 1
    assert "modularity" not in scores
    assert evaluate("P-RND2", embeddings, graphs, 0)["accuracy"] == 1


def test_labels_in_a_column_and_unlabelled_nodes() -> None:
    data = ring()
    expected = evaluate("P-CLU", embed(data), data, 0)
    embeddings = embed(data)
    data.y = data.y.view(-1, 1)
    assert evaluate("P-CLU", embeddings, data, 0) == expected
    data.y = data.y.flatten()
    data.y[:5] = -1
    scores = evaluate("P-CLU", embeddings, data, 0)
    assert scores["clusters"] == 3
    assert scores["modularity"] == expected["modularity"]


def test_only_directions_are_clustered() -> None:
    generator = torch.Generator().manual_seed(0)
    rows = torch.rand(40, 3, generator=generator)
    scale = torch.tensor([1.0, 64.0]).repeat(20).view(-1, 1)
    assert torch.equal(cluster_embeddings(rows, 4), cluster_embeddings(scale * rows, 4))


def test_collapsed_embeddings_are_scored_and_warned_about() -> None:
    data = ring()
    with pytest.warns(UserWarning, match="k-means found 1 of the 3 clusters asked for"):
        scores = evaluate("P-CLU", torch.ones(60, 2), data, 0)
    assert scores["clusters"] == 1
    assert scores["acc"] == pytest.approx(1 / 3)
    assert scores["nmi"] == scores["ari"] == scores["modularity"] == scores["conductance"] == 0


def test_one_node_one_class_no_edges() -> None:
    data = Data(
        x=torch.ones(1, 1), y=torch.zeros(1).long(), edge_index=torch.empty(2, 0, dtype=torch.long)
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert evaluate("P-CLU", torch.ones(1, 2), data, 0)["acc"] == 1
    with pytest.raises(ValueError, match="P-RND2 needs at least 3 labelled rows"):
        evaluate("P-RND2", torch.ones(1, 2), data, 0)
    single = ring()
    single.y = torch.zeros(60).long()
    with pytest.raises(ValueError, match="at least 2 classes among the 6 training rows"):
        evaluate("P-RND2", torch.ones(60, 2), single, 0)


@pytest.mark.parametrize("protocol", ["P-PUB", "P-RND2", "P-CLU"])
def test_bad_input_is_refused(protocol: str) -> None:
    data = ring()
    with pytest.raises(ValueError, match="embeddings have 59 rows for 60 labels"):
        evaluate(protocol, torch.ones(59, 2), data, 0)
    broken = embed(data)
    broken[3] = float("nan")
    with pytest.raises(ValueError, match="NaN or infinite values in 1 of 60 rows"):
        evaluate(protocol, broken, data, 0)
    for seed, error in ((-1, ValueError), (1.5, TypeError), ("0", TypeError)):
        with pytest.raises(error, match=r"seed must be .*, got"):
            evaluate(protocol, embed(data), data, seed)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="a HeteroData or a list of Data, got NoneType"):
        evaluate(protocol, embed(data), None, 0)
    with pytest.raises(TypeError, match="graph 0 of data must be a Data, got int"):
        evaluate(protocol, embed(data), [1], 0)
    data.y = None
    with pytest.raises(ValueError, match="data has no labels"):
        evaluate(protocol, embed(ring()), data, 0)


def test_an_unknown_protocol_is_refused_first() -> None:
    with pytest.raises(ValueError, match="unknown protocol 'P-CLUE'; did you mean 'P-CLU'"):
        evaluate("P-CLUE", torch.ones(1, 1), ring(), 0)
