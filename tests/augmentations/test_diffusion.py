"""Diffusion against dense matrices and PyG's exact GDC."""

from __future__ import annotations

import copy
import math
from itertools import product

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.linalg import expm
from torch_geometric.data import Batch, Data
from torch_geometric.transforms import GDC

from graphcl.augmentations import HeatDiffusion, PPRDiffusion
from tests.augmentations.strategies import graphs, same

Matrix = NDArray[np.float64]
NORMALIZATIONS = ("sym", "row", "col")


def karate_like(num_nodes: int = 30, *, directed: bool = False, seed: int = 0) -> Data:
    """A random weighted graph with a self-loop, an isolated node and two components."""
    random = np.random.default_rng(seed)
    pairs = [(i, j) for i, j in product(range(num_nodes - 1), repeat=2) if (i % 2) == (j % 2)]
    chosen = [pairs[k] for k in random.choice(len(pairs), 3 * num_nodes, replace=False)]
    chosen = [*chosen, (2, 2)] if directed else [*chosen, *((j, i) for i, j in chosen), (2, 2)]
    edge_index = torch.tensor(sorted(set(chosen))).t()
    weight = torch.tensor([1.0 + (i * j) % 5 + (i + j) % 3 for i, j in edge_index.t().tolist()])
    if directed:
        weight += edge_index[0] / 10
    return Data(edge_index=edge_index, edge_weight=weight.double(), num_nodes=num_nodes)


def dense(view: Data) -> Matrix:
    matrix = np.zeros((view.num_nodes, view.num_nodes))
    matrix[tuple(view.edge_index.numpy())] = view.edge_weight.numpy()
    return matrix


def adjacency(graph: Data, self_loop_weight: float = 1.0) -> Matrix:
    matrix = self_loop_weight * np.eye(graph.num_nodes)
    weights = graph.get("edge_weight", torch.ones(graph.num_edges)).numpy()
    np.add.at(matrix, tuple(graph.edge_index.numpy()), weights)
    return matrix


def sums_of(matrix: Matrix, normalization: str) -> Matrix:
    return matrix.sum(1 if normalization == "row" else 0)


def transition(matrix: Matrix, normalization: str) -> Matrix:
    sums = sums_of(matrix, normalization)
    with np.errstate(divide="ignore"):
        inverse = np.where(sums > 0, 1 / sums, 0.0)
    if normalization == "sym":
        return np.sqrt(inverse)[:, None] * matrix * np.sqrt(inverse)
    return inverse[:, None] * matrix if normalization == "row" else matrix * inverse


def pagerank_matrix(t: Matrix, alpha: float) -> Matrix:
    return alpha * np.linalg.inv(np.eye(len(t)) - (1 - alpha) * t)


def bound(matrix: Matrix, normalization: str, dim: int) -> Matrix:
    """The weights w of the docstring."""
    sums = sums_of(matrix, normalization)
    relative = sums / sums[sums > 0].mean() if sums.any() else sums
    if normalization == "sym":
        return np.sqrt(relative)
    return relative if (normalization == "row") == (dim == 1) else np.ones_like(sums)


def everything(size: int) -> dict[str, object]:
    return {"top_k": size, "normalization_out": None}


@pytest.mark.parametrize("directed", [False, True])
@pytest.mark.parametrize("normalization", NORMALIZATIONS)
@pytest.mark.parametrize("dim", [0, 1])
@pytest.mark.parametrize("epsilon", [0.05, 0.002, 1e-5])
def test_ppr_falls_short_by_no_more_than_stated(
    directed: bool, normalization: str, dim: int, epsilon: float
) -> None:
    graph = karate_like(directed=directed)
    a = adjacency(graph)
    exact = pagerank_matrix(transition(a, normalization), 0.15)
    ours = dense(
        PPRDiffusion(normalization_in=normalization, dim=dim, epsilon=epsilon, **everything(30))(
            graph
        )
    )
    w = bound(a, normalization, dim)
    b = (exact @ w)[:, None] if dim == 0 else w @ exact
    if not directed:  # what the docstring says of undirected graphs
        assert np.allclose(b.ravel(), w)
    assert (ours <= exact * (1 + 1e-5) + 1e-9).all()
    assert (exact - ours <= epsilon * b + 1e-6).all()
    if epsilon == 0.05:  # the bound is not idle: something was left out
        assert (exact - ours).max() > 1e-4


@pytest.mark.parametrize("directed", [False, True])
@pytest.mark.parametrize("normalization", NORMALIZATIONS)
@pytest.mark.parametrize("dim", [0, 1])
@pytest.mark.parametrize(("t", "epsilon"), [(0.5, 0.01), (3.0, 0.01), (5.0, 1e-5), (40.0, 1e-4)])
def test_heat_falls_short_by_no_more_than_stated(
    directed: bool, normalization: str, dim: int, t: float, epsilon: float
) -> None:
    graph = karate_like(directed=directed)
    a = adjacency(graph)
    matrix = transition(a, normalization)
    exact = expm(t * (matrix - np.eye(30)))
    ours = dense(
        HeatDiffusion(
            t, normalization_in=normalization, dim=dim, epsilon=epsilon, **everything(30)
        )(graph)
    )
    w = bound(a, normalization, dim)
    powers = [w]
    for _ in range(100):
        powers.append(matrix @ powers[-1] if dim == 0 else powers[-1] @ matrix)
    b = np.max(powers, axis=0)
    assert (ours <= exact * (1 + 1e-5) + 1e-9).all()
    assert (exact - ours <= epsilon * (b[:, None] if dim == 0 else b) + 1e-6).all()


@pytest.mark.parametrize("directed", [False, True])
@pytest.mark.parametrize("normalization_in", NORMALIZATIONS)
@pytest.mark.parametrize("normalization_out", [*NORMALIZATIONS, None])
@pytest.mark.parametrize("self_loop_weight", [1.0, 0.5, None])
def test_it_is_pyg_gdc(
    directed: bool, normalization_in: str, normalization_out: str | None, self_loop_weight: float
) -> None:
    graph = karate_like(directed=directed)
    if self_loop_weight is None:  # GDC makes NaN of nodes of degree 0
        loops = torch.arange(30).expand(2, -1)
        graph.edge_index = torch.cat([graph.edge_index, loops], 1)
        graph.edge_weight = torch.cat([graph.edge_weight, torch.full((30,), 0.1).double()])
    common = {
        "normalization_in": normalization_in,
        "normalization_out": normalization_out,
        "self_loop_weight": self_loop_weight,
    }
    theirs_in = Data(
        edge_index=graph.edge_index, edge_attr=graph.edge_weight, num_nodes=graph.num_nodes
    )
    for method, kept in product(("ppr", "heat"), ("threshold", 0, 1)):
        arguments = {"alpha": 0.2} if method == "ppr" else {"t": 2.0}
        how = {"threshold": 0.011} if kept == "threshold" else {"top_k": 5, "dim": kept}
        transform = PPRDiffusion if method == "ppr" else HeatDiffusion
        ours = transform(**arguments, **how, epsilon=1e-7, **common)(graph)
        rule = (
            {"method": "threshold", "eps": 0.011}
            if kept == "threshold"
            else {"method": "topk", "k": 5, "dim": kept}
        )
        theirs = GDC(
            diffusion_kwargs={"method": method, **arguments}, sparsification_kwargs=rule, **common
        )(copy.copy(theirs_in))
        theirs.edge_weight = theirs.edge_attr.nan_to_num()
        assert np.allclose(dense(ours), dense(theirs), atol=2e-4)
        keys = (ours.edge_index[0] * 30 + ours.edge_index[1]).diff()
        assert bool((keys > 0).all())  # sorted, without duplicates


def ring(size: int) -> Data:
    node = torch.arange(size)
    ahead = torch.stack([node, (node + 1) % size])
    return Data(edge_index=torch.cat([ahead, ahead.flip(0)], 1), num_nodes=size)


@pytest.mark.parametrize("transform", [PPRDiffusion(0.2, top_k=4), HeatDiffusion(1.0, top_k=4)])
def test_of_equal_entries_the_smaller_number_goes_first(transform: PPRDiffusion) -> None:
    view = transform(ring(9))
    for node in range(9):
        sources = view.edge_index[0, view.edge_index[1] == node].tolist()
        # Itself, the two neighbours, and of the two that are two steps away the smaller.
        assert set(sources) == {
            node,
            (node + 1) % 9,
            (node - 1) % 9,
            min((node + 2) % 9, (node - 2) % 9),
        }
    complete = Data(edge_index=(1 - torch.eye(7)).nonzero().t(), num_nodes=7)
    view = transform(complete)
    for node in range(7):
        sources = view.edge_index[0, view.edge_index[1] == node].tolist()
        assert sources == sorted([node, *[other for other in range(7) if other != node][:3]])


@settings(max_examples=30, deadline=None)
@given(graphs(undirected=False, max_nodes=9), st.randoms(), st.booleans(), st.sampled_from([0, 1]))
def test_permuting_the_nodes_permutes_the_result(
    graph: Data, random: object, heat: bool, dim: int
) -> None:
    size = graph.num_nodes
    order = torch.tensor(random.sample(range(size), size))  # type: ignore[attr-defined]
    transform = (
        HeatDiffusion(2.0, threshold=0.03, dim=dim, edge_fields="drop")
        if heat
        else PPRDiffusion(0.15, threshold=0.03, dim=dim, edge_fields="drop")
    )
    moved = Data(edge_index=order[graph.edge_index], edge_weight=graph.edge_weight, num_nodes=size)
    first, second = dense(transform(graph)), dense(transform(moved))
    near = np.abs(first) < 1e-3  # where the threshold may fall on either side of rounding
    back = second[np.ix_(order.numpy(), order.numpy())]
    assert np.allclose(np.where(near, 0, first), np.where(near, 0, back), atol=1e-4)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(graphs(undirected=False, max_nodes=6), min_size=1, max_size=4),
    st.sampled_from([None, ["edge_index", "edge_attr"]]),
    st.booleans(),
    st.booleans(),
)
def test_a_batch_is_its_graphs(
    drawn: list[Data], follow: list[str] | None, heat: bool, weighted: bool
) -> None:
    if not weighted:
        for graph in drawn:
            del graph.edge_weight
    transform = (
        HeatDiffusion(1.5, top_k=3, edge_fields="drop")
        if heat
        else PPRDiffusion(0.15, top_k=3, edge_fields="drop")
    )
    batch = Batch.from_data_list(drawn, follow_batch=follow)
    before = [copy.deepcopy(graph) for graph in batch.to_data_list()]
    view = transform(batch)
    assert all(same(one, other) for one, other in zip(batch.to_data_list(), before, strict=True))
    apart = view.to_data_list()
    for graph, original in zip(apart, drawn, strict=True):
        alone = transform(original)
        assert torch.equal(graph.edge_index, alone.edge_index)
        assert torch.allclose(graph.edge_weight, alone.edge_weight)
        assert "edge_attr" not in graph
        assert torch.equal(graph.x, original.x)
        assert graph.name == "mine"
    again = Batch.from_data_list(apart, follow_batch=["edge_index"] if follow else None)
    assert sorted(again.keys()) == sorted(view.keys())
    assert same(again, view)


def test_the_result_does_not_depend_on_blocks_or_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = karate_like(200)
    transforms = [PPRDiffusion(top_k=5), HeatDiffusion(3.0, top_k=5)]
    whole = [transform(graph) for transform in transforms]
    monkeypatch.setattr("graphcl.augmentations.sparse_rows._ROWS_AT_ONCE", 7)
    monkeypatch.setattr("graphcl.augmentations.sparse_rows._NUMBERS_AT_ONCE", 400)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 3)
    for transform, expected in zip(transforms, whole, strict=True):
        assert same(transform(graph), expected)


def test_isolated_nodes_and_single_ones() -> None:
    nothing = torch.empty(2, 0, dtype=torch.int64)
    for size in (1, 3):
        graph = Data(x=torch.ones(size, 1), edge_index=nothing)
        for loops, expected in ((1.0, 1.0), (None, 0.2)):
            view = PPRDiffusion(
                0.2, top_k=2, self_loop_weight=loops, normalization_out=None, epsilon=1e-6
            )(graph)
            assert view.edge_index.tolist() == [list(range(size))] * 2
            assert torch.allclose(view.edge_weight, torch.full((size,), expected), atol=1e-5)
            view = HeatDiffusion(
                2.0, top_k=2, self_loop_weight=loops, normalization_out=None, epsilon=1e-6
            )(graph)
            weight = 1.0 if loops else math.exp(-2.0)
            assert torch.allclose(view.edge_weight, torch.full((size,), weight), atol=1e-5)
    empty = PPRDiffusion(top_k=2)(Data(x=torch.ones(0, 1), edge_index=nothing))
    assert empty.edge_index.shape == (2, 0)
    nothing_kept = PPRDiffusion(0.2, threshold=0.9, self_loop_weight=None)(
        Data(x=torch.ones(2, 1), edge_index=nothing)
    )
    assert nothing_kept.num_edges == 0
    assert nothing_kept.edge_weight.shape == (0,)


def test_no_diffusion_is_the_identity() -> None:
    graph = karate_like(20)
    for transform in (PPRDiffusion(1.0, top_k=3), HeatDiffusion(0.0, top_k=3)):
        assert torch.equal(transform(graph).edge_index, torch.arange(20).expand(2, -1))


def test_components_are_not_joined() -> None:
    view = PPRDiffusion(0.05, top_k=30, epsilon=1e-7)(karate_like())
    row, column = view.edge_index
    assert bool((row % 2 == column % 2).all())


def test_the_scale_of_the_weights_does_not_matter() -> None:
    graph = karate_like()
    scaled = copy.copy(graph)
    scaled.edge_weight = graph.edge_weight * 4096
    transform = PPRDiffusion(top_k=4, normalization_in="row", self_loop_weight=None)
    assert torch.equal(transform(scaled).edge_index, transform(graph).edge_index)
    assert torch.allclose(transform(scaled).edge_weight, transform(graph).edge_weight)


def test_parallel_edges_are_summed_and_zero_weights_are_no_edges() -> None:
    double = Data(edge_index=torch.tensor([[0, 0, 1, 1], [1, 1, 0, 2]]), num_nodes=3)
    double.edge_weight = torch.tensor([1.0, 2.0, 3.0, 0.0])
    single = Data(edge_index=torch.tensor([[0, 1], [1, 0]]), num_nodes=3)
    single.edge_weight = torch.tensor([3.0, 3.0])
    transform = PPRDiffusion(top_k=3)
    assert same(transform(double), transform(single))


def test_types_of_the_weights() -> None:
    graph = ring(4)
    assert PPRDiffusion(top_k=2)(graph).edge_weight.dtype == torch.float32
    graph.edge_weight = torch.ones(8, dtype=torch.float64, requires_grad=True)
    assert PPRDiffusion(top_k=2)(graph).edge_weight.dtype == torch.float64
    graph.edge_weight = torch.ones(8, dtype=torch.int64)
    assert PPRDiffusion(top_k=2)(graph).edge_weight.dtype == torch.float32


def test_other_fields_of_edges() -> None:
    graph = ring(5)
    graph.edge_attr = torch.ones(10, 2)
    graph.y = torch.arange(5)
    with pytest.raises(ValueError, match=r'have no edge_attr; delete it .* edge_fields="drop"'):
        PPRDiffusion(top_k=2)(graph)
    view = PPRDiffusion(top_k=2, edge_fields="drop")(graph)
    assert "edge_attr" not in view
    assert "edge_attr" in graph
    assert view.y is graph.y
