"""Markdown tables that are aligned as text too, and the machine that a report comes from."""

from __future__ import annotations

import os
import platform
import shlex
import sys
from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; the first column is text, the others are numbers or short words."""
    widths = [max(len(line[k]) for line in (header, *rows)) for k in range(len(header))]

    def line(cells: Sequence[str]) -> str:
        first = cells[0].ljust(widths[0])
        rest = [cell.rjust(width) for cell, width in zip(cells[1:], widths[1:], strict=True)]
        return "| " + " | ".join([first, *rest]) + " |"

    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    return "\n".join([line(header), line(rule), *(line(row) for row in rows)])


def provenance(remark: str) -> str:
    """The command, the machine, the versions and the date, as a Markdown list."""
    import torch

    script = Path(sys.argv[0])
    command = shlex.join(["python", os.path.relpath(script), *sys.argv[1:]])
    when = datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
    lines = [
        f"Command: `{command}`",
        f"Machine: {_processor()}, {_cores()} cores, {_memory_gib():.0f} GiB"
        + (f"; {remark}" if remark else ""),
        f"Versions: torch {torch.__version__}, Python {platform.python_version()}",
        f"Date: {when}",
    ]
    return "\n".join(f"- {line}" for line in lines)


def number(value: float) -> str:
    """Three digits that mean something: 0.0123, 1.23, 12.3, 1234."""
    if value == 0:
        return "0"
    for bound, digits in ((0.095, 3), (9.95, 2), (99.5, 1)):
        if abs(value) < bound:
            return f"{value:.{digits}f}"
    return f"{value:.0f}"


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _cores() -> int:
    return len(os.sched_getaffinity(0))


def _memory_gib() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
