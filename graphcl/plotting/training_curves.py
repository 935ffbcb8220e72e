"""Loss and criteria without labels over the epochs of a training."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from graphcl.plotting.colours import FAINT, PALETTE


def plot_training_curves(
    curves: Mapping[str, Sequence[float] | Mapping[int, float]],
    *,
    mark: int | None = None,
    axes: Any = None,
) -> list[Any]:
    """Draw quantities over epochs, a panel each: their units do not compare.

    Args:
        curves: Name -> the value after each epoch, the first one being epoch 1 (as
            ``losses`` of :class:`graphcl.training.History`), or epoch -> value for what is measured
            now and then, such as :func:`graphcl.evaluation.modularity` of the present clusters.
        mark: An epoch to mark by a dashed line, e.g. the one whose clusters were taken.
        axes: Matplotlib's axes to draw in, one a curve; None: a new figure.

    Returns:
        The axes, in the order of the curves.

    Raises:
        TypeError: Curves that are no mapping, values that are no numbers.
        ValueError: No curve, one without a value, a NaN or infinite value, another number of axes.

    Example:
        >>> found = plot_training_curves({"loss": [3.0, 2.0], "modularity": {0: 0.1, 2: 0.6}})
        >>> [(ax.get_title(loc="left"), ax.get_lines()[0].get_xdata().tolist()) for ax in found]
        [('loss', [1, 2]), ('modularity', [0, 2])]
    """
    points = _checked(curves)
    if mark is not None and (isinstance(mark, bool) or not isinstance(mark, int)):
        raise TypeError(f"mark must be an epoch, a whole number, got {mark!r}")
    axes = _axes(axes, len(points))
    for place, (ax, (name, values)) in enumerate(zip(axes, points.items(), strict=True)):
        few = len(values) <= 30
        colour = PALETTE[place % len(PALETTE)]
        style: Any = {"marker": "o", "markersize": 3.5} if few else {}
        ax.plot(list(values), list(values.values()), color=colour, **style)
        if mark is not None:
            ax.axvline(mark, color=FAINT, linestyle="--", linewidth=1)
        ax.set_title(name, loc="left", fontsize="medium")
        ax.set_xlabel("epoch")
        for side in ("top", "right"):
            ax.spines[side].set_visible(False)
    return axes


def _checked(curves: Mapping[str, Any]) -> dict[str, dict[int, float]]:
    if not isinstance(curves, Mapping):
        raise TypeError(f"curves must map names to values, got {type(curves).__name__}")
    if not curves:
        raise ValueError("curves must hold at least one curve, got none")
    found: dict[str, dict[int, float]] = {}
    for name, values in curves.items():
        if isinstance(values, str) or not isinstance(values, Mapping | Sequence):
            raise TypeError(
                f"curves[{name!r}] must be a list of numbers or epoch -> number, got "
                f"{type(values).__name__}"
            )
        pairs = values.items() if isinstance(values, Mapping) else enumerate(values, start=1)
        points = {epoch: _number(name, epoch, value) for epoch, value in pairs}
        if not points:
            raise ValueError(f"curves[{name!r}] must hold at least one value, got none")
        found[name] = dict(sorted(points.items()))
    return found


def _number(name: str, epoch: int, value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError) as error:
        raise TypeError(f"curves[{name!r}] at epoch {epoch} is no number: {value!r}") from error
    if not math.isfinite(number):
        raise ValueError(f"curves[{name!r}] at epoch {epoch} is {number}: it must be finite")
    return number


def _axes(axes: Any, number: int) -> list[Any]:
    if axes is not None:
        given = list(axes) if isinstance(axes, Sequence) or hasattr(axes, "__len__") else [axes]
        if len(given) != number:
            raise ValueError(f"axes must be {number}, one for each curve, got {len(given)}")
        return given
    from matplotlib import pyplot

    size = (3.4 * number, 2.7)
    grid = pyplot.subplots(1, number, figsize=size, layout="constrained", squeeze=False)[1]
    return list(grid[0])
