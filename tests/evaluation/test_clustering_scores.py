import math
import warnings
from itertools import permutations

import networkx as nx
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from graphcl.evaluation import (
    clustering_metrics,
    conductance,
    contingency_table,
    match_clusters,
    modularity,
)


@st.composite
def partitions(draw: st.DrawFn) -> tuple[Tensor, Tensor, Tensor]:
    """Assignment, labels and an undirected simple graph on up to 20 nodes."""
    count = draw(st.integers(1, 20))
    rows = st.lists(st.integers(0, 4), min_size=count, max_size=count)
    node = st.integers(0, count - 1)
    pairs = draw(st.sets(st.tuples(node, node).filter(lambda pair: pair[0] < pair[1])))
    one_way = torch.tensor(sorted(pairs), dtype=torch.long).reshape(-1, 2).T
    edges = torch.cat([one_way, one_way.flip(0)], dim=1)
    return torch.tensor(draw(rows)), torch.tensor(draw(rows)), edges


def as_networkx(edges: Tensor, count: int) -> "nx.Graph[int]":
    graph: nx.Graph[int] = nx.Graph(edges.T.tolist())
    graph.add_nodes_from(range(count))
    return graph


@settings(max_examples=100, deadline=None)
@given(partitions(), st.permutations([-7, 0, 3, 12, 100]))
def test_renumbering_clusters_changes_nothing(
    partition: tuple[Tensor, Tensor, Tensor], names: list[int]
) -> None:
    assignment, labels, edges = partition
    before = clustering_metrics(assignment, labels=labels, edge_index=edges)
    renamed = torch.tensor(names)[assignment]
    after = clustering_metrics(renamed, labels=labels, edge_index=edges)
    assert after == pytest.approx(before, abs=1e-12)


@settings(max_examples=100, deadline=None)
@given(partitions(), st.integers(0, 2**32))
def test_renumbering_nodes_changes_nothing(
    partition: tuple[Tensor, Tensor, Tensor], seed: int
) -> None:
    assignment, labels, edges = partition
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(seed))
    position = order.argsort()
    before = clustering_metrics(assignment, labels=labels, edge_index=edges)
    after = clustering_metrics(assignment[order], labels=labels[order], edge_index=position[edges])
    assert after == pytest.approx(before, abs=1e-12)


@settings(max_examples=100, deadline=None)
@given(partitions())
def test_scores_stay_in_their_ranges(partition: tuple[Tensor, Tensor, Tensor]) -> None:
    assignment, labels, edges = partition
    scores = clustering_metrics(assignment, labels=labels, edge_index=edges)
    assert ("modularity" in scores) == ("conductance" in scores) == (edges.size(1) > 0)
    for name in ("acc", "nmi", "f1_macro", *({"conductance"} & set(scores))):
        assert 0 <= scores[name] <= 1 + 1e-12, name
    assert -0.5 - 1e-12 <= scores["ari"] <= 1 + 1e-12
    assert -0.5 - 1e-12 <= scores.get("modularity", 0.0) <= 1
    assert scores["acc"] > 0
    assert scores["clusters"] == len(set(assignment.tolist()))


@settings(max_examples=100, deadline=None)
@given(partitions())
def test_edge_scores_equal_networkx(partition: tuple[Tensor, Tensor, Tensor]) -> None:
    assignment, _, edges = partition
    graph = as_networkx(edges, len(assignment))
    groups = [
        set(torch.nonzero(assignment == cluster).flatten().tolist())
        for cluster in assignment.unique()
    ]
    found = conductance(assignment, edges)
    if edges.size(1):
        assert modularity(assignment, edges) == pytest.approx(
            nx.community.modularity(graph, groups)
        )
    for share, group in zip(found.per_cluster.tolist(), groups, strict=True):
        rest = set(graph) - group
        if min(nx.volume(graph, group), nx.volume(graph, rest)):
            assert share == pytest.approx(nx.conductance(graph, group, rest))
        else:
            assert math.isnan(share)


@settings(max_examples=100, deadline=None)
@given(partitions())
def test_the_matching_is_the_best_of_all(partition: tuple[Tensor, Tensor, Tensor]) -> None:
    assignment, labels, _ = partition
    assignment, labels = assignment % 3, labels % 3
    best = max(
        float((torch.tensor(order)[assignment] == labels).double().mean())
        for order in permutations(range(3))
    )
    matching = match_clusters(assignment, labels)
    assert matching.accuracy == pytest.approx(best)
    assert float((matching.aligned == labels).double().mean()) == pytest.approx(best)


def test_macro_f1_equals_scikit_learn() -> None:
    from sklearn.metrics import f1_score

    generator = torch.Generator().manual_seed(0)
    labels = torch.randint(4, (300,), generator=generator)
    noise = torch.randint(6, (300,), generator=generator)
    assignment = torch.where(noise < 3, noise, labels + 1)
    matching = match_clusters(assignment, labels)
    expected = f1_score(labels, matching.aligned, labels=labels.unique(), average="macro")
    assert matching.macro_f1 == pytest.approx(expected)


def test_modularity_of_a_directed_graph_with_loops_equals_networkx() -> None:
    generator = torch.Generator().manual_seed(1)
    edges = torch.randint(12, (2, 40), generator=generator).unique(dim=1)
    assignment = torch.arange(12) % 3
    graph: nx.DiGraph[int] = nx.DiGraph(edges.T.tolist())
    graph.add_nodes_from(range(12))
    groups = [set(range(start, 12, 3)) for start in range(3)]
    assert modularity(assignment, edges) == pytest.approx(nx.community.modularity(graph, groups))


def test_more_clusters_than_classes_and_fewer() -> None:
    labels = torch.tensor([0, 0, 0, 1, 1, 1])
    many = match_clusters(torch.tensor([4, 4, 9, 2, 2, 7]), labels)
    assert many.accuracy == pytest.approx(4 / 6)
    assert many.aligned.tolist() == [0, 0, -1, 1, 1, -1]
    assert many.macro_f1 == pytest.approx(0.8)
    few = match_clusters(torch.zeros(6, dtype=torch.long), labels)
    assert few.accuracy == 0.5
    assert few.macro_f1 == pytest.approx((2 / 3) / 2)


@pytest.mark.parametrize("names", [[0, 1], [1, 0]])
def test_equally_accurate_matchings_take_the_better_f1(names: list[int]) -> None:
    # Class 0 has 4 and 2 rows in the two clusters, class 1 has 3 and 1: 4 + 1 = 2 + 3.
    labels = torch.tensor([0] * 6 + [1] * 4)
    assignment = torch.tensor(names)[[0, 0, 0, 0, 1, 1, 0, 0, 0, 1]]
    matching = match_clusters(assignment, labels)
    assert matching.accuracy == 0.5
    assert matching.macro_f1 == pytest.approx((2 * 2 / 9 + 2 * 3 / 11) / 2)


def test_unlabelled_rows_count_for_edges_only() -> None:
    assignment = torch.tensor([0, 0, 1, 1, 2])
    labels = torch.tensor([0, 0, 1, -1, -1])
    edges = torch.tensor([[0, 4], [4, 0]])
    scores = clustering_metrics(assignment, labels=labels, edge_index=edges)
    assert scores["acc"] == scores["nmi"] == scores["ari"] == scores["f1_macro"] == 1
    assert scores["conductance"] == 1
    assert scores["clusters"] == 3
    assert contingency_table(assignment, labels).tolist() == [[2, 0, 0], [0, 1, 0]]


def test_one_cluster_one_class_one_node() -> None:
    path = torch.tensor([[0, 1], [1, 0]])
    zeros = torch.zeros(2, dtype=torch.long)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert clustering_metrics(zeros, labels=zeros, edge_index=path) == {
            "clusters": 1,
            "acc": 1,
            "nmi": 1,
            "ari": 1,
            "f1_macro": 1,
            "modularity": 0,
            "conductance": 0,
        }
        assert clustering_metrics(zeros[:1], labels=zeros[:1], edge_index=path[:, :0]) == {
            "clusters": 1,
            "acc": 1,
            "nmi": 1,
            "ari": 1,
            "f1_macro": 1,
        }
        split = clustering_metrics(torch.tensor([0, 1]), labels=zeros)
        assert split["acc"] == 0.5
        assert split["nmi"] == split["ari"] == 0


def test_undefined_edge_scores_are_nan_without_a_warning() -> None:
    none = torch.empty(2, 0, dtype=torch.long)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        empty = conductance(torch.tensor([0, 1]), none)
        whole = conductance(torch.tensor([0, 0, 1]), torch.tensor([[0, 1], [1, 0]]))
    assert math.isnan(modularity(torch.tensor([0, 1]), none))
    assert math.isnan(empty.overall)
    assert math.isnan(empty.mean)
    assert torch.isnan(empty.per_cluster).all()
    assert whole.overall == 0  # node 2 is isolated: both volumes on one side are 0
    assert torch.isnan(whole.per_cluster).all()


def test_only_what_the_arguments_allow() -> None:
    assert clustering_metrics(torch.tensor([3, 3, 8])) == {"clusters": 2}


def test_a_million_edges_and_many_clusters_are_quick() -> None:
    generator = torch.Generator().manual_seed(0)
    edges = torch.randint(100_000, (2, 1_000_000), generator=generator)
    value = modularity(torch.arange(100_000), edges)
    assert abs(value) < 0.01


LABELS = torch.tensor([0, 1, 1])


@pytest.mark.parametrize(
    ("assignment", "arguments", "error", "message"),
    [
        (torch.ones(3), {}, TypeError, "assignment must be an integer tensor, got torch.float32"),
        ([0, 1], {}, TypeError, "assignment must be an integer tensor, got list"),
        (
            torch.ones(3, 1).long(),
            {},
            ValueError,
            r"assignment must have shape \[N\].*got \[3, 1\]",
        ),
        (LABELS[:0], {}, ValueError, r"assignment must have shape \[N\] with at least one entry"),
        (LABELS, {"labels": LABELS[:2]}, ValueError, "labels has 2 entries, expected 3"),
        (LABELS, {"labels": LABELS.float()}, TypeError, "labels must be an integer tensor"),
        (LABELS, {"labels": LABELS - 5}, ValueError, "labels hold no label: every entry is neg"),
        (LABELS, {"edge_index": LABELS}, ValueError, r"edge_index must be .* \[2, E\], got torch"),
        (LABELS, {"edge_index": [[0], [1]]}, ValueError, r"edge_index must be .*, got list"),
        (LABELS, {"edge_index": torch.ones(2, 2)}, ValueError, "got torch.float32"),
        (LABELS, {"edge_index": torch.tensor([[0], [3]])}, ValueError, r"0 .. 2, got 0 .. 3"),
        (LABELS, {"edge_index": torch.tensor([[0], [-1]])}, ValueError, r"0 .. 2, got -1 .. 0"),
    ],
)
def test_bad_input_is_refused(
    assignment: Tensor, arguments: dict[str, Tensor], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        clustering_metrics(assignment, **arguments)
