"""InfoNCE as one would write it on paper, with whole matrices: the reference of the tests."""

import torch
from torch import Tensor

from graphcl.contrast import Pairs


def embeddings(*sizes: int, seed: int = 0, width: int = 5) -> list[Tensor]:
    """One leaf of random rows a size."""
    generator = torch.Generator().manual_seed(seed)
    return [
        torch.randn(n, width, generator=generator, dtype=torch.float64).requires_grad_()
        for n in sizes
    ]


def unit(z: Tensor) -> Tensor:
    return z / z.norm(dim=1, keepdim=True)


def dense_masks(pairs: Pairs) -> tuple[Tensor, Tensor]:
    """Weights of the positives (0 where none) and the excluded pairs, both [N, M]."""
    shape = (pairs.num_anchors, pairs.num_candidates)
    positive = torch.zeros(shape, dtype=torch.float64)
    index = pairs.positive_index()
    weight = torch.ones(index.size(1), dtype=torch.float64)
    positive[index[0], index[1]] = weight if pairs.weight is None else pairs.weight.double()
    excluded = torch.zeros(shape, dtype=torch.bool)
    if pairs.excluded is not None:
        excluded[pairs.excluded[0], pairs.excluded[1]] = True
    return positive, excluded


def dense_info_nce(
    z1: Tensor,
    z2: Tensor | None,
    *,
    pairs: Pairs,
    temperature: float,
    intra_view: bool = False,
    both: bool = True,
    positive_in_denominator: str = "plain",
    positives: str = "outside",
    beta: float = 0.0,
    debias: float | None = None,
    queue: Tensor | None = None,
) -> tuple[Tensor, list[Tensor]]:
    """The mean loss and the losses of the anchors of each direction."""
    first = unit(z1)
    second = None if z2 is None else unit(z2)
    extra = None if queue is None else unit(queue)
    settings = (temperature, positive_in_denominator, positives, beta, debias)
    if second is None:
        results = [_direction(first, None, first, pairs, extra, *settings)]
    else:
        own = first if intra_view else None
        results = [_direction(first, second, own, pairs, extra, *settings)]
        if both:
            own = second if intra_view else None
            results.append(_direction(second, first, own, pairs.transpose(), extra, *settings))
    means = [loss[valid].mean() if valid.any() else loss.sum() * 0 for loss, valid in results]
    return sum(means) / len(means), [loss for loss, _ in results]


def _direction(
    anchors: Tensor,
    other: Tensor | None,
    own: Tensor | None,
    pairs: Pairs,
    queue: Tensor | None,
    temperature: float,
    in_denominator: str,
    positives: str,
    beta: float,
    debias: float | None,
) -> tuple[Tensor, Tensor]:
    weight, excluded = dense_masks(pairs)
    cosine, weights, outside = [], [], []
    if other is not None:
        cosine.append(anchors @ other.T)
        weights.append(weight)
        outside.append(excluded)
    if own is not None:
        itself = torch.eye(len(own), dtype=torch.bool)
        cosine.append(anchors @ own.T)
        weights.append(weight.masked_fill(itself, 0))
        outside.append(excluded | itself)
    if queue is not None:
        cosine.append(anchors @ queue.T)
        weights.append(torch.zeros(len(anchors), len(queue), dtype=torch.float64))
        outside.append(torch.zeros(len(anchors), len(queue), dtype=torch.bool))
    s, w, out = torch.cat(cosine, 1), torch.cat(weights, 1), torch.cat(outside, 1)
    # a weight of zero is still a pair of the relation
    index = pairs.positive_index()
    relation = torch.zeros_like(weight, dtype=torch.bool)
    relation[index[0], index[1]] = True
    parts = []
    if other is not None:
        parts.append(relation)
    if own is not None:
        parts.append(relation & ~torch.eye(len(own), dtype=torch.bool))
    if queue is not None:
        parts.append(torch.zeros(len(anchors), len(queue), dtype=torch.bool))
    positive = torch.cat(parts, 1)
    summed = ~out if in_denominator == "weighted" else ~out & ~positive
    count = summed.sum(1).double()
    hardness = (beta * s / temperature).exp() * summed
    mean = hardness.sum(1, keepdim=True) / count.clamp(min=1).unsqueeze(1)
    importance = torch.where(summed, hardness / mean.clamp(min=1e-300), 0)
    total = (importance * (s / temperature).exp()).sum(1)
    if positives == "outside":
        share = w.sum(1).clamp(min=1e-300)
        pull = (w * s).sum(1) / share / temperature
    else:
        pull = (w * (s / temperature).exp()).sum(1).clamp(min=1e-300).log()
    if debias is not None:
        estimate = total - debias * count * pull.exp()
        estimate = estimate / (1 - debias)
        total = torch.maximum(estimate, count * torch.tensor(-1 / temperature).double().exp())
    if in_denominator == "plain":
        total = total + ((s / temperature).exp() * positive).sum(1)
    valid = positive.any(1)
    if in_denominator == "excluded":
        valid = valid & (count > 0)
    loss = torch.where(valid, total.clamp(min=1e-300).log() - pull, 0)
    return loss, valid
