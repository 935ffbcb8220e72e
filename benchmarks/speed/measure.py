"""Run a piece of work in a process of its own, under limits, and report what it cost.

Every measurement has a fresh process: nothing that ran before can warm caches, fragment memory or
leave threads behind, and what exceeds a limit is a result instead of a crash.
"""

from __future__ import annotations

import importlib
import json
import math
import os
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

MIB = 2**20
ENOUGH_RUNS = 5
ENOUGH_SECONDS = 2.0
SHORT_SECONDS = 0.1  # processor clocks may tick every 4 ms: what is shorter is timed several times
OUT_OF_MEMORY = ("not enough memory", "can't allocate memory", "bad_alloc", "Cannot allocate")


@dataclass(frozen=True)
class Limits:
    """What a process may use.

    Attributes:
        memory_gib: Address space in GiB, libraries included (torch alone takes about 1.5).
        seconds: Processor seconds, imports included.
        threads: Threads of torch and BLAS.
    """

    memory_gib: float = 16.0
    seconds: float = 120.0
    threads: int = 1


@dataclass(frozen=True)
class Cost:
    """What one step costs.

    Attributes:
        seconds: Processor seconds, the median of `runs`; a run of a short step repeats it, and is
            divided. They hardly depend on what else the machine does, as wall seconds would.
        wall_seconds: Wall seconds, the median of `runs`.
        peak_mib: Peak resident memory minus the resident memory when the inputs existed.
        total_mib: Peak resident memory of the whole process.
        runs: How many runs were timed.
        value: What the first run returned.
    """

    seconds: float
    wall_seconds: float
    peak_mib: float
    total_mib: float
    runs: int
    value: float


@dataclass(frozen=True)
class Outcome:
    """How a process ended.

    Attributes:
        status: "ok", "does not fit", "too slow", "not installed" or "failed".
        result: What the function returned (through JSON), where the status is "ok".
        detail: Why it is not "ok".
    """

    status: str
    result: Any = None
    detail: str = ""


def measure(
    prepare: Callable[..., Callable[[], float]], arguments: Mapping[str, Any], limits: Limits
) -> tuple[Outcome, Cost | None]:
    """Cost of the step that ``prepare(**arguments)`` returns.

    Args:
        prepare: A function at the top level of an importable module; it makes the inputs.
        arguments: Its arguments, anything that JSON can hold.
        limits: What the process may use.

    Returns:
        How the process ended, and the cost if it ended well.
    """
    outcome = run_alone(prepare, arguments, limits, timed=True)
    return outcome, None if outcome.result is None else Cost(**outcome.result)


def run_alone(
    function: Callable[..., Any],
    arguments: Mapping[str, Any],
    limits: Limits,
    *,
    timed: bool = False,
) -> Outcome:
    """Call a function in a process of its own.

    Args:
        function: A function at the top level of an importable module.
        arguments: Its arguments, anything that JSON can hold.
        limits: What the process may use.
        timed: Time the step that the function returns instead of handing on its result.

    Returns:
        How the process ended and what the function returned.
    """
    environment = {
        **os.environ,
        "OMP_NUM_THREADS": str(limits.threads),
        "MKL_NUM_THREADS": str(limits.threads),
        "OMP_WAIT_POLICY": "PASSIVE",  # spinning threads would count as processor seconds
    }
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder, "answer.json")
        job = {
            "file": sys.modules[function.__module__].__file__,
            "function": function.__name__,
            "arguments": dict(arguments),
            "limits": asdict(limits),
            "timed": timed,
            "answer": str(answer),
        }
        command = [sys.executable, __file__, json.dumps(job)]
        try:
            # the limit in processor seconds acts in the child; this one is for a child that sleeps
            patience = 60 + 10 * limits.seconds
            done = subprocess.run(
                command, env=environment, capture_output=True, text=True, timeout=patience
            )
        except subprocess.TimeoutExpired:
            return Outcome("too slow", detail=f"more than {patience:g} wall seconds")
        if answer.exists():
            return Outcome(**json.loads(answer.read_text()))
    return _died(done, limits)


def _died(done: subprocess.CompletedProcess[str], limits: Limits) -> Outcome:
    """What it means that a process ended without an answer."""
    if done.returncode == -signal.SIGXCPU:
        return Outcome("too slow", detail=f"more than {limits.seconds:g} processor seconds")
    if any(words in done.stderr for words in OUT_OF_MEMORY):
        return Outcome("does not fit", detail=f"{limits.memory_gib:g} GiB of address space")
    last = done.stderr.strip().splitlines()[-1:] or ["it printed nothing"]
    return Outcome("failed", detail=f"exit code {done.returncode}: {last[0]}")


def _child(job: Mapping[str, Any]) -> Outcome:
    """The process's side: set the limits, call the function, say how it went."""
    limits = Limits(**job["limits"])
    space = int(limits.memory_gib * 2**30)
    resource.setrlimit(resource.RLIMIT_AS, (space, space))
    seconds = max(1, round(limits.seconds))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 10))
    try:
        file = Path(job["file"])
        sys.path.insert(0, str(file.parent))
        function = getattr(importlib.import_module(file.stem), job["function"])
        result = function(**job["arguments"])
        return Outcome("ok", asdict(_time(result)) if job["timed"] else result)
    except ModuleNotFoundError as error:
        return Outcome("not installed", detail=f"no module {error.name!r}")
    except (MemoryError, RuntimeError) as error:
        if isinstance(error, RuntimeError) and not any(w in str(error) for w in OUT_OF_MEMORY):
            raise
        return Outcome("does not fit", detail=f"{limits.memory_gib:g} GiB of address space")


def _time(step: Callable[[], float]) -> Cost:
    """Run a step until the median is steady; a first run that is short only warms up."""
    before = resident_mib()
    reset_peak()
    processor, wall = [], []
    value: float | None = None
    times = 1
    while not processor or (len(processor) < ENOUGH_RUNS and sum(processor) < ENOUGH_SECONDS):
        start, wall_start = time.process_time(), time.perf_counter()
        for _ in range(times):
            returned = step()
        seconds = (time.process_time() - start) / times
        wall_seconds = (time.perf_counter() - wall_start) / times
        if value is None:
            value = returned
            times = max(1, math.ceil(SHORT_SECONDS / wall_seconds))
            if seconds < ENOUGH_SECONDS / 2:
                continue
        processor.append(seconds)
        wall.append(wall_seconds)
    assert value is not None
    peak = peak_mib()
    return Cost(
        statistics.median(processor),
        statistics.median(wall),
        peak - before,
        peak,
        len(processor),
        value,
    )


def reset_peak() -> None:
    """Let the peak count from here on (Linux); elsewhere it counts from the start."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return


def resident_mib() -> float:
    """Resident memory now."""
    return _status_mib("VmRSS")


def peak_mib() -> float:
    """Peak of the resident memory since :func:`reset_peak`."""
    return _status_mib("VmHWM")


def _status_mib(field: str) -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) / 1024
    raise OSError(f"/proc/self/status has no {field}: memory is measured on Linux only")


if __name__ == "__main__":
    work = json.loads(sys.argv[1])
    ended = _child(work)
    Path(work["answer"]).write_text(json.dumps(asdict(ended)))
