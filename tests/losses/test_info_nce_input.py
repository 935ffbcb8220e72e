"""InfoNCE on degenerate and on bad input: a defined value, or a message that names it."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from graphcl.contrast import Pairs
from graphcl.losses import InfoNCELoss
from graphcl.negatives import HardNegatives, NegativeStrategy
from tests.losses.dense import embeddings

pytestmark = pytest.mark.filterwarnings("error::UserWarning")


def finite_gradients(loss: Tensor, leaves: list[Tensor]) -> list[Tensor]:
    gradients = list(torch.autograd.grad(loss, leaves))
    assert loss.isfinite()
    assert all(g.isfinite().all() for g in gradients)
    return gradients


@pytest.mark.parametrize("options", [{}, {"intra_view": True}, {"debias": 0.1}])
@pytest.mark.parametrize("negatives", [None, HardNegatives(1.0)])
def test_one_row_has_loss_zero_and_gradient_zero(
    options: dict[str, float], negatives: NegativeStrategy | None
) -> None:
    z1, z2 = embeddings(1, 1)
    loss = InfoNCELoss(0.1, negatives=negatives, **options)(z1, z2)
    gradients = finite_gradients(loss, [z1, z2])
    assert loss == 0
    assert all(not g.any() for g in gradients)


def test_one_row_without_its_positive_in_the_sum_is_refused() -> None:
    z1, z2 = embeddings(1, 1)
    with pytest.raises(ValueError, match="log of an empty sum"):
        InfoNCELoss(0.1, positive_in_denominator="excluded")(z1, z2)


@pytest.mark.parametrize("in_denominator", ["plain", "weighted", "excluded"])
@pytest.mark.parametrize("negatives", [None, HardNegatives(1.0)])
@pytest.mark.parametrize("temperature", [0.5, 0.001])
def test_an_anchor_without_negatives(
    in_denominator: str, negatives: NegativeStrategy | None, temperature: float
) -> None:
    z1, z2 = embeddings(4, 4)
    excluded = torch.tensor([[0, 0, 0], [1, 2, 3]])
    loss_fn = InfoNCELoss(
        temperature,
        positive_in_denominator=in_denominator,
        negatives=negatives,
        symmetric=False,
        reduction="none",
    )
    (rows,) = loss_fn(z1, z2, pairs=Pairs.aligned(4, excluded=excluded))
    torch.testing.assert_close(rows[0], torch.zeros((), dtype=torch.float64), atol=1e-12, rtol=0)
    finite_gradients(rows.sum(), [z1, z2])


@pytest.mark.parametrize("negatives", [None, HardNegatives(1.0)])
def test_everything_excluded(negatives: NegativeStrategy | None) -> None:
    z1, z2 = embeddings(3, 3)
    everything = torch.ones(3, 3).nonzero().T
    loss = InfoNCELoss(0.5, intra_view=True, negatives=negatives)(
        z1, z2, pairs=Pairs.aligned(3, excluded=everything)
    )
    assert loss == 0
    finite_gradients(loss, [z1, z2])


def test_anchors_without_positives_do_not_count() -> None:
    z1, z2 = embeddings(4, 4)
    pairs = Pairs(4, 4, positive=torch.tensor([[1, 2], [1, 3]]))
    (rows,) = InfoNCELoss(0.5, symmetric=False, reduction="none")(z1, z2, pairs=pairs)
    assert rows[0] == 0
    assert rows[3] == 0
    loss = InfoNCELoss(0.5, symmetric=False)(z1, z2, pairs=pairs)
    torch.testing.assert_close(loss, (rows[1] + rows[2]) / 2)
    finite_gradients(loss, [z1, z2])


def test_no_positive_at_all_is_zero() -> None:
    (z,) = embeddings(3)
    loss = InfoNCELoss(0.5)(z, pairs=Pairs.from_labels(torch.arange(3)))
    assert loss == 0
    finite_gradients(loss, [z])


def test_zero_rows_have_cosine_zero_and_gradient_zero() -> None:
    z1, z2 = embeddings(4, 4)
    with torch.no_grad():
        z1[1] = 0
    loss_fn = InfoNCELoss(0.5, intra_view=True, reduction="none")
    first, _ = loss_fn(z1, z2)
    torch.testing.assert_close(first[1], torch.tensor(7.0, dtype=torch.float64).log())
    gradients = finite_gradients(InfoNCELoss(0.5, intra_view=True)(z1, z2), [z1, z2])
    assert not gradients[0][1].any()


def test_duplicated_rows() -> None:
    z1 = torch.ones(5, 3, dtype=torch.float64, requires_grad=True)
    loss = InfoNCELoss(0.01, intra_view=True)(z1, z1.detach())
    torch.testing.assert_close(loss, torch.tensor(9.0, dtype=torch.float64).log())
    finite_gradients(loss, [z1])


# --- refusals -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"temperature": 0.0}, "temperature must be above 0, got 0.0"),
        ({"temperature": float("nan")}, "temperature must be finite, got nan"),
        ({"positives": "between"}, r"positives must be one of .* got 'between'"),
        ({"reduction": "max"}, "reduction must be one of"),
        ({"positive_in_denominator": True}, "positive_in_denominator must be one of"),
        ({"debias": 1.0}, "debias must be a probability from 0 to below 1, got 1.0"),
        ({"debias": 0.1, "positive_in_denominator": "weighted"}, "it has no meaning with"),
        ({"debias": 0.1, "normalize": False}, "it has no meaning with"),
        ({"tile": 0}, "tile must be at least 1, got 0"),
    ],
)
def test_arguments_are_checked(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        InfoNCELoss(**arguments)  # type: ignore[arg-type]


def test_negatives_must_be_a_strategy() -> None:
    with pytest.raises(TypeError, match="negatives must be a NegativeStrategy, got str"):
        InfoNCELoss(negatives="hard")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda f, a, b: f(a), "z1 alone has no positives"),
        (lambda f, a, b: f(a, b[:2]), "same number of rows when there are no pairs, got 3 and 2"),
        (lambda f, a, b: f(a, b[:, :2]), r"z2 must have shape \[N, 5\], not empty, got \[3, 2\]"),
        (lambda f, a, b: f(a[:0], b[:0]), r"z1 must have shape \[N, d\], not empty, got \[0, 5\]"),
        (lambda f, a, b: f(a[0], b[0]), r"z1 must have shape \[N, d\], not empty, got \[5\]"),
        (lambda f, a, b: f(a, b, pairs=Pairs.aligned(4)), "between 3 anchors and 3 candidates"),
        (lambda f, a, b: f(a, b, queue=b[:, :1]), r"queue must have shape \[N, 5\]"),
        (
            lambda f, a, b: f(a, pairs=Pairs.membership(torch.tensor([0, 1, 2]))),
            "pairs between different items",
        ),
    ],
)
def test_embeddings_are_checked(call: Callable[..., object], message: str) -> None:
    a, b = embeddings(3, 3)
    with pytest.raises(ValueError, match=message):
        call(InfoNCELoss(), a, b)


def test_combinations_without_meaning_are_refused() -> None:
    a, b = embeddings(3, 3)
    with pytest.raises(ValueError, match="intra_view=True needs two views"):
        InfoNCELoss(intra_view=True)(a, pairs=Pairs.from_labels(torch.zeros(3).long()))
    with pytest.raises(ValueError, match="debias needs exactly one positive"):
        InfoNCELoss(debias=0.1)(a, b, pairs=Pairs.from_labels(torch.zeros(3).long()))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda a, b: InfoNCELoss()(a.long(), b), r"z1 must be floating point, got torch\.int64"),
        (lambda a, b: InfoNCELoss()(a.numpy(), b), r"z1 must be a torch\.Tensor, got ndarray"),
        (lambda a, b: InfoNCELoss()(a, b, pairs=a), r"pairs must be a .*Pairs, got Tensor"),
        (lambda a, b: InfoNCELoss("0.5"), "temperature must be a number, got '0.5'"),
        (lambda a, b: InfoNCELoss(debias="a"), "debias must be a number, got 'a'"),
        (lambda a, b: HardNegatives("a"), "beta must be a number, got 'a'"),
    ],
)
def test_types_are_checked(call: Callable[..., object], message: str) -> None:
    a, b = (z.detach() for z in embeddings(3, 3))
    with pytest.raises(TypeError, match=message):
        call(a, b)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize("name", ["z1", "z2", "queue"])
def test_no_nan_in_silence(name: str, value: float) -> None:
    rows = dict(zip(("z1", "z2", "queue"), (z.detach() for z in embeddings(3, 3, 3)), strict=True))
    rows[name][1, 2] = value
    with pytest.raises(ValueError, match=f"{name} must be finite, but row 1 holds NaN"):
        InfoNCELoss()(rows["z1"], rows["z2"], queue=rows["queue"])
