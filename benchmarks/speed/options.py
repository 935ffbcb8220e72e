"""What the scripts share on the command line: limits, a choice, and where the report goes."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

from measure import Limits


def make_parser(
    description: str, *, seconds: float, memory_gib: float = 16.0
) -> argparse.ArgumentParser:
    """A parser with the shared options.

    Args:
        description: The script's docstring; its first line is printed.
        seconds: Default of ``--time-limit``.
        memory_gib: Default of ``--memory-limit``.
    """
    parser = argparse.ArgumentParser(description=description.splitlines()[0])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument(
        "--memory-limit", type=float, default=memory_gib, help="GiB of address space"
    )
    parser.add_argument("--time-limit", type=float, default=seconds, help="processor seconds")
    parser.add_argument("--remark", default="", help="about the machine, goes into the report")
    parser.add_argument("--output", type=Path, help="write the report (Markdown) here")
    return parser


def add_peers_path(parser: argparse.ArgumentParser) -> None:
    """The option that says where the peers are installed; it becomes an absolute path."""
    parser.add_argument(
        "--peers-path", type=os.path.abspath, help="folder to import the peers from"
    )


def limits_of(options: argparse.Namespace) -> Limits:
    """The limits that the options ask for."""
    return Limits(options.memory_limit, options.time_limit, options.threads)


def write(parts: Sequence[str], output: Path | None) -> str:
    """Write a report of paragraphs to the output, if there is one; return its text."""
    text = "\n\n".join(parts) + "\n"
    if output is not None:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(text)
    return text
