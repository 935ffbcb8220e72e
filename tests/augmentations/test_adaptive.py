"""Adaptive corruption against the equations of GCA, computed anew."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch_geometric.data import Batch, Data
from torch_geometric.utils import is_undirected

from graphcl.augmentations import (
    CENTRALITIES,
    AdaptiveDropEdges,
    AdaptiveMaskFeatures,
    edge_drop_probabilities,
    feature_mask_probabilities,
    node_centrality,
)
from tests.augmentations.strategies import graphs, same, seeds

KITE = torch.tensor([[0, 0, 0, 1, 2, 3, 1, 2], [1, 2, 3, 0, 0, 0, 2, 1]])


def kite() -> Data:
    """A triangle with a tail, an isolated node and sparse features."""
    x = torch.tensor([[1, 0, 0, 2], [0, 3, 0, 1], [0, 1, 0, 1], [0, 0, 0, 1], [1, 1, 0, 1]])
    return Data(x=x.float(), edge_index=KITE)


def big(num_nodes: int = 300, *, directed: bool = False) -> Data:
    random = np.random.default_rng(0)
    source = (num_nodes * random.random(1500) ** 2).astype(np.int64)
    edge_index = torch.from_numpy(np.stack([source, random.integers(0, num_nodes, 1500)]))
    if not directed:
        edge_index = torch.cat([edge_index, edge_index.flip(0)], 1)
    edge_index = torch.unique(edge_index, dim=1)
    x = torch.from_numpy(random.random((num_nodes, 20)) < np.linspace(0, 0.5, 20)).float()
    return Data(x=x, edge_index=edge_index)


def scores(weights: np.ndarray) -> np.ndarray:
    below = weights.max() - weights
    return below / below.mean() if below.mean() > 1e-9 else np.ones_like(below)


@settings(max_examples=40, deadline=None)
@given(
    graphs(undirected=False),
    st.sampled_from(CENTRALITIES),
    st.sampled_from([0.0, 0.3, 1.0]),
    st.sampled_from([0.5, 0.7, 1.0]),
)
def test_directed_edges_follow_the_authors_code(
    graph: Data, measure: str, p: float, cutoff: float
) -> None:
    ours = edge_drop_probabilities(graph, p, centrality=measure, cutoff=cutoff, undirected=False)
    if graph.num_edges == 0:
        assert ours.shape == (0,)
        return
    # degree_drop_weights and drop_edge_weighted of CRIPAC-DIG/GCA
    weights = np.log(node_centrality(graph, measure).numpy()[graph.edge_index[1].numpy()])
    s = scores(weights)
    expected = np.minimum(p * s / s.mean(), cutoff)
    assert np.allclose(ours.numpy(), expected, atol=1e-7)


@settings(max_examples=30, deadline=None)
@given(graphs(), st.sampled_from(CENTRALITIES))
def test_undirected_edges_take_the_mean_of_their_ends(graph: Data, measure: str) -> None:
    ours = edge_drop_probabilities(graph, 0.4, centrality=measure).numpy()
    c = node_centrality(graph, measure).numpy()
    by_pair: dict[tuple[int, ...], float] = {}
    for edge, probability in zip(graph.edge_index.t().tolist(), ours, strict=True):
        assert by_pair.setdefault(tuple(sorted(edge)), probability) == probability
    if graph.num_edges:
        s = scores(np.log((c[graph.edge_index[0]] + c[graph.edge_index[1]]) / 2))
        assert np.allclose(ours, np.minimum(0.4 * s, 0.7), atol=1e-7)


@settings(max_examples=30, deadline=None)
@given(graphs(undirected=False), st.sampled_from(CENTRALITIES), st.booleans(), st.randoms())
def test_features_follow_the_authors_code(
    graph: Data, measure: str, binary: bool, random: object
) -> None:
    graph.x = torch.tensor(
        [[random.choice([0.0, 0.0, 1.0, -2.0]) for _ in range(5)] for _ in range(graph.num_nodes)]  # type: ignore[attr-defined]
    )
    ours = feature_mask_probabilities(graph, 0.3, centrality=measure, binary=binary)[0].numpy()
    c = node_centrality(graph, measure, steps=10).numpy()
    x = graph.x.numpy()
    sums = ((x != 0) if binary else np.abs(x)).T @ c
    used = sums > 0
    if used.any():
        s = scores(np.log(sums[used]))
        assert np.allclose(ours[used], np.minimum(0.3 * s, 0.7), atol=1e-7)
        assert np.allclose(ours[~used], min(0.3 * s.max(), 0.7), atol=1e-7)
    else:
        assert np.allclose(ours, 0.3)


@settings(max_examples=15, deadline=None)
@given(
    st.lists(graphs(undirected=False, max_nodes=6), min_size=1, max_size=4),
    st.sampled_from(CENTRALITIES),
)
def test_each_graph_of_a_batch_has_its_own_scale(drawn: list[Data], measure: str) -> None:
    batch = Batch.from_data_list(drawn)
    whole = edge_drop_probabilities(batch, 0.4, centrality=measure, undirected=False)
    parts = [
        edge_drop_probabilities(graph, 0.4, centrality=measure, undirected=False) for graph in drawn
    ]
    assert torch.allclose(whole, torch.cat(parts), atol=1e-6)
    whole = feature_mask_probabilities(batch, 0.4, centrality=measure)
    parts = [feature_mask_probabilities(graph, 0.4, centrality=measure) for graph in drawn]
    assert torch.allclose(whole, torch.cat(parts), atol=1e-6)


@settings(max_examples=40, deadline=None)
@given(graphs(), st.randoms())
def test_permuting_the_nodes_changes_nothing(graph: Data, random: object) -> None:
    size = graph.num_nodes
    order = torch.tensor(random.sample(range(size), size))  # type: ignore[attr-defined]
    moved = Data(x=torch.empty_like(graph.x), edge_index=order[graph.edge_index])
    moved.x[order] = graph.x
    for compute in (edge_drop_probabilities, feature_mask_probabilities):
        assert torch.allclose(compute(moved, 0.3), compute(graph, 0.3), atol=1e-9)


def test_a_regular_graph_is_corrupted_evenly() -> None:
    node = torch.arange(50)
    ahead = torch.stack([node, (node + 1) % 50])
    ring = Data(x=torch.eye(50), edge_index=torch.cat([ahead, ahead.flip(0)], 1))
    for measure in CENTRALITIES:
        probabilities = edge_drop_probabilities(ring, 0.3, centrality=measure)
        assert torch.allclose(probabilities, torch.tensor(0.3).double())
        probabilities = feature_mask_probabilities(ring, 0.9, centrality=measure)
        assert torch.allclose(probabilities, torch.tensor(0.7).double())


def test_own_centrality() -> None:
    graph = kite()
    degree = node_centrality(graph)
    assert torch.equal(
        edge_drop_probabilities(graph, 0.3, centrality=degree.float()),
        edge_drop_probabilities(graph, 0.3),
    )
    # The scale does not matter: it only shifts the logarithm.
    assert torch.allclose(
        feature_mask_probabilities(graph, 0.3, centrality=degree * 1e-12),
        feature_mask_probabilities(graph, 0.3),
    )


@pytest.mark.parametrize("undirected", [True, False])
def test_edges_fall_at_their_rates(undirected: bool) -> None:
    graph = big(directed=not undirected)
    graph.edge_attr = graph.edge_index.t().float()
    before = copy.deepcopy(graph)
    transform = AdaptiveDropEdges(0.4, undirected=undirected, seed=0)
    kept = torch.zeros(graph.num_edges)
    keys = graph.edge_index[0] * 300 + graph.edge_index[1]  # sorted
    for _ in range(200):
        view = transform(graph)
        assert torch.equal(view.edge_attr, view.edge_index.t().float())
        assert is_undirected(view.edge_index) == undirected
        kept[torch.searchsorted(keys, view.edge_index[0] * 300 + view.edge_index[1])] += 1
    assert same(graph, before)
    expected = 1 - edge_drop_probabilities(graph, 0.4, undirected=undirected)
    error = (kept / 200 - expected).abs()
    assert float(error.max()) < 0.18  # five standard deviations
    assert float(error.mean()) < 0.04


def test_features_fall_at_their_rates() -> None:
    graph = big()
    before = graph.x.clone()
    transform = AdaptiveMaskFeatures(0.4, seed=0)
    masked = torch.zeros(20)
    for _ in range(400):
        view = transform(graph)
        gone = (view.x == 0).all(0)
        assert torch.equal(view.x, graph.x * ~gone)
        masked += gone
    assert torch.equal(graph.x, before)
    expected = feature_mask_probabilities(graph, 0.4)[0]
    used = (graph.x != 0).any(0)
    assert torch.allclose((masked / 400).double()[used], expected[used], atol=0.12)


@settings(max_examples=30, deadline=None)
@given(st.lists(graphs(max_nodes=5), min_size=1, max_size=4), seeds)
def test_batches_come_apart(drawn: list[Data], seed: int) -> None:
    batch = Batch.from_data_list(drawn)
    edges = AdaptiveDropEdges(0.5, seed=seed)(batch).to_data_list()
    features = AdaptiveMaskFeatures(0.5, seed=seed)(batch).to_data_list()
    for graph, dropped, masked in zip(drawn, edges, features, strict=True):
        kept = set(map(tuple, dropped.edge_index.t().tolist()))
        assert kept <= set(map(tuple, graph.edge_index.t().tolist()))
        assert {(j, i) for i, j in kept} == kept
        assert torch.equal(dropped.edge_attr, dropped.edge_index.t().float())
        assert torch.equal(masked.x, graph.x * ~(masked.x == 0).all(0))
        assert torch.equal(masked.edge_index, graph.edge_index)


def test_p_and_cutoff_at_their_ends() -> None:
    graph = big()
    assert AdaptiveDropEdges(0.0)(graph).num_edges == graph.num_edges
    assert AdaptiveDropEdges(1.0, cutoff=0.0)(graph).num_edges == graph.num_edges
    ring = Data(edge_index=torch.tensor([[0, 1], [1, 0]]), num_nodes=2)
    assert AdaptiveDropEdges(1.0, cutoff=1.0)(ring).num_edges == 0


@pytest.mark.parametrize("directed", [True, False])
def test_no_edges_single_nodes_and_self_loops(directed: bool) -> None:
    drop = AdaptiveDropEdges(0.5, undirected=not directed)
    mask = AdaptiveMaskFeatures(0.5)
    for size in (0, 1, 3):
        bare = Data(x=torch.ones(size, 2), edge_index=torch.empty(2, 0, dtype=torch.int64))
        assert drop(bare).num_edges == 0
        assert mask(bare).x.shape == (size, 2)
    loop = Data(x=torch.ones(1, 0), edge_index=torch.zeros(2, 1, dtype=torch.int64))
    assert drop(loop).num_edges in (0, 1)
    assert mask(loop).x.shape == (1, 0)


def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    calls: list[str] = []
    compute = node_centrality

    def count(data: Data, measure: str, **options: int) -> Tensor:
        calls.append(measure)
        return compute(data, measure, **options)

    monkeypatch.setattr("graphcl.augmentations.adaptive.node_centrality", count)
    return calls


def test_a_graph_is_prepared_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = counted(monkeypatch)
    graph = kite()
    drop, mask = AdaptiveDropEdges(0.5), AdaptiveMaskFeatures(0.5)
    for transform in (drop, mask):
        calls.clear()
        transform(graph)
        transform(copy.copy(graph))
        assert len(calls) == 1
        graph.edge_index[:, 0] = graph.edge_index[:, 0].clone()  # written to
        transform(graph)
        assert len(calls) == 2
        graph.edge_index = graph.edge_index.clone()  # another tensor
        transform(graph)
        assert len(calls) == 3
        pickle.loads(pickle.dumps(transform))(graph)
        copy.deepcopy(transform)(graph)
        assert len(calls) == 5
    drop(graph)
    calls.clear()
    graph.x[0] = 5.0
    mask(graph)
    drop(graph)
    assert len(calls) == 1  # only features depend on x
    with torch.inference_mode():
        inside = kite()
        inside.edge_index = KITE.clone()
        drop(inside)
        drop(inside)
        assert len(calls) == 3  # two more: such tensors do not say when they were written to


def test_seeds_and_generators() -> None:
    graph = big()
    for transform in (AdaptiveDropEdges, AdaptiveMaskFeatures):
        first, second = (transform(0.5, seed=3) for _ in range(2))
        assert same(first(graph), second(graph))
        assert not same(first(graph), transform(0.5, seed=3)(graph))
        torch.manual_seed(0)
        one = transform(0.5)(graph)
        torch.manual_seed(0)
        assert same(transform(0.5)(graph), one)


@pytest.mark.parametrize("transform", [AdaptiveDropEdges, AdaptiveMaskFeatures])
def test_bad_arguments(transform: type[AdaptiveDropEdges]) -> None:
    with pytest.raises(ValueError, match=r"p must be in \[0, 1\], got 2"):
        transform(2)
    with pytest.raises(ValueError, match=r"cutoff must be in \[0, 1\], got -1"):
        transform(0.5, cutoff=-1)
    with pytest.raises(TypeError, match="cutoff must be a number"):
        transform(0.5, cutoff="0.7")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="unknown centrality 'degrees'; did you mean 'degree'"):
        transform(0.5, centrality="degrees")
    with pytest.raises(TypeError, match="Data or a Batch of Data, got str"):
        transform(0.5)("graph")
    with pytest.raises(ValueError, match=r"one entry for each of the 5 nodes, got shape \[3\]"):
        transform(0.5, centrality=torch.ones(3))(kite())
    with pytest.raises(ValueError, match=r"above 0 and finite, .* values from 0.0 to 0.0"):
        transform(0.5, centrality=torch.zeros(5))(kite())


def test_graphs_that_cannot_be_corrupted() -> None:
    directed = Data(x=torch.ones(2, 1), edge_index=torch.tensor([[0], [1]]))
    with pytest.raises(ValueError, match="every edge in both directions"):
        AdaptiveDropEdges(0.5)(directed)
    with pytest.raises(ValueError, match="neither x nor num_nodes"):
        AdaptiveDropEdges(0.5)(Data(edge_index=KITE))
    with pytest.raises(ValueError, match=r"needs data\.edge_index"):
        AdaptiveDropEdges(0.5)(Data(x=torch.ones(2, 1)))
    with pytest.raises(ValueError, match=r"dense x of shape .* got NoneType"):
        AdaptiveMaskFeatures(0.5)(Data(edge_index=KITE, num_nodes=4))
    broken = kite()
    broken.x[0, 0] = torch.nan
    with pytest.raises(ValueError, match="x has values that are NaN or infinite"):
        AdaptiveMaskFeatures(0.5)(broken)


def test_repr() -> None:
    assert repr(AdaptiveDropEdges(0.3, seed=1)) == (
        "AdaptiveDropEdges(0.3, centrality='degree', cutoff=0.7, undirected=True, seed=1)"
    )
    assert repr(AdaptiveMaskFeatures(0.3, centrality=torch.ones(2))) == (
        "AdaptiveMaskFeatures(0.3, centrality='...', cutoff=0.7, binary=True)"
    )
