import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch_geometric.data import Data
from torch_geometric.nn import GCNConv
from torch_geometric.transforms import Compose

from graphcl.augmentations import CoarseView, MetaPathView, mask_entries
from graphcl.metapaths import PathTooLarge, count_paths, normalized, reach, top_neighbours
from tests.methods.heterogeneous_graphs import METAPATHS, make_heterogeneous


@pytest.fixture
def data():
    return make_heterogeneous()


def dense(view):
    size = view.num_nodes
    matrix = torch.zeros(size, size)
    matrix.index_put_((view.edge_index[1], view.edge_index[0]), view.edge_weight, accumulate=True)
    return matrix


@pytest.mark.parametrize("orientation", ["rows", "official"])
@pytest.mark.parametrize("keep", [None, 3, (2, 4)])
def test_coarse_is_the_mean_of_normalised_paths(data, keep, orientation):
    view = CoarseView("paper", METAPATHS[:2], keep, orientation=orientation)(data)
    each = keep if isinstance(keep, tuple) else (keep, keep)
    expected = torch.zeros(14, 14)
    for path, most in zip(METAPATHS[:2], each, strict=True):
        counts = top_neighbours(count_paths(data, path), most)
        expected += normalized(counts, orientation=orientation).to_dense() / 2
    torch.testing.assert_close(dense(view), expected)
    assert torch.equal(view.x, data["paper"].x)
    assert torch.equal(view.y, data["paper"].y)


def test_a_plain_graph_convolution_takes_it(data):
    view = MetaPathView("paper", METAPATHS[3], 5, contexts=True)(data)
    convolution = GCNConv(view.num_features, 4, normalize=False, bias=False)
    rows = convolution(view.x, view.edge_index, view.edge_weight)
    torch.testing.assert_close(rows, dense(view) @ convolution.lin(view.x))


def test_contexts_are_means_over_the_nodes_on_the_way(data):
    view = MetaPathView("paper", METAPATHS[2], contexts=True)(data)
    parts = [data["paper"].x]
    for position, kind in enumerate(("author", "institute", "author"), start=1):
        matrix = reach(data, METAPATHS[2], position).to_dense()
        parts.append(matrix @ data[kind].x / matrix.sum(1, keepdim=True).clamp(min=1))
    torch.testing.assert_close(view.x, torch.cat(parts, dim=1))
    venues = MetaPathView("paper", METAPATHS[1], contexts=True)(data).x[:, 6:]
    assert venues.shape == (14, 8)  # the identity of four venues, twice
    torch.testing.assert_close(venues[:, :4].sum(1), (venues[:, :4] > 0).any(1).float())


def test_masked_form(data):
    plain = count_paths(data, METAPATHS[0]).to_dense().fill_diagonal_(0) > 0
    view = MetaPathView("paper", METAPATHS[0], drop_edges=0.3, seed=0)(data)
    matrix = dense(view) > 0
    assert matrix.diagonal().all()
    assert not (matrix & ~plain).fill_diagonal_(False).any()
    assert int(matrix.sum()) == 14 + int(plain.sum()) - int(0.3 * int(plain.sum()))
    whole = MetaPathView("paper", METAPATHS[0], drop_edges=0.0)(data)
    assert torch.equal(dense(whole) > 0, plain | torch.eye(14, dtype=torch.bool))


def test_randomness(data):
    def masked(seed):
        return MetaPathView("paper", METAPATHS[0], drop_edges=0.5, mask_features=0.5, seed=seed)

    transform = masked(0)
    first, second = transform(data), transform(data)
    assert not torch.equal(first.x, second.x)
    again = masked(0)(data)
    assert torch.equal(again.x, first.x)
    assert torch.equal(again.edge_index, first.edge_index)


def test_the_input_is_not_modified(data):
    before = data["paper"].x.clone()
    view = Compose([MetaPathView("paper", METAPATHS[0], mask_features=1.0)])(data)
    assert torch.equal(view.x, torch.zeros(14, 6))
    assert torch.equal(data["paper"].x, before)


def test_a_target_without_features_gets_the_identity(monkeypatch):
    data = make_heterogeneous(features=False)
    assert torch.equal(CoarseView("paper", METAPATHS)(data).x, torch.eye(14))
    monkeypatch.setattr("graphcl.augmentations.metapath_views.MOST_IDENTITY_ENTRIES", 100)
    with pytest.raises(ValueError, match="the identity in place of them would be 14 x 14"):
        CoarseView("paper", METAPATHS)(data)


def test_bad_arguments(data):
    with pytest.raises(ValueError, match="metapaths must be a list of at least one"):
        CoarseView("paper", "paper-author-paper")
    with pytest.raises(ValueError, match="keep must be one value, or one for each of the 2 meta-p"):
        CoarseView("paper", METAPATHS[:2], [1])
    with pytest.raises(ValueError, match="keep must be at least 1, got 0"):
        MetaPathView("paper", METAPATHS[0], 0)
    with pytest.raises(ValueError, match=r"drop_edges must be from 0 to 1, got 1\.5"):
        MetaPathView("paper", METAPATHS[0], drop_edges=1.5)
    with pytest.raises(ValueError, match="must begin and end at the target type 'author'"):
        CoarseView("author", METAPATHS)(data)
    with pytest.raises(PathTooLarge, match="max_entries"):
        MetaPathView("paper", METAPATHS[0], max_entries=3)(data)
    with pytest.raises(TypeError, match="HeteroData"):
        CoarseView("paper", METAPATHS)(Data(x=torch.ones(2, 2)))


@given(st.integers(0, 10), st.integers(1, 10), st.floats(0, 1), st.integers(0, 2**31))
def test_exactly_the_share_of_entries_is_masked(rows, columns, share, seed):
    x = torch.arange(rows * columns, dtype=torch.float32).view(rows, columns)  # one entry is 0
    masked = mask_entries(x, share, seed=seed)
    filled = int((x != 0).sum())
    assert int((masked != 0).sum()) == filled - int(share * filled)
    assert torch.equal(masked[masked != 0], x[masked != 0])
