"""Methods that go wrong on purpose, run by the real command in real processes.

`python -m tests.benchmark.toys bench SUITE ...` is `graphcl bench SUITE ...` with the method
`faulty`; it goes wrong on seed 1 only.
"""

from __future__ import annotations

import ctypes
import faulthandler
import functools
import os
import socket
import sys
import time
from pathlib import Path
from types import MappingProxyType

import torch
from torch import Tensor
from torch_geometric.data import Data

import graphcl.benchmark.session
import graphcl.methods.registry
from graphcl.benchmark import WorkerProcesses
from graphcl.benchmark.nursery import import_ahead, serve
from graphcl.benchmark.worker import run_task
from graphcl.methods import MethodEntry, Raw
from graphcl.training import TrainingSettings

ROOT = Path(__file__).parents[2]
NURSERY = (sys.executable, "-m", "tests.benchmark.toys", "nursery")
WRONG_SEED = 1


class Faulty(Raw):
    """The raw features, but on one seed it does what `fault` says."""

    def __init__(self, num_features: int, *, fault: str = "none", seconds: float = 0.0) -> None:
        super().__init__(num_features, fault=fault, seconds=seconds)
        self.fault = fault if torch.initial_seed() == WRONG_SEED else "none"
        self.seconds = seconds

    def encode(self, data: Data) -> Tensor:
        print(f"about to be: {self.fault}")
        time.sleep(self.seconds)
        if self.fault == "abort":
            os.abort()
        elif self.fault == "segfault":
            faulthandler._sigsegv()
        elif self.fault == "exit":
            print("the licence has expired", file=sys.stderr)
            os._exit(3)
        elif self.fault == "hang":
            time.sleep(10_000)
        elif self.fault == "hang in C":
            ctypes.PyDLL(None).sleep(10_000)  # no other thread of Python gets a turn
        elif self.fault == "memory":
            hoard = [torch.ones(2**22) for _ in range(2000) if not time.sleep(0.002)]
            assert hoard
        elif self.fault == "raise":
            raise RuntimeError("the matrix is singular")
        embeddings = super().encode(data)
        return embeddings * torch.nan if self.fault == "nan" else embeddings


def register() -> None:
    """Add `faulty` to the methods."""
    entry = MethodEntry("faulty", Faulty, "goes wrong", TrainingSettings(epochs=0), {})
    known = {**graphcl.methods.registry.ENTRIES, entry.name: entry}
    graphcl.methods.registry.ENTRIES = MappingProxyType(known)


def main() -> None:
    register()
    if sys.argv[1] == "nursery":
        import_ahead()
        serve(socket.socket(fileno=int(sys.argv[2])), run_task)
        return
    processes = functools.partial(WorkerProcesses, command=NURSERY)
    graphcl.benchmark.session.WorkerProcesses = processes  # type: ignore[assignment,misc]
    from graphcl.cli import main as command

    command()


if __name__ == "__main__":
    main()
