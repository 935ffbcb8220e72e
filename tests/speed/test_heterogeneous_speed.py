"""The measurement of heterogeneous graphs, on small ones."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SPEED = ROOT / "benchmarks" / "speed"
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}


def test_the_whole_matrices_compute_what_ours_does() -> None:
    code = (
        "from heterogeneous_work import check_losses; found = check_losses(64)\n"
        "assert len(found) == 3 and max(found.values()) < 1e-5, found"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=SPEED, env=ENVIRONMENT)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="memory is measured on Linux only")
def test_a_report_is_written(tmp_path: Path) -> None:
    output = tmp_path / "report.md"
    sizes = ["--sizes", "128", "--targets", "500", "--links", "800", "--batch", "64"]
    chosen = ["--dataset", "planted-heterogeneous", "--only", "adameow"]
    subprocess.run(
        [sys.executable, "heterogeneous.py", *chosen, *sizes, "--output", str(output)],
        check=True,
        cwd=SPEED,
        capture_output=True,
        env=ENVIRONMENT,
    )
    text = output.read_text()
    for part in ("| adameow: epoch", "| adameow: loss |", "embedding [500, 64], all finite"):
        assert part in text
    assert "within the 8 GiB" in text
    assert "meow: epoch" not in text.replace("adameow", "")
