from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from torch_geometric.data import Batch, Data
from torch_geometric.utils import mask_feature

from graphcl.augmentations import MaskFeatures
from tests.augmentations.strategies import batches, graphs, probabilities, seeds


@settings(deadline=None)
@given(graphs(), probabilities, seeds)
def test_whole_columns_are_masked_in_a_copy(graph: Data, p: float, seed: int) -> None:
    before = copy.deepcopy(graph)
    view = MaskFeatures(p, seed=seed)(graph)
    assert torch.equal(graph.x, before.x)
    masked = (view.x == 0).all(dim=0)  # no value of the input is 0
    assert torch.equal(view.x, graph.x * ~masked)
    assert view.edge_index is graph.edge_index
    if p in (0, 1):
        assert bool(masked.all()) == (p == 1)


@settings(deadline=None)
@given(batches(), probabilities, seeds)
def test_each_graph_of_a_batch_has_one_mask(batch: Batch, p: float, seed: int) -> None:
    view = MaskFeatures(p, seed=seed)(batch)
    for graph, original in zip(view.to_data_list(), batch.to_data_list(), strict=True):
        masked = (graph.x == 0).all(dim=0)
        assert torch.equal(graph.x, original.x * ~masked)


def test_the_masks_of_a_batch_are_independent_and_the_rate_is_p() -> None:
    graph = Data(x=torch.ones(2, 50), edge_index=torch.empty(2, 0, dtype=torch.int64))
    view = MaskFeatures(0.3, seed=0)(Batch.from_data_list([graph] * 400))
    masked = torch.stack([graph.x[0] == 0 for graph in view.to_data_list()]).float()
    assert float(masked.mean()) == pytest.approx(0.3, abs=0.01)
    assert float((masked[1:] * masked[:-1]).mean()) == pytest.approx(0.09, abs=0.01)


@settings(deadline=None)
@given(graphs(), probabilities, seeds)
def test_entries_are_masked_one_by_one(graph: Data, p: float, seed: int) -> None:
    before = copy.deepcopy(graph)
    view = MaskFeatures(p, mode="entries", seed=seed)(graph)
    assert torch.equal(graph.x, before.x)
    assert torch.equal(view.x, graph.x * (view.x != 0))  # no value of the input is 0
    assert torch.equal(MaskFeatures(p, mode="entries", seed=seed)(graph).x, view.x)
    if p in (0, 1):
        assert bool((view.x == 0).all()) == (p == 1)


@pytest.mark.parametrize("p", [0.0001, 0.002, 0.3, 1 / 3, 0.5, 0.9999])
def test_entries_fall_independently_at_rate_p(p: float) -> None:
    graph = Data(x=torch.ones(4000, 499), edge_index=torch.empty(2, 0, dtype=torch.int64))
    masked = (MaskFeatures(p, mode="entries", seed=0)(graph).x == 0).double()
    error = (p * (1 - p) / masked.numel()) ** 0.5
    assert float(masked.mean()) == pytest.approx(p, abs=5 * error)
    for other in (masked.roll(1, 0), masked.roll(1, 1)):
        assert float((masked * other).mean()) == pytest.approx(p**2, abs=5 * error)


def test_it_masks_as_many_as_pyg() -> None:
    x = torch.ones(2000, 50)
    torch.manual_seed(0)
    for mode, theirs in (("columns", "col"), ("entries", "all")):
        transform = MaskFeatures(0.3, mode=mode)
        ours = [float((transform(Data(x=x)).x == 0).double().mean()) for _ in range(100)]
        peer = [float((mask_feature(x, 0.3, mode=theirs)[0] == 0).double().mean()) for _ in ours]
        assert np.mean(ours) == pytest.approx(np.mean(peer), rel=0.1)
        assert np.std(ours) == pytest.approx(np.std(peer), rel=0.5)


def test_integer_features_and_no_features() -> None:
    for mode in ("columns", "entries"):
        counts = Data(x=torch.full((5, 3), 7))
        assert MaskFeatures(0.5, mode=mode)(counts).x.dtype == torch.int64
        assert MaskFeatures(0.5, mode=mode)(Data(x=torch.ones(5, 0))).x.shape == (5, 0)
        assert MaskFeatures(0.5, mode=mode)(Data(x=torch.ones(0, 5))).x.shape == (0, 5)


def test_infinite_features_are_masked_to_zero() -> None:
    graph = Data(
        x=torch.full((2, 3), float("inf")), edge_index=torch.empty(2, 0, dtype=torch.int64)
    )
    assert MaskFeatures(1.0)(graph).x.tolist() == [[0.0] * 3] * 2


def test_gradients_pass_through_unmasked_columns_only() -> None:
    x = torch.ones(2, 8, requires_grad=True)
    view = MaskFeatures(0.5, seed=1)(Data(x=x))
    view.x.sum().backward()
    assert torch.equal(x.grad, view.x.detach())


@pytest.mark.parametrize(
    ("x", "what"),
    [
        (None, "got no x"),
        ([1.0], "type list"),
        (torch.ones(3), r"shape \[3\]"),
        (torch.eye(2).to_sparse(), "torch.sparse_coo"),
    ],
)
def test_features_that_cannot_be_masked(x: object, what: str) -> None:
    with pytest.raises(ValueError, match=what):
        MaskFeatures(0.5)(Data(x=x))


def test_bad_arguments() -> None:
    with pytest.raises(ValueError, match=r"p must be in \[0, 1\], got 2"):
        MaskFeatures(2)
    with pytest.raises(ValueError, match="unknown mode 'column'; did you mean 'columns'"):
        MaskFeatures(0.5, mode="column")
    with pytest.raises(TypeError, match="got str"):
        MaskFeatures(0.5)("graph")


def test_repr() -> None:
    assert repr(MaskFeatures(0.3, seed=5)) == "MaskFeatures(0.3, mode='columns', seed=5)"
