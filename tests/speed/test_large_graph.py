"""The large-graph measurement, on a small graph."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "speed" / "large_graph.py"


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="memory is measured on Linux only")
def test_a_report_is_written(tmp_path: Path) -> None:
    output = tmp_path / "report.md"
    sizes = ["--nodes", "2000", "--features", "8", "--width", "4", "--steps", "3"]
    subprocess.run(
        [sys.executable, str(SCRIPT), *sizes, "--batch-size", "64", "--output", str(output)],
        check=True,
        capture_output=True,
    )
    text = output.read_text()
    for part in ("2,000 nodes, 20,000 entries", "train 3 steps", "embedding [2000, 4], all finite"):
        assert part in text
    assert "within the 8 GiB" in text
