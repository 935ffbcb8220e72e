"""Losses and strategies with whole matrices in plain torch: what one would write without tiles."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from contestants import TEMPERATURE, LossFunction
from torch import Tensor
from torch.nn import functional

Context = Callable[[int], dict[str, Any]]


def cosines(z1: Tensor, z2: Tensor) -> Tensor:
    return functional.normalize(z1) @ functional.normalize(z2).T


def both_views(z1: Tensor, z2: Tensor) -> tuple[Tensor, Tensor]:
    """Logits of all rows of both views, self at -inf, and those of the positives."""
    z = functional.normalize(torch.cat([z1, z2]))
    logits = (z @ z.T / TEMPERATURE).fill_diagonal_(-math.inf)
    positive = (z * z.roll(len(z1), 0)).sum(1) / TEMPERATURE
    return logits, positive


def without_positive(logits: Tensor) -> Tensor:
    size = len(logits) // 2
    item = torch.arange(2 * size)
    return logits.index_put((item, item.roll(size)), torch.tensor(-math.inf))


def ntxent(size: int) -> LossFunction:
    def loss(z1: Tensor, z2: Tensor) -> Tensor:
        logits, positive = both_views(z1, z2)
        return (logits.logsumexp(1) - positive).mean()

    return loss


def dcl(size: int) -> LossFunction:
    def loss(z1: Tensor, z2: Tensor) -> Tensor:
        logits, positive = both_views(z1, z2)
        return (without_positive(logits).logsumexp(1) - positive).mean()

    return loss


def dclw(size: int) -> LossFunction:
    def loss(z1: Tensor, z2: Tensor) -> Tensor:
        logits, positive = both_views(z1, z2)
        with torch.no_grad():
            share = (positive.view(2, size) * TEMPERATURE / 0.5).softmax(1).view(-1)
        return (without_positive(logits).logsumexp(1) - (2 - size * share) * positive).mean()

    return loss


def debiased(size: int) -> LossFunction:
    prior, count = 0.1, 2 * size - 2

    def loss(z1: Tensor, z2: Tensor) -> Tensor:
        logits, positive = both_views(z1, z2)
        total = without_positive(logits).exp().sum(1)
        estimate = (total - prior * count * positive.exp()) / (1 - prior)
        estimate = estimate.clamp(min=count * math.exp(-1 / TEMPERATURE))
        return ((positive.exp() + estimate).log() - positive).mean()

    return loss


def hard(size: int) -> LossFunction:
    def loss(z1: Tensor, z2: Tensor) -> Tensor:
        logits, positive = both_views(z1, z2)
        negative = without_positive(logits)
        weighted = (2 * negative).logsumexp(1) - negative.logsumexp(1) + math.log(2 * size - 2)
        return (torch.logaddexp(weighted, positive) - positive).mean()

    return loss


def strategy(name: str, context: Context | None = None, **options: Any) -> Any:
    """A strategy's weights on whole matrices (what it finds out before, it finds as ever)."""

    def build(size: int) -> LossFunction:
        from graphcl.contrast import Direction, Pairs, directions
        from graphcl.negatives import make_negatives

        negatives, pairs, item = (
            make_negatives(name, **options),
            Pairs.aligned(size),
            torch.arange(size),
        )
        given = {} if context is None else context(size)

        def one(direction: Direction) -> Tensor:
            rows, parts = direction.rows, []
            state = negatives.prepare(rows)
            for block in rows.blocks:
                cosine = rows.anchors @ block.candidates.T
                weights = negatives.log_weights(cosine, item, item, block, rows, state)
                assert block.masked is not None
                masked = tuple(block.masked.index)
                exponent = cosine / TEMPERATURE + weights
                parts.append(exponent.index_put(masked, torch.tensor(-math.inf)))
            total = negatives.add_extra(torch.cat(parts, 1).logsumexp(1), rows, state)
            positive = direction.mean_positive() / TEMPERATURE
            return (torch.logaddexp(total, positive) - positive).mean()

        def loss(z1: Tensor, z2: Tensor) -> Tensor:
            both = directions(
                functional.normalize(z1),
                functional.normalize(z2),
                pairs,
                temperature=TEMPERATURE,
                intra_view=True,
                context=given,
            )
            return torch.stack([one(direction) for direction in both]).mean()

        return loss

    return build


def neighbours(index: Callable[[int], Tensor]) -> Callable[[int], LossFunction]:
    """Listed pairs and the item itself are positives, in either view."""

    def build(size: int) -> LossFunction:
        relation = torch.eye(size, dtype=torch.bool)
        relation[tuple(index(size))] = True
        relation = relation.tile(2, 2).fill_diagonal_(False)

        def loss(z1: Tensor, z2: Tensor) -> Tensor:
            logits, _ = both_views(z1, z2)
            positive = logits.masked_fill(~relation, 0).sum(1) / relation.sum(1)
            return (logits.logsumexp(1) - positive).mean()

        return loss

    return build


def supcon(num_classes: int) -> Callable[[int], LossFunction]:
    def build(size: int) -> LossFunction:
        label = torch.arange(size) % num_classes
        same = (label[:, None] == label).fill_diagonal_(False)

        def loss(z1: Tensor, z2: Tensor) -> Tensor:
            logits = (cosines(z1, z1) / TEMPERATURE).fill_diagonal_(-math.inf)
            positive = logits.masked_fill(~same, 0).sum(1) / same.sum(1)
            return (logits.logsumexp(1) - positive).mean()

        return loss

    return build


def queue(size: int) -> LossFunction:
    rows = torch.randn(size, 128, generator=torch.Generator().manual_seed(1))

    def loss(z1: Tensor, z2: Tensor) -> Tensor:
        logits = cosines(z1, torch.cat([z2, rows])) / TEMPERATURE
        return functional.cross_entropy(logits, torch.arange(size))

    return loss


def jensen_shannon(size: int) -> LossFunction:
    def loss(z1: Tensor, z2: Tensor) -> Tensor:
        s = cosines(z1, z2)
        off = ~torch.eye(size, dtype=torch.bool)
        negative = (functional.softplus(s) - math.log(2))[off].mean()
        return negative - (math.log(2) - functional.softplus(-s.diagonal())).mean()

    return loss


def triplet(size: int) -> LossFunction:
    def loss(z1: Tensor, z2: Tensor) -> Tensor:
        s = cosines(z1, z2)
        hinge = (2 * (s - s.diagonal()[:, None]) + 1).relu()
        return (hinge.sum() - hinge.diagonal().sum()) / (size * (size - 1))

    return loss


def auc(size: int) -> LossFunction:
    def loss(z1: Tensor, z2: Tensor) -> Tensor:
        s = (1 + cosines(z1, z2)) / 2
        p = s.diagonal()
        cost = s.square() + 2 * s
        rest = 32 * (cost.sum() - cost.diagonal().sum()) / (size * (size - 1))
        return ((p - 10).square() - 2 * p).mean() + rest

    return loss


def simple(size: int) -> LossFunction:
    def loss(z1: Tensor, z2: Tensor) -> Tensor:
        s = cosines(z1, z2)
        return (s.sum(1) - 2 * s.diagonal()).mean()

    return loss


def attraction_repulsion(size: int) -> LossFunction:
    def loss(z1: Tensor, z2: Tensor) -> Tensor:
        distance = 2 - 2 * cosines(z1, z2)
        near = (-0.9 * distance).fill_diagonal_(-math.inf)
        repulsion = [((near.softmax(dim)) * distance).sum(dim).mean() for dim in (0, 1)]
        return distance.diagonal().mean() - torch.stack(repulsion).mean()

    return loss


def similarity_distillation(size: int) -> LossFunction:
    rows = torch.randn(size, 128, generator=torch.Generator().manual_seed(1))

    def loss(z1: Tensor, z2: Tensor) -> Tensor:
        student = (cosines(z1, rows) / 0.1).log_softmax(1)
        teacher = (cosines(z2.detach(), rows) / 0.1).log_softmax(1)
        return functional.kl_div(student, teacher, log_target=True, reduction="batchmean")

    return loss
