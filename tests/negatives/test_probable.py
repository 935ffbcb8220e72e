import pytest
import torch

from graphcl.losses import InfoNCELoss
from graphcl.negatives import BetaMixture, ProbableNegatives
from tests.losses.checking import assert_same, finite_gradients
from tests.losses.dense import embeddings, unit


def fitted(mode: str = "weight", **options: int) -> ProbableNegatives:
    torch.manual_seed(0)
    strategy = ProbableNegatives(mode, **options)
    strategy.fit(torch.cat([torch.randn(300) * 0.1, 0.7 + torch.randn(60) * 0.1]).clamp(-1, 1))
    return strategy.eval()


@pytest.mark.parametrize("tile", [None, 1, 3])
@pytest.mark.parametrize("n", [2, 6])
def test_weights_equal_the_dense_formula(n: int, tile: int | None) -> None:
    z1, z2 = embeddings(n, n)
    strategy = fitted()
    u, v = unit(z1), unit(z2)
    cross, own = u @ v.T, u @ u.T
    x = (cross.detach() + 1) / 2
    other = ~torch.eye(n, dtype=torch.bool)
    part = BetaMixture(*strategy.mixture).posterior(x) * x * other
    weight = part / (part.sum(1, keepdim=True) / (n - 1))
    total = (weight * ((cross / 0.3).exp() + (own / 0.3).exp())).sum(1)
    positive = cross.diagonal() / 0.3
    reference = ((total + positive.exp()).log() - positive).mean()
    loss_fn = InfoNCELoss(0.3, intra_view=True, symmetric=False, negatives=strategy, tile=tile)
    assert_same(loss_fn(z1, z2), reference, [z1, z2])


def test_mixtures_equal_the_dense_formula() -> None:
    z1, z2 = embeddings(6, 6)
    strategy = fitted("mix", num_mixed=3)
    order = torch.tensor([2, 0, 1])
    s = unit(z1) @ unit(z2).T
    x = (s.detach() + 1) / 2
    part = (BetaMixture(*strategy.mixture).posterior(x) * x).fill_diagonal_(-1)
    best = part.topk(3)
    chosen, weight = s.gather(1, best.indices), best.values
    mixed = (weight * chosen + weight[:, order] * chosen[:, order]) / (weight + weight[:, order])
    reference = torch.cat([s, mixed], 1).div(0.3).logsumexp(1) - s.diagonal() / 0.3
    loss_fn = InfoNCELoss(0.3, symmetric=False, negatives=strategy)
    ours = loss_fn(z1, z2, context={"permutation": order})
    assert_same(ours, reference.mean(), [z1, z2], tolerance=1e-9)


@pytest.mark.parametrize("mode", ["weight", "mix"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_equal_similarities_leave_all_weights_alike(mode: str, dtype: torch.dtype) -> None:
    z = torch.ones(5, 3, dtype=dtype, requires_grad=True)
    strategy = ProbableNegatives(mode)
    loss = InfoNCELoss(0.3, negatives=strategy)(z, z)
    torch.testing.assert_close(loss, torch.tensor(5.0, dtype=dtype).log())
    finite_gradients(loss, [z])
    assert strategy.mixture.isnan().all()
    z1, z2 = (z.detach() for z in embeddings(9, 9))
    InfoNCELoss(0.3, negatives=strategy)(z1, z2)  # now there is something to fit
    assert strategy.mixture.isfinite().all()


def test_cosines_of_one_are_finite_in_float32() -> None:
    mixture = BetaMixture(*(t.float() for t in fitted().mixture))
    for found in (mixture, BetaMixture.start()):
        assert found.posterior(torch.tensor([0.0, 1.0])).isfinite().all()


def test_component_zero_has_the_lower_mean() -> None:
    strategy = fitted()
    mean = strategy.mixture[0] / (strategy.mixture[0] + strategy.mixture[1])
    assert mean[0] == pytest.approx(0.5, abs=0.02)
    assert mean[1] == pytest.approx(0.85, abs=0.03)


def test_when_it_is_fitted() -> None:
    z1, z2 = (z.detach() for z in embeddings(9, 9))
    strategy = ProbableNegatives(start=2, every=3)
    loss_fn = InfoNCELoss(0.3, negatives=strategy)
    changed = []
    for step in range(9):
        before = strategy.mixture.clone()
        loss_fn(z1 + step * z2, z2)
        changed.append(not torch.equal(before.nan_to_num(), strategy.mixture.nan_to_num()))
    assert changed == [step in (2, 5, 8) for step in range(9)]
    strategy.eval()
    loss_fn(z2, z1)
    assert strategy.calls == 9


def test_it_resumes_bit_for_bit() -> None:
    z1, z2 = (z.detach() for z in embeddings(9, 9))

    def steps(strategy: ProbableNegatives, first: int, last: int) -> torch.Tensor:
        losses = []
        for step in range(first, last):
            torch.manual_seed(step)
            losses.append(InfoNCELoss(0.3, negatives=strategy)(z1 + step * z2, z2))
        return torch.stack(losses)

    whole, half, rest = (ProbableNegatives(start=1, every=2) for _ in range(3))
    expected = steps(whole, 0, 6)[3:]
    steps(half, 0, 3)
    rest.load_state_dict(half.state_dict())
    assert torch.equal(steps(rest, 3, 6), expected)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"mode": "sum"}, r"mode must be one of \('weight', 'mix'\), got 'sum'"),
        ({"false_share": 0}, "false_share must be between 0 and 1, got 0"),
        ({"every": 0}, "every must be at least 1, got 0"),
        ({"columns": 0}, "columns must be at least 1, got 0"),
    ],
)
def test_arguments_are_checked(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ProbableNegatives(**arguments)
