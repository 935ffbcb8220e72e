import pytest
import torch

from graphcl.losses import Hallucinated, HallucinatedPositivesLoss, hallucinate
from tests.losses.checking import assert_same, finite_gradients
from tests.losses.dense import embeddings, unit


def test_the_border_is_equally_far_from_both_prototypes() -> None:
    keys, prototypes = (unit(z.detach()) for z in embeddings(20, 5, width=4))
    order = (keys @ prototypes.T).argsort(1, descending=True)
    made = hallucinate(keys, prototypes, order[:, 1:2], torch.zeros(20, 1, dtype=torch.float64))
    rows = made.rows[:, 0]
    torch.testing.assert_close(rows.norm(dim=1), torch.ones(20, dtype=torch.float64))
    own, target = ((rows * prototypes[order[:, k]]).sum(1) for k in range(2))
    torch.testing.assert_close(own, target, rtol=1e-5, atol=1e-6)
    # a step of 1 does not move
    still = hallucinate(keys, prototypes, order[:, 1:2], torch.ones(20, 1, dtype=torch.float64))
    torch.testing.assert_close(still.rows[:, 0], keys, rtol=1e-6, atol=1e-6)
    assert still.kept.all()


def test_the_mean_is_over_kept_positives() -> None:
    (q, keys) = embeddings(3, 3)
    rows = unit(embeddings(12)[0].detach()).view(3, 4, 5)
    kept = torch.tensor([[1, 0, 1, 0], [0, 0, 0, 0], [1, 1, 1, 1]]).bool()
    made = Hallucinated(rows, kept, torch.zeros(3, 4))
    loss_fn = HallucinatedPositivesLoss(0.2, factor=3.0)
    cosine = torch.einsum("nd,ngd->ng", unit(q), rows)
    reference = -3 * cosine[kept].mean() / 0.2
    ours = loss_fn(q, keys, prototypes=keys, made=made)
    assert_same(ours, reference, [q], tolerance=1e-7)  # 1e-8 of the authors' guard


def test_one_prototype_or_nothing_kept_is_zero() -> None:
    q, keys, prototypes = embeddings(3, 3, 1)
    loss_fn = HallucinatedPositivesLoss()
    loss = loss_fn(q, keys, prototypes=prototypes)
    assert loss == 0
    finite_gradients(loss, [q])
    large = torch.full((3, 5), 6e4, dtype=torch.float16, requires_grad=True)  # the sum overflows
    finite_gradients(loss_fn(large, large.detach(), prototypes=large.detach()[:1]), [large])
    # the key is its only prototype twice over: no direction to go
    loss = loss_fn(q, keys, prototypes=keys[:1].repeat(2, 1))
    finite_gradients(loss, [q])


@pytest.mark.parametrize("case", ["zero key", "opposite prototypes", "equal rows"])
def test_degenerate_geometry_is_finite(case: str) -> None:
    q, keys, prototypes = (z.detach() for z in embeddings(4, 4, 3))
    if case == "zero key":
        keys[1] = 0
    elif case == "opposite prototypes":
        prototypes[1] = -keys[0]
    else:
        keys, prototypes = torch.ones(4, 5).double(), torch.ones(3, 5).double()
    q.requires_grad_()
    finite_gradients(HallucinatedPositivesLoss()(q, keys, prototypes=prototypes), [q])


def test_the_seed_decides() -> None:
    q, keys, prototypes = (z.detach() for z in embeddings(4, 4, 3))
    loss_fn = HallucinatedPositivesLoss(num_positives=3)
    losses = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        losses.append(loss_fn(q, keys, prototypes=prototypes))
    assert torch.equal(losses[0], losses[1])
    assert not torch.equal(losses[0], losses[2])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"temperature": 0}, "temperature must be above 0, got 0"),
        ({"factor": -1}, "factor must be at least 0, got -1"),
        ({"largest_step": 0}, "largest_step must be above 0 and at most 1, got 0"),
        ({"num_positives": 0}, "num_positives must be at least 1, got 0"),
    ],
)
def test_arguments_are_checked(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        HallucinatedPositivesLoss(**arguments)
