"""The script that compares rows seed by seed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "benchmarks" / "results" / "losses" / "results.jsonl"


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "benchmarks" / "paired.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_differences_are_those_of_the_committed_results(tmp_path: Path) -> None:
    output = tmp_path / "paired.md"
    options = ("--against", "info-nce", "--protocol", "P-PUB", "--output", str(output))
    outcome = run(str(RESULTS), *options)
    assert outcome.returncode == 0, outcome.stderr
    values: dict[str, dict[int, float]] = {"info-nce": {}, "dclw": {}}
    for line in RESULTS.read_text().splitlines():
        result = json.loads(line)
        cell = result["cell"]
        if (cell["dataset"], cell["protocol"]) == ("Cora", "P-PUB") and cell["row"] in values:
            values[cell["row"]][cell["seed"]] = 100 * result["metrics"]["accuracy"]
    seeds = values["info-nce"].keys() & values["dclw"].keys()
    mean = sum(values["dclw"][seed] - values["info-nce"][seed] for seed in seeds) / len(seeds)
    lines = output.read_text().splitlines()
    (row,) = [line.split("|") for line in lines if "Cora" in line and "dclw" in line]
    assert (row[3].strip(), row[4].strip()) == (str(len(seeds)), f"{mean:+.1f}")


def test_an_unknown_row_is_refused() -> None:
    outcome = run(str(RESULTS), "--against", "nobody", "--protocol", "P-PUB")
    assert outcome.returncode == 2
    assert "has no accuracy of 'nobody' under P-PUB" in outcome.stderr
