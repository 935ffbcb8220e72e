"""`graphcl bench`: run a benchmark suite, or say how far it is."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from graphcl.cli.common import DataRoot, Debug, check_folder, console, one_line_errors

Results = Annotated[
    Path, typer.Option("--results", help="Folder of results; finished cells in it are kept.")
]


class SuiteGroup(TyperGroup):
    """`graphcl bench quick` is short for `graphcl bench run quick`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put `run` before what is not the name of a command."""
        if args and args[0] not in {*self.commands, *ctx.help_option_names}:
            args = ["run", *args]
        return super().parse_args(ctx, args)


bench = typer.Typer(
    cls=SuiteGroup,
    no_args_is_help=True,
    help=(
        "Run a benchmark suite: `graphcl bench quick`, short for `graphcl bench run quick`; "
        "`graphcl bench run --help` shows its options. Or say how far results are: "
        "`graphcl bench status`."
    ),
    subcommand_metavar="SUITE | COMMAND ...",
)


@bench.command("run")
@one_line_errors
def run_suite(
    suite: Annotated[
        str,
        typer.Argument(
            metavar="SUITE",
            help="A shipped suite (quick, node-level, node-clustering, graph-classification, "
            "heterogeneous, losses) or a YAML file.",
        ),
    ],
    results: Results = Path("results"),
    data: DataRoot = None,
    seeds: Annotated[
        int | None,
        typer.Option("--seeds", metavar="N", help="Use seeds 0..N-1 instead of the suite's."),
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(
            "--only",
            metavar="NAME",
            help="Run only this data set, row, or dataset/row; may be given several times.",
        ),
    ] = None,
    quick: Annotated[
        bool,
        typer.Option(
            "--quick", help="Run what the suite names as its quick part, ten minutes at most, once."
        ),
    ] = False,
    jobs: Annotated[
        int,
        typer.Option(
            "--jobs", metavar="N", min=1, help="Processes at once; they share out the cores."
        ),
    ] = 1,
    memory: Annotated[
        float | None,
        typer.Option(
            "--memory", metavar="GIB", help="Most memory of a process, instead of the suite's."
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be run and how long; run nothing.")
    ] = False,
    debug: Debug = False,
) -> None:
    """Run a benchmark suite: a table, a CSV and plots in RESULTS/<suite>/.

    Finished cells are never computed twice: an interrupted suite continues
    where it stopped. What fails is listed with its log, and the rest goes on.

    Exit code 0: all that was asked for has numbers; 1: some cells failed;
    2: bad input, or results cannot be written; 130: interrupted.
    """
    from graphcl.benchmark import load_suite, print_plan, run_session

    chosen = load_suite(suite)
    if quick:
        if only:
            raise ValueError("--quick says what is run: --only does not go with it")
        if not chosen.quick:
            raise ValueError(f"--quick: the suite {chosen.name} names no quick part")
        only, seeds = chosen.quick, 1 if seeds is None else seeds
    if seeds is not None:
        chosen = chosen.with_seeds(seeds)
    if memory is not None:
        chosen = chosen.with_memory(memory)
    check_folder(data)
    options: dict[str, Any] = {
        "results": results,
        "console": console(),
        "only": only or (),
        "jobs": jobs,
        "data_root": None if data is None else str(data),
    }
    if dry_run:
        print_plan(chosen, **options)
        return
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        complete = run_session(chosen, **options, debug=debug)
    except KeyboardInterrupt:
        typer.echo(
            f"graphcl: interrupted; finished results are in {results / chosen.name}, "
            "the same command continues",
            err=True,
        )
        raise typer.Exit(130) from None
    raise typer.Exit(0 if complete else 1)


@bench.command("status")
@one_line_errors
def show_status(
    suite: Annotated[
        str | None,
        typer.Argument(
            metavar="SUITE",
            help="A shipped suite, a YAML file or a folder in RESULTS; default: all.",
        ),
    ] = None,
    results: Results = Path("results"),
    debug: Debug = False,
) -> None:
    """Say how far results are, what failed last, and whether a run is active.

    Each row's finished, failed and missing cells, and the last failures with
    their logs.
    """
    from graphcl.benchmark import print_status

    print_status(suite, results=results, console=console())
