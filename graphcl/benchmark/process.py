"""Run the cells of one (data set, row) in a process of their own, so that a crash stays there."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from types import TracebackType
from typing import IO, Any

from graphcl.benchmark.cells import Cell, CellResult
from graphcl.benchmark.machine import usable_cores


@dataclass(frozen=True)
class Task:
    """What one process does: all missing cells of one row on one data set.

    Attributes:
        cells: Cells that share data set, method and parameters.
        data_root: Where the raw data live; None for the default.
        timeout: Seconds for all cells together; None for no limit.
        followed: Whether another task comes after it.
    """

    cells: tuple[Cell, ...]
    data_root: str | None = None
    timeout: float | None = None
    followed: bool = False

    def to_json(self) -> str:
        """The task as JSON, for the process's input."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Task:
        """Read what `to_json` wrote."""
        values = json.loads(text)
        return cls(**{**values, "cells": tuple(Cell(**cell) for cell in values["cells"])})


@dataclass(frozen=True)
class Progress:
    """A sign of life: what is being done."""

    text: str


class TaskFailure(Exception):
    """The process ended before its cells did; the message says why, `details` what it printed."""

    def __init__(self, message: str, details: str = "") -> None:
        super().__init__(message)
        self.details = details


Executor = Callable[[Task], Iterator["CellResult | Progress"]]

WORKER = (sys.executable, "-m", "graphcl.benchmark.worker")


class WorkerProcesses:
    """Runs tasks, each in a process of its own; an executor for `run_cells`.

    Importing torch and its friends takes a process seconds. So while one task runs, the process of
    the next is started and imports; it gets its task when its turn comes. Use as a context manager:
    at the end nothing is left running.

    Args:
        command: The worker to start; it reads the task from its input.
        show_output: Let what the processes print through to the terminal.
    """

    def __init__(self, *, command: tuple[str, ...] = WORKER, show_output: bool = False) -> None:
        self._command = command
        self._show_output = show_output
        self._next: _Worker | None = None

    def __enter__(self) -> WorkerProcesses:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._next is not None:
            self._next.end()
            self._next = None

    def __call__(self, task: Task) -> Iterator[CellResult | Progress]:
        """Run a task and hand on what its process says, as it says it.

        Raises:
            TaskFailure: The process crashed, was killed or exceeded the time limit.
        """
        worker = self._next or _Worker(self._command, self._show_output)
        self._next = _Worker(self._command, self._show_output) if task.followed else None
        try:
            yield from _messages(worker.process, task)
            code = worker.process.wait()
            if code != 0:
                output = _tail(worker.errors)
                raise TaskFailure(_why(code, output), output)
        finally:
            worker.end()


class _Worker:
    """A started process and what it prints."""

    def __init__(self, command: tuple[str, ...], show_output: bool) -> None:
        self.errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  (closed by end)
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=None if show_output else self.errors,
            env=worker_environment(),
            text=True,
            encoding="utf-8",
            start_new_session=True,  # so that its own children can be ended with it
        )

    def end(self) -> None:
        """End the process, if it has not ended, and close what belongs to it."""
        if self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.errors):
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()


def worker_environment() -> dict[str, str]:
    """The environment of a worker: all usable cores, threads that sleep while they wait."""
    defaults = {
        "OMP_NUM_THREADS": str(usable_cores()),
        "OMP_WAIT_POLICY": "PASSIVE",  # spinning threads slow small operations down many times
        "PYTHONUNBUFFERED": "1",
    }
    return {**defaults, **os.environ}


def _messages(process: subprocess.Popen[str], task: Task) -> Iterator[CellResult | Progress]:
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(task.to_json())
        process.stdin.close()
    except BrokenPipeError:
        return  # it died at once; its exit code says more
    lines: queue.Queue[str | None] = queue.Queue()
    threading.Thread(target=_read_lines, args=(process.stdout, lines), daemon=True).start()
    deadline = None if task.timeout is None else time.monotonic() + task.timeout
    while True:
        remaining = None if deadline is None else max(0.0, deadline - time.monotonic())
        try:
            line = lines.get(timeout=remaining)
        except queue.Empty:
            raise TaskFailure(f"not finished within the time limit of {task.timeout:g} s") from None
        if line is None:
            return
        message: dict[str, Any] = json.loads(line)
        if "progress" in message:
            yield Progress(message["progress"])
        else:
            yield CellResult.from_json(line)


def _read_lines(stream: IO[str], lines: queue.Queue[str | None]) -> None:
    for line in stream:
        if line.endswith("\n"):  # a line that was cut off by a crash is no message
            lines.put(line)
    lines.put(None)


def _tail(errors: IO[bytes], length: int = 4000) -> str:
    size = errors.seek(0, os.SEEK_END)
    errors.seek(max(0, size - length))
    return errors.read().decode(errors="replace").strip()


def _why(code: int, output: str) -> str:
    if code < 0:
        try:
            name = signal.Signals(-code).name
        except ValueError:
            name = f"signal {-code}"
        hint = " (out of memory?)" if name == "SIGKILL" else ""
        return f"the process was ended by {name}{hint}"
    last = output.splitlines()[-1] if output else "it printed nothing"
    return f"the process ended with exit code {code}: {last}"
