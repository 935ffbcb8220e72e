import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from graphcl.contrast import MASKED, Block, Mask, Pairs, Rows, directions, normalize_rows
from graphcl.losses import InfoNCELoss
from graphcl.negatives import ClusterNegatives
from tests.contrast.memory import LargestTensor


def example(n: int, sizes: list[int], seed: int, tile: int | None = None) -> tuple[Rows, Tensor]:
    """Rows over several blocks with random masks, and the dense matrix (MASKED where masked)."""
    generator = torch.Generator().manual_seed(seed)
    anchors = normalize_rows(torch.randn(n, 4, generator=generator, dtype=torch.float64))
    anchors.requires_grad_()
    blocks, dense = [], []
    for m in sizes:
        candidates = normalize_rows(torch.randn(m, 4, generator=generator, dtype=torch.float64))
        candidates.requires_grad_()
        mask = torch.rand(n, m, generator=generator) < 0.3
        blocks.append(Block(candidates, Mask(mask.nonzero().T.contiguous())))
        dense.append(torch.where(mask, MASKED, anchors @ candidates.T))
    return Rows(anchors, tuple(blocks), 0.5, tile=tile), torch.cat(dense, 1)


def leaves(rows: Rows) -> list[Tensor]:
    return [rows.anchors, *(block.candidates for block in rows.blocks)]


def assert_same(ours: Tensor, dense: Tensor, rows: Rows) -> None:
    torch.testing.assert_close(ours, dense, rtol=1e-10, atol=1e-10)
    weight = torch.arange(1, ours.numel() + 1, dtype=ours.dtype).view_as(ours)
    kept = ours > MASKED / 2
    for a, b in zip(
        torch.autograd.grad((ours * weight)[kept].sum(), leaves(rows), retain_graph=True),
        torch.autograd.grad((dense * weight)[kept].sum(), leaves(rows), retain_graph=True),
        strict=True,
    ):
        torch.testing.assert_close(a, b, rtol=1e-9, atol=1e-10)


cases = given(
    n=st.integers(1, 8),
    sizes=st.lists(st.integers(1, 7), min_size=1, max_size=3),
    tile=st.sampled_from([None, 1, 2, 3]),
    seed=st.integers(0, 500),
)


@settings(deadline=None)
@cases
@pytest.mark.parametrize("scale", [0.0, 2.0, 900.0, -3.0])
def test_logsumexp(n: int, sizes: list[int], tile: int | None, seed: int, scale: float) -> None:
    rows, dense = example(n, sizes, seed, tile)
    logits = torch.where(dense > MASKED / 2, dense * scale, MASKED).logsumexp(1)
    logits = torch.where(logits > MASKED / 2, logits, MASKED)
    assert_same(rows.logsumexp(scale)[0], logits, rows)


@settings(deadline=None)
@cases
def test_several_scales_at_once(n: int, sizes: list[int], tile: int | None, seed: int) -> None:
    rows, _ = example(n, sizes, seed, tile)
    again, _ = example(n, sizes, seed)
    together = rows.logsumexp(1.0, 3.0, 0.5)
    apart = [again.logsumexp(scale)[0] for scale in (1.0, 3.0, 0.5)]
    for one, other in zip(together, apart, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-12, atol=1e-12)
    total = [torch.stack(list(x)).clamp(min=-1e3).square().sum() for x in (together, apart)]
    for a, b in zip(
        torch.autograd.grad(total[0], leaves(rows)),
        torch.autograd.grad(total[1], leaves(again)),
        strict=True,
    ):
        torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-10)


def test_detached_part_of_the_scale_has_no_gradient() -> None:
    rows, dense = example(5, [6], 0)
    (ours,) = rows.logsumexp(3.0, detached=1.0)
    held = torch.where(dense > MASKED / 2, 2 * dense + dense.detach(), MASKED).logsumexp(1)
    assert_same(ours, held, rows)


@settings(deadline=None)
@cases
def test_tiles_reduce_any_function(n: int, sizes: list[int], tile: int | None, seed: int) -> None:
    rows, dense = example(n, sizes, seed, tile)
    factor = torch.linspace(0.5, 2, n, dtype=torch.float64)

    def function(cosine, row_ids, column_ids, block):  # type: ignore[no-untyped-def]
        number = next(k for k, b in enumerate(rows.blocks) if b is block)
        return cosine * factor[row_ids, None] + (column_ids + number) / 10

    added = torch.cat([(torch.arange(m) + k) / 10 for k, m in enumerate(sizes)])
    values = dense * factor[:, None] + added
    kept = dense > MASKED / 2
    logs = torch.where(kept, values, MASKED).logsumexp(1)
    logs = torch.where(logs > MASKED / 2, logs, MASKED)
    assert_same(rows.tiles(function), logs, rows)
    assert_same(rows.tiles(function, reduce="sum"), torch.where(kept, values, 0).sum(1), rows)
    with pytest.raises(ValueError, match="reduce must be 'logsumexp' or 'sum', got 'max'"):
        rows.tiles(function, reduce="max")  # type: ignore[arg-type]


@settings(deadline=None)
@cases
def test_what_tiles_are_computed_from_gets_its_gradient(
    n: int, sizes: list[int], tile: int | None, seed: int
) -> None:
    rows, dense = example(n, sizes, seed, tile)
    parameter = torch.tensor(0.7, dtype=torch.float64, requires_grad=True)
    source = torch.linspace(0.5, 2, n, dtype=torch.float64, requires_grad=True)
    factor = source.square() + rows.anchors.sum(1)  # with a history that the anchors share

    def function(cosine, row_ids, column_ids, block, given):  # type: ignore[no-untyped-def]
        return cosine * given[row_ids, None] * parameter

    kept = dense > MASKED / 2
    values = dense * factor[:, None] * parameter
    logs = torch.where(kept, values, MASKED).logsumexp(1)
    logs = torch.where(logs > MASKED / 2, logs, MASKED)
    ours = rows.tiles(function, inputs=(factor,))
    leaves = [rows.anchors, source, parameter, *(block.candidates for block in rows.blocks)]
    torch.testing.assert_close(ours, logs)
    weight = torch.linspace(-1, 1, n, dtype=torch.float64)
    options = {"allow_unused": True, "materialize_grads": True}
    torch.testing.assert_close(
        torch.autograd.grad((ours * weight).sum(), leaves, retain_graph=True, **options),
        torch.autograd.grad((torch.where(kept.any(1), logs, 0) * weight).sum(), leaves, **options),
    )


def test_a_closed_over_tensor_with_a_history_is_refused() -> None:
    rows, _ = example(4, [5], 0)
    hidden = (torch.ones(4, dtype=torch.float64, requires_grad=True) * 2).clamp(max=3)
    with pytest.raises(ValueError, match=r"computed from others \(ClampBackward.*one of inputs"):
        rows.tiles(lambda cosine, ids, *_: cosine * hidden[ids, None])


@settings(deadline=None)
@cases
def test_count_and_topk(n: int, sizes: list[int], tile: int | None, seed: int) -> None:
    rows, dense = example(n, sizes, seed, tile)
    count = (dense > MASKED / 2).sum(1)
    assert torch.equal(rows.count(), count)
    fewest = int(count.min())
    for k in range(1, fewest + 1):
        values, columns = rows.topk(k)
        expected, order = dense.topk(k)
        assert torch.equal(columns, order)
        assert_same(values, expected, rows)
    with pytest.raises(ValueError, match=f"fewest candidates of an anchor, {fewest}; got"):
        rows.topk(fewest + 1)


@pytest.mark.parametrize("tile", [None, 2])
def test_own_block_with_any_mask(tile: int | None) -> None:
    """A symmetric mask takes the upper tiles only, another one all of them."""
    generator = torch.Generator().manual_seed(0)
    for symmetric in (True, False):
        u = normalize_rows(torch.randn(7, 3, generator=generator, dtype=torch.float64))
        u.requires_grad_()
        mask = torch.rand(7, 7, generator=generator) < 0.3
        mask = mask | mask.T if symmetric else mask
        rows = Rows(u, (Block(u, Mask(mask.nonzero().T.contiguous())),), 0.5, tile=tile)
        dense = torch.where(mask, MASKED, 2 * u @ u.T).logsumexp(1)
        (ours,) = rows.logsumexp(2.0)
        torch.testing.assert_close(ours, dense)
        weight = torch.arange(7.0, dtype=torch.float64)
        torch.testing.assert_close(
            torch.autograd.grad((ours * weight).sum(), u)[0],
            torch.autograd.grad((dense * weight).sum(), u)[0],
        )


def test_two_directions_share_one_pass() -> None:
    u, v = (normalize_rows(torch.randn(6, 3, requires_grad=True)) for _ in range(2))
    forth, back = directions(u, v, Pairs.aligned(6), temperature=0.5, intra_view=True)
    shared = forth.rows.shared
    assert shared is back.rows.shared
    assert shared is not None
    assert [p.symmetric for p in shared.products.products] == [False, True, True]
    (first,) = forth.rows.logsumexp(2.0)
    (second,) = back.rows.logsumexp(2.0)
    assert first.grad_fn is second.grad_fn is not None


@pytest.mark.parametrize("tile", [None, 2, 4])
@pytest.mark.parametrize("kind", ["aligned", "directed"])
def test_symmetric_function_serves_both_directions(tile: int | None, kind: str) -> None:
    generator = torch.Generator().manual_seed(0)
    u, v, queue = (
        normalize_rows(torch.randn(n, 3, generator=generator, dtype=torch.float64))
        for n in (7, 7, 3)
    )
    leaves = [x.requires_grad_() for x in (u, v, queue)]
    edges = torch.randint(7, (2, 9), generator=generator)
    pairs = Pairs.aligned(7, excluded=None if kind == "aligned" else edges)
    calls = 0

    def function(cosine, row_ids, column_ids, block):  # type: ignore[no-untyped-def]
        nonlocal calls
        calls += 1
        return cosine**2 + (row_ids[:, None] - column_ids).abs() / 10

    results = []
    for key in (None, "distance"):
        calls = 0
        pair = directions(
            u, v, pairs, temperature=0.5, intra_view=True, queue=Block(queue), tile=tile
        )
        values = torch.cat([d.rows.tiles(function, symmetric_key=key) for d in pair])
        results.append((values, calls, torch.autograd.grad(values.square().sum(), leaves)))
    torch.testing.assert_close(results[0][0], results[1][0], rtol=1e-12, atol=1e-12)
    for a, b in zip(results[0][2], results[1][2], strict=True):
        torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-12)
    assert results[1][1] < results[0][1]


def test_matrix_is_never_in_memory() -> None:
    """4096 x 4096 float32 would be 64 MiB; no tensor of more than 2 MiB may be made."""
    z1, z2 = (torch.randn(4096, 8, requires_grad=True) for _ in range(2))
    with LargestTensor() as largest:
        InfoNCELoss(0.5, intra_view=True)(z1, z2).backward()
    assert 0 < largest.bytes <= 2 << 20


@pytest.mark.parametrize("same", [0.0, 0.5])
def test_weights_are_never_in_memory(same: float) -> None:
    """Weights of a tile do, one after another."""
    z1, z2 = (torch.randn(4096, 8, requires_grad=True) for _ in range(2))
    clusters = torch.randint(7, (4096, 2))
    with LargestTensor() as largest:
        loss_fn = InfoNCELoss(0.5, intra_view=True, negatives=ClusterNegatives(same))
        loss_fn(z1, z2, context={"clusters": clusters}).backward()
    assert 0 < largest.bytes <= 2 << 20
