import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch_geometric.nn.conv.gcn_conv import gcn_norm

from graphcl.nn import (
    compress_features,
    matrix_rows,
    normalized_adjacency,
    row_blocks,
    scale_columns,
)


def random_edges(num_nodes, num_edges, seed):
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(num_nodes, (2, num_edges), generator=generator)


@settings(deadline=None, max_examples=25)
@given(st.integers(1, 8), st.integers(0, 20), st.integers(0, 99), st.booleans())
def test_adjacency_is_gcn_norm_from_source_to_target(num_nodes, num_edges, seed, weighted):
    edge_index = random_edges(num_nodes, num_edges, seed)
    weight = torch.rand(num_edges) if weighted else None
    index, values = gcn_norm(edge_index, weight, num_nodes)
    expected = torch.zeros(num_nodes, num_nodes)
    expected.index_put_((index[1], index[0]), values, accumulate=True)
    found = normalized_adjacency(edge_index, num_nodes, edge_weight=weight)
    torch.testing.assert_close(found.to_dense(), expected)


def test_adjacency_passes_gradients_to_the_weights():
    edge_index = torch.tensor([[0, 1, 2, 0], [1, 0, 1, 1]])
    weight = torch.rand(4, requires_grad=True)
    found = normalized_adjacency(edge_index, 3, edge_weight=weight)
    plain = normalized_adjacency(edge_index, 3, edge_weight=weight.detach())
    torch.testing.assert_close(found.detach().to_dense(), plain.to_dense())
    (found @ torch.rand(3, 2)).sum().backward()
    assert weight.grad.isfinite().all()
    assert (weight.grad != 0).any()


@pytest.mark.parametrize("bad", [-1.0, float("nan"), float("inf")])
def test_adjacency_refuses_bad_weights(bad):
    with pytest.raises(ValueError, match="edge_weight must be finite and at least 0"):
        normalized_adjacency(torch.tensor([[0], [1]]), 2, edge_weight=torch.tensor([bad]))


def test_adjacency_refuses_weights_of_wrong_length():
    with pytest.raises(ValueError, match=r"edge_weight must have shape \[1\], got \[3\]"):
        normalized_adjacency(torch.tensor([[0], [1]]), 2, edge_weight=torch.ones(3))


def test_sparse_and_dense_features_scale_alike():
    x = torch.eye(60)[:, :50]
    scale = torch.rand(50)
    compressed = compress_features(x)
    assert compressed.layout == torch.sparse_csr
    torch.testing.assert_close(scale_columns(compressed, scale).to_dense(), scale_columns(x, scale))
    torch.testing.assert_close(compressed.to_dense(), x)


def test_dense_features_stay_dense():
    x = torch.rand(5, 5)
    assert compress_features(x) is x


@given(st.integers(1, 9), st.integers(0, 20), st.data())
def test_rows_of_a_matrix(num_nodes, num_edges, data):
    matrix = normalized_adjacency(random_edges(num_nodes, num_edges, 0), num_nodes)
    start = data.draw(st.integers(0, num_nodes))
    stop = data.draw(st.integers(start, num_nodes))
    found = matrix_rows(matrix, start, stop)
    assert torch.equal(found.to_dense(), matrix.to_dense()[start:stop])
    rows = torch.rand(num_nodes, 3)
    torch.testing.assert_close(found @ rows, matrix.to_dense()[start:stop] @ rows)


@given(st.integers(0, 30), st.integers(1, 40))
def test_blocks_cover_all_rows_once(num_rows, batch_size):
    rows = [row for block in row_blocks(num_rows, batch_size) for row in range(num_rows)[block]]
    assert rows == list(range(num_rows))
