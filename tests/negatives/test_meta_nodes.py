"""Meta-nodes: against explicit loops, within their bounds, in every kind of candidates."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from graphcl.clustering import cluster_sums
from graphcl.contrast import MASKED, Block, Mask, Pairs, Rows, normalize_rows
from graphcl.losses import InfoNCELoss
from graphcl.negatives import MetaNodes, cluster_terms, negative_weights
from tests.losses.checking import assert_same, several_positives
from tests.losses.dense import embeddings, unit

ORDERS = ["first", "second", "second_exp"]


def shares(assignment: Tensor, num_clusters: int) -> Tensor:
    return torch.nn.functional.one_hot(assignment, num_clusters).double()


def loops(s: Tensor, keep: Tensor, p: Tensor, scale: float, order: str) -> Tensor:
    """The sums as written, with whole matrices: cosines s, which pairs count, shares p."""
    number = keep @ p
    there = number > 1e-9
    safe = torch.where(there, number, 1)
    mean = (s * keep) @ p / safe
    variance = ((s.square() * keep) @ p / safe - mean.square()).clamp(min=0)
    half = variance * scale**2 / 2
    more = {"first": 0 * half, "second": half.log1p(), "second_exp": half}[order]
    terms = torch.where(there, number * (scale * mean + more).exp(), 0)
    return terms.sum(1).log()


def soft(n: int, k: int, seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(n, k, generator=generator, dtype=torch.float64)
    return logits.softmax(1).requires_grad_()


@settings(deadline=None, max_examples=30)
@given(
    n=st.integers(2, 9),
    k=st.integers(1, 5),
    seed=st.integers(0, 500),
    order=st.sampled_from(ORDERS),
    temperature=st.sampled_from([0.2, 1.0, 4.0]),
    hard=st.booleans(),
)
def test_it_is_the_formula_for_any_mask(
    n: int, k: int, seed: int, order: str, temperature: float, hard: bool
) -> None:
    z, other = embeddings(n, n + 1, seed=seed)
    generator = torch.Generator().manual_seed(seed)
    masked = (torch.rand(n, n + 1, generator=generator) < 0.3).nonzero().T
    keep = torch.ones(n, n + 1, dtype=torch.float64).index_put(
        (masked[0], masked[1]), torch.zeros((), dtype=torch.float64)
    )
    keep[keep.sum(1) == 0, 0] = 1
    masked = (keep == 0).nonzero().T
    clusters = torch.randint(k, (n + 1,), generator=generator) if hard else soft(n + 1, k, seed)
    rows = Rows(
        normalize_rows(z),
        (Block(normalize_rows(other), Mask(masked), view=1),),
        temperature,
        {"clusters": clusters},
    )
    ours = MetaNodes(order).log_denominator(rows)
    p = shares(clusters, k) if hard else clusters
    expected = loops(unit(z) @ unit(other).T, keep, p, 1 / temperature, order)
    leaves = [z, other] if hard else [z, other, clusters]
    if order != "first":  # the clamp of a variance that is 0 but for rounding
        torch.testing.assert_close(ours, expected, rtol=1e-9, atol=1e-9)
    else:
        assert_same(ours.sum(), expected.sum(), leaves, tolerance=1e-9)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("intra_view", [False, True])
@pytest.mark.parametrize("in_denominator", ["plain", "weighted", "excluded"])
def test_clusters_of_one_are_exact(order: str, intra_view: bool, in_denominator: str) -> None:
    z1, z2 = embeddings(7, 7)
    options = {"intra_view": intra_view, "positive_in_denominator": in_denominator}
    pairs = several_positives(7, 3)
    context = {"clusters": torch.randperm(7)}
    loss_fn = InfoNCELoss(0.3, negatives=MetaNodes(order), **options)
    exact = InfoNCELoss(0.3, **options)(z1, z2, pairs=pairs)
    assert_same(loss_fn(z1, z2, pairs=pairs, context=context), exact, [z1, z2], tolerance=1e-7)


@pytest.mark.parametrize("order", ORDERS)
def test_soft_assignments_of_ones_are_hard_ones(order: str) -> None:
    z1, z2 = embeddings(9, 9)
    clusters = torch.arange(9) % 3
    loss_fn = InfoNCELoss(0.3, intra_view=True, negatives=MetaNodes(order))
    hard = loss_fn(z1, z2, context={"clusters": clusters})
    assert_same(loss_fn(z1, z2, context={"clusters": shares(clusters, 3)}), hard, [z1, z2])


@settings(deadline=None, max_examples=30)
@given(n=st.integers(2, 30), k=st.integers(1, 6), seed=st.integers(0, 500))
def test_the_first_order_is_a_lower_bound_and_numbers_of_clusters_do_not_matter(
    n: int, k: int, seed: int
) -> None:
    (z,) = embeddings(n, seed=seed)
    rows = normalize_rows(z.detach())
    mask = Mask(torch.arange(n).expand(2, -1))
    clusters = torch.randint(k, (n,), generator=torch.Generator().manual_seed(seed))
    exact = Rows(rows, (Block(rows, mask, view=0),), 0.5).logsumexp(2.0)[0]
    found = [
        MetaNodes().log_denominator(Rows(rows, (Block(rows, mask, view=0),), 0.5, {"clusters": c}))
        for c in (clusters, clusters + 3, (clusters + 2) % (k + 2))  # empty clusters; renamed
    ]
    assert bool((found[0] <= exact + 1e-12).all())
    assert bool((found[0] >= exact - 2).all())  # Hoeffding: 1 / (2 t^2)
    torch.testing.assert_close(found[1], found[0])
    torch.testing.assert_close(found[2], found[0])


def test_chunks_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    z1, z2 = embeddings(9, 9)
    results = []
    for entries in (1, 40, 1 << 18):
        monkeypatch.setattr(cluster_terms, "_CPU_ENTRIES", entries)
        for clusters in (torch.arange(9) % 4, soft(9, 4, 0)):
            loss_fn = InfoNCELoss(0.3, intra_view=True, negatives=MetaNodes("second"))
            loss = loss_fn(z1, z2, context={"clusters": clusters})
            leaves = [z1, z2, *([clusters] if clusters.requires_grad else [])]
            results.append([loss, *torch.autograd.grad(loss, leaves)])
    for other in results[2:]:
        torch.testing.assert_close(other, results[0 if len(other) == 3 else 1])


def test_a_queue_brings_its_items_and_unknown_ones() -> None:
    z1, z2, queue = embeddings(6, 6, 4)
    clusters, ids = torch.arange(6) % 2, torch.tensor([0, 3, -1, -1])
    for known in (clusters, shares(clusters, 2)):
        loss_fn = InfoNCELoss(0.3, symmetric=False, reduction="none", negatives=MetaNodes())
        (ours,) = loss_fn(z1, z2, context={"clusters": known}, queue=Block(queue, ids=ids))
        keep = ~torch.eye(6, dtype=torch.bool)
        s, q = unit(z1) @ unit(z2).T, unit(z1) @ unit(queue).T
        parts = [
            loops(s, keep.double(), shares(clusters, 2), 1 / 0.3, "first"),
            loops(
                q,
                torch.ones(6, 4, dtype=torch.float64),
                shares(torch.tensor([0, 1, 2, 2]), 3),
                1 / 0.3,
                "first",
            ),
            s.diagonal() / 0.3,
        ]
        expected = torch.stack(parts).logsumexp(0) - s.diagonal() / 0.3
        torch.testing.assert_close(ours, expected)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("kind", ["hard", "soft"])
def test_weights_add_up_to_the_denominator(order: str, kind: str) -> None:
    z1, z2 = (z.detach() for z in embeddings(8, 8))
    clusters = torch.arange(8) % 3 if kind == "hard" else soft(8, 3, 1).detach()
    context = {"clusters": clusters}
    cosine, weight = negative_weights(MetaNodes(order), z1, z2, temperature=0.4, context=context)
    loss_fn = InfoNCELoss(
        0.4,
        symmetric=False,
        reduction="none",
        negatives=MetaNodes(order),
        positive_in_denominator="excluded",
    )
    total = (weight * (cosine / 0.4).exp()).sum(1).log()
    (loss,) = loss_fn(z1, z2, context=context)
    torch.testing.assert_close(total, loss + cosine.diagonal() / 0.4)


def test_single_precision_survives_large_and_nearly_empty_clusters() -> None:
    z = torch.randn(400, 8).requires_grad_()
    sharp = torch.randn(400, 5).mul(30).softmax(1)
    sharp[:, 4], sharp[0] = 0, torch.tensor([0, 0, 0, 0, 1.0])
    sharp = sharp / sharp.sum(1, keepdim=True)
    for order in ORDERS[:2]:
        loss = InfoNCELoss(0.05, negatives=MetaNodes(order))(z, z, context={"clusters": sharp})
        (gradient,) = torch.autograd.grad(loss, z)
        assert loss.isfinite()
        assert gradient.isfinite().all()


def test_one_pair_has_no_negative() -> None:
    (z,) = embeddings(1)
    rows = Rows(
        normalize_rows(z),
        (Block(normalize_rows(z), Mask(torch.zeros(2, 1, dtype=torch.int64)), view=0),),
        0.5,
        {"clusters": torch.tensor([0])},
    )
    assert MetaNodes().log_denominator(rows) == MASKED


def test_positives_of_one_view() -> None:
    """SupCon's positives, a meta-node a class as negatives."""
    (z,) = embeddings(8)
    labels = torch.tensor([0, 0, 0, 1, 1, 2, 2, 2])
    loss_fn = InfoNCELoss(0.5, positive_in_denominator="weighted", negatives=MetaNodes())
    loss = loss_fn(z, pairs=Pairs.from_labels(labels), context={"clusters": labels})
    s = unit(z) @ unit(z).T
    other = ~torch.eye(8, dtype=torch.bool)
    mates = (labels.unsqueeze(0) == labels.unsqueeze(1)) & other
    expected = loops(s, other.double(), shares(labels, 3), 2.0, "first")
    pull = (s * mates).sum(1) / mates.sum(1) * 2
    assert_same(loss, (expected - pull).mean(), [z])


def test_products_of_the_rest_are_needed_for_the_second_order() -> None:
    (z,) = embeddings(4)
    clusters = torch.tensor([0, 0, 1, 1])
    rest = cluster_sums(unit(z.detach()), clusters)
    loss_fn = InfoNCELoss(0.5, negatives=MetaNodes("second"))
    with pytest.raises(ValueError, match=r"context\['rest'\] needs products for order='second'"):
        loss_fn(z, z, context={"clusters": clusters, "rest": rest})
    with pytest.raises(TypeError, match=r"context\['rest'\] must be a graphcl.clustering.Cluster"):
        loss_fn(z, z, context={"clusters": clusters, "rest": 3})
    narrow = cluster_sums(torch.ones(4, 3), clusters)
    with pytest.raises(ValueError, match=r"context\['rest'\] must be of width 5, got 3"):
        loss_fn(z, z, context={"clusters": clusters, "rest": narrow})


@pytest.mark.parametrize(
    ("clusters", "error", "message"),
    [
        (None, ValueError, r"MetaNodes needs \['clusters'\] in context"),
        (
            torch.zeros(4, dtype=torch.bool),
            TypeError,
            "must hold cluster numbers",
        ),
        (torch.zeros(4), ValueError, r"must have shape \[N, K\], not empty, got \[4\]"),
        (torch.zeros(4, 2, dtype=torch.int64), ValueError, r"must have shape \[N\], not empty"),
        (torch.full((4,), -1), ValueError, "must be at least 0, got -1"),
        (torch.full((4, 2), 0.3), ValueError, r"rows that sum to 1, but row 0 sums to 0\.6"),
        (torch.full((4, 2), math.nan), ValueError, "must be finite and at least 0"),
        (torch.zeros(3, dtype=torch.int64), ValueError, r"of the items that are contrasted \(4"),
    ],
)
def test_bad_clusters(clusters: Tensor | None, error: type[Exception], message: str) -> None:
    (z,) = embeddings(4)
    context = {} if clusters is None else {"clusters": clusters}
    with pytest.raises(error, match=message):
        InfoNCELoss(0.5, negatives=MetaNodes())(z, z, context=context)


def test_unknown_order() -> None:
    with pytest.raises(ValueError, match="unknown order 'secnd'; did you mean 'second'"):
        MetaNodes("secnd")  # type: ignore[arg-type]
