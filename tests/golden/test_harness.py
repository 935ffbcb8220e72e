"""A deliberately wrong adapter fails, in each of the ways it can be wrong."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.golden.harness import (
    Vector,
    check_case,
    check_tables,
    compare,
    folders,
    gradients,
    leaf,
    load_vectors,
)

CONTRACT = {
    "name": "toy",
    "tolerance": {"rtol": 1e-9, "atol": 1e-12},
    "gradient_tolerance": {"rtol": 1e-4, "atol": 1e-10},
    "issue_group": "core",
    "inputs": ["x", "scale"],
    "optional_inputs": ["shift"],
    "outputs": ["loss", "rows", "count", "kept", "edge", "grad_x", "grad_scale", "order"],
    "not_compared": ["order"],
    "cases": {
        "plain": {"params": {"scale": 2.0}, "omitted": []},
        "shifted": {"params": {"scale": 2.0, "shift": 1.0}, "omitted": ["rows"]},
    },
}


def toy(*, x: Any, scale: float, shift: float = 0.0) -> dict[str, Any]:
    points, factor = leaf(x), leaf(scale)
    rows = points * factor + shift
    loss = (rows**2).sum()
    return {
        "loss": loss,
        "rows": rows,
        "count": len(x),
        "kept": points > 1,
        "edge": np.array([np.nan, np.inf, -np.inf]),
        **gradients(loss, x=points, scale=factor),
    }


@pytest.fixture
def vector(tmp_path: Path) -> Vector:
    x = np.array([1.0, 2.0, 3.0])
    arrays: dict[str, Any] = {}
    for case, shift in (("plain", 0.0), ("shifted", 1.0)):
        found = toy(x=x, scale=2.0, shift=shift)
        arrays[f"{case}/x"] = x
        for name, value in found.items():
            value = value.detach().numpy() if isinstance(value, torch.Tensor) else value
            arrays[f"{case}/{name}"] = np.asarray(value)
    del arrays["shifted/rows"]
    (tmp_path / "toy.json").write_text(json.dumps(CONTRACT))
    np.savez(tmp_path / "toy.npz", **arrays)
    (loaded,) = load_vectors(tmp_path)
    return loaded


def changed(**outputs: Any) -> Callable[..., dict[str, Any]]:
    return lambda **inputs: toy(**inputs) | outputs


def without(name: str) -> Callable[..., dict[str, Any]]:
    return lambda **inputs: {key: v for key, v in toy(**inputs).items() if key != name}


@pytest.mark.parametrize("case", ["plain", "shifted"])
def test_a_right_adapter_passes(vector: Vector, case: str) -> None:
    assert check_case(vector, case, toy) == []


@pytest.mark.parametrize(
    ("outputs", "message"),
    [
        ({"loss": 56.0 + 1e-6}, "loss: 1 of 1 values differ (rtol 1e-09, atol 1e-12); at () got"),
        ({"rows": torch.tensor([2.0, 4.0, 6.1]).double()}, "rows: 1 of 3 values differ"),
        ({"rows": torch.tensor([2.0, 4.0])}, "rows: shape (2,), expected (3,)"),
        ({"rows": torch.tensor([[2.0, 4.0, 6.0]])}, "rows: shape (1, 3), expected (3,)"),
        ({"loss": [56.0]}, "loss: shape (1,), expected ()"),
        ({"count": 4}, "count: 1 of 1 values differ (equality)"),
        ({"count": 3.0000000001}, "count: 1 of 1 values differ (equality)"),
        ({"kept": [True, True, True]}, "kept: 1 of 3 values differ (equality)"),
        ({"edge": [0.0, np.inf, -np.inf]}, "edge: 1 of 3 values differ"),
        ({"edge": [np.nan, -np.inf, -np.inf]}, "edge: 1 of 3 values differ"),
        ({"loss": np.nan}, "loss: 1 of 1 values differ"),
        ({"grad_x": [8.0, 16.0, 24.1]}, "grad_x: 1 of 3 values differ (rtol 0.0001"),
        ({"loss": None}, "loss: is not numeric: None"),
        ({"losses": 1.0}, "losses: returned, but the vector has no such output"),
    ],
)
def test_a_wrong_output_fails(vector: Vector, outputs: dict[str, Any], message: str) -> None:
    (problem,) = check_case(vector, "plain", changed(**outputs))
    assert problem.startswith(message)


def test_gradients_have_their_own_tolerance(vector: Vector) -> None:
    near = [8.0, 16.0, 24.0001]
    assert check_case(vector, "plain", changed(grad_x=near)) == []


def test_a_missing_output_fails_unless_listed_with_a_reason(vector: Vector) -> None:
    adapter = without("count")
    assert check_case(vector, "plain", adapter) == ["count: neither returned nor listed in OMITTED"]
    assert check_case(vector, "plain", adapter, {"count": "not part of the public API"}) == []


def test_an_output_that_the_case_omits_or_nobody_compares_may_be_missing(vector: Vector) -> None:
    assert check_case(vector, "shifted", without("rows")) == []
    assert check_case(vector, "plain", changed(order=[3, 2, 1])) == []


def test_a_stale_omission_fails(vector: Vector) -> None:
    assert check_case(vector, "plain", toy, {"count": "once missing"}) == [
        "count: returned, so its entry in OMITTED is stale"
    ]


def test_tables_without_vector_adapter_output_or_reason_fail(vector: Vector) -> None:
    assert check_tables([vector], {"toy": toy}, {"toy": {"count": "a reason"}}) == []
    assert check_tables([vector], {"toy": toy, "tay": toy}, {}) == [
        "ADAPTERS['tay']: no such vector"
    ]
    assert check_tables([vector], {}, {"toy": {}}) == ["OMITTED['toy']: no such adapter"]
    assert check_tables([vector], {"toy": toy}, {"toy": {"colour": "a reason"}}) == [
        "OMITTED['toy']['colour']: the vector has no such output"
    ]
    assert check_tables([vector], {"toy": toy}, {"toy": {"count": " "}}) == [
        "OMITTED['toy']['count']: no reason given"
    ]


def test_an_adapter_that_raises_fails(vector: Vector) -> None:
    def broken(**inputs: Any) -> dict[str, Any]:
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        check_case(vector, "plain", broken)


def test_absent_optional_inputs_are_not_passed_and_arrays_are_copies(vector: Vector) -> None:
    assert set(vector.inputs("plain")) == {"x", "scale"}
    assert set(vector.inputs("shifted")) == {"x", "scale", "shift"}
    vector.inputs("plain")["x"][:] = 0
    assert vector.inputs("plain")["x"].tolist() == [1, 2, 3]


def test_a_float32_result_is_too_coarse() -> None:
    third = np.array(1 / 3)
    assert compare(torch.tensor(1 / 3, dtype=torch.float64), third, rtol=1e-9, atol=0) is None
    assert compare(torch.tensor(1 / 3, dtype=torch.float32), third, rtol=1e-9, atol=0)


def test_further_folders_come_from_the_environment(
    vector: Vector, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRAPHCL_GOLDEN", f"{tmp_path}{os.pathsep}{tmp_path / 'empty'}")
    _, first, second = folders()
    assert [found.name for found in load_vectors(first)] == ["toy"]
    with pytest.raises(FileNotFoundError, match=r"no golden vectors \(\*.json\) in .*empty"):
        load_vectors(second)


def test_gradients_of_numbers_of_named_quantities_and_of_unused_inputs() -> None:
    x, scale, unused = leaf([1.0, 2.0]), leaf(3.0), leaf(1.0)
    total = (x * scale).sum()
    found = gradients(total, x=x, scale=scale, unused=unused) | gradients(total**2, "square", x=x)
    assert {name: value.tolist() for name, value in found.items()} == {
        "grad_x": [3.0, 3.0],
        "grad_scale": 3.0,
        "grad_unused": 0.0,
        "square__grad_x": [54.0, 54.0],
    }
