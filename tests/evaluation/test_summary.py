import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from graphcl.evaluation import Summary, summarise


@given(st.lists(st.floats(-100, 100), min_size=2, max_size=30))
def test_equals_scipy(values: list[float]) -> None:
    summary = summarise(values)
    error = stats.sem(values)
    assert summary.count == len(values)
    assert summary.mean == pytest.approx(sum(values) / len(values), abs=1e-9)
    assert summary.std == pytest.approx(error * math.sqrt(len(values)), abs=1e-9)
    half = stats.t.ppf(0.975, len(values) - 1) * error
    assert summary.ci_low == pytest.approx(summary.mean - half, abs=1e-9)
    assert summary.ci_high == pytest.approx(summary.mean + half, abs=1e-9)


def test_one_value_has_no_spread() -> None:
    summary = summarise(iter([0.5]))
    assert (summary.mean, summary.count) == (0.5, 1)
    assert all(math.isnan(value) for value in (summary.std, summary.ci_low, summary.ci_high))


def test_equal_values_have_no_width() -> None:
    assert summarise([0.25] * 4) == Summary(mean=0.25, std=0, ci_low=0.25, ci_high=0.25, count=4)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([], "at least one number, got none"),
        ([0.1, math.nan], "values must be finite, got nan"),
        ([math.inf], "values must be finite, got inf"),
    ],
)
def test_bad_values_are_refused(values: list[float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        summarise(values)
