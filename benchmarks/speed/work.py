"""What is measured, as functions that a process of its own can call."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import torch
from contestants import GROUPS, INTRA, OURS, PLAIN, Contestant, LossFunction, find, reach_peers
from torch import Tensor, nn
from torch_geometric.data import Data

CHECKED_SIZE = 128


def matrix_product_rate(size: int = 2048, runs: int = 25) -> float:
    """The best rate of float32 matrix products in this process, in flops a processor second."""
    left, right = torch.randn(size, size), torch.randn(size, size)
    best = float("inf")
    for _ in range(runs):
        start = time.process_time()
        torch.mm(left, right)
        best = min(best, time.process_time() - start)
    return 2 * size**3 / best


def check_values(group: str, width: int, peers_path: str | None) -> dict[str, Any]:
    """Distance of every contestant from plain torch in float32, in value and in gradient.

    Returns:
        Contestant -> {"value", "gradient"} relative to plain torch, or the missing module's name.
    """
    reach_peers(peers_path)
    found: dict[str, Any] = {}
    reference = _value_and_gradient(find(group, PLAIN), width)
    for contestant in GROUPS[group]:
        try:
            value, gradient = _value_and_gradient(contestant, width)
        except ModuleNotFoundError as error:
            found[contestant.name] = error.name
            continue
        found[contestant.name] = {
            "value": abs(value - reference[0]) / abs(reference[0]),
            "gradient": float((gradient - reference[1]).norm() / reference[1].norm()),
        }
    return found


def prepare_loss(
    group: str, contestant: str, size: int, width: int, peers_path: str | None
) -> Callable[[], float]:
    """Forward and backward of one loss."""
    entry = find(group, contestant)
    if entry.is_peer:
        reach_peers(peers_path)
    return loss_step(entry.build, size, width)


def loss_step(build: Callable[[int], LossFunction], size: int, width: int) -> Callable[[], float]:
    """Forward and backward of a loss on two views of ``size`` items."""
    # code pages and library buffers are no property of N: let them exist before memory is counted
    one_step(build(64), *_views(64, width))
    loss = build(size)
    views = _views(size, width)
    return lambda: one_step(loss, *views)


def prepare_epoch(
    contestant: str, width: int, data: str | None, peers_path: str | None
) -> Callable[[], float]:
    """One epoch of GRACE on Cora: views, encoder, projector, loss, backward, Adam."""
    from graphcl.datasets import load
    from graphcl.methods import create_method

    graph, _ = load("Cora", data)
    method, settings = create_method(
        "grace", graph, dataset="Cora", seed=0, width=width, projection_width=width
    )
    if contestant != OURS:
        entry = find(INTRA, contestant)
        if entry.is_peer:
            reach_peers(peers_path)
        method.objective = _Objective(entry.build(graph.num_nodes))
    method.setup(graph)
    optimizer = torch.optim.Adam(
        method.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay
    )

    return epochs(method, graph, optimizer)


def epochs(method: Any, graph: Any, optimizer: torch.optim.Optimizer) -> Callable[[], float]:
    """One full-batch epoch a call."""
    number = 0

    def run_epoch() -> float:
        nonlocal number
        method.before_epoch(number, graph)
        number += 1
        optimizer.zero_grad()
        loss = method.loss(graph)
        loss.backward()
        optimizer.step()
        return float(loss.detach())

    return run_epoch


class _Objective(nn.Module):
    """A contestant in the place of the method's own contrast."""

    def __init__(self, loss: LossFunction) -> None:
        super().__init__()
        self.loss = loss

    def setup(self, data: Data) -> None:
        return None

    def forward(self, z1: Tensor, z2: Tensor, **options: object) -> Tensor:
        return self.loss(z1, z2)


def _views(size: int, width: int) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(size)
    first = torch.randn(size, width, generator=generator)
    second = first + torch.randn(size, width, generator=generator)
    return first.requires_grad_(), second.requires_grad_()


def one_step(loss: LossFunction, z1: Tensor, z2: Tensor) -> float:
    z1.grad = z2.grad = None
    value = loss(z1, z2)
    value.backward()
    return float(value.detach())


def _value_and_gradient(contestant: Contestant, width: int) -> tuple[float, Tensor]:
    z1, z2 = _views(CHECKED_SIZE, width)
    value = one_step(contestant.build(CHECKED_SIZE), z1, z2)
    assert z1.grad is not None
    assert z2.grad is not None
    return value, torch.cat([z1.grad, z2.grad])
