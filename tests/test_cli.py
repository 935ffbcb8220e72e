from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from graphcl import __version__
from graphcl.cli import app
from graphcl.methods import get_method, method_names
from tests.cli.support import graphcl, refused


def test_version_and_help() -> None:
    assert graphcl("--version").stdout == f"graphcl {__version__}\n"
    assert "bench" in graphcl("--help").stdout
    assert graphcl().exit_code == 2


def test_datasets(tmp_path: Path) -> None:
    outcome = CliRunner().invoke(app, ["datasets", "--data", str(tmp_path)], env={"COLUMNS": "160"})
    assert outcome.exit_code == 0
    table = outcome.stdout.split("Licences")[0]
    lines = {line.split()[0]: line for line in table.splitlines() if line.strip()}
    assert "embedded" in lines["digits"]
    assert "1,797" in lines["digits"]
    assert lines["Cora"].rstrip().endswith("no")
    assert "digit-graphs, digits: CC BY 4.0" in outcome.stdout
    assert "Looked for files in" in outcome.stdout


def test_methods() -> None:
    outcome = graphcl("methods")
    assert outcome.exit_code == 0
    assert "grace-neighbours" in outcome.stdout
    assert "node, graph" in outcome.stdout


@pytest.mark.parametrize("name", method_names())
def test_one_method(name: str) -> None:
    outcome = graphcl("methods", name)
    assert outcome.exit_code == 0
    assert get_method(name).summary.split()[0] in outcome.stdout
    assert "Arguments (--set NAME=VALUE):" in outcome.stdout


def test_settings_of_one_method() -> None:
    shown = " ".join(graphcl("methods", "BGRL").stdout.split())
    assert "Training: 10,000 epochs, rate 0.0001 by a cosine after 10 % of warm-up" in shown
    assert "momentum=0.99" in shown
    assert "Settings: the authors' configuration, nerdslab/bgrl Photo: hidden_width=256" in shown
    refused(graphcl("methods", "bgrk"), "unknown method 'bgrk'; did you mean 'bgrl'?")


def test_a_folder_of_data_that_is_not_there() -> None:
    refused(graphcl("datasets", "--data", "/nowhere"), "--data /nowhere: no such folder")


def test_without_the_bench_extra() -> None:
    """What someone sees who installed graphcl alone."""
    code = (
        "import sys; sys.modules['{0}'] = None; sys.argv = ['graphcl', 'bench', 'quick']\n"
        "from graphcl.cli import main; main()"
    )
    for module in ("typer", "pydantic"):
        done = subprocess.run(
            [sys.executable, "-c", code.format(module)], capture_output=True, text=True, check=False
        )
        assert done.returncode == 2
        assert done.stderr.strip().endswith('pip install "graphcl[bench]"')
        assert len(done.stderr.strip().splitlines()) == 1
