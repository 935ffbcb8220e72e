"""Checks of what losses are given: rows that are finite, views that fit together."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from torch import Tensor

from graphcl.arguments import all_finite
from graphcl.contrast import Pairs


def check_rows(name: str, z: Tensor, width: int | None = None) -> None:
    """Refuse anything but finite floating point rows ``[N, d]``, at least one.

    Args:
        name: How the message calls them.
        z: The rows.
        width: The ``d`` that they need; None: any.

    Raises:
        TypeError: No floating point tensor.
        ValueError: Another shape, NaN or infinite values.
    """
    if not isinstance(z, Tensor):
        raise TypeError(f"{name} must be a torch.Tensor, got {type(z).__name__}")
    if not z.dtype.is_floating_point:
        raise TypeError(f"{name} must be floating point, got {z.dtype}")
    if z.dim() != 2 or 0 in z.shape or (width is not None and z.size(1) != width):
        wanted = "d" if width is None else width
        raise ValueError(f"{name} must have shape [N, {wanted}], not empty, got {list(z.shape)}")
    if not all_finite(z):
        row = int((~z.detach().isfinite().all(1)).nonzero()[0])
        raise ValueError(f"{name} must be finite, but row {row} holds NaN or infinite values")


def check_views(least: int = 1, **views: Tensor) -> None:
    """Refuse rows that are not alike in shape: every row has its counterpart in every view.

    Args:
        least: Fewest rows that the loss is defined for.
        **views: The rows ``[N, d]``, by name.

    Raises:
        TypeError: No floating point tensor.
        ValueError: Shapes that differ, too few rows, NaN or infinite values.
    """
    (first, like), *_ = views.items()
    for name, z in views.items():
        check_rows(name, z)
        if z.shape != like.shape:
            raise ValueError(
                f"{first} and {name} need the same shape, got {list(like.shape)} and "
                f"{list(z.shape)}"
            )
    if len(like) < least:
        raise ValueError(f"{first} needs at least {least} rows, got {len(like)}")


def check_view_list(views: Sequence[Tensor], *, least: int = 1) -> list[Tensor]:
    """The views of the same items, as a list; refuse fewer than two, and as `check_views`."""
    views = list(views)
    if len(views) < 2:
        raise ValueError(f"views must be at least 2, got {len(views)}")
    check_views(least, **{f"views[{i}]": view for i, view in enumerate(views)})
    return views


def check_choice(name: str, value: object, allowed: tuple[str, ...]) -> None:
    """Refuse a text that is not among those allowed."""
    if value not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(allowed)}, got {value!r}")


def check_pairs(pairs: Pairs | None, num_anchors: int, num_candidates: int) -> Pairs:
    """The relation that a loss uses: the one given, or ``i`` with ``i``.

    Raises:
        TypeError: No :class:`graphcl.contrast.Pairs`.
        ValueError: Sizes that do not fit.
    """
    if pairs is None:
        if num_anchors != num_candidates:
            raise ValueError(
                "z1 and z2 need the same number of rows when there are no pairs, got "
                f"{num_anchors} and {num_candidates}"
            )
        return _aligned(num_anchors)
    if not isinstance(pairs, Pairs):
        raise TypeError(f"pairs must be a graphcl.contrast.Pairs, got {type(pairs).__name__}")
    if (pairs.num_anchors, pairs.num_candidates) != (num_anchors, num_candidates):
        raise ValueError(
            f"pairs must be between {num_anchors} anchors and {num_candidates} candidates, as many "
            f"as the embeddings have rows, got {pairs.num_anchors} and {pairs.num_candidates}"
        )
    return pairs


@lru_cache(maxsize=8)
def _aligned(num_items: int) -> Pairs:
    """The pairs of the last few sizes, whose masks are known already."""
    return Pairs.aligned(num_items)
