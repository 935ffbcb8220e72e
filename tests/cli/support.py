"""What the tests of the command line share."""

from __future__ import annotations

from typer.testing import CliRunner, Result

from graphcl.cli import app


def graphcl(*arguments: str) -> Result:
    """Run the command within this process."""
    return CliRunner().invoke(app, list(arguments))


def refused(outcome: Result, *parts: str) -> None:
    """One line on stderr, exit code 2, no traceback."""
    assert outcome.exit_code == 2, outcome.output
    lines = outcome.stderr.strip().splitlines()
    assert len(lines) == 1, outcome.stderr
    assert lines[0].startswith("graphcl: ")
    for part in parts:
        assert part in lines[0]
