import pytest
import torch
from torch.nn import functional

from graphcl.metapaths import FixedMatrix
from graphcl.nn import ContextSum, MetaPathGCN, TanhProjector, TypeProjection


def adjacency(size, seed):
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(size, size, generator=generator) * (
        torch.rand(size, size, generator=generator) < 0.5
    )


def test_equation():
    torch.manual_seed(0)
    gcn = MetaPathGCN(4, hidden=5, out=3)
    x, matrix = torch.rand(6, 4), adjacency(6, 1)
    hidden = matrix @ (x @ gcn.first)
    hidden = torch.where(hidden > 0, hidden, 0.25 * hidden)
    rows = matrix @ (hidden @ gcn.second)
    expected = (rows - rows.mean()) / (rows.var(correction=0) + 1e-5).sqrt()
    torch.testing.assert_close(gcn(x, matrix), expected)
    by_rows = MetaPathGCN(4, hidden=5, out=3, layer_norm="rows")
    by_rows.load_state_dict(gcn.state_dict())
    torch.testing.assert_close(by_rows(x, matrix), functional.layer_norm(rows, (3,)))
    assert float(gcn.first.abs().max()) <= 5**-0.5


def test_the_coarse_view_is_that_of_the_mean_adjacency():
    torch.manual_seed(0)
    gcn = MetaPathGCN(4)
    matrices = [adjacency(6, seed) for seed in (1, 2, 3)]
    views, coarse = [torch.rand(6, 4) for _ in matrices], torch.rand(6, 4)
    fixed = [FixedMatrix(matrix.to_sparse_csr()) for matrix in matrices]
    rows, mean = gcn.with_coarse(views, coarse, fixed)
    torch.testing.assert_close(mean, gcn(coarse, torch.stack(matrices).mean(0)))
    for found, view, matrix in zip(rows, views, matrices, strict=True):
        torch.testing.assert_close(found, gcn(view, matrix))


def test_an_empty_graph_gives_zeros():
    rows = MetaPathGCN(4)(torch.rand(3, 4), torch.zeros(3, 3))
    assert torch.equal(rows, torch.zeros(3, 4))


def test_bad_arguments():
    with pytest.raises(ValueError, match="layer_norm must be 'matrix' or 'rows', got 'batch'"):
        MetaPathGCN(4, layer_norm="batch")
    with pytest.raises(ValueError, match="hidden must be at least 1, got 0"):
        MetaPathGCN(4, hidden=0)
    with pytest.raises(ValueError, match="num_nodes must be at least 1, got 0"):
        TypeProjection(None, 0, 4)
    with pytest.raises(ValueError, match="num_contexts must be at least 0, got -1"):
        ContextSum(-1, 4)


def test_missing_features_are_the_identity():
    torch.manual_seed(0)
    projection = TypeProjection(None, 5, 3)
    torch.testing.assert_close(projection(None), projection(torch.eye(5)))
    keep = torch.tensor([1.0, 0, 1, 1, 0])
    torch.testing.assert_close(projection(None, keep), projection(torch.diag(keep)))


def test_sparse_features():
    torch.manual_seed(0)
    x = adjacency(5, 0)
    projection = TypeProjection(5, 5, 3)
    sparse = projection(FixedMatrix(x.to_sparse_csr()))
    torch.testing.assert_close(sparse, projection(x))
    (gradient,) = torch.autograd.grad(sparse.square().sum(), projection.weight)
    (expected,) = torch.autograd.grad(projection(x).square().sum(), projection.weight)
    torch.testing.assert_close(gradient, expected)


def test_contexts_are_added():
    torch.manual_seed(0)
    add = ContextSum(2, 4)
    rows, contexts = [torch.rand(3, 4), torch.rand(3, 4)], [torch.rand(3, 4), torch.rand(3, 4)]
    passed = sum(c @ layer.weight.T for layer, c in zip(add.layers, contexts, strict=True))
    for found, row in zip(add(rows, contexts), rows, strict=True):
        torch.testing.assert_close(found, functional.elu(row + passed))
    assert torch.equal(ContextSum(0, 4)(rows, [])[0], functional.elu(rows[0]))


def test_projected_rows_have_norm_one_or_zero():
    torch.manual_seed(0)
    projector = TanhProjector(4, out=2)
    assert projector(torch.rand(3, 4)).shape == (3, 2)
    with torch.no_grad():
        projector.linear.bias.zero_()
    assert torch.equal(projector(torch.zeros(1, 4)), torch.zeros(1, 2))
