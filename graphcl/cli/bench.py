"""`graphcl bench`: run a benchmark suite."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Annotated

import typer

from graphcl.cli.common import DataRoot, Debug, check_folder, console, one_line_errors


@one_line_errors
def bench(
    suite: Annotated[str, typer.Argument(help="A shipped suite (quick, citation) or a YAML file.")],
    results: Annotated[
        Path, typer.Option("--results", help="Folder of results; finished cells in it are kept.")
    ] = Path("results"),
    data: DataRoot = None,
    seeds: Annotated[
        int | None, typer.Option("--seeds", help="Use seeds 0..N-1 instead of the suite's.")
    ] = None,
    debug: Debug = False,
) -> None:
    """Run a benchmark suite: a table, a CSV and plots in RESULTS/<suite>/.

    Finished cells are never computed twice: an interrupted suite continues where it stopped.
    Exit code 0: everything has a number; 1: some cells failed; 2: bad input.
    """
    from graphcl.benchmark import load_suite, run_session

    chosen = load_suite(suite)
    if seeds is not None:
        chosen = chosen.with_seeds(seeds)
    check_folder(data)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        complete = run_session(
            chosen,
            results=results,
            console=console(),
            data_root=None if data is None else str(data),
            debug=debug,
        )
    except KeyboardInterrupt:
        typer.echo(
            f"graphcl: interrupted; finished results are in {results / chosen.name}, "
            "the same command continues",
            err=True,
        )
        raise typer.Exit(130) from None
    raise typer.Exit(0 if complete else 1)
