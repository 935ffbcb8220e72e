"""PathSim and its filter against a dense reference that sorts whole rows."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch_geometric.data import HeteroData

from graphcl.metapaths import (
    MetaPath,
    count_paths,
    pathsim,
    top_neighbours,
    top_neighbours_of_path,
)
from tests.metapaths.made_up import (
    PATHS,
    dense_counts,
    dense_pathsim,
    graphs,
    made_up,
    paths,
    renumbered,
)

KEEPS = st.one_of(st.none(), st.integers(1, 8))


def kept(counts: Tensor, keep: int | None, ties: str = "index") -> Tensor:
    """Self first, then higher scores, then lower columns."""
    scores = dense_pathsim(counts).float()
    result = torch.zeros_like(counts)
    for i, row in enumerate(scores.tolist()):
        order = sorted((-score, j) for j, score in enumerate(row) if score > 0 and j != i)
        if row[i] > 0:
            order.insert(0, (-torch.inf, i))
        cut = len(order) if keep is None else keep
        if ties == "all" and cut < len(order):
            cut = sum(pair[0] <= order[cut - 1][0] for pair in order)
        for _, j in order[:cut]:
            result[i, j] = counts[i, j]
    return result


@given(graphs(), paths(returns=True))
def test_scores(data: HeteroData, path: MetaPath) -> None:
    counts = dense_counts(data, path)
    scores = pathsim(count_paths(data, path).double())
    assert scores.dtype == torch.float64
    assert torch.equal(scores.to_dense(), dense_pathsim(counts))


@given(graphs(), paths(returns=True), KEEPS, st.sampled_from(["index", "all"]))
def test_the_best_of_each_row(
    data: HeteroData, path: MetaPath, keep: int | None, ties: str
) -> None:
    expected = kept(dense_counts(data, path), keep, ties)
    whole = top_neighbours(count_paths(data, path), keep, ties=ties)
    in_blocks = top_neighbours_of_path(data, path, keep, ties=ties)
    assert torch.equal(whole.to_dense().double(), expected)
    assert torch.equal(in_blocks.to_dense().double(), expected)
    assert in_blocks.values().numel() == int((expected > 0).sum())


@given(graphs(), paths(returns=True), st.integers(1, 8), st.integers(0, 5))
def test_random_ties_differ_in_ties_only(
    data: HeteroData, path: MetaPath, keep: int, seed: int
) -> None:
    counts = count_paths(data, path)
    drawn = top_neighbours(counts, keep, ties="random", seed=seed).to_dense() > 0
    expected, widest = (kept(counts.to_dense(), keep, ties) > 0 for ties in ("index", "all"))
    assert torch.equal(drawn.sum(1), expected.sum(1))
    assert not (drawn & ~widest).any(), "an entry below the cut was kept"
    without_ties = widest.sum(1) == expected.sum(1)
    assert torch.equal(drawn[without_ties], expected[without_ties])
    assert torch.equal(drawn.diagonal(), expected.diagonal()), "self comes first"
    again = top_neighbours_of_path(data, path, keep, ties="random", seed=seed)
    assert torch.equal(again.to_dense() > 0, drawn), "blocks and the whole draw alike"


def test_random_ties_are_fair() -> None:
    counts = torch.ones(400, 40)
    counts = torch.nn.functional.pad(counts, (0, 360)).to_sparse_csr()
    drawn = top_neighbours(counts, 10, ties="random", seed=3).to_dense()[40:, :40]
    assert drawn.sum(1).eq(10).all()
    share = drawn.mean(0)
    assert (share - 0.25).abs().max() < 4.5 * (0.25 * 0.75 / 360) ** 0.5
    other = top_neighbours(counts, 10, ties="random", seed=4).to_dense()[40:, :40]
    assert not torch.equal(other, drawn)
    assert float((other * drawn).sum(1).mean()) == pytest.approx(2.5, abs=0.4)  # unrelated


@given(graphs(least_nodes=1), paths(returns=True), st.integers(1, 8), st.integers(0, 2**32))
def test_numbering_does_not_matter(data: HeteroData, path: MetaPath, keep: int, seed: int) -> None:
    size = data["a"].num_nodes
    order = torch.randperm(size, generator=torch.Generator().manual_seed(seed))
    before, after = data, renumbered(data, order)
    first, second = (top_neighbours_of_path(d, path, keep, ties="all") for d in (before, after))
    assert torch.equal(second.to_dense(), first.to_dense()[order][:, order])


@pytest.mark.parametrize("written", PATHS.values())
@pytest.mark.parametrize("keep", [1, 2, 8, None])
def test_the_made_up_graph(written: str, keep: int | None) -> None:
    data = made_up()
    counts = dense_counts(data, MetaPath.parse(written, data))
    found = top_neighbours_of_path(data, written, keep)
    assert torch.equal(found.to_dense().double(), kept(counts, keep))


def test_all_tied_scores_keep_every_node_itself() -> None:
    """Papers of one subject each: all scores are 1, and self would be lost to lower columns."""
    subject = torch.tensor([0] * 6 + [1] * 4)
    counts = (subject[:, None] == subject[None, :]).float().to_sparse_csr()
    found = top_neighbours(counts, 3).to_dense()
    assert found.diagonal().eq(1).all()
    assert found[5].nonzero().ravel().tolist() == [0, 1, 5]
    assert found[9].nonzero().ravel().tolist() == [6, 7, 9]


def test_zero_counts_are_never_kept() -> None:
    explicit = torch.sparse_csr_tensor(
        torch.tensor([0, 3, 3, 3]), torch.tensor([0, 1, 2]), torch.tensor([1.0, 0.0, 2.0]), (3, 3)
    )
    assert top_neighbours(explicit, 3).values().tolist() == [1.0, 2.0]
    assert explicit.values().tolist() == [1.0, 0.0, 2.0], "the input was changed"


def test_a_path_without_instances_or_nodes() -> None:
    assert top_neighbours_of_path(made_up(), "item-place-item", 3).values().numel() == 0
    assert top_neighbours(torch.zeros(0, 0).to_sparse_csr(), 3).shape == (0, 0)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"keep": 0}, ValueError, "keep must be at least 1, got 0"),
        ({"keep": 1.5}, TypeError, "keep must be a whole number, got 1.5"),
        ({"ties": "indexes"}, ValueError, "unknown ties 'indexes'; did you mean 'index'"),
        ({"seed": -1}, ValueError, "seed must be from 0 to"),
    ],
)
def test_bad_choices_are_refused(
    options: dict[str, Any], error: type[Exception], message: str
) -> None:
    options = {"keep": 3, **options}
    with pytest.raises(error, match=message):
        top_neighbours_of_path(made_up(), "item-tag-item", **options)
    with pytest.raises(error, match=message):
        top_neighbours(torch.eye(3).to_sparse_csr(), **options)


def test_bad_counts_are_refused() -> None:
    with pytest.raises(TypeError, match=r"counts must be a torch sparse CSR tensor, got .*strided"):
        pathsim(torch.eye(3))
    with pytest.raises(TypeError, match="counts must be a torch sparse CSR tensor, got list"):
        top_neighbours([[1.0]], 3)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"must be a matrix of floating-point numbers, got .*int64"):
        pathsim(torch.eye(3).long().to_sparse_csr())
    with pytest.raises(ValueError, match=r"counts must be square .*, got \[2, 3\]"):
        pathsim(torch.ones(2, 3).to_sparse_csr())
    for wrong in (-1.0, torch.nan, torch.inf):
        with pytest.raises(ValueError, match="counts must have finite entries of at least 0, got"):
            top_neighbours(torch.full((2, 2), wrong).to_sparse_csr(), 1)


def test_paths_that_end_elsewhere_are_refused() -> None:
    with pytest.raises(ValueError, match="must end at the node type where it starts, but leads"):
        top_neighbours_of_path(made_up(), "item-tag", 3)
