"""What holds for every loss of two views: symmetries, degenerate rows, half precision."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

import graphcl.losses
from graphcl.clustering import Clustering
from graphcl.losses import (
    AttractionRepulsionLoss,
    AUCLoss,
    BarlowTwinsLoss,
    BiasedTripletLoss,
    BootstrapLoss,
    CanonicalCorrelationLoss,
    GroupOrderingLoss,
    HallucinatedPositivesLoss,
    InfoNCELoss,
    JensenShannonLoss,
    MaxMarginLoss,
    MisesFisherWeights,
    NeighbourSparsityLoss,
    PamCLoss,
    PrototypicalLoss,
    SimilarityDistillationLoss,
    SimpleContrastiveLoss,
    SwAVLoss,
    TripletMarginLoss,
    VICRegLoss,
)
from tests.losses.checking import finite_gradients
from tests.losses.dense import embeddings

Call = Callable[[nn.Module, Tensor, Tensor], Tensor]
ANCHORS = embeddings(5, seed=9)[0].detach()  # a queue, or prototypes


def two(loss: nn.Module, z1: Tensor, z2: Tensor) -> Tensor:
    return loss(z1, z2)


def views(loss: nn.Module, z1: Tensor, z2: Tensor) -> Tensor:
    return loss([z1, z2])


def fixed(z: Tensor) -> Tensor:
    return ANCHORS.to(z.dtype)


def hallucinated(loss: nn.Module, z1: Tensor, z2: Tensor) -> Tensor:
    torch.manual_seed(0)
    return loss(z1, z2, prototypes=fixed(z2))


def prototypical(loss: nn.Module, z1: Tensor, z2: Tensor) -> Tensor:
    assignment = torch.zeros(len(z2), dtype=torch.int64)
    return loss(z1, [Clustering(assignment, fixed(z2), 0.0)])


CASES: dict[str, tuple[nn.Module, Call]] = {
    "info-nce": (InfoNCELoss(0.1), two),
    "nt-xent": (InfoNCELoss(0.1, intra_view=True), two),
    "dclw": (
        InfoNCELoss(
            0.1,
            intra_view=True,
            positive_in_denominator="excluded",
            positive_weights=MisesFisherWeights(),
        ),
        two,
    ),
    "debiased": (InfoNCELoss(0.1, intra_view=True, debias=0.1), two),
    "simple": (SimpleContrastiveLoss(), two),
    "jensen-shannon": (JensenShannonLoss(), two),
    "neighbour-sparsity": (NeighbourSparsityLoss(), two),
    "triplet": (TripletMarginLoss(), two),
    "biased-triplet": (BiasedTripletLoss(), two),
    "bootstrap": (BootstrapLoss(), lambda f, a, b: f(a, b, targets1=b, targets2=a)),
    "barlow-twins": (BarlowTwinsLoss(), two),
    "vicreg": (VICRegLoss(), two),
    "canonical-correlation": (CanonicalCorrelationLoss(), two),
    "max-margin": (MaxMarginLoss(), two),
    "max-margin-gradient": (MaxMarginLoss(solver="projected_gradient", iterations=50), two),
    "auc": (AUCLoss(), two),
    "auc-both": (AUCLoss(candidates="both_views"), two),
    "distillation": (SimilarityDistillationLoss(0.1, 0.1), lambda f, a, b: f(a, b, queue=fixed(b))),
    "swav": (SwAVLoss(), lambda f, a, b: f([a, b], prototypes=fixed(b))),
    "prototypical": (PrototypicalLoss(0.1), prototypical),
    "pamc": (PamCLoss(0.1), lambda f, a, b: f(a, torch.zeros(len(a), dtype=torch.int64), other=b)),
    "attraction-repulsion": (AttractionRepulsionLoss(), views),
    "group-ordering": (GroupOrderingLoss(2), views),
    "hallucinated": (HallucinatedPositivesLoss(), hallucinated),
}
TAKES_ROWS_AS_THEY_ARE = {"barlow-twins", "vicreg", "canonical-correlation"}
DRAWS_FOR_EACH_ROW = {"hallucinated"}
NEEDS_SEVERAL = {"dclw", "barlow-twins", "vicreg", "canonical-correlation", "group-ordering"}
every = pytest.mark.parametrize("name", CASES)


def run(name: str, z1: Tensor, z2: Tensor) -> Tensor:
    loss, call = CASES[name]
    return call(loss, z1, z2)


def rows(dtype: torch.dtype = torch.float64, scale: float = 1.0) -> tuple[Tensor, Tensor]:
    z1, z2 = (z.detach().mul(scale).to(dtype).requires_grad_() for z in embeddings(6, 6))
    return z1, z2


def test_every_loss_of_the_package_is_here() -> None:
    ours = {type(loss).__name__ for loss, _ in CASES.values()}
    exported = {name for name in graphcl.losses.__all__ if name.endswith("Loss")}
    assert exported - ours <= {"NContrastLoss", "TwoViewLoss"}  # of one view; a wrapper


@every
def test_permuting_the_items_changes_nothing(name: str) -> None:
    if name in DRAWS_FOR_EACH_ROW:
        pytest.skip("random positives belong to the place of a row")
    z1, z2 = rows()
    order = torch.tensor([3, 0, 5, 1, 4, 2])
    torch.testing.assert_close(run(name, z1[order], z2[order]), run(name, z1, z2))


@every
def test_scaling_rows_changes_nothing(name: str) -> None:
    z1, z2 = rows()
    scale = torch.tensor([[0.01], [1.0], [3.0], [1e4], [7.0], [0.5]], dtype=torch.float64)
    same = torch.allclose(run(name, z1 * scale, z2 * 5), run(name, z1, z2), rtol=1e-8)
    assert same != (name in TAKES_ROWS_AS_THEY_ARE)


@every
@pytest.mark.parametrize("kind", ["zero", "duplicated", "all equal", "opposite", "two items"])
def test_degenerate_rows_are_defined(name: str, kind: str) -> None:
    z1, z2 = (z.detach() for z in rows())
    if kind == "zero":
        z1[2], z2[2], z2[4] = 0, 0, 0
    elif kind == "duplicated":
        z1[1:4] = z1[0]
        z2[2:] = z1[0]
    elif kind == "all equal":
        z1, z2 = torch.ones_like(z1), torch.ones_like(z2)
    elif kind == "opposite":
        z2 = -z1
    else:
        z1, z2 = z1[:3], z2[:3]
    z1.requires_grad_()
    z2.requires_grad_()
    first, second = finite_gradients(run(name, z1, z2), [z1, z2])
    if kind == "zero" and name not in TAKES_ROWS_AS_THEY_ARE:
        assert not first[2].any()
        assert not second[2].any()


@every
def test_one_item(name: str) -> None:
    z1, z2 = (z.detach()[:1].requires_grad_() for z in rows())
    if name in NEEDS_SEVERAL:
        with pytest.raises(ValueError, match=r"at least 2 rows|empty sum"):
            run(name, z1, z2)
    else:
        finite_gradients(run(name, z1, z2), [z1, z2])


@every
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_accumulates_in_float32(name: str, dtype: torch.dtype) -> None:
    z1, z2 = rows(dtype)
    loss = run(name, z1, z2)
    assert loss.dtype == torch.float32
    gradients = finite_gradients(loss, [z1, z2])
    assert all(g.dtype == dtype for g in gradients)
    reference = run(name, z1.float(), z2.float())
    torch.testing.assert_close(loss, reference, rtol=1e-2, atol=1e-2)


@every
def test_autocast_changes_nothing(name: str) -> None:
    z1, z2 = rows(torch.float32)
    plain = torch.autograd.grad(run(name, z1, z2), [z1, z2], materialize_grads=True)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = run(name, z1, z2)
    cast = torch.autograd.grad(loss, [z1, z2], materialize_grads=True)  # outside, as torch says
    assert loss.dtype == torch.float32
    for a, b in zip(cast, plain, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5)


@every
def test_what_is_no_row_is_refused_by_name(name: str) -> None:
    z1, z2 = (z.detach() for z in rows())
    with pytest.raises(TypeError, match=r"must be floating point, got torch\.int64"):
        run(name, z1.long(), z2)
    if name == "prototypical":  # looks at one view
        return
    broken = z2.clone()
    broken[1, 0] = float("nan")
    with pytest.raises(ValueError, match="must be finite, but row 1 holds NaN"):
        run(name, z1, broken)
    with pytest.raises(ValueError, match=r"must have shape \[N, d\], not empty, got \[6\]"):
        run(name, z1[:, 0], z2)
    with pytest.raises(ValueError, match=r"same (number of rows|shape)"):
        run(name, z1, z2[:4])
