"""Runs adapters against golden vectors; the contract is `golden/README.md` of the shared folder.

An adapter is a plain function over the public API. Its keyword parameters are the inputs of a
vector: arrays as NumPy arrays (float64, int64, bool), parameters as Python values; an optional
input that a case lacks is not passed. It returns a dictionary of outputs (tensors, arrays or
numbers).
"""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Adapter = Callable[..., Mapping[str, Any]]
Omissions = Mapping[str, Mapping[str, str]]

VECTORS = Path(__file__).parent / "vectors"


@dataclass(frozen=True)
class Vector:
    """One golden name: its json (the contract) and its npz (the arrays)."""

    contract: dict[str, Any]
    path: Path

    @property
    def name(self) -> str:
        return self.contract["name"]

    @property
    def cases(self) -> list[str]:
        return list(self.contract["cases"])

    @cached_property
    def arrays(self) -> dict[str, NDArray[Any]]:
        with np.load(self.path.with_suffix(".npz"), allow_pickle=False) as stored:
            return {key: stored[key] for key in stored.files}

    def inputs(self, case: str) -> dict[str, Any]:
        """Keyword arguments of the adapter: fresh copies, which it may write into."""
        allowed = {*self.contract["inputs"], *self.contract["optional_inputs"]}
        given = {
            name: array.copy() for name, array in self._stored(case).items() if name in allowed
        }
        params = self.contract["cases"][case]["params"]
        return given | {name: value for name, value in params.items() if name in allowed}

    def expected(self, case: str) -> dict[str, NDArray[Any]]:
        """Outputs that have to be compared in this case."""
        left_out = {
            *self.contract["cases"][case]["omitted"],
            *self.contract.get("not_compared", []),
        }
        stored = self._stored(case)
        return {name: stored[name] for name in self.contract["outputs"] if name not in left_out}

    def _stored(self, case: str) -> dict[str, NDArray[Any]]:
        prefix = f"{case}/"
        return {
            key.removeprefix(prefix): array
            for key, array in self.arrays.items()
            if key.startswith(prefix)
        }


def load_vectors(folder: Path) -> list[Vector]:
    """All vectors of a folder, by name."""
    paths = sorted(folder.glob("*.json"))
    if not paths:
        raise FileNotFoundError(f"no golden vectors (*.json) in {folder.resolve()}")
    return [Vector(json.loads(path.read_text(encoding="utf-8")), path) for path in paths]


def folders() -> Iterator[Path]:
    """The copied small vectors, then the folders that `GRAPHCL_GOLDEN` names."""
    yield VECTORS
    for name in os.environ.get("GRAPHCL_GOLDEN", "").split(os.pathsep):
        if name:
            yield Path(name)


def check_case(
    vector: Vector, case: str, adapter: Adapter, omitted: Mapping[str, str] | None = None
) -> list[str]:
    """Run an adapter on one case; everything that is wrong with what it returns, in words."""
    omitted = omitted or {}
    returned = adapter(**vector.inputs(case))
    outputs = set(vector.contract["outputs"])
    problems = [
        f"{name}: returned, but the vector has no such output"
        for name in sorted(set(returned) - outputs)
    ]
    problems += [
        f"{name}: returned, so its entry in OMITTED is stale"
        for name in sorted(set(returned) & set(omitted))
    ]
    for name, expected in vector.expected(case).items():
        if name in returned:
            kind = "gradient_tolerance" if "grad_" in name else "tolerance"
            difference = compare(returned[name], expected, **vector.contract[kind])
            problems += [f"{name}: {difference}"] if difference else []
        elif name not in omitted:
            problems.append(f"{name}: neither returned nor listed in OMITTED")
    return problems


def compare(value: Any, expected: NDArray[Any], *, rtol: float, atol: float) -> str | None:
    """What separates a value from the expected array; None if nothing does.

    Integers and booleans have to be equal. NaN matches NaN, an infinity the same infinity.
    """
    got = value.detach().cpu().numpy() if isinstance(value, Tensor) else np.asarray(value)
    if got.dtype.kind not in "biuf":
        return f"is not numeric: {value!r}"
    if got.shape != expected.shape:
        return f"shape {got.shape}, expected {expected.shape}"
    if expected.dtype.kind == "f":
        equal = np.isclose(got, expected, rtol=rtol, atol=atol, equal_nan=True)
        wanted = f"rtol {rtol:g}, atol {atol:g}"
    else:
        equal = got == expected
        wanted = "equality"
    if np.all(equal):
        return None
    where = tuple(int(index) for index in np.argwhere(~equal)[0]) if expected.ndim else ()
    return (
        f"{np.count_nonzero(~equal)} of {expected.size} values differ ({wanted}); "
        f"at {where} got {got[where]!r}, expected {expected[where]!r}"
    )


def check_tables(
    vectors: list[Vector], adapters: Mapping[str, Adapter], omitted: Omissions
) -> list[str]:
    """Entries of the adapters' tables that no vector, adapter or reason stands behind."""
    outputs = {vector.name: vector.contract["outputs"] for vector in vectors}
    problems = [f"ADAPTERS[{name!r}]: no such vector" for name in adapters if name not in outputs]
    for name, entries in omitted.items():
        if name not in adapters:
            problems.append(f"OMITTED[{name!r}]: no such adapter")
        for output, reason in entries.items():
            if output not in outputs.get(name, []):
                problems.append(f"OMITTED[{name!r}][{output!r}]: the vector has no such output")
            if not reason.strip():
                problems.append(f"OMITTED[{name!r}][{output!r}]: no reason given")
    return problems


def leaf(value: Any) -> Tensor:
    """An input as a float64 tensor that gradients are asked of; numbers become 0-dimensional."""
    return torch.tensor(value, dtype=torch.float64, requires_grad=True)


def gradients(quantity: Tensor, of: str = "", /, **inputs: Tensor) -> dict[str, Tensor]:
    """Gradients of a scalar by input: `grad_X`, or `O__grad_X` where `of` names the quantity O.

    An input that the quantity does not depend on has gradient zero. The graph is kept, so that
    gradients of several quantities can be asked for.
    """
    found = torch.autograd.grad(
        quantity, list(inputs.values()), retain_graph=True, materialize_grads=True
    )
    prefix = f"{of}__grad_" if of else "grad_"
    return {prefix + name: gradient for name, gradient in zip(inputs, found, strict=True)}
