"""Mean, spread and confidence of repeated measurements."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Summary:
    """Mean of repeated measurements and how sure it is.

    Attributes:
        mean: arithmetic mean.
        std: sample standard deviation (divisor count - 1); NaN for a single value.
        ci_low: lower end of the 95 % Student-t interval of the mean; NaN for a single value.
        ci_high: upper end.
        count: number of values.
    """

    mean: float
    std: float
    ci_low: float
    ci_high: float
    count: int


def summarise(values: Iterable[float]) -> Summary:
    """Summarise one measurement per seed.

    Args:
        values: at least one finite number.

    Returns:
        Mean, standard deviation and 95 % interval, in the unit of the values.

    Raises:
        ValueError: no value, or one that is not finite.

    Source:
        Student, "The probable error of a mean", Biometrika 1908.

    Example:
        >>> summary = summarise([0.80, 0.82, 0.84])
        >>> round(summary.mean, 3), round(summary.std, 3), round(summary.ci_low, 3)
        (0.82, 0.02, 0.77)
    """
    from scipy.special import stdtrit

    numbers = np.fromiter(values, dtype=np.float64)
    count = len(numbers)
    if count == 0:
        raise ValueError("values must hold at least one number, got none")
    if not np.isfinite(numbers).all():
        raise ValueError(f"values must be finite, got {numbers[~np.isfinite(numbers)][0]}")
    mean = float(numbers.mean())
    if count == 1:
        return Summary(mean=mean, std=math.nan, ci_low=math.nan, ci_high=math.nan, count=1)
    std = float(numbers.std(ddof=1))
    half = float(stdtrit(count - 1, 0.975)) * std / math.sqrt(count)
    return Summary(mean=mean, std=std, ci_low=mean - half, ci_high=mean + half, count=count)
