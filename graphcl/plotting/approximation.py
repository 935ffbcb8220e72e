"""How far an approximation of the denominator is from the exact one, by temperature."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from graphcl.losses import ApproximationError
from graphcl.plotting.colours import PALETTE

_LEAST = 1e-8  # what is smaller is rounding, and a logarithmic axis has no zero


def plot_approximation_error(
    found: Mapping[str, Mapping[float, ApproximationError]], *, ax: Any = None
) -> Any:
    """Draw errors of log-denominators against the temperature, a line for each approximation.

    A line is the mean size of the error over the anchors of the sample, its band goes from the 5th
    to the 95th percentile; a dotted line of the same colour is the proven bound, which no anchor
    exceeds. Both axes are logarithmic; sizes below 1e-8 are drawn there.

    Args:
        found: Name -> temperature -> what :meth:`graphcl.losses.PamCLoss.error_bound` found.
        ax: Matplotlib's axes to draw in; None: a new figure.

    Returns:
        The axes.

    Raises:
        TypeError: Something else than errors.
        ValueError: Nothing to draw, a temperature that is not above 0.

    Example:
        >>> from graphcl.losses import PamCLoss
        >>> z, clusters = torch.randn(20, 4), torch.arange(20) % 2
        >>> found = {t: PamCLoss(t).error_bound(z, clusters) for t in (0.5, 1.0)}
        >>> ax = plot_approximation_error({"first order": found})
        >>> [line.get_label() for line in ax.get_lines()][0]
        'first order'
    """
    _check(found)
    if ax is None:
        from matplotlib import pyplot

        ax = pyplot.subplots(figsize=(5.4, 3.6), layout="constrained")[1]
    for place, (name, errors) in enumerate(found.items()):
        colour = PALETTE[place % len(PALETTE)]
        temperatures = sorted(errors)
        sizes = [errors[t].error.abs().double().cpu() for t in temperatures]
        marks = torch.tensor([0.05, 0.95], dtype=torch.float64)
        low, high = torch.stack([size.quantile(marks) for size in sizes]).clamp(min=_LEAST).T
        mean = torch.stack([size.mean() for size in sizes]).clamp(min=_LEAST)
        bound = [max(errors[t].bound, _LEAST) for t in temperatures]
        ax.fill_between(temperatures, low, high, color=colour, alpha=0.2, linewidth=0)
        ax.plot(temperatures, mean, "o-", color=colour, markersize=3.5, label=name)
        ax.plot(temperatures, bound, ":", color=colour, linewidth=1.2, label=f"{name}, bound")
    ax.set(xscale="log", yscale="log", xlabel="temperature", ylabel="error of the log-denominator")
    ax.grid(color="#e6e6e6", linewidth=0.8)
    ax.set_axisbelow(True)
    ax.legend(frameon=False, fontsize="small")
    return ax


def _check(found: Mapping[str, Mapping[float, ApproximationError]]) -> None:
    if not isinstance(found, Mapping):
        raise TypeError(f"found must map names to errors, got {type(found).__name__}")
    if not found:
        raise ValueError("found must hold at least one approximation, got none")
    for name, errors in found.items():
        if not isinstance(errors, Mapping):
            raise TypeError(
                f"found[{name!r}] must map temperatures to errors, got {type(errors).__name__}"
            )
        if not errors:
            raise ValueError(f"found[{name!r}] must hold at least one temperature, got none")
        for temperature, error in errors.items():
            if not temperature > 0:
                raise ValueError(
                    f"found[{name!r}]: temperatures must be above 0, got {temperature}"
                )
            if not isinstance(error, ApproximationError):
                raise TypeError(
                    f"found[{name!r}][{temperature}] must be an ApproximationError, got "
                    f"{type(error).__name__}"
                )
