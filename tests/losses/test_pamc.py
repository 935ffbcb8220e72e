"""PamC's loss: against whole matrices, its symmetries, its other forms, its failures."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch_geometric.data import Batch, Data

from graphcl.contrast import Influence
from graphcl.losses import AcrossRanks, PamCLoss
from graphcl.negatives import RunningSums
from tests.losses.checking import assert_same, finite_gradients
from tests.losses.dense import embeddings, unit

ORDERS = ["official", "first", "second", "second_exp"]
every_order = pytest.mark.parametrize("order", ORDERS)


def edges(n: int, seed: int = 0, count: int | None = None) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    index = torch.randint(n, (2, count or 3 * n), generator=generator)
    weight = torch.rand(index.size(1), generator=generator, dtype=torch.float64) + 0.1
    return index, weight.requires_grad_()


def dense_exact(z: Tensor, index: Tensor, weight: Tensor, scale: float) -> Tensor:
    """The loss with every pair, as one would write it."""
    n = len(z)
    s = unit(z) @ unit(z).T
    w = torch.zeros(n, n, dtype=z.dtype).index_put((index[0], index[1]), weight, accumulate=True)
    other = ~torch.eye(n, dtype=torch.bool)
    pull = (w * other * (s * scale).exp()).sum(1)
    push = ((s * scale).exp() * other).sum(1)
    valid = pull > 0
    return (push[valid].log() - pull[valid].log()).mean()


@settings(deadline=None, max_examples=25)
@given(
    n=st.integers(3, 9),
    seed=st.integers(0, 500),
    order=st.sampled_from(ORDERS[1:]),
    temperature=st.sampled_from([0.3, 1.0, 4.0]),
)
def test_clusters_of_one_give_the_exact_loss(
    n: int, seed: int, order: str, temperature: float
) -> None:
    (z,) = embeddings(n, seed=seed)
    index, weight = edges(n, seed)
    loss = PamCLoss(temperature, order=order)(z, torch.arange(n), index, weight)
    expected = dense_exact(z, index, weight, 1 / temperature)
    assert_same(loss, expected, [z, weight], tolerance=1e-7)


@every_order
def test_permuting_nodes_and_renaming_clusters_changes_nothing(order: str) -> None:
    (z,) = embeddings(9)
    index, weight = edges(9)
    clusters = torch.arange(9) % 3
    loss_fn = PamCLoss(0.5, order=order)
    loss = loss_fn(z, clusters, index, weight)
    place = torch.randperm(9, generator=torch.Generator().manual_seed(2))
    where = place.argsort()
    renamed = torch.tensor([4, 0, 2])[clusters]  # and a gap: empty clusters do not count
    moved = loss_fn(z[place], renamed[place], where[index], weight)
    assert_same(moved, loss, [z, weight])


@every_order
def test_shares_that_are_ones_are_numbers(order: str) -> None:
    (z,) = embeddings(9)
    index, weight = edges(9)
    clusters = torch.arange(9) % 3
    ones = torch.nn.functional.one_hot(clusters).double()
    loss_fn = PamCLoss(0.5, order=order)
    assert_same(loss_fn(z, ones, index, weight), loss_fn(z, clusters, index, weight), [z, weight])


@every_order
def test_without_weights_each_edge_weighs_one_over_the_degree(order: str) -> None:
    (z,) = embeddings(6)
    index = torch.tensor([[0, 0, 0, 1, 2, 3, 4, 4], [0, 1, 2, 0, 0, 4, 3, 4]])
    own = order == "official"
    kept = index if own else index[:, index[0] != index[1]]
    degree = torch.bincount(kept[0], minlength=6).double()
    loss_fn = PamCLoss(0.5, order=order)
    clusters = torch.arange(6) % 2
    assert_same(loss_fn(z, clusters, index), loss_fn(z, clusters, kept, 1 / degree[kept[0]]), [z])


@every_order
@pytest.mark.parametrize("kind", ["zero", "equal", "opposite", "isolated", "one cluster"])
def test_degenerate_rows_are_defined(order: str, kind: str) -> None:
    z = embeddings(6)[0].detach().float()
    index, clusters = torch.tensor([[0, 1, 2, 3], [1, 0, 3, 2]]), torch.tensor([0, 0, 1, 1, 2, 4])
    if kind == "zero":
        z[0], z[4] = 0, 0
    elif kind == "equal":
        z = torch.ones_like(z)
    elif kind == "opposite":
        z[1::2] = -z[::2]
    elif kind == "one cluster":
        clusters = torch.zeros_like(clusters)
    else:
        index = index[:, :2]
    z.requires_grad_()
    loss = PamCLoss(0.02, order=order)(z, clusters, index)
    (gradient,) = finite_gradients(loss, [z])
    if kind == "zero" and order != "official":  # which sums rows as they are
        assert not gradient[0].any()


def test_nothing_to_contrast_is_zero_with_a_warning() -> None:
    z = torch.randn(1, 3, requires_grad=True)
    with pytest.warns(UserWarning, match="no anchor has a positive and a negative"):
        loss = PamCLoss()(z, torch.tensor([0]), torch.tensor([[0], [0]]))
    assert loss == 0
    finite_gradients(loss, [z])


def test_two_views_of_single_clusters_are_info_nce() -> None:
    z1, z2 = embeddings(7, 7)
    singles = torch.randperm(7)
    s = unit(z1) @ unit(z2).T / 0.5
    both = [torch.nn.functional.cross_entropy(t, torch.arange(7)) for t in (s, s.T)]
    loss = PamCLoss(0.5)(z1, singles, other=z2)
    assert_same(loss, torch.stack(both).mean(), [z1, z2])
    one_way = PamCLoss(0.5, symmetric=False)(z1, singles, other=z2)
    assert_same(one_way, both[0], [z1, z2])
    without = s.masked_fill(torch.eye(7, dtype=torch.bool), -torch.inf).logsumexp(1)
    decoupled = PamCLoss(0.5, symmetric=False, positives_in_denominator=False)
    assert_same(decoupled(z1, singles, other=z2), (without - s.diagonal()).mean(), [z1, z2])


def test_two_views_with_edges_keep_the_item_itself() -> None:
    z1, z2 = embeddings(6, 6)
    index, weight = edges(6)
    index = torch.cat([index, torch.arange(6).expand(2, -1)], 1)
    weight = torch.cat([weight, torch.ones(6, dtype=torch.float64)])
    loss = PamCLoss(0.5, symmetric=False)(z1, torch.arange(6), index, weight, other=z2)
    s = unit(z1) @ unit(z2).T / 0.5
    w = torch.zeros(6, 6, dtype=torch.float64).index_put(tuple(index), weight, accumulate=True)
    expected = (s.logsumexp(1) - (w * s.exp()).sum(1).log()).mean()
    assert_same(loss, expected, [z1, z2], tolerance=1e-9)


def test_each_graph_of_a_batch_is_a_meta_node() -> None:
    graphs = [Data(x=torch.randn(n, 4), num_nodes=n) for n in (3, 1, 4)]
    batch = Batch.from_data_list(graphs)
    z = batch.x.double().requires_grad_()
    loss = PamCLoss(0.5)(z, batch.batch)
    s = unit(z) @ unit(z).T / 0.5
    terms = []
    for i in (0, 1, 2, 4, 5, 6, 7):  # node 3 has no mate
        others = [j for j in range(8) if j != i]
        means = torch.zeros((), dtype=torch.float64)
        for g in range(3):
            members = [j for j in others if batch.batch[j] == g]
            if members:
                means = means + len(members) * s[i, members].mean().exp()
        mates = [j for j in others if batch.batch[j] == batch.batch[i]]
        terms.append(means.log() - s[i, mates].mean())
    assert_same(loss, torch.stack(terms).mean(), [z])


def test_clusters_of_pooled_graphs() -> None:
    g1, g2 = embeddings(12, 12)
    loss = PamCLoss(0.5)(g1, torch.arange(12) % 4, other=g2)
    finite_gradients(loss, [g1, g2])


@pytest.mark.parametrize("order", ORDERS)
def test_an_influence_is_its_weighted_edges(order: str) -> None:
    (z,) = embeddings(8)
    index = torch.randint(8, (2, 12), generator=torch.Generator().manual_seed(0))
    listed = Influence(index, 8, hops=2)
    clusters = torch.arange(8) % 3
    loss_fn = PamCLoss(2.0, order=order)
    loss = loss_fn(z, clusters, listed)
    assert_same(loss, loss_fn(z, clusters, listed.index, listed.weight), [z])
    bound = loss_fn(z, clusters, Influence(index, 8, hops=2, most_pairs=0))
    assert bound >= loss - 1e-12  # a smaller positive term
    assert bound < loss + 0.1
    finite_gradients(bound, [z])


@pytest.mark.parametrize("order", ["first", "second"])
def test_a_batch_with_the_rest_is_the_whole_graph(order: str) -> None:
    (z,) = embeddings(12)
    clusters = torch.arange(12) % 3
    memory = RunningSums(12, 5, products=order == "second").double()
    memory.assign(clusters)
    memory.update(torch.arange(12), z)
    batch, index = torch.tensor([1, 4, 8, 9]), torch.tensor([[0, 1, 2, 3], [1, 0, 3, 2]])
    loss_fn = PamCLoss(0.5, order=order)
    own = z.detach()[batch].requires_grad_()
    part = loss_fn(own, clusters[batch], index, rest=memory.rest(batch))
    # the same edges in the whole graph: only nodes of the batch have positives
    leaf = z.detach().index_put((batch,), own)
    assert_same(part, loss_fn(leaf, clusters, batch[index]), [own])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"temperature": 0.0}, "temperature must be above 0, got 0.0"),
        ({"order": "frist"}, "unknown order 'frist'; did you mean 'first'"),
        ({"order": "official", "positives_in_denominator": False}, "has no positives in its"),
    ],
)
def test_bad_settings(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        PamCLoss(**arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("order", "changes", "message"),
    [
        ("first", {"assignment": torch.zeros(3, dtype=torch.int64)}, "must be of the 4 items"),
        ("first", {"edge_weight": torch.ones(3)}, r"edge_weight must have shape \[2\], got \[3\]"),
        ("first", {"edge_weight": -torch.ones(2)}, "must be finite and at least 0"),
        (
            "first",
            {"edge_index": torch.tensor([[0], [7]])},
            "edge_index holds the index 7, allowed",
        ),
        ("first", {"edge_index": None, "edge_weight": torch.ones(2)}, "edge_weight needs edge_i"),
        ("first", {"embeddings": torch.full((4, 2), torch.nan)}, "embeddings must be finite"),
        ("first", {"other": torch.ones(3, 2)}, "need the same number of rows, got 4 and 3"),
        ("first", {"edge_index": Influence(torch.zeros(2, 0).long(), 5)}, "influence of 5 nodes"),
        ("first", {"edge_index": None, "assignment": torch.full((4, 2), 0.5)}, "a soft assignment"),
        ("official", {"edge_index": None}, "'official' needs edge_index and takes neither"),
        ("official", {"other": torch.ones(4, 2)}, "'official' needs edge_index and takes neither"),
    ],
)
def test_bad_input(order: str, changes: dict[str, object], message: str) -> None:
    given_ = {
        "embeddings": torch.randn(4, 2),
        "assignment": torch.tensor([0, 0, 1, 1]),
        "edge_index": torch.tensor([[0, 1], [1, 0]]),
    }
    with pytest.raises(ValueError, match=message):
        PamCLoss(order=order)(**(given_ | changes))  # type: ignore[arg-type]


def test_other_types_and_places_where_it_does_not_belong() -> None:
    z, clusters = torch.randn(4, 2), torch.tensor([0, 0, 1, 1])
    with pytest.raises(TypeError, match="edge_index must be a tensor or an Influence, got list"):
        PamCLoss()(z, clusters, [[0], [1]])  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="PamCLoss adds up the ranks by itself"):
        AcrossRanks(PamCLoss())
    index = Influence(torch.tensor([[0, 1], [1, 0]]), 4, most_pairs=0)
    with pytest.raises(ValueError, match="needs listed positives"):
        PamCLoss(positives_in_denominator=False)(z, clusters, index)
