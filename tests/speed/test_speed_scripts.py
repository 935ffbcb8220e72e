"""The scripts of benchmarks/speed: limits become rows, values are compared, a report is written."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SPEED = Path(__file__).parents[2] / "benchmarks" / "speed"
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="memory is measured on Linux only")

JOBS = """
import time

def prepare(kind):
    if kind == "absent":
        import no_such_library
    if kind == "broken":
        raise ValueError("nonsense")
    return {"large": large, "slow": slow, "small": small}[kind]

def large():
    return float(len(bytearray(2**31)))

def slow():
    while True:
        pass

def small():
    return float(sum(bytearray(b"x" * 2**25)[:2]))
"""


@pytest.fixture
def speed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    (tmp_path / "speed_jobs.py").write_text(JOBS)
    monkeypatch.syspath_prepend(str(SPEED))
    monkeypatch.syspath_prepend(str(tmp_path))
    import measure
    import speed_jobs

    yield measure, speed_jobs
    for name in ("measure", "speed_jobs"):
        del sys.modules[name]


@pytest.mark.parametrize(
    ("kind", "status", "detail"),
    [
        ("large", "does not fit", "1 GiB of address space"),
        ("slow", "too slow", "more than 1 processor seconds"),
        ("absent", "not installed", "no module 'no_such_library'"),
        ("broken", "failed", "exit code 1: ValueError: nonsense"),
    ],
)
def test_what_exceeds_a_limit_is_a_result(speed, kind: str, status: str, detail: str) -> None:
    measure, jobs = speed
    limits = measure.Limits(memory_gib=1, seconds=1)
    outcome, cost = measure.measure(jobs.prepare, {"kind": kind}, limits)
    assert (outcome.status, outcome.detail, cost) == (status, detail, None)


def test_cost_of_a_step(speed) -> None:
    measure, jobs = speed
    outcome, cost = measure.measure(jobs.prepare, {"kind": "small"}, measure.Limits(memory_gib=1))
    assert outcome.status == "ok"
    assert cost.value == 2 * ord("x")
    assert 30 < cost.peak_mib < 80  # two copies of 32 MiB at most
    assert cost.total_mib > cost.peak_mib
    assert 0 < cost.seconds < 1


@pytest.mark.slow
def test_the_comparison_writes_a_report(tmp_path: Path) -> None:
    report = tmp_path / "report.md"
    command = [sys.executable, str(SPEED / "infonce.py"), "--sizes", "128", "--only", "plain"]
    subprocess.run([*command, "--no-epoch", "--output", str(report)], check=True)
    text = report.read_text()
    assert text.count("| plain torch | 128 |") == 2
    assert "graphcl: value" in text


EVERY_ENTRY = """
import torch
from catalogue import ENTRIES

def cost(build):
    generator = torch.Generator().manual_seed(0)
    views = [torch.randn(64, 128, generator=generator).requires_grad_() for _ in range(2)]
    value = build(64)(*views)
    value.backward()
    grads = [torch.zeros_like(v) if v.grad is None else v.grad for v in views]
    return value.detach(), torch.cat(grads)

drawn = ("mixed (MoCHi)", "probable (ProGCL)")
for entry in ENTRIES:
    ours = cost(entry.ours)
    if entry.dense is not None and entry.name not in drawn:
        for mine, theirs in zip(ours, cost(entry.dense)):
            assert torch.allclose(mine, theirs, rtol=1e-4, atol=1e-6), entry.name
"""


def test_every_dense_formula_computes_what_ours_does() -> None:
    subprocess.run([sys.executable, "-c", EVERY_ENTRY], check=True, cwd=SPEED)


PAMC = """
import torch
from pamc_work import gap

found = gap(10, 16)
assert found["official"] < 1e-4, found  # the authors' operations and ours
assert found["second"] < found["first"] < 0.01, found
"""


def test_the_forms_of_pamc_agree() -> None:
    subprocess.run([sys.executable, "-c", PAMC], check=True, cwd=SPEED)


@pytest.mark.slow
def test_the_reports_of_pamc(tmp_path: Path) -> None:
    report = tmp_path / "speed.md"
    command = [sys.executable, str(SPEED / "pamc.py"), "--sizes", "500", "--clusters", "5"]
    subprocess.run([*command, "--only", "first", "--output", str(report)], check=True)
    assert "| ours, first order |        5 | 500 |" in report.read_text()
    report = tmp_path / "error.md"
    command = [sys.executable, str(SPEED / "pamc_approximation.py"), "--only", "planted"]
    options = ["--planted-nodes", "300", "--clusters", "3", "--output", str(report)]
    subprocess.run([*command, *options], check=True)
    assert "## planted (ssgc, N = 300, F = 32), K = 3" in report.read_text()
