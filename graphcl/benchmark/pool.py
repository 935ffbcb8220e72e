"""Run tasks in worker processes, several at once, so that a crash or a hang stays where it is."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import socket
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType

from graphcl.arguments import check_whole
from graphcl.benchmark.cells import Cell, CellResult, refuse_nan
from graphcl.benchmark.machine import now, versions
from graphcl.benchmark.process import (
    NURSERY,
    SECONDS_TO_SHOW_WHERE,
    Nursery,
    RunningWorker,
    tail,
    threads_for,
)
from graphcl.benchmark.tasks import Limits, Progress, Step, Task

SECONDS_BETWEEN_LOOKS = 0.1
"""How often the memory of the workers is looked at, where it is limited."""


STDERR = 2


class WorkerProcesses:
    """Runs tasks, each in a process of its own; an executor for `run_cells`.

    What a process prints goes to a log file. A process that crashes or exceeds a limit costs the
    cells of its step; the rest of its task is run in a new process. Use as a context manager: at
    the end nothing is left running.

    Args:
        logs: Folder of the log files, made when needed; a file that is there is appended to.
        jobs: Processes at once, at least 1; the cores are shared out among them.
        limits: What a process may use up.
        show_output: Let what the processes print through to the terminal instead of into logs.
        command: The nursery that workers are forked from.
    """

    def __init__(
        self,
        logs: str | Path,
        *,
        jobs: int = 1,
        limits: Limits | None = None,
        show_output: bool = False,
        command: tuple[str, ...] = NURSERY,
    ) -> None:
        self._jobs = check_whole("jobs", jobs, least=1)
        self._logs = Path(logs)
        self._limits = limits or Limits()
        self._show_output = show_output
        self._command = command
        self._nursery: Nursery | None = None
        self._workers: list[RunningWorker] = []
        self._asked: deque[RunningWorker] = deque()  # their process is not known yet
        self._waiting: deque[Task] = deque()

    def __enter__(self) -> WorkerProcesses:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end()

    def __call__(self, tasks: Sequence[Task]) -> Iterator[tuple[Cell, CellResult | Progress]]:
        """Run tasks and hand on what their processes say, as they say it.

        Yields:
            Signs of life and exactly one result a cell, each with a cell that it concerns.

        Raises:
            OSError: A log file cannot be written.
        """
        self._waiting.extend(tasks)
        try:
            while self._waiting or self._workers:
                while self._waiting and len(self._workers) < self._jobs:
                    self._start(self._waiting.popleft())
                self._wait()
                for worker in list(self._workers):
                    yield from self._listen(worker)
                    yield from self._judge(worker)
        finally:
            self._end()

    def _start(self, task: Task) -> None:
        if self._nursery is None:
            self._nursery = Nursery(
                self._command, threads=threads_for(self._jobs), show_output=self._show_output
            )
        log = self._open_log(task)
        log_begins = os.fstat(log).st_size
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                self._nursery.fork(theirs, log)
            # A long task waits here for its reader; a nursery that has ended is noticed by _wait.
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                ours.sendall(task.to_json().encode() + b"\n")
        finally:
            if log != STDERR:
                os.close(log)
        ours.setblocking(False)
        pending = {cell.key: cell for cell in task.cells}
        worker = RunningWorker(task, ours, pending, log_begins)
        self._workers.append(worker)
        self._asked.append(worker)

    def _open_log(self, task: Task) -> int:
        if self._show_output:
            return STDERR
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        try:
            self._logs.mkdir(parents=True, exist_ok=True)
            return os.open(self._logs / task.log, flags, 0o644)
        except OSError as error:
            raise OSError(f"no log can be written to {self._logs} ({error.strerror})") from error

    def _wait(self) -> None:
        """Until somebody says something or a limit has to be looked at."""
        assert self._nursery is not None
        with selectors.DefaultSelector() as selector:
            selector.register(self._nursery.control, selectors.EVENT_READ)
            for worker in self._workers:
                selector.register(worker.connection, selectors.EVENT_READ)
            ready = {key.fileobj for key, _ in selector.select(self._patience())}
        if self._nursery.control not in ready:
            return
        reports = self._nursery.reports()
        if reports is None:
            self._lose_nursery()
            return
        for process, code in reports:
            if code is None:  # workers start in the order in which they were asked for
                started = self._asked.popleft()
                started.process = process
                if started not in self._workers:  # it was faster than this report
                    self._nursery.signal(process, signal.SIGKILL)
                continue
            for worker in self._workers:
                if worker.process == process:
                    worker.ended, worker.code = True, code

    def _patience(self) -> float | None:
        if self._limits.memory_gib is not None:
            return SECONDS_BETWEEN_LOOKS
        moments = [worker.kill_at for worker in self._workers if worker.kill_at is not None]
        if self._limits.seconds is not None:
            moments += [
                worker.step_began + self._limits.seconds
                for worker in self._workers
                if worker.step_began is not None and not worker.verdict
            ]
        return max(0.0, min(moments) - time.monotonic()) + 0.001 if moments else None

    def _lose_nursery(self) -> None:
        """The nursery has ended, and it cannot tell any more what becomes of its workers."""
        assert self._nursery is not None
        said = self._nursery.output()
        for worker in self._workers:
            worker.ended = True
            if worker.process is None:
                worker.verdict = "no process could be started" + (
                    f": {said[-300:]}" if said else ""
                )
            else:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(worker.process, signal.SIGKILL)
        self._nursery.end()
        self._nursery = None
        self._asked.clear()

    def _listen(self, worker: RunningWorker) -> Iterator[tuple[Cell, CellResult | Progress]]:
        for message in worker.messages():
            if worker.verdict:
                return  # too late
            if isinstance(message, Step):
                worker.begin(message.doing, message.cells)
            elif isinstance(message, Progress):
                yield worker.task.cells[0], message
            else:
                cell = worker.pending.pop(message.cell.key, None)
                result = refuse_nan(message)
                if cell is not None:
                    yield cell, result if result.done else self._with_log(result, worker)
        if not worker.pending:
            self._dismiss(worker)

    def _judge(self, worker: RunningWorker) -> Iterator[tuple[Cell, CellResult]]:
        """Kill a worker that exceeds a limit, and conclude what one that ended has left."""
        if worker not in self._workers:
            return
        if not worker.ended and not worker.verdict:
            worker.verdict = worker.breach(self._limits)
            if worker.verdict:
                worker.kill_at = time.monotonic() + SECONDS_TO_SHOW_WHERE
                if self._nursery is not None and worker.process is not None:
                    self._nursery.show_where(worker.process)
        due = worker.kill_at is not None and time.monotonic() >= worker.kill_at
        if not worker.ended and not due:
            return
        self._dismiss(worker)
        output = self._log_tail(worker)
        message = worker.how_it_ended(output)
        for cell in worker.blamed():
            del worker.pending[cell.key]
            failure = CellResult(
                cell=cell,
                status="failed",
                message=message,
                details=output,
                peak_memory_mib=worker.peak_mib,
                versions=versions(),
                timestamp=now(),
            )
            yield cell, self._with_log(failure, worker)
        if worker.pending:
            rest = replace(worker.task, cells=tuple(worker.pending.values()))
            self._waiting.appendleft(rest)

    def _dismiss(self, worker: RunningWorker) -> None:
        """Nothing more is wanted of a worker: end it and all it started."""
        self._workers.remove(worker)
        worker.connection.close()
        if self._nursery is not None and worker.process is not None:
            self._nursery.signal(worker.process, signal.SIGKILL)

    def _with_log(self, result: CellResult, worker: RunningWorker) -> CellResult:
        if self._show_output:
            return result
        return replace(result, log=f"{self._logs.name}/{worker.task.log}")

    def _log_tail(self, worker: RunningWorker) -> str:
        if self._show_output:
            return ""
        with (self._logs / worker.task.log).open("rb") as log:
            lines = tail(log.fileno(), begin=worker.log_begins).splitlines()
        # After a crash Python names every library that was loaded, in one endless line.
        return "\n".join(line for line in lines if not line.startswith("Extension modules:"))

    def _end(self) -> None:
        for worker in self._workers:
            worker.connection.close()
        for queue in (self._workers, self._asked, self._waiting):
            queue.clear()
        if self._nursery is not None:
            self._nursery.end()
            self._nursery = None
