"""AdamW, warm-up and the cosine schedule, and what methods hear of the progress."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch_geometric.data import Data

from graphcl.sampling import NodeBatches
from graphcl.training import TrainingSettings, fit
from tests.training.toys import Scripted, Stop, Toy, assert_same_state, interrupted_at, toy

SCHEDULED = TrainingSettings(
    epochs=10, learning_rate=0.05, weight_decay=0.1, optimizer="adamw", schedule="cosine",
    warmup=0.2,
)  # fmt: skip


@pytest.fixture
def graph() -> Data:
    x = torch.rand(6, 4, generator=torch.Generator().manual_seed(0))
    return Data(x=x, edge_index=torch.tensor([[0, 1], [1, 0]]))


def test_it_equals_a_plain_loop_with_bgrls_schedule(graph: Data) -> None:
    class TwoRates(Toy):
        def parameter_groups(self) -> Any:
            weight, bias, *others = self.parameters()
            return [{"params": [weight]}, {"params": [bias, *others], "lr": 0.5}]

        def loss(self, data: Any) -> Any:
            return self.layer[0](data.x).square().mean()

    torch.manual_seed(0)
    method, plain = TwoRates(), TwoRates()
    plain.load_state_dict(method.state_dict())
    fit(method, graph, settings=SCHEDULED)
    optimizer = torch.optim.AdamW(plain.parameter_groups(), lr=0.05, weight_decay=0.1)
    for step in range(10):
        cosine = (1 + math.cos((step - 2) * math.pi / (10 - 2))) / 2
        share = step / 2 if step < 2 else cosine
        for group, rate in zip(optimizer.param_groups, (0.05, 0.5), strict=True):
            group["lr"] = rate * share
        optimizer.zero_grad()
        plain.loss(graph).backward()
        optimizer.step()
    for mine, theirs in zip(method.parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(mine, theirs)


def test_a_resumed_run_goes_on_with_the_schedule(graph: Data, tmp_path: Any) -> None:
    whole, resumed = toy(), toy()
    fit(whole, graph, settings=SCHEDULED)
    options: dict[str, Any] = {"settings": SCHEDULED, "checkpoint": tmp_path / "run"}
    with pytest.raises(Stop):
        fit(toy(), graph, checkpoint_every=2, on_epoch=interrupted_at(6), **options)
    fit(resumed, graph, checkpoint_every=2, **options)
    assert_same_state(whole, resumed)


class Listening(Scripted):
    """Keeps what it hears of the progress."""

    def __init__(self) -> None:
        super().__init__([1.0] * 20)
        self.heard: list[float] = []

    def after_step(self) -> None:
        self.heard.append(self.progress)


def test_progress_counts_steps_of_mini_batches(graph: Data) -> None:
    method = Listening()
    assert method.progress == 0
    fit(method, graph, settings=TrainingSettings(epochs=4))
    assert method.heard == [0, 0.25, 0.5, 0.75]
    method = Listening()
    loader = NodeBatches(graph, batch_size=3)
    fit(method, graph, settings=TrainingSettings(epochs=3, steps=4), loader=loader)
    assert method.heard == [0, 0.25, 0.5, 0.75]
    method = Listening()
    uncounted = (batch for batch in [graph, graph])
    fit(method, graph, settings=TrainingSettings(epochs=1), loader=uncounted)
    assert method.heard == [0, 0]


@pytest.mark.parametrize(
    ("fields", "error", "message"),
    [
        ({"optimizer": "adma"}, ValueError, "unknown optimizer 'adma'; did you mean 'adam'"),
        ({"schedule": "cosin"}, ValueError, "unknown schedule 'cosin'; did you mean 'cosine'"),
        ({"warmup": 1.5}, ValueError, r"warmup must be from 0 to 1, got 1\.5"),
        ({"warmup": "long"}, TypeError, "warmup must be a number, got 'long'"),
    ],
)
def test_bad_schedules_are_named(fields: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        TrainingSettings(**fields)


def test_warmup_alone_ends_at_the_full_rate() -> None:
    settings = TrainingSettings(warmup=0.5)
    assert [settings.rate_at(done) for done in (0, 0.25, 0.5, 0.9)] == [0, 0.5, 1, 1]
    assert TrainingSettings(schedule="cosine", warmup=1).rate_at(0.5) == 0.5
