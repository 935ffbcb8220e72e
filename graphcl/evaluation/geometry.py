"""The geometry of embeddings on the sphere: alignment, uniformity, tolerance, rank."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from graphcl.arguments import all_finite, check_number, check_whole
from graphcl.contrast import Block, Mask, Rows, unit_rows


def alignment(first: Tensor, second: Tensor, *, exponent: float = 2.0) -> Tensor:
    """Mean distance of two views' rows to a power; lower is better aligned.

    ``mean over i of |x_i - y_i|^exponent`` of unit rows (Wang and Isola, ICML 2020,
    arXiv 2005.10242).

    Args:
        first: ``[N, d]``.
        second: ``[N, d]``; row ``i`` belongs to row ``i`` of ``first``.
        exponent: Above 0. Below 2 the gradient at equal rows is infinite: it is taken as zero.

    Returns:
        A scalar, differentiable.

    Raises:
        TypeError: An argument of the wrong type.
        ValueError: Shapes that differ; rows that are not finite; an exponent out of range.

    Example:
        >>> alignment(torch.eye(2), torch.eye(2).flip(0))
        tensor(2.)
    """
    if check_number("exponent", exponent) <= 0:
        raise ValueError(f"exponent must be above 0, got {exponent}")
    x, y = _checked("first", first), _checked("second", second)
    if x.shape != y.shape:
        raise ValueError(
            f"first and second need the same shape, got {list(x.shape)} and {list(y.shape)}"
        )
    squared = (x - y).square().sum(1)
    apart = squared > torch.finfo(squared.dtype).tiny
    return torch.where(apart, torch.where(apart, squared, 1).pow(exponent / 2), 0).mean()


def uniformity(
    embeddings: Tensor,
    *,
    sharpness: float = 2.0,
    pairs: int | None = None,
    seed: int = 0,
    tile: int | None = None,
) -> Tensor:
    """How evenly rows spread over the sphere; lower is more even.

    ``log mean over i < j of exp(-sharpness |x_i - x_j|^2)`` of unit rows (Wang and Isola, ICML
    2020, arXiv 2005.10242). Exact by tiles: O(N d) memory.

    Args:
        embeddings: ``[N, d]``.
        sharpness: Multiplies the squared distance, above 0.
        pairs: Estimate from so many random pairs instead; None: exact.
        seed: Of the random pairs.
        tile: Side of the tiles; the result does not depend on it.

    Returns:
        A scalar, differentiable; NaN for a single row, which has no pair.

    Raises:
        TypeError: An argument of the wrong type.
        ValueError: Rows that are not finite; a number out of range.

    Example:
        >>> uniformity(torch.eye(3))  # all squared distances are 2
        tensor(-4.)
    """
    if check_number("sharpness", sharpness) <= 0:
        raise ValueError(f"sharpness must be above 0, got {sharpness}")
    x = _checked("embeddings", embeddings)
    size = len(x)
    if size < 2:
        return x.new_tensor(math.nan)
    if pairs is not None:
        check_whole("pairs", pairs, least=1)
        generator = torch.Generator().manual_seed(seed)
        left = torch.randint(size, (pairs,), generator=generator)
        right = (left + torch.randint(1, size, (pairs,), generator=generator)) % size
        cosine = (x[left.to(x.device)] * x[right.to(x.device)]).sum(1)
        exponent = 2 * sharpness * (cosine - 1)
        return exponent.logsumexp(0) - math.log(pairs)
    item = torch.arange(size, device=x.device)
    rows = Rows(x, (Block(x, Mask(torch.stack([item, item]))),), 1.0, tile=tile)
    sums = rows.logsumexp(2 * sharpness)[0]
    return sums.logsumexp(0) - 2 * sharpness - math.log(size * (size - 1))


def tolerance(embeddings: Tensor, labels: Tensor, *, joint: bool = False) -> Tensor:
    """Mean cosine of items of the same class: how much the space tolerates what is alike.

    The conditional mean over ordered pairs ``i != j`` of equal labels, or with ``joint`` the
    formula as printed, ``E[s_ij 1(l_i = l_j)]`` over all ordered pairs, i = j among them, which
    scales with the share of the classes (Wang and Liu, CVPR 2021, arXiv 2012.09740). The sum over a
    class is the squared length of its sum, so this is O(N d).

    Args:
        embeddings: ``[N, d]``.
        labels: Integers, ``[N]``.
        joint: The joint expectation.

    Returns:
        A scalar, differentiable; NaN where no two items share a label.

    Raises:
        TypeError: An argument of the wrong type.
        ValueError: Rows that are not finite, labels of another number.

    Example:
        >>> tolerance(torch.eye(3), torch.tensor([0, 0, 1]))
        tensor(0.)
    """
    x = _checked("embeddings", embeddings)
    if labels.is_floating_point():
        raise TypeError(f"labels must hold integers, got {labels.dtype}")
    if labels.shape != x.shape[:1]:
        raise ValueError(f"labels must have shape [{len(x)}], got {list(labels.shape)}")
    groups, sizes = labels.unique(return_inverse=True, return_counts=True)[1:]
    sums = x.new_zeros(len(sizes), x.size(1)).index_add(0, groups, x)
    total = sums.square().sum()
    if joint:
        return total / len(x) ** 2
    pairs = (sizes * (sizes - 1)).sum()
    if int(pairs) == 0:
        return x.new_tensor(math.nan)
    return (total - x.square().sum()) / pairs


def effective_rank(embeddings: Tensor) -> float:
    """Number of dimensions that embeddings use: exp of the entropy of the singular values.

    Source: Roy and Vetterli, EUSIPCO 2007; as a label-free score of embeddings Garrido et al., ICML
    2023, arXiv 2210.02885 (RankMe).

    Args:
        embeddings: ``[N, d]``, taken as they are.

    Returns:
        From 1 to min(N, d); NaN where all embeddings are zero.

    Example:
        >>> round(effective_rank(torch.eye(4)), 4)
        4.0
    """
    _checked("embeddings", embeddings)
    values = torch.linalg.svdvals(embeddings.detach().double())
    if float(values.sum()) == 0:
        return math.nan
    share = values / values.sum()
    return float(torch.special.entr(share).sum().exp())


def _checked(name: str, rows: Tensor) -> Tensor:
    """Unit rows of a finite matrix."""
    if not isinstance(rows, Tensor) or not rows.is_floating_point():
        raise TypeError(f"{name} must be a floating point tensor, got {type(rows).__name__}")
    if rows.dim() != 2 or 0 in rows.shape:
        raise ValueError(f"{name} must have shape [N, d], not empty, got {list(rows.shape)}")
    if not all_finite(rows):
        raise ValueError(f"{name} must be finite")
    return unit_rows(rows)
