"""The runner's side of a worker process: its connection, its step, its limits."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import psutil

from graphcl.benchmark.cells import Cell
from graphcl.benchmark.machine import MIB, usable_cores
from graphcl.benchmark.nursery import FORK, REPORT, REQUEST, SHOW_WHERE, STARTED
from graphcl.benchmark.tasks import Limits, Message, Task, from_line

NURSERY = (sys.executable, "-c", "from graphcl.benchmark.nursery import main; main()")
SECONDS_TO_SHOW_WHERE = 0.2
"""How long a worker that is to be killed has to write to its log where it is."""
SECONDS_TO_END = 10
"""How long the nursery has to kill its workers at the end; it needs milliseconds."""


@dataclass
class RunningWorker:
    """A worker process and what is known of it.

    Attributes:
        task: What it was given.
        connection: What it says arrives here.
        pending: Keys of the cells it has not answered yet, with the cells.
        log_begins: Where in its log file it begins; before that others have written.
        process: Its process id, once it is known.
        doing: Its step.
        step: Keys of the cells that the step is done for.
        step_began: When the step began, on the monotonic clock; None before the first.
        peak_mib: The largest resident memory seen (only where it is limited).
        verdict: Why it is being killed.
        kill_at: When it will be.
        ended: Whether it has ended.
        code: Its exit code, once it has ended.
    """

    task: Task
    connection: socket.socket
    pending: dict[str, Cell]
    log_begins: int
    process: int | None = None
    doing: str = "starting"
    step: tuple[str, ...] = ()
    step_began: float | None = None
    peak_mib: float | None = None
    verdict: str = ""
    kill_at: float | None = None
    ended: bool = False
    code: int | None = None
    _unread: bytes = field(default=b"", repr=False)

    def blamed(self) -> list[Cell]:
        """The cells that an end of the process costs: those of its step, without it all."""
        concerned = [cell for key, cell in self.pending.items() if key in self.step]
        return concerned or list(self.pending.values())

    def messages(self) -> Iterator[Message]:
        """What it has said since the last call. A line that a crash cut off is no message."""
        while True:
            try:
                part = self.connection.recv(1 << 16)
            except BlockingIOError:
                break
            except ConnectionResetError:
                part = b""
            if not part:
                break
            self._unread += part
        *lines, self._unread = self._unread.split(b"\n")
        yield from map(from_line, lines)

    def begin(self, doing: str, step: tuple[str, ...]) -> None:
        """Take note of a new step."""
        self.doing, self.step, self.step_began = doing, step, time.monotonic()

    def breach(self, limits: Limits) -> str:
        """Which limit it exceeds, as a message; empty where it keeps them."""
        began = self.step_began
        if limits.seconds is not None and began is not None:
            spent = time.monotonic() - began
            if spent > limits.seconds:
                return f"exceeded the time limit of {limits.seconds:g} s while {self.doing}"
        if limits.memory_gib is not None and self.process is not None:
            with contextlib.suppress(psutil.Error):
                used = psutil.Process(self.process).memory_info().rss / MIB
                self.peak_mib = max(used, self.peak_mib or 0.0)
                if used > limits.memory_gib * 1024:
                    return (
                        f"exceeded the memory limit of {limits.memory_gib:g} GiB while "
                        f"{self.doing} (it had {used / 1024:.2f} GiB)"
                    )
        return ""

    def how_it_ended(self, output: str) -> str:
        """Why it ended before its cells did, as a message."""
        if self.verdict:
            return self.verdict
        if self.code is None:
            return f"the process was lost while {self.doing}"
        if self.code < 0:
            try:
                name = signal.Signals(-self.code).name
            except ValueError:
                name = f"signal {-self.code}"
            hint = " (out of memory?)" if name == "SIGKILL" else ""
            return f"the process was ended by {name} while {self.doing}{hint}"
        if self.code == 0:
            return f"the process ended without a result while {self.doing}"
        last = output.splitlines()[-1] if output else "it printed nothing"
        return f"the process ended with exit code {self.code} while {self.doing}: {last}"


class Nursery:
    """The runner's connection to a nursery (`graphcl.benchmark.nursery`).

    Args:
        command: The program to start; the descriptor of the connection is put after it.
        threads: Threads of each worker.
        show_output: Let what the nursery prints through to the terminal.
    """

    def __init__(self, command: tuple[str, ...], *, threads: int, show_output: bool) -> None:
        self.control, theirs = socket.socketpair()
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  (closed by end)
        with theirs:
            self._process = subprocess.Popen(
                [*command, str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=None if show_output else self._errors,
                stderr=None if show_output else self._errors,
                env=worker_environment(threads),
                pass_fds=[theirs.fileno()],
                start_new_session=True,  # it must survive what kills the runner, to clean up
            )
        self._unread = b""
        self._reported = False

    def fork(self, connection: socket.socket, log: int) -> None:
        """Ask for a new worker; `reports` will tell its process id."""
        descriptors = [connection.fileno(), log]
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # reports will tell
            socket.send_fds(self.control, [REQUEST.pack(FORK, 0)], descriptors)

    def signal(self, process: int, number: int) -> None:
        """Send a signal to a worker."""
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.control.sendall(REQUEST.pack(number, process))

    def show_where(self, process: int) -> None:
        """Let a worker write to its log where it is."""
        self.signal(process, SHOW_WHERE)

    def reports(self) -> list[tuple[int, int | None]] | None:
        """(process id, exit code; None: just started) of workers; None if the nursery has ended."""
        try:
            part = self.control.recv(1 << 16)
        except ConnectionResetError:
            part = b""
        if not part:
            return None
        self._reported = True
        self._unread += part
        whole = len(self._unread) - len(self._unread) % REPORT.size
        found = list(REPORT.iter_unpack(self._unread[:whole]))
        self._unread = self._unread[whole:]
        return [(process, None if code == STARTED else code) for code, process in found]

    def output(self) -> str:
        """The last that the nursery printed."""
        return tail(self._errors.fileno())

    def end(self) -> None:
        """End the nursery, which kills its workers first."""
        self.control.close()
        # One that has not reported yet is still importing and has no workers: nothing to wait for.
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=SECONDS_TO_END if self._reported else 0)
        self._process.kill()
        self._process.wait()
        self._errors.close()


def worker_environment(threads: int) -> dict[str, str]:
    """The environment of the nursery and its workers.

    Threads that wait sleep. While the nursery has no workers yet it must have no threads either, so
    linear algebra gets its threads later, in each worker.
    """
    defaults = {
        "OMP_NUM_THREADS": str(threads),
        "OMP_WAIT_POLICY": "PASSIVE",  # spinning threads slow small operations down many times
        "PYTHONUNBUFFERED": "1",
    }
    alone = {
        "OPENBLAS_NUM_THREADS": "1",
        "JE_ARROW_MALLOC_CONF": "background_thread:false",  # of pyarrow, which pandas imports
    }
    return {**defaults, **os.environ, **alone}


def threads_for(jobs: int) -> int:
    """Threads of each of so many workers.

    Example:
        >>> threads_for(10**6)
        1
    """
    return max(1, usable_cores() // jobs)


def tail(descriptor: int, *, begin: int = 0, length: int = 20_000) -> str:
    """The last bytes of an open file, as text; nothing of what stands before `begin`."""
    size = os.fstat(descriptor).st_size
    begin = max(begin, size - length)
    return os.pread(descriptor, length, begin).decode(errors="replace").strip()
