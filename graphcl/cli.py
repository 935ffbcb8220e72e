"""The command line: `graphcl bench`, `graphcl datasets`, `graphcl methods`.

Expected errors (bad input, missing files) are one line on stderr and exit code 2; `--debug` shows
the traceback too. Torch and everything else that is slow is imported inside the commands.
"""

from __future__ import annotations

import functools
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, TypeVar

from graphcl import __version__

BENCH_EXTRA = ("typer", "rich", "pydantic", "matplotlib", "psutil")
INSTALL = 'graphcl: the command line needs the bench extra: pip install "graphcl[bench]"'

try:
    import typer
except ModuleNotFoundError as error:
    if error.name not in BENCH_EXTRA:
        raise
    print(INSTALL, file=sys.stderr)
    raise SystemExit(2) from None

if TYPE_CHECKING:
    from rich.console import Console

app = typer.Typer(
    name="graphcl",
    help="Graph contrastive learning: benchmarks on the command line.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Command = TypeVar("Command", bound=Callable[..., Any])
Debug = Annotated[bool, typer.Option("--debug", help="Show tracebacks and all output.")]
DataRoot = Annotated[
    Path | None,
    typer.Option("--data", help="Folder of raw data; default: $GRAPHCL_DATA, then ./datasets."),
]


@dataclass
class CommonOptions:
    """What stands before the command: `graphcl --debug bench quick`."""

    debug: bool = False


common_options = CommonOptions()


def one_line_errors(command: Command) -> Command:
    """Turn expected errors of a command into one line and exit code 2."""

    @functools.wraps(command)
    def wrapped(*args: Any, **options: Any) -> Any:
        # `--debug` is understood before the command as well as after it.
        options["debug"] = options["debug"] or common_options.debug
        try:
            return command(*args, **options)
        except (ValueError, TypeError, OSError) as error:
            if options["debug"]:
                raise
            typer.echo(f"graphcl: {_one_line(error)}", err=True)
            raise typer.Exit(2) from None

    return wrapped  # type: ignore[return-value]


def _one_line(error: Exception) -> str:
    text = str(error)
    if isinstance(error, OSError) and error.filename and error.strerror:  # no "[Errno 21]"
        text = f"{error.filename}: {error.strerror[0].lower()}{error.strerror[1:]}"
    return " ".join(text.split())


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
    """Graph contrastive learning: benchmarks on the command line."""
    common_options.debug = debug


@app.command()
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
    _check_folder(data)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        complete = run_session(
            chosen,
            results=results,
            console=_console(),
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


@app.command()
@one_line_errors
def datasets(data: DataRoot = None, debug: Debug = False) -> None:
    """List the data sets: size, licence, whether they are present."""
    from rich.table import Table

    from graphcl.datasets import available, data_root

    _check_folder(data)
    root = data_root(data).resolve()
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("Name", "Level", "Graphs", "Nodes", "Edges", "Features", "Classes"):
        table.add_column(heading, justify="left" if heading in ("Name", "Level") else "right")
    table.add_column("Present", no_wrap=True)
    licences: dict[str, list[str]] = {}
    for card in available():
        licences.setdefault(card.licence, []).append(card.name)
        where = "embedded" if card.embedded else "yes" if card.is_present(data) else "no"
        sizes = (card.num_graphs, card.num_nodes, card.num_edges, card.num_features)
        table.add_row(
            card.name,
            card.level,
            *("–" if size is None else f"{size:,}" for size in sizes),
            str(card.num_classes),
            f"[red]{where}[/red]" if where == "no" else where,
        )
    console = _console()
    console.print(table)
    console.print("\nLicences", style="bold")
    for licence, names in licences.items():
        console.print(f"{', '.join(names)}: {licence}", markup=False, highlight=False)
    console.print(
        "\nEdges: an undirected edge counts twice. What is not present is downloaded at its "
        f"first use. Looked for files in {root}",
        markup=False,
        highlight=False,
    )


@app.command()
@one_line_errors
def methods(debug: Debug = False) -> None:
    """List the methods."""
    from rich.table import Table

    from graphcl.methods import get_method, method_names

    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("Name", "Level", "What it does"):
        table.add_column(heading)
    for name in method_names():
        entry = get_method(name)
        table.add_row(name, ", ".join(sorted(entry.levels, reverse=True)), entry.summary)
    _console().print(table)


def _check_folder(data: Path | None) -> None:
    if data is not None and not data.is_dir():
        raise NotADirectoryError(f"--data {data}: no such folder")


def _console() -> Console:
    from rich.console import Console

    return Console()


def _leave_at_once(number: int, frame: FrameType | None) -> NoReturn:
    """Ctrl-C before any work: NumPy and torch swallow or garble an exception while they load."""
    print("graphcl: interrupted", file=sys.stderr, flush=True)
    os._exit(130)


def main() -> None:
    """Entry point of the command `graphcl`."""
    signal.signal(signal.SIGINT, _leave_at_once)
    try:
        app()
    except ModuleNotFoundError as error:
        if error.name not in BENCH_EXTRA:
            raise
        print(INSTALL, file=sys.stderr)
        raise SystemExit(2) from None
