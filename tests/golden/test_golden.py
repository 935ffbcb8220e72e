"""Every case of every golden vector that has an adapter; the others are listed at the end."""

import pytest

from tests.golden.adapters import ADAPTERS, OMITTED
from tests.golden.harness import VECTORS, Vector, check_case, check_tables, folders, load_vectors

CASES = [
    pytest.param(vector, case, id=f"{folder.name}/{vector.name}/{case}")
    for folder in folders()
    for vector in load_vectors(folder)
    if vector.name in ADAPTERS
    for case in vector.cases
]


@pytest.mark.parametrize(("vector", "case"), CASES)
def test_golden(vector: Vector, case: str) -> None:
    problems = check_case(vector, case, ADAPTERS[vector.name], OMITTED.get(vector.name))
    assert not problems, "\n".join([f"{vector.path} case {case}:", *problems])


def test_every_entry_of_the_tables_has_a_vector_and_a_reason() -> None:
    assert not check_tables(load_vectors(VECTORS), ADAPTERS, OMITTED)
