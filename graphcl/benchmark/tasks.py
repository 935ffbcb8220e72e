"""What the runner and its worker processes say to each other."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from graphcl.benchmark.cells import Cell, CellResult


@dataclass(frozen=True)
class Task:
    """What one process does: cells of one row on one data set.

    Attributes:
        cells: Cells that share data set, method and parameters.
        data_root: Where the raw data live; None for the default.
        log: Name of the file that keeps what the process prints.
    """

    cells: tuple[Cell, ...]
    data_root: str | None = None
    log: str = "worker.log"

    def to_json(self) -> str:
        """The task as one line of JSON."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Task:
        """Read what `to_json` wrote."""
        values = json.loads(text)
        return cls(**{**values, "cells": tuple(Cell(**cell) for cell in values["cells"])})


@dataclass(frozen=True)
class Limits:
    """What a worker process may use up.

    Attributes:
        seconds: For each step: loading the data, training a seed, evaluating a cell.
        memory_gib: Resident memory of the process in GiB, libraries included (about 0.5).
    """

    seconds: float | None = None
    memory_gib: float | None = None


@dataclass(frozen=True)
class Progress:
    """A sign of life: what is being done."""

    text: str


@dataclass(frozen=True)
class Step:
    """A step begins: the time limit starts anew, and what ends the process now costs these cells.

    Attributes:
        doing: What is done, to be read after "while": "training".
        cells: Keys of the cells that it is done for.
    """

    doing: str
    cells: tuple[str, ...]


Message = CellResult | Progress | Step
Executor = Callable[[Sequence[Task]], Iterator[tuple[Cell, CellResult | Progress]]]
"""Runs tasks; hands on signs of life and one result a cell, each with a cell that it concerns."""


def to_line(message: Message) -> bytes:
    """A message of a worker as one line of JSON, with its line end.

    Example:
        >>> to_line(Progress("loading")).decode().strip()
        '{"progress": "loading"}'
    """
    if isinstance(message, Progress):
        text = json.dumps({"progress": message.text})
    elif isinstance(message, Step):
        text = json.dumps({"step": message.doing, "cells": message.cells})
    else:
        text = message.to_json()
    return text.encode() + b"\n"


def from_line(line: bytes) -> Message:
    """Read what `to_line` wrote."""
    content: dict[str, Any] = json.loads(line)
    if "progress" in content:
        return Progress(content["progress"])
    if "step" in content:
        return Step(content["step"], tuple(content["cells"]))
    return CellResult.from_json(line.decode())
