"""What holds for every strategy, in every place where it can stand."""

import warnings
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

import graphcl.negatives
from graphcl.contrast import Block, Pairs
from graphcl.losses import InfoNCELoss, SimpleContrastiveLoss
from graphcl.negatives import (
    AllNegatives,
    ClusterNegatives,
    DifficultyNegatives,
    HardestNegatives,
    HardNegatives,
    LearnedNegatives,
    MetaNodes,
    MixedNegatives,
    NegativeStrategy,
    ProbableNegatives,
    SparseWeights,
    hop_weights,
)
from tests.losses.checking import finite_gradients
from tests.losses.dense import embeddings

N = 8
EDGES = torch.tensor([[0, 1, 2, 3, 4], [1, 2, 3, 4, 5]])
GRAPHS = torch.tensor([0, 0, 0, 1, 1, 2, 2, 2])


def learned(normalize: Any = None) -> LearnedNegatives:
    torch.manual_seed(0)
    return LearnedNegatives(embeddings(N)[0].size(1), hidden=3, normalize=normalize)


CASES: dict[str, Callable[[], NegativeStrategy]] = {
    "all": AllNegatives,
    "hard": HardNegatives,
    "hardest-share": lambda: HardestNegatives(share=0.5),
    "hardest-threshold": lambda: HardestNegatives(threshold=0.1),
    "mixed": lambda: MixedNegatives(2, num_mixed=3, num_query_mixed=2),
    "difficulty": DifficultyNegatives,
    "probable": ProbableNegatives,
    "probable-mix": lambda: ProbableNegatives("mix", num_mixed=3),
    "clusters": lambda: ClusterNegatives(0.2),
    "clusters-out": lambda: ClusterNegatives(0.0),
    "meta-nodes": MetaNodes,
    "meta-nodes-second": lambda: MetaNodes("second"),
    "weights": SparseWeights,
    "learned": learned,
    "learned-row": lambda: learned("row"),
    "learned-all": lambda: learned("all"),
}
META = {"meta-nodes", "meta-nodes-second"}
OF_ITEMS = {"clusters", "clusters-out", "weights", *META}
DEBIASED = {"all", "hard", "difficulty", "probable", "learned-row", "learned-all", *META}
SYNTHETIC = {"mixed", "probable-mix"}
every = pytest.mark.parametrize("name", CASES)


def context(dtype: torch.dtype = torch.float64) -> dict[str, Any]:
    b1, b2 = (z.detach().to(dtype) for z in embeddings(N, N, seed=5, width=3))
    return {
        "biased": (b1, b2),
        "clusters": torch.tensor([0, 0, 1, 1, 2, 2, 0, 1]),
        "weights": hop_weights(EDGES, N, [0.0, 0.5]),
    }


def call(loss_fn: Any, *rows: Tensor, **options: Any) -> Any:
    torch.manual_seed(0)
    options.setdefault("context", context())
    return loss_fn(*rows, **options)


def test_every_strategy_of_the_package_is_here() -> None:
    ours = {type(make()).__name__ for make in CASES.values()}
    strategies = {
        name
        for name in graphcl.negatives.__all__
        if isinstance(getattr(graphcl.negatives, name), type)
        and issubclass(getattr(graphcl.negatives, name), NegativeStrategy)
    }
    assert strategies - ours == {"NegativeStrategy"}


@every
@pytest.mark.parametrize("intra_view", [False, True])
@pytest.mark.parametrize("in_denominator", ["plain", "weighted", "excluded"])
def test_two_views(name: str, intra_view: bool, in_denominator: str) -> None:
    z1, z2 = embeddings(N, N)
    options = {"intra_view": intra_view, "positive_in_denominator": in_denominator}
    if name in SYNTHETIC and in_denominator == "weighted":
        with pytest.raises(ValueError, match="mix positives into negatives"):
            InfoNCELoss(negatives=CASES[name](), **options)
        return
    results = []
    single = () if intra_view or in_denominator != "plain" else (1,)  # slow
    for tile in (None, 3, 7, *single):
        loss = call(InfoNCELoss(0.3, negatives=CASES[name](), tile=tile, **options), z1, z2)
        results.append([loss, *finite_gradients(loss, [z1, z2])])
    for other in results[1:]:
        torch.testing.assert_close(other, results[0], rtol=1e-9, atol=1e-11)


@every
def test_both_directions_are_two_single_ones(name: str) -> None:
    if name in SYNTHETIC | {"probable"}:
        pytest.skip("random numbers, or a fit to view 1 against view 2")
    z1, z2 = embeddings(N, N)
    rows = call(InfoNCELoss(0.3, negatives=CASES[name](), reduction="none"), z1, z2)
    single = InfoNCELoss(0.3, negatives=CASES[name](), reduction="none", symmetric=False)
    swapped = context() | {"biased": context()["biased"][::-1]}
    torch.testing.assert_close(rows[0], call(single, z1, z2)[0])
    torch.testing.assert_close(rows[1], call(single, z2, z1, context=swapped)[0])


@every
@pytest.mark.parametrize("pairs", ["one view", "neighbours", "excluded"])
def test_other_relations(name: str, pairs: str) -> None:
    z1, z2 = embeddings(N, N)
    relation = {
        "one view": Pairs.from_labels(torch.arange(N) % 3),
        "neighbours": Pairs.from_edges(EDGES, N),
        "excluded": Pairs.without_neighbours(EDGES, N),
    }[pairs]
    second = None if pairs == "one view" else z2
    loss = call(InfoNCELoss(0.3, negatives=CASES[name]()), z1, second, pairs=relation)
    finite_gradients(loss, [z1] if second is None else [z1, z2])


@every
def test_nodes_against_graphs(name: str) -> None:
    z, g = embeddings(N, 3)
    pairs = Pairs.membership(GRAPHS)
    biased = (context()["biased"][0], context()["biased"][1][:3])
    loss_fn = InfoNCELoss(0.3, negatives=CASES[name]())
    if name in OF_ITEMS:
        with pytest.raises(ValueError, match="must be of the items that are contrasted"):
            call(loss_fn, z, g, pairs=pairs)
        (queue,) = embeddings(4, seed=1)
        for ids in (torch.arange(4), torch.full((4,), -1)):  # the queue may hold nodes, or others
            with pytest.raises(ValueError, match=r"different items here \(nodes against graphs"):
                call(loss_fn, z, g, pairs=pairs, queue=Block(queue, ids=ids))
        return
    loss = call(loss_fn, z, g, pairs=pairs, context={"biased": biased})
    finite_gradients(loss, [z, g])


@every
def test_a_queue(name: str) -> None:
    z1, z2, queue = embeddings(N, N, 4)
    loss_fn = InfoNCELoss(0.3, intra_view=True, negatives=CASES[name]())
    ids = torch.tensor([0, 3, 3, -1])
    if name == "difficulty":
        with pytest.raises(ValueError, match=r"rows of every candidate: .* a queue has none"):
            call(loss_fn, z1, z2, queue=queue)
        return
    loss = call(loss_fn, z1, z2, queue=Block(queue, ids=ids))
    finite_gradients(loss, [z1, z2, queue])
    if name in OF_ITEMS:
        with pytest.raises(ValueError, match="which items the queue holds"):
            call(loss_fn, z1, z2, queue=queue)
        with pytest.raises(ValueError, match="must be of the items"):
            call(loss_fn, z1, z2, queue=Block(queue, ids=ids + N))
    empty = call(loss_fn, z1, z2, queue=Block(queue[:0], ids=ids[:0]))
    torch.testing.assert_close(empty, call(loss_fn, z1, z2))


@every
def test_debias(name: str) -> None:
    z1, z2 = embeddings(N, N)
    if name not in DEBIASED:
        with pytest.raises(ValueError, match="debias needs a strategy whose weighted sum"):
            InfoNCELoss(debias=0.1, negatives=CASES[name]())
        return
    loss = call(InfoNCELoss(0.3, debias=0.1, intra_view=True, negatives=CASES[name]()), z1, z2)
    finite_gradients(loss, [z1, z2])


@every
def test_the_simple_loss(name: str) -> None:
    if name in SYNTHETIC:
        with pytest.raises(ValueError, match="adds synthetic negatives"):
            SimpleContrastiveLoss(negatives=CASES[name]())
        return
    z1, z2 = embeddings(N, N)
    loss_fn = SimpleContrastiveLoss(negatives=CASES[name](), temperature=0.5)
    finite_gradients(call(loss_fn, z1, z2), [z1, z2])


@every
@pytest.mark.parametrize("kind", ["zero", "equal", "opposite", "one", "two", "no negatives"])
@pytest.mark.parametrize("in_denominator", ["plain", "excluded"])
def test_degenerate_rows_are_defined(name: str, kind: str, in_denominator: str) -> None:
    z1, z2 = (z.detach() for z in embeddings(N, N))
    pairs, size = None, {"one": 1, "two": 2}.get(kind, N)
    if kind == "zero":
        z1[2], z2[4] = 0, 0
    elif kind == "equal":
        z1, z2 = torch.ones_like(z1), torch.ones_like(z2)
    elif kind == "opposite":
        z1[1::2] = -z1[::2]
    elif kind == "no negatives":  # of anchor 0
        pairs = Pairs.aligned(N, excluded=torch.stack([torch.zeros(N), torch.arange(N)]).long())
    b1, b2 = context()["biased"]
    known = {
        "biased": (b1[:size], b2[:size]),
        "clusters": torch.zeros(size, dtype=torch.int64),  # a single cluster
        "weights": hop_weights(EDGES[:, :0], size, [0.0]),
    }
    z1, z2 = (z[:size].float().requires_grad_() for z in (z1, z2))
    loss_fn = InfoNCELoss(0.05, negatives=CASES[name](), positive_in_denominator=in_denominator)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        if kind == "one" and in_denominator == "excluded":
            with pytest.raises(ValueError, match="log of an empty sum"):
                call(loss_fn, z1, z2, pairs=pairs, context=known)
            return
        loss = call(loss_fn, z1, z2, pairs=pairs, context=known)
    finite_gradients(loss, [z1, z2])
    assert loss.abs() < 1e3
    if kind == "one":
        assert loss == 0


@every
@pytest.mark.parametrize(
    ("dtype", "temperature"),
    [(torch.float32, 0.01), (torch.float16, 0.07), (torch.bfloat16, 0.07)],
)
def test_low_temperatures_do_not_overflow(
    name: str, dtype: torch.dtype, temperature: float
) -> None:
    z1, z2 = (z.detach().to(dtype).requires_grad_() for z in embeddings(N, N))
    loss_fn = InfoNCELoss(temperature, intra_view=True, negatives=CASES[name]())
    loss = call(loss_fn, z1, z2, context=context(dtype))
    assert loss.dtype == torch.float32
    first = finite_gradients(loss, [z1, z2])
    with torch.autocast("cpu", dtype=torch.bfloat16):
        again = call(
            InfoNCELoss(temperature, intra_view=True, negatives=CASES[name]()),
            z1,
            z2,
            context=context(dtype),
        )
    second = finite_gradients(again, [z1, z2])
    torch.testing.assert_close(again, loss)
    torch.testing.assert_close(second, first, rtol=1e-2, atol=1e-3)


@every
def test_permuting_the_items_permutes_the_losses(name: str) -> None:
    if name in SYNTHETIC | {"probable"}:
        pytest.skip("random numbers belong to places")
    z1, z2 = embeddings(N, N)
    order = torch.randperm(N, generator=torch.Generator().manual_seed(1))
    known = context()
    moved: dict[str, Any] = {
        "biased": tuple(b[order] for b in known["biased"]),
        "clusters": known["clusters"][order],
    }
    dense = torch.ones(N, N)
    index = known["weights"].indices()
    dense[index[0], index[1]] = known["weights"].values()
    moved["weights"] = torch.sparse_coo_tensor(
        torch.ones(N, N).nonzero().T, dense[order][:, order].reshape(-1), (N, N)
    )
    loss_fn = InfoNCELoss(0.3, intra_view=True, negatives=CASES[name](), reduction="none")
    for before, after in zip(
        call(loss_fn, z1, z2), call(loss_fn, z1[order], 3 * z2[order], context=moved), strict=True
    ):
        torch.testing.assert_close(before[order], after)
