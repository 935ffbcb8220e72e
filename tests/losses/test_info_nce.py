import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch_geometric.nn import global_add_pool

from graphcl.contrast import Block, Mask, Pairs
from graphcl.losses import InfoNCELoss
from graphcl.negatives import HardNegatives, NegativeStrategy
from tests.losses.dense import dense_info_nce, embeddings

pytestmark = pytest.mark.filterwarnings("error::UserWarning")


def random_pairs(kind: str, n: int, seed: int) -> Pairs:
    generator = torch.Generator().manual_seed(seed)
    edges = torch.randint(n, (2, 2 * n), generator=generator)
    if kind == "aligned":
        return Pairs.aligned(n)
    if kind == "aligned-excluded":
        return Pairs.aligned(n, excluded=edges)
    if kind == "labels":
        return Pairs.from_labels(torch.randint(3, (n,), generator=generator))
    if kind == "clusters":
        return Pairs.from_clusters(torch.randint(3, (n,), generator=generator))
    if kind == "edges":
        return Pairs.from_edges(torch.cat([edges, edges.flip(0)], 1), n)
    weight = torch.rand(edges.size(1), generator=generator, dtype=torch.float64)
    return Pairs(n, n, positive=edges, weight=weight)  # directed, weighted


def assert_same(ours: Tensor, reference: Tensor, leaves: list[Tensor]) -> None:
    torch.testing.assert_close(ours, reference, rtol=1e-9, atol=1e-10)
    for a, b in zip(
        torch.autograd.grad(ours, leaves, retain_graph=True, materialize_grads=True),
        torch.autograd.grad(reference, leaves, materialize_grads=True),
        strict=True,
    ):
        torch.testing.assert_close(a, b, rtol=1e-8, atol=1e-10)


@settings(deadline=None, max_examples=150)
@given(
    n=st.integers(2, 9),
    kind=st.sampled_from(
        ["aligned", "aligned-excluded", "labels", "clusters", "edges", "directed-weighted"]
    ),
    views=st.sampled_from(["two", "two-and-own", "one"]),
    in_denominator=st.sampled_from(["plain", "weighted", "excluded"]),
    positives=st.sampled_from(["outside", "inside"]),
    beta=st.sampled_from([None, 0.0, 1.0]),
    symmetric=st.booleans(),
    queue_size=st.sampled_from([0, 4]),
    tile=st.sampled_from([None, 1, 3]),
    temperature=st.sampled_from([0.1, 0.5, 2.0]),
    seed=st.integers(0, 1000),
)
def test_equals_the_dense_reference(
    n: int,
    kind: str,
    views: str,
    in_denominator: str,
    positives: str,
    beta: float | None,
    symmetric: bool,
    queue_size: int,
    tile: int | None,
    temperature: float,
    seed: int,
) -> None:
    z1, z2 = embeddings(n, n, seed=seed)
    pairs = random_pairs(kind, n, seed)
    queue = embeddings(queue_size, seed=seed + 1)[0] if queue_size else None
    loss_fn = InfoNCELoss(
        temperature,
        intra_view=views == "two-and-own",
        symmetric=symmetric,
        positive_in_denominator=in_denominator,
        positives=positives,
        negatives=None if beta is None else HardNegatives(beta),
        tile=tile,
    )
    second = None if views == "one" else z2
    try:
        ours = loss_fn(z1, second, pairs=pairs, queue=queue)
    except ValueError as error:
        assert "needs negatives" in str(error)  # noqa: PT017 - a legal outcome of tiny cases
        return
    reference, rows = dense_info_nce(
        z1,
        second,
        pairs=pairs,
        temperature=temperature,
        intra_view=views == "two-and-own",
        both=symmetric,
        positive_in_denominator=in_denominator,
        positives=positives,
        beta=beta or 0.0,
        queue=queue,
    )
    leaves = [z for z in (z1, second, queue) if z is not None]
    assert_same(ours, reference, leaves)
    loss_fn.reduction = "none"
    for mine, theirs in zip(loss_fn(z1, second, pairs=pairs, queue=queue), rows, strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-9, atol=1e-10)


@settings(deadline=None, max_examples=50)
@given(
    n=st.integers(2, 8),
    prior=st.sampled_from([0.0, 0.05, 0.3, 0.9]),
    beta=st.sampled_from([0.0, 1.0, 2.0]),
    intra_view=st.booleans(),
    in_denominator=st.sampled_from(["plain", "excluded"]),
    seed=st.integers(0, 100),
)
def test_debiased_equals_the_dense_reference(
    n: int, prior: float, beta: float, intra_view: bool, in_denominator: str, seed: int
) -> None:
    z1, z2 = embeddings(n, n, seed=seed)
    ours = InfoNCELoss(
        0.5,
        intra_view=intra_view,
        negatives=HardNegatives(beta),
        debias=prior,
        positive_in_denominator=in_denominator,
    )(z1, z2)
    reference, _ = dense_info_nce(
        z1,
        z2,
        pairs=Pairs.aligned(n),
        temperature=0.5,
        intra_view=intra_view,
        beta=beta,
        debias=prior,
        positive_in_denominator=in_denominator,
    )
    assert_same(ours, reference, [z1, z2])


class Learned(NegativeStrategy):
    """Weights with parameters and context: only the checkpointed tiles can serve these."""

    needs = frozenset({"bias"})

    def __init__(self) -> None:
        super().__init__()
        self.slope = torch.nn.Parameter(torch.tensor(0.7, dtype=torch.float64))

    def log_weights(self, cosine, row_ids, column_ids, block, rows, state):  # type: ignore[no-untyped-def]
        return self.slope * cosine**2 + rows.context["bias"][column_ids]


@pytest.mark.parametrize("tile", [None, 1, 3, 50])
def test_learned_weights_get_their_gradients(tile: int | None) -> None:
    z1, z2 = embeddings(7, 7)
    (bias,) = embeddings(7, width=1)
    bias = bias.squeeze(1)
    strategy = Learned()
    loss = InfoNCELoss(0.5, negatives=strategy, symmetric=False, tile=tile)(
        z1, z2, context={"bias": bias}
    )
    u, v = (torch.nn.functional.normalize(z, dim=1) for z in (z1, z2))
    s = u @ v.T
    logits = 2 * s + strategy.slope * s**2 + bias
    diagonal = torch.eye(7, dtype=torch.bool)
    logits = torch.where(diagonal, 2 * s, logits)  # the positive is not weighted
    reference = (logits.logsumexp(1) - 2 * s.diagonal()).mean()
    assert_same(loss, reference, [z1, z2, bias, strategy.slope])


def test_missing_context_is_named() -> None:
    z1, z2 = embeddings(3, 3)
    with pytest.raises(ValueError, match=r"Learned needs \['bias'\] in context, got none"):
        InfoNCELoss(0.5, negatives=Learned())(z1, z2)


@pytest.mark.parametrize("intra_view", [False, True])
@pytest.mark.parametrize("negatives", [None, HardNegatives(1.0), HardNegatives(0.5, detach=True)])
@pytest.mark.parametrize("n", [5, 1100])  # the second needs several tiles of the default size
def test_result_does_not_depend_on_the_tile(
    n: int, negatives: NegativeStrategy | None, intra_view: bool
) -> None:
    z1, z2 = embeddings(n, n)
    results = []
    for tile in (None, 256, n):
        loss = InfoNCELoss(0.2, intra_view=intra_view, negatives=negatives, tile=tile)(z1, z2)
        results.append((loss, *torch.autograd.grad(loss, [z1, z2])))
    for other in results[1:]:
        for a, b in zip(results[0], other, strict=True):
            torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("temperature", [0.5, 0.002])  # plain exponentials, running maximum
@pytest.mark.parametrize("intra_view", [False, True])
@pytest.mark.parametrize("kind", ["aligned", "edges", "directed-weighted"])
def test_gradcheck(kind: str, intra_view: bool, temperature: float) -> None:
    z1, z2 = embeddings(4, 4, width=3)
    scaled = temperature if temperature > 0.1 else 0.05
    pairs = random_pairs(kind, 4, 1)
    loss_fn = InfoNCELoss(temperature, intra_view=intra_view, tile=3)
    torch.autograd.gradcheck(
        lambda a, b: loss_fn(a, b, pairs=pairs) * scaled, (z1, z2), atol=1e-4, rtol=1e-3
    )


@pytest.mark.parametrize("beta", [None, 1.0])
def test_running_maximum_equals_the_dense_reference(beta: float | None) -> None:
    z1, z2 = embeddings(9, 9)
    pairs = Pairs.from_clusters(torch.arange(9) // 3)
    for intra_view in (False, True):
        ours = InfoNCELoss(
            0.005,
            intra_view=intra_view,
            negatives=None if beta is None else HardNegatives(beta),
            tile=4,
        )(z1, z2, pairs=pairs)
        reference, _ = dense_info_nce(
            z1, z2, pairs=pairs, temperature=0.005, intra_view=intra_view, beta=beta or 0.0
        )
        assert_same(ours, reference, [z1, z2])


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
@pytest.mark.parametrize("temperature", [0.01, 0.03, 0.07, 0.5, 10.0])
@pytest.mark.parametrize("in_denominator", ["plain", "excluded"])
def test_finite_at_all_temperatures_and_types(
    dtype: torch.dtype, temperature: float, in_denominator: str
) -> None:
    z1, z2 = ((100 * z.detach()).to(dtype).requires_grad_() for z in embeddings(40, 40))
    loss_fn = InfoNCELoss(
        temperature, intra_view=True, positive_in_denominator=in_denominator, tile=16
    )
    loss = loss_fn(z1, z2)
    assert loss.dtype == (torch.float64 if dtype == torch.float64 else torch.float32)
    gradients = torch.autograd.grad(loss, [z1, z2])
    assert loss.isfinite()
    assert all(g.isfinite().all() and g.dtype == dtype for g in gradients)
    expected = loss_fn(z1.double(), z2.double())
    torch.testing.assert_close(loss.double(), expected, rtol=1e-4, atol=1e-4)


def test_autocast_does_not_change_the_result() -> None:
    z1, z2 = (z.detach().float() for z in embeddings(20, 20))
    plain = InfoNCELoss(0.1)(z1, z2)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(InfoNCELoss(0.1)(z1, z2), plain)
        assert torch.equal(
            InfoNCELoss(0.1, negatives=Learned())(z1, z2, context={"bias": torch.zeros(20)}),
            InfoNCELoss(0.1, negatives=Learned())(z1, z2, context={"bias": torch.zeros(20)}),
        )


@settings(deadline=None, max_examples=30)
@given(n=st.integers(2, 12), seed=st.integers(0, 100), intra_view=st.booleans())
def test_permuting_items_permutes_the_losses(n: int, seed: int, intra_view: bool) -> None:
    z1, z2 = embeddings(n, n, seed=seed)
    order = torch.randperm(n, generator=torch.Generator().manual_seed(seed))
    loss_fn = InfoNCELoss(0.3, intra_view=intra_view, reduction="none")
    for before, after in zip(loss_fn(z1, z2), loss_fn(z1[order], z2[order]), strict=True):
        torch.testing.assert_close(before[order], after)


def test_scaling_rows_changes_nothing() -> None:
    z1, z2 = embeddings(6, 6)
    scale = torch.rand(6, 1, dtype=torch.float64) + 0.1
    loss_fn = InfoNCELoss(0.3, intra_view=True)
    torch.testing.assert_close(loss_fn(z1 * scale, z2 * 1e6), loss_fn(z1, z2))


def test_unnormalised_rows_are_taken_as_they_are() -> None:
    z1, z2 = embeddings(6, 6)
    loss = InfoNCELoss(0.01, normalize=False, symmetric=False)(20 * z1, 20 * z2)
    logits = 400 * (z1 @ z2.T) / 0.01
    torch.testing.assert_close(loss, torch.nn.functional.cross_entropy(logits, torch.arange(6)))


def test_self_is_never_a_negative() -> None:
    """Two orthogonal items: the only negatives are the other item's rows."""
    z = torch.eye(2, dtype=torch.float64)
    loss = InfoNCELoss(1.0, intra_view=True)(z, z)
    expected = torch.log(torch.tensor(torch.e + 2.0, dtype=torch.float64)) - 1
    torch.testing.assert_close(loss, expected)


# --- one functional form at every level ---------------------------------------------------------


def test_nodes_and_graphs_are_the_same_rows() -> None:
    z1, z2 = embeddings(6, 6)
    batch = torch.tensor([0, 0, 1, 2, 2, 2])
    g1, g2 = (global_add_pool(z, batch) for z in (z1, z2))
    assert g1.shape == (3, 5)
    loss_fn = InfoNCELoss(0.5)
    reference, _ = dense_info_nce(g1, g2, pairs=Pairs.aligned(3), temperature=0.5)
    assert_same(loss_fn(g1, g2), reference, [z1, z2])


def test_node_against_graph_goes_one_way_by_default() -> None:
    z, g = embeddings(6, 3)
    pairs = Pairs.membership(torch.tensor([0, 0, 1, 2, 2, 2]))
    for symmetric, both in ((None, False), (False, False), (True, True)):
        loss = InfoNCELoss(0.5, symmetric=symmetric)(z, g, pairs=pairs)
        reference, _ = dense_info_nce(z, g, pairs=pairs, temperature=0.5, both=both)
        assert_same(loss, reference, [z, g])


def test_queue_block_keeps_its_mask() -> None:
    z1, z2, queue = embeddings(3, 3, 4)
    masked = torch.tensor([[0, 0, 0, 0], [0, 1, 2, 3]])
    first, _ = InfoNCELoss(0.5, reduction="none")(z1, z2, queue=Block(queue, Mask(masked)))
    without, _ = InfoNCELoss(0.5, reduction="none")(z1, z2)
    with_all, _ = InfoNCELoss(0.5, reduction="none")(z1, z2, queue=queue)
    torch.testing.assert_close(first[0], without[0])
    torch.testing.assert_close(first[1:], with_all[1:])
