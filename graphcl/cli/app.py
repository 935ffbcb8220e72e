"""The command `graphcl`: its commands, its version, its entry point.

Expected errors (bad input, missing files) are one line on stderr and exit code 2; `--debug` shows
the traceback too. Torch and everything else that is slow is imported inside the commands.
"""

from __future__ import annotations

import os
import signal
import sys
import warnings
from types import FrameType
from typing import Annotated, NoReturn

import typer

from graphcl import __version__
from graphcl.cli.bench import bench
from graphcl.cli.common import Debug, common_options
from graphcl.cli.graphs import cluster, embed, train
from graphcl.cli.lists import datasets, methods

app = typer.Typer(
    name="graphcl",
    help="Graph contrastive learning: embed and cluster graphs, run benchmarks.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"graphcl {__version__}")
        raise typer.Exit


@app.callback()
def graphcl(
    version: Annotated[
        bool,
        typer.Option("--version", is_eager=True, callback=_show_version, help="Show the version."),
    ] = False,
    debug: Debug = False,
) -> None:
    """Graph contrastive learning: embed and cluster graphs, run benchmarks."""
    common_options.debug = debug


app.add_typer(bench, name="bench")
for command in (train, embed, cluster, datasets, methods):
    app.command()(command)


def _leave_at_once(number: int, frame: FrameType | None) -> NoReturn:
    """Ctrl-C before any work: NumPy and torch swallow or garble an exception while they load."""
    print("graphcl: interrupted", file=sys.stderr, flush=True)
    os._exit(130)


def _warn(message: Warning | str, *_: object, **__: object) -> None:
    """A warning as one line: its place in the code says nothing to who typed a command."""
    print(f"graphcl: warning: {message}", file=sys.stderr, flush=True)


def run() -> None:
    """Run the command that the arguments name."""
    signal.signal(signal.SIGINT, _leave_at_once)
    warnings.showwarning = _warn
    app()
