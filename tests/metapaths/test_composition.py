"""Counts and contexts are products of dense matrices; sizes are known before."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch_geometric.data import HeteroData

from graphcl.metapaths import MetaPath, PathTooLarge, count_paths, estimate, reach
from graphcl.metapaths.composition import diagonal, row_blocks, shortened
from graphcl.metapaths.relations import incidences
from tests.metapaths.made_up import PATHS, TARGETS, dense_counts, graphs, made_up, paths


@given(graphs(), paths(), st.booleans())
def test_counts_are_products_of_matrices(data: HeteroData, path: MetaPath, coalesce: bool) -> None:
    counts = count_paths(data, path, coalesce=coalesce)
    expected = dense_counts(data, path, coalesce=coalesce)
    assert counts.dtype == torch.float32
    assert torch.equal(counts.to_dense().double(), expected)
    assert counts.values().numel() == int((expected > 0).sum())  # no explicit zeros
    torch.sparse_csr_tensor(
        counts.crow_indices(),
        counts.col_indices(),
        counts.values(),
        size=counts.shape,
        check_invariants=True,  # sorted, without duplicates
    )


@given(graphs(), paths())
def test_reach_is_where_partial_paths_lead(data: HeteroData, path: MetaPath) -> None:
    for position in range(1, len(path) + 1):
        expected = dense_counts(data, path.prefix(position)) > 0
        assert torch.equal(reach(data, path, position).to_dense(), expected.float())


@given(graphs(), paths())
def test_estimates_are_bounds(data: HeteroData, path: MetaPath) -> None:
    size = estimate(data, path)
    counts = count_paths(data, path)
    assert size.entries >= counts.values().numel()
    assert size.entries <= counts.size(0) * counts.size(1)
    assert size.bytes == 12 * size.entries
    walks = [int(dense_counts(data, path.prefix(q)).sum()) for q in range(2, len(path) + 1)]
    assert size.multiplications == sum(walks)


@given(graphs(), paths(returns=True), st.sampled_from([1, 3, 20, 10**6]))
def test_blocks_of_rows_are_the_whole(data: HeteroData, path: MetaPath, at_once: int) -> None:
    chain = incidences(data, path, coalesce=True)
    expected = dense_counts(data, path).numpy()
    for matrices in (chain, shortened(chain, least=2)):
        parts = list(row_blocks(matrices, entries_at_once=at_once))
        starts = np.cumsum([0, *(block.shape[0] for _, block in parts)])
        assert [start for start, _ in parts] == starts[:-1].tolist()
        whole = np.concatenate([np.zeros((0, len(expected))), *(b.toarray() for _, b in parts)])
        assert np.array_equal(whole, expected)
        assert all(block.nnz <= at_once or block.shape[0] == 1 for _, block in parts), (
            "a block outgrew its limit"
        )
        assert np.array_equal(diagonal(matrices), np.diag(expected))


@pytest.mark.parametrize("written", PATHS.values())
def test_the_made_up_graph(written: str) -> None:
    data = made_up()
    path = MetaPath.parse(written, data)
    counts = count_paths(data, written)
    assert counts.shape == (TARGETS, TARGETS)
    assert torch.equal(counts.to_dense().double(), dense_counts(data, path))
    assert not counts.to_dense()[6:].any(), "isolated items have instances"
    for position, kind in enumerate(path.inner, start=1):
        assert reach(data, path, position).shape == (TARGETS, data[kind].num_nodes)


def test_a_path_without_instances_is_empty() -> None:
    counts = count_paths(made_up(), "item-place-item")
    assert counts.shape == (TARGETS, TARGETS)
    assert counts.values().numel() == 0
    assert estimate(made_up(), "item-place-item").entries == 0
    assert reach(made_up(), "item-place-item", 1).shape == (TARGETS, 2)


def test_parallel_edges_are_one_unless_asked_for() -> None:
    data = made_up()
    edge_index = data["item", "by", "maker"].edge_index
    data["item", "by", "maker"].edge_index = torch.cat([edge_index, edge_index], 1)
    once, twice = (count_paths(data, "item-maker-item", coalesce=c) for c in (True, False))
    assert torch.equal(twice.to_dense(), 2 * once.to_dense())


def test_a_product_that_would_not_fit_is_refused_before_it_is_computed() -> None:
    data = HeteroData()
    data["user"].num_nodes, data["hub"].num_nodes = 1_000_000, 1
    users = torch.arange(1_000_000)
    data["user", "in", "hub"].edge_index = torch.stack([users, torch.zeros_like(users)])
    data["hub", "of", "user"].edge_index = torch.stack([torch.zeros_like(users), users])
    assert estimate(data, "user-hub-user").entries == 10**12
    with pytest.raises(
        PathTooLarge,
        match=r"meta-path user-hub-user: it may have 1,000,000,000,000 entries \(12000.0 GB\), "
        r"more than max_entries=100,000,000\. Raise max_entries, .*PathOperator",
    ):
        count_paths(data, "user-hub-user")
    # What comes back to a hub goes through it: no matrix of users and users is needed.
    counts = count_paths(data, "hub-user-hub-user-hub").to_dense()
    assert torch.equal(counts, torch.tensor([[1e12]])), "a sum of float32 would drift"
    assert reach(data, "user-hub-user-hub", 3).values().numel() == 1_000_000


def test_the_limit_is_the_callers() -> None:
    data = made_up()
    entries = count_paths(data, "item-tag-item", max_entries=None).values().numel()
    with pytest.raises(PathTooLarge, match="max_entries=3"):
        count_paths(data, "item-tag-item", max_entries=3)
    with pytest.raises(PathTooLarge, match="its part from maker to maker may have 5 entries"):
        count_paths(data, PATHS[4], max_entries=4)
    assert count_paths(data, "item-tag-item", max_entries=50).values().numel() == entries
    with pytest.raises(ValueError, match="max_entries must be at least 1, got 0"):
        count_paths(data, "item-tag-item", max_entries=0)


def test_edges_to_nodes_that_do_not_exist_are_refused() -> None:
    data = made_up()
    data["item", "has", "tag"].edge_index = torch.tensor([[0], [3]])
    with pytest.raises(ValueError, match="names node 3 of type 'tag', which has 3 nodes"):
        count_paths(data, "item-tag-item")
    data["item", "has", "tag"].edge_index = torch.tensor([0, 3])
    with pytest.raises(ValueError, match=r"must be whole numbers of shape \[2, E\], got .* \[2\]"):
        count_paths(data, "item-tag-item")
    del data["item", "has", "tag"].edge_index
    data["item", "has", "tag"].edge_attr = torch.zeros(2, 1)
    with pytest.raises(ValueError, match="has no edge_index"):
        count_paths(data, "item-tag-item")


def test_a_type_of_unknown_size_is_refused() -> None:
    data = made_up()
    del data["place"].num_nodes
    with pytest.raises(ValueError, match=r"set data\['place'\].num_nodes"):
        count_paths(data, PATHS[4])
