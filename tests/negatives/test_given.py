import pytest
import torch
from hypothesis import given, settings
from torch_geometric.utils import to_dense_adj

from graphcl.contrast import Block
from graphcl.losses import InfoNCELoss
from graphcl.negatives import SparseWeights, hop_weights
from tests.losses.checking import SIZES, assert_same
from tests.losses.dense import embeddings, unit

pytestmark = pytest.mark.filterwarnings("ignore:Sparse invariant checks")


@settings(deadline=None, max_examples=30)
@given(**SIZES)
def test_equals_the_dense_formula_with_a_queue(
    n: int, width: int, tile: int | None, seed: int
) -> None:
    """A queue may hold an item several times, and items that nothing is known of."""
    z1, z2, queue = embeddings(n, n, 5, seed=seed, width=width)
    generator = torch.Generator().manual_seed(seed)
    dense = torch.rand(n, n, generator=generator, dtype=torch.float64).mul(3).floor()
    listed = torch.rand(n, n, generator=generator) < 0.5
    dense = torch.where(listed, dense, 1.0)
    sparse = torch.sparse_coo_tensor(listed.nonzero().T, dense[listed], (n, n))
    ids = torch.randint(-1, n, (5,), generator=generator)
    of_queue = torch.where(ids < 0, 1.0, dense[:, ids])
    own = torch.eye(n, dtype=torch.bool)
    weight = torch.cat([torch.where(own, 1.0, dense), of_queue], 1)
    s = unit(z1) @ torch.cat([unit(z2), unit(queue)]).T / 0.4
    reference = ((weight * s.exp()).sum(1).log() - s.diagonal()).mean()
    loss_fn = InfoNCELoss(0.4, symmetric=False, negatives=SparseWeights(), tile=tile)
    ours = loss_fn(z1, z2, context={"weights": sparse}, queue=Block(queue, ids=ids))
    assert_same(ours, reference, [z1, z2, queue])


def test_weights_by_distance() -> None:
    edges = torch.tensor([[0, 1, 2, 2, 4], [1, 2, 3, 0, 4]])
    found = hop_weights(edges, 5, [0.0, 0.5, 0.7]).to_dense()
    step = to_dense_adj(edges, max_num_nodes=5)[0]
    for i in range(5):
        for j in range(5):
            power = torch.linalg.matrix_power
            distance = next((k for k in range(1, 4) if power(step, k)[i, j] > 0), None)
            expected = 0.0 if distance is None or i == j else [0.0, 0.5, 0.7][distance - 1]
            assert found[i, j] == pytest.approx(expected)
    assert hop_weights(edges, 5, [0.0]).values().eq(0).all()


@pytest.mark.parametrize(
    ("weights", "error", "message"),
    [
        (torch.ones(3, 3), TypeError, "must be a sparse COO tensor"),
        (torch.ones(3, 4).to_sparse_coo(), ValueError, r"must be square, got \[3, 4\]"),
        (torch.ones(2, 2).to_sparse_coo(), ValueError, "must be of the items"),
        (-torch.ones(3, 3).to_sparse_coo(), ValueError, "must be finite and at least 0"),
        (torch.full((3, 3), torch.nan).to_sparse_coo(), ValueError, "must be finite and at least"),
    ],
)
def test_the_context_is_checked(
    weights: torch.Tensor, error: type[Exception], message: str
) -> None:
    z1, z2 = embeddings(3, 3)
    with pytest.raises(error, match=message):
        InfoNCELoss(negatives=SparseWeights())(z1, z2, context={"weights": weights})


def test_distances_are_checked() -> None:
    edges = torch.tensor([[0], [1]])
    with pytest.raises(ValueError, match="weights must hold at least the weight at distance 1"):
        hop_weights(edges, 2, [])
    with pytest.raises(ValueError, match="weights must be at least 0, got -1"):
        hop_weights(edges, 2, [-1.0])
    with pytest.raises(ValueError, match="edge_index holds the index 1, allowed are 0 to 0"):
        hop_weights(edges, 1, [0.0])
