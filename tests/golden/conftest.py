"""Ends a run with the golden names that no adapter covers yet."""

import textwrap

import pytest

from tests.golden.adapters import ADAPTERS
from tests.golden.harness import VECTORS, load_vectors


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    vectors = load_vectors(VECTORS)
    missing: dict[str, list[str]] = {}
    for vector in vectors:
        if vector.name not in ADAPTERS:
            missing.setdefault(vector.contract["issue_group"], []).append(vector.name)
    uncovered = sum(map(len, missing.values()))
    terminalreporter.section(
        f"golden: {len(vectors) - uncovered} names covered, {uncovered} without an adapter yet"
    )
    for group, names in sorted(missing.items()):
        terminalreporter.write_line(textwrap.fill(f"{group}: {', '.join(names)}", width=100))
