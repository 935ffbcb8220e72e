"""A meta-path graph as an operator equals the matrix, in value and gradient."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch_geometric.data import HeteroData

from graphcl.metapaths import (
    MetaPath,
    PathOperator,
    count_paths,
    mean_rows,
    normalized,
)
from tests.metapaths.made_up import PATHS, dense_counts, graphs, made_up, paths


@given(graphs(), paths(returns=True), st.booleans())
def test_it_equals_the_materialised_graph(data: HeteroData, path: MetaPath, coalesce: bool) -> None:
    counts = count_paths(data, path, coalesce=coalesce).double()
    x = torch.randn(counts.size(1), 3, dtype=torch.float64)
    matrices = {"symmetric": normalized(counts), "mean": mean_rows(counts), "none": counts}
    for normalize, matrix in matrices.items():
        operator = PathOperator(data, path, normalize=normalize, coalesce=coalesce)
        found = operator.to(torch.float64) @ x
        torch.testing.assert_close(found, matrix.to_dense() @ x, rtol=1e-6, atol=1e-6)
        assert torch.equal(operator.degrees, counts.to_dense().sum(1).float())


@given(graphs(), paths())
def test_means_over_instances_at_any_position(data: HeteroData, path: MetaPath) -> None:
    counts = dense_counts(data, path)
    x = torch.randn(counts.size(1), 2)
    total = counts.sum(1, keepdim=True).clamp(min=1)
    expected = (counts / total).float() @ x
    torch.testing.assert_close(PathOperator(data, path, normalize="mean") @ x, expected)


@pytest.mark.parametrize("written", PATHS.values())
def test_gradients(written: str) -> None:
    operator = PathOperator(made_up(), written).to(torch.float64)
    x = torch.randn(8, 2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: operator @ x, x)
    assert torch.autograd.gradgradcheck(lambda x: operator @ x, x)


def test_it_holds_relations_only() -> None:
    size = 20_000
    data = HeteroData()
    data["user"].num_nodes, data["hub"].num_nodes = size, 1
    users = torch.arange(size)
    data["user", "in", "hub"].edge_index = torch.stack([users, torch.zeros_like(users)])
    data["hub", "of", "user"].edge_index = torch.stack([torch.zeros_like(users), users])
    operator = PathOperator(data, "user-hub-user")
    assert (operator.shape, operator.num_entries) == ((size, size), 2 * size)
    assert repr(operator) == "PathOperator(20000 x 1 x 20000)"
    x = torch.rand(size, 2)
    torch.testing.assert_close(operator @ x, x.mean(0).expand(size, -1))


def test_relations_whose_product_is_no_larger_become_one() -> None:
    data = made_up()
    data["item", "by", "maker"].edge_index = data["item", "by", "maker"].edge_index[:, :4]
    data["maker", "rev_by", "item"].edge_index = data["item", "by", "maker"].edge_index.flip(0)
    relations = sum(data[step].num_edges for step in MetaPath.parse(PATHS[4], data).edge_types)
    assert PathOperator(data, PATHS[4]).num_entries < relations


def test_an_operator_in_another_dtype_leaves_the_first_as_it_is() -> None:
    operator = PathOperator(made_up(), PATHS[4])
    other = operator.to(torch.float64)
    assert (operator.degrees.dtype, other.degrees.dtype) == (torch.float32, torch.float64)
    assert (operator @ torch.ones(8, 1)).dtype == torch.float32
    assert (other @ torch.ones(8, 1, dtype=torch.float64)).dtype == torch.float64


def test_bad_arguments_are_refused() -> None:
    data = made_up()
    operator = PathOperator(data, PATHS[2])
    with pytest.raises(ValueError, match=r"rows must have shape \[8, d\], got \[7, 2\]"):
        operator @ torch.ones(7, 2)
    with pytest.raises(ValueError, match="unknown normalize 'sym'; did you mean"):
        PathOperator(data, PATHS[2], normalize="sym")
    with pytest.raises(ValueError, match="must end at the node type where it starts"):
        PathOperator(data, "item-tag")
