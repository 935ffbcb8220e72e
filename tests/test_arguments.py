from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphcl.arguments import check_number, check_seed, check_whole, unknown_name


def test_numbers_of_numpy_become_those_of_python() -> None:
    assert type(check_whole("n", np.int64(3), least=0)) is int
    assert type(check_number("x", np.float32(0.5))) is float


@given(st.integers(), st.integers(-9, 9), st.integers(10, 99))
def test_whole_numbers_pass_inside_the_range_only(value: int, least: int, most: int) -> None:
    if least <= value <= most:
        assert check_whole("n", value, least=least, most=most) == value
    else:
        with pytest.raises(ValueError, match=rf"n must be from {least} to {most}, got {value}"):
            check_whole("n", value, least=least, most=most)


@pytest.mark.parametrize("wrong", [True, 1.0, "3", None, [1]])
def test_what_is_no_whole_number(wrong: object) -> None:
    with pytest.raises(TypeError, match="seed must be a whole number, got"):
        check_seed(wrong)  # type: ignore[arg-type]


def test_what_is_no_number() -> None:
    for wrong in (True, "hot", None):
        with pytest.raises(TypeError, match="t must be a number, got"):
            check_number("t", wrong)  # type: ignore[arg-type]
    for wrong in (math.nan, -math.inf):
        with pytest.raises(ValueError, match="t must be finite, got"):
            check_number("t", wrong)


def test_unknown_names() -> None:
    assert unknown_name("set", "CORRA", ["raw", "Cora"]) == (
        "unknown set 'CORRA'; did you mean 'Cora'? Known: Cora, raw"
    )
    assert unknown_name("set", 3, []) == "unknown set 3. Known: none"
