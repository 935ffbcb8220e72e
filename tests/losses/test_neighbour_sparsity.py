import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from graphcl.contrast import Pairs
from graphcl.losses import NeighbourSparsityLoss
from tests.losses.checking import SIZES, assert_same, finite_gradients, several_positives
from tests.losses.dense import dense_masks, embeddings, unit


@settings(deadline=None, max_examples=50)
@given(**SIZES, kind=st.sampled_from(["aligned", "edges", "weighted", "labels"]))
def test_equals_the_dense_formula(
    n: int, width: int, tile: int | None, seed: int, kind: str
) -> None:
    z1, z2 = embeddings(n, n, seed=seed, width=width)
    edges = torch.randint(n, (2, n), generator=torch.Generator().manual_seed(seed))
    pairs = {
        "aligned": Pairs.aligned(n),
        "edges": Pairs.from_edges(edges, n),
        "weighted": several_positives(n, seed),
        "labels": Pairs.from_labels(torch.arange(n) % 2),
    }[kind]
    weight, excluded = dense_masks(pairs)
    s, other = unit(z1) @ unit(z2).T, ~torch.eye(n, dtype=torch.bool)
    weight = weight * other
    rest = other & ~excluded & (weight == 0)
    near = (weight * s).sum() / weight.sum() if bool(weight.any()) else s.sum() * 0
    far = (torch.sigmoid((s - 0.2) / 0.3) * rest).sum() / rest.sum().clamp(min=1)
    loss = NeighbourSparsityLoss(0.3, 0.2, neighbours=0.7, sparsity=1.3, tile=tile)
    expected = 1.3 * far - s.diag().mean() - 0.7 * near
    assert_same(loss(z1, z2, pairs=pairs), expected, [z1, z2])


def test_pairs_may_leave_out_the_items_themselves() -> None:
    z1, z2 = embeddings(4, 4)
    edges = torch.tensor([[0, 1], [1, 0]])
    loss = NeighbourSparsityLoss()
    found = loss(z1, z2, pairs=Pairs(4, 4, edges))
    torch.testing.assert_close(found, loss(z1, z2, pairs=Pairs.from_edges(edges, 4)))


def test_a_complete_graph_has_no_others() -> None:
    z1, z2 = embeddings(3, 3)
    everyone = Pairs.from_edges(torch.ones(3, 3).nonzero().T, 3)
    agreement, closeness, excess = NeighbourSparsityLoss().terms(z1, z2, pairs=everyone)
    assert excess == 0
    finite_gradients(excess - agreement - closeness, [z1, z2])


def test_steep_steps_do_not_overflow() -> None:
    z1, z2 = (z.detach().float().requires_grad_() for z in embeddings(6, 6))
    finite_gradients(NeighbourSparsityLoss(1e-6)(z1, z2), [z1, z2])


def test_bad_input_is_refused() -> None:
    (z,) = embeddings(2)
    with pytest.raises(ValueError, match="temperature must be above 0, got 0"):
        NeighbourSparsityLoss(0)
    with pytest.raises(ValueError, match="threshold must be a cosine, from -1 to 1, got 2"):
        NeighbourSparsityLoss(threshold=2)
    with pytest.raises(ValueError, match="sparsity must be at least 0, got -1"):
        NeighbourSparsityLoss(sparsity=-1)
    with pytest.raises(TypeError, match="neighbours must be a number, got 'many'"):
        NeighbourSparsityLoss(neighbours="many")  # type: ignore[arg-type]
    graphs = Pairs.membership(torch.tensor([0, 0]), 2)
    with pytest.raises(ValueError, match="pairs must be of the same items in two views"):
        NeighbourSparsityLoss()(z, z, pairs=graphs)
