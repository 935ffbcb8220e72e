"""Weights without gradient: the hand-written pass gives what checkpointed tiles give."""

import gc
import weakref
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from graphcl.contrast import MASKED, Block, Pairs
from graphcl.losses import InfoNCELoss
from graphcl.negatives import ClusterNegatives, NegativeStrategy
from tests.losses.checking import finite_gradients
from tests.losses.dense import embeddings
from tests.negatives.test_every_strategy import CASES, N, call

DETACHED = [name for name in CASES if CASES[name]().detached]


class Given(NegativeStrategy):
    """Log-weights from the context, as constants; symmetric where they are."""

    needs = frozenset({"logs"})
    detached = True

    def log_weights(
        self,
        cosine: Tensor,
        row_ids: Tensor,
        column_ids: Tensor,
        block: Block,
        rows: Any,
        state: Any,
    ) -> Tensor:
        table: Tensor = rows.context["logs"]
        return table[row_ids][:, column_ids]


def test_which_strategies_are_detached() -> None:
    closed_form = {"all", "hard", "mixed", "meta-nodes", "meta-nodes-second"}
    learned = {"learned", "learned-row", "learned-all"}
    assert set(CASES) - set(DETACHED) == closed_form | learned


@pytest.mark.parametrize("name", DETACHED)
@pytest.mark.parametrize("temperature", [0.3, 0.001])  # the latter with a running maximum
@pytest.mark.parametrize("options", [{}, {"intra_view": True}, {"intra_view": True, "tile": 3}])
def test_equals_checkpointed_tiles(name: str, temperature: float, options: dict[str, Any]) -> None:
    z1, z2 = embeddings(N, N)
    pairs = Pairs.aligned(N, excluded=torch.tensor([[0, 1, 5], [3, 4, 2]]))
    results = []
    for detached in (True, False):
        strategy = CASES[name]()
        strategy.detached = detached
        loss = call(InfoNCELoss(temperature, negatives=strategy, **options), z1, z2, pairs=pairs)
        results.append([loss, *finite_gradients(loss, [z1, z2])])
    torch.testing.assert_close(results[0], results[1], rtol=1e-10, atol=1e-12)


@settings(deadline=None, max_examples=25)
@given(
    spread=st.sampled_from([1.0, 100.0, 2000.0]),
    shift=st.sampled_from([0.0, -900.0, 900.0]),
    seed=st.integers(0, 100),
    symmetric=st.booleans(),
)
def test_any_size_of_weight(spread: float, shift: float, seed: int, symmetric: bool) -> None:
    """Sums out of the range of the type, empty rows, single pairs taken out."""
    z1, z2 = embeddings(6, 6, seed=seed)
    generator = torch.Generator().manual_seed(seed)
    logs = torch.randn(6, 6, generator=generator, dtype=torch.float64) * spread + shift
    logs = logs + logs.T if symmetric else logs
    logs[torch.rand(6, 6, generator=generator) < 0.2] = MASKED
    logs[2], logs[:, 2] = MASKED, MASKED
    logs = torch.maximum(logs, logs.T) if symmetric else logs
    results = []
    for detached in (True, False):
        strategy = Given()
        strategy.detached, strategy.symmetric = detached, symmetric
        loss_fn = InfoNCELoss(0.3, intra_view=True, negatives=strategy, tile=4)
        loss = loss_fn(z1, z2, context={"logs": logs})
        results.append([loss, *finite_gradients(loss, [z1, z2])])
    torch.testing.assert_close(results[0], results[1], rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("symmetric", [True, False])
def test_the_pass_is_freed_without_the_garbage_collector(symmetric: bool) -> None:
    """The result hangs on the tiles' function, which must not hang on the result."""
    strategy = ClusterNegatives(0.5)
    strategy.symmetric = symmetric
    clusters = torch.tensor([0, 1, 0, 1])
    gc.disable()
    try:
        z1, z2 = embeddings(4, 4)
        loss = InfoNCELoss(0.3, negatives=strategy)(z1, z2, context={"clusters": clusters})
        gone = weakref.ref(clusters)
        del loss, clusters
        assert gone() is None
    finally:
        gc.enable()
