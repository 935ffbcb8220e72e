"""Warnings on the command line."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import warnings
from importlib import import_module

commands = import_module("graphcl.cli.app")
commands.app = lambda: warnings.warn("a path is empty", stacklevel=1)
commands.run()
"""


def test_a_warning_is_one_line_without_code() -> None:
    outcome = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True
    )
    assert outcome.stderr == "graphcl: warning: a path is empty\n"
