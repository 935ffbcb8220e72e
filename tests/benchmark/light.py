"""A nursery whose workers need neither torch nor data, and go wrong where a cell says so.

`parameters` of a cell: `fault` on `wrong_seed` while training, or while the protocol `at`.
"""

from __future__ import annotations

import faulthandler
import math
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace

from graphcl.benchmark.nursery import serve
from graphcl.benchmark.tasks import Message, Progress, Step, Task
from tests.benchmark.fakes import result

NURSERY = (sys.executable, "-m", "tests.benchmark.light")


def work(task: Task, emit: Callable[[Message], None]) -> None:
    emit(Step("loading the data", tuple(cell.key for cell in task.cells)))
    emit(Progress("loading"))
    for seed in dict.fromkeys(cell.seed for cell in task.cells):
        cells = [cell for cell in task.cells if cell.seed == seed]
        parameters = cells[0].parameters
        fault = parameters.get("fault") if parameters.get("wrong_seed", 1) == seed else None
        emit(Step("training", tuple(cell.key for cell in cells)))
        time.sleep(parameters.get("seconds", 0))
        if "at" not in parameters:
            go_wrong(fault)
        for cell in cells:
            emit(Step("evaluating", (cell.key,)))
            if parameters.get("at") == cell.protocol:
                go_wrong(fault)
            found = result(cell)
            if fault == "nan":
                found = replace(found, metrics={**found.metrics, "nmi": math.nan})
            emit(found)
            if fault == "repeat":
                emit(result(cell))


def go_wrong(fault: str | None) -> None:
    if fault is None:
        return
    print(f"about to: {fault}")
    if fault == "abort":
        os.abort()
    elif fault == "segfault":
        faulthandler._sigsegv()
    elif fault == "be killed":
        os.kill(os.getpid(), signal.SIGKILL)
    elif fault == "exit":
        print("the licence has expired", file=sys.stderr)
        os._exit(3)
    elif fault == "return":
        os._exit(0)
    elif fault == "raise":
        raise KeyError("lost")
    elif fault == "hang":
        time.sleep(10_000)
    elif fault == "hang with a child":
        child = subprocess.Popen(["sleep", "10000"])
        print(f"child {child.pid}", flush=True)
        time.sleep(10_000)
    elif fault == "grow":
        hoard = [bytearray(os.urandom(1) * 2**20) for _ in range(10_000) if not time.sleep(0.0002)]
        assert hoard
    elif fault == "kill the nursery":
        os.kill(os.getppid(), signal.SIGKILL)
        time.sleep(10_000)


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])), work)
