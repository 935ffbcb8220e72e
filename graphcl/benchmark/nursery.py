"""The nursery of worker processes: it imports once, and every worker is a fork of it.

Importing torch and its friends takes longer than many a cell. So the runner starts one process
that imports them (`main`) and does nothing else: no operation of torch, no thread, no accelerator.
Nothing that a fork cannot inherit safely is there when a worker is forked from it. A worker leads a
session of its own, so that what it starts ends with it.

The nursery outlives a runner that was killed for just as long as it takes to kill the workers: no
worker computes for a runner that is no more.
"""

from __future__ import annotations

import contextlib
import faulthandler
import gc
import importlib
import os
import selectors
import signal
import socket
import struct
import sys
import traceback
from collections.abc import Callable
from typing import NoReturn

from graphcl.benchmark.machine import now
from graphcl.benchmark.tasks import Message, Task, to_line

Work = Callable[[Task, Callable[[Message], None]], None]

REQUEST = struct.Struct("=iq")
"""Runner to nursery: (signal, process) to send; (`FORK`, 0), with descriptors, for a new worker."""
REPORT = struct.Struct("=iq")
"""Nursery to runner: (`STARTED`, process), or (its exit code, process) when a worker has ended."""
FORK = 0
STARTED = 1 << 16
SHOW_WHERE = signal.SIGUSR1
"""On this signal a worker writes to its log where it is."""

IMPORTS = (
    "graphcl.benchmark.worker",
    "graphcl.training",
    "graphcl.methods",
    "graphcl.datasets",
    "graphcl.evaluation",
    "lightning_fabric",
    "sklearn.cluster",
    "sklearn.linear_model",
    "threadpoolctl",
)


def serve(control: socket.socket, work: Work) -> None:
    """Fork workers on request until the runner is gone, then kill those that are left.

    Args:
        control: Connection to the runner. A request for a worker comes with two descriptors: the
            worker's connection to the runner, and the file that keeps what it prints.
        work: What a worker does with its task.
    """
    gc.collect()
    gc.freeze()  # the collector would write to, and so copy, every page that is shared
    children: set[int] = set()
    wake_up, wake = os.pipe()
    os.set_blocking(wake_up, False)
    os.set_blocking(wake, False)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)  # the wake-up needs a handler
    signal.set_wakeup_fd(wake)
    selector = selectors.DefaultSelector()
    selector.register(control, selectors.EVENT_READ)
    selector.register(wake_up, selectors.EVENT_READ)
    try:
        while True:
            ready = {key.fileobj for key, _ in selector.select()}
            if wake_up in ready:
                with contextlib.suppress(BlockingIOError):
                    os.read(wake_up, 4096)
                _report_ended(control, children)
            if control in ready:
                request, descriptors, _, _ = socket.recv_fds(control, REQUEST.size, 2)
                if len(request) < REQUEST.size:
                    return
                number, process = REQUEST.unpack(request)
                if number != FORK:
                    if process in children:
                        _signal(process, number)
                    continue
                child = os.fork()
                if child == 0:
                    _live(work, descriptors, [control.fileno(), wake_up, wake])
                children.add(child)
                for descriptor in descriptors:
                    os.close(descriptor)
                control.sendall(REPORT.pack(STARTED, child))
    except (BrokenPipeError, ConnectionResetError):
        return  # the runner is gone
    finally:
        for child in children:
            _signal(child, signal.SIGKILL)


def _report_ended(control: socket.socket, children: set[int]) -> None:
    while children:
        process, status = os.waitpid(-1, os.WNOHANG)
        if process == 0:
            return
        children.discard(process)
        control.sendall(REPORT.pack(os.waitstatus_to_exitcode(status), process))


def _signal(process: int, number: int) -> None:
    """Send a signal: SIGKILL to the worker and all it started, others to the worker alone."""
    with contextlib.suppress(ProcessLookupError):
        if number == signal.SIGKILL:
            with contextlib.suppress(ProcessLookupError):  # not yet the leader of a session
                os.killpg(process, number)
        os.kill(process, number)


def _live(work: Work, descriptors: list[int], of_nursery: list[int]) -> NoReturn:
    """The life of a worker; whatever happens, it must not return into the nursery's."""
    code = 1
    try:
        os.setsid()
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for descriptor in of_nursery:
            os.close(descriptor)
        connection, log = descriptors
        # Libraries print: it belongs into the log.
        os.dup2(log, sys.stdout.fileno())
        os.dup2(log, sys.stderr.fileno())
        os.close(log)
        faulthandler.enable()
        faulthandler.register(SHOW_WHERE)
        _allow_threads()
        with socket.socket(fileno=connection) as runner:
            task = Task.from_json(runner.makefile("r", encoding="utf-8").readline())
            seeds = ", ".join(dict.fromkeys(str(cell.seed) for cell in task.cells))
            print(f"--- {now()} process {os.getpid()}, seeds {seeds}")
            work(task, lambda message: runner.sendall(to_line(message)))
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        with contextlib.suppress(OSError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _allow_threads() -> None:
    """The nursery holds linear algebra to one thread, since threads do not survive a fork."""
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    threads = os.environ.get("OMP_NUM_THREADS", "")
    if threads.isdigit() and int(threads) > 1:
        threadpool_limits(limits=int(threads), user_api="blas")


def import_ahead() -> None:
    """Import what every worker needs."""
    for name in IMPORTS:
        importlib.import_module(name)


def main() -> None:
    """Entry point: the only argument is the descriptor of the connection to the runner."""
    import_ahead()
    from graphcl.benchmark.worker import run_task

    serve(socket.socket(fileno=int(sys.argv[1])), run_task)
