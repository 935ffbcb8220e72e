from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from graphcl.contrast import Pairs
from graphcl.losses import InfoNCELoss
from graphcl.negatives import HardNegatives
from tests.contrast.memory import LargestTensor
from tests.losses.dense import embeddings


def as_set(index: Tensor | None) -> set[tuple[int, int]]:
    return set() if index is None else {(int(i), int(j)) for i, j in index.T}


@given(st.lists(st.integers(0, 3), min_size=1, max_size=12))
def test_from_labels_pairs_equal_labels(labels: list[int]) -> None:
    pairs = Pairs.from_labels(torch.tensor(labels))
    n = range(len(labels))
    assert as_set(pairs.positive) == {(i, j) for i in n for j in n if labels[i] == labels[j]}
    keys = pairs.positive[0] * len(labels) + pairs.positive[1]  # type: ignore[index]
    assert bool((keys.diff() > 0).all())  # sorted, distinct


@given(st.lists(st.integers(-2, 2), min_size=1, max_size=12))
def test_from_clusters_excludes_the_other_members(clusters: list[int]) -> None:
    pairs = Pairs.from_clusters(torch.tensor(clusters))
    n = range(len(clusters))
    assert pairs.is_aligned
    assert as_set(pairs.excluded) == {
        (i, j) for i in n for j in n if clusters[i] == clusters[j] and i != j
    }


def test_from_edges_counts_hops() -> None:
    path = torch.tensor([[0, 1, 1, 2, 2, 3], [1, 0, 2, 1, 3, 2]])
    for hops in (1, 2, 3):
        pairs = Pairs.from_edges(path, 5, hops=hops)
        expected = {(i, j) for i in range(4) for j in range(4) if abs(i - j) <= hops} | {(4, 4)}
        assert as_set(pairs.positive) == expected
    with pytest.raises(ValueError, match="hops must be at least 1, got 0"):
        Pairs.from_edges(path, 5, hops=0)


def test_from_edges_without_edges_is_the_node_itself() -> None:
    pairs = Pairs.from_edges(torch.empty(2, 0, dtype=torch.int64), 3)
    assert as_set(pairs.positive) == {(0, 0), (1, 1), (2, 2)}


def test_membership() -> None:
    pairs = Pairs.membership(torch.tensor([1, 0, 1]), num_graphs=4)
    assert (pairs.num_anchors, pairs.num_candidates, pairs.same_items) == (3, 4, False)
    assert as_set(pairs.positive) == {(0, 1), (1, 0), (2, 1)}
    assert as_set(pairs.transpose().positive) == {(1, 0), (0, 1), (1, 2)}
    assert Pairs.membership(torch.empty(0, dtype=torch.int64)).num_candidates == 0


def test_duplicates_are_added_up_and_positives_beat_exclusions() -> None:
    pairs = Pairs(
        3,
        3,
        positive=torch.tensor([[2, 0, 2], [1, 1, 1]]),
        weight=torch.tensor([1.0, 2.0, 3.0]),
        excluded=torch.tensor([[0, 0, 1, 1], [1, 2, 0, 0]]),
    )
    assert pairs.positive.tolist() == [[0, 2], [1, 1]]  # type: ignore[union-attr]
    assert pairs.weight.tolist() == [2.0, 4.0]  # type: ignore[union-attr]
    assert as_set(pairs.excluded) == {(0, 2), (1, 0)}
    back = pairs.transpose().transpose()
    assert as_set(back.positive) == as_set(pairs.positive)
    assert torch.equal(back.weight, pairs.weight)  # type: ignore[arg-type]
    assert pairs.num_positives().tolist() == [1, 0, 1]


def test_to_keeps_everything() -> None:
    pairs = Pairs(2, 2, torch.tensor([[0], [1]]), torch.ones(1), torch.tensor([[1], [0]]))
    moved = pairs.to("cpu")
    assert as_set(moved.positive) == {(0, 1)}
    assert as_set(moved.excluded) == {(1, 0)}
    assert moved.weight is not None


@pytest.mark.parametrize(
    ("build", "error", "message"),
    [
        (lambda: Pairs(2, 3), ValueError, "aligned pairs need as many anchors as candidates"),
        (lambda: Pairs(2, 3, torch.zeros(2, 0).long()), ValueError, "same_items=True needs"),
        (lambda: Pairs(2, 2, torch.zeros(2, 1)), TypeError, "positive must have dtype int64"),
        (
            lambda: Pairs(2, 2, torch.zeros(3, 1).long()),
            ValueError,
            r"shape \[2, P\], got \[3, 1\]",
        ),
        (
            lambda: Pairs(2, 2, torch.tensor([[0], [2]])),
            ValueError,
            "positive holds the index 2, allowed are 0 to 1",
        ),
        (
            lambda: Pairs.from_edges(torch.tensor([[0], [-1]]), 2),
            ValueError,
            "edge_index holds the index -1, allowed are 0 to 1",
        ),
        (
            lambda: Pairs(2, 2, torch.tensor([[0], [1]]), torch.ones(2)),
            ValueError,
            r"weight must have one entry a positive pair, shape \[1\], got \[2\]",
        ),
        (
            lambda: Pairs(2, 2, torch.tensor([[0], [1]]), torch.tensor([float("nan")])),
            ValueError,
            "weight must be finite and at least 0",
        ),
        (lambda: Pairs(2, 2, weight=torch.ones(2)), ValueError, "weight needs positive"),
        (lambda: Pairs.from_labels(torch.zeros(2)), TypeError, "labels must hold integers"),
        (
            lambda: Pairs.from_labels(torch.zeros(2, 1).long()),
            ValueError,
            r"labels must have shape",
        ),
    ],
)
def test_bad_input_is_named(build, error, message) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(error, match=message):
        build()


@settings(deadline=None, max_examples=40)
@given(
    labels=st.lists(st.integers(-1, 3), min_size=2, max_size=9),
    second=st.booleans(),
    options=st.sampled_from(
        [
            {},
            {"positives": "inside"},
            {"positive_in_denominator": "weighted"},
            {"positive_in_denominator": "excluded"},
            {"negatives": HardNegatives(1.0)},
        ]
    ),
    intra_view=st.booleans(),
)
def test_labels_equal_their_listed_pairs(
    labels: list[int], second: bool, options: dict[str, Any], intra_view: bool
) -> None:
    n = len(labels)
    views = embeddings(n, n)[: 2 if second else 1]
    compact = Pairs.from_labels(torch.tensor(labels))
    listed = Pairs(n, n, Pairs.from_labels(torch.tensor(labels)).positive)
    loss_fn = InfoNCELoss(0.3, intra_view=intra_view and second, tile=4, **options)
    results = []
    for pairs in (compact, listed):
        try:
            loss = loss_fn(*views, pairs=pairs)
        except ValueError as error:  # a single label leaves no negative
            results.append(str(error))
            continue
        results.append([loss, *torch.autograd.grad(loss, views, materialize_grads=True)])
    if isinstance(results[1], str):
        assert results[0] == results[1]
    else:
        torch.testing.assert_close(results[0], results[1], rtol=1e-10, atol=1e-12)
    assert torch.equal(compact.num_positives(), listed.num_positives())
    assert as_set(compact.transpose().positive) == as_set(listed.transpose().positive)
    assert as_set(compact.to("cpu").positive) == as_set(listed.positive)


@pytest.mark.parametrize("intra_view", [False, True])
def test_labels_take_memory_for_items_not_for_pairs(intra_view: bool) -> None:
    """3000 items of 2 labels: 4.5 million pairs, 72 MB of indices."""
    z1, z2 = (z.float().detach().requires_grad_() for z in embeddings(3000, 3000))
    pairs = Pairs.from_labels(torch.arange(3000) % 2)
    with LargestTensor() as largest:
        InfoNCELoss(0.5, intra_view=intra_view)(z1, z2, pairs=pairs).backward()
    assert 0 < largest.bytes <= 2 << 20
