from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from graphcl.cli import app
from graphcl.datasets import available


def test_datasets_fit_a_narrow_terminal(tmp_path: Path) -> None:
    command = ["datasets", "--data", str(tmp_path)]
    outcome = CliRunner().invoke(app, command, env={"COLUMNS": "80"})
    assert outcome.exit_code == 0
    table = outcome.stdout.split("Licences")[0]
    lines = {line.split()[0]: line.rstrip() for line in table.splitlines() if line.strip()}
    assert set(lines) == {"Name", *(card.name for card in available())}  # whole, to be copied
    assert lines["HeCo-AMiner"].split(maxsplit=1)[1].split() == [
        *("hetero", "1", "55,783", "153,676", "none", "4", "by", "hand")
    ]
    assert lines["ogbg-molesol"].endswith("numbers by hand")
    assert lines["MUTAG"].endswith("2 no")
