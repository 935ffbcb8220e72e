"""What all commands share: options, one-line errors, the console."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

if TYPE_CHECKING:
    from rich.console import Console

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


def check_folder(data: Path | None) -> None:
    """Refuse a folder of raw data that is not there."""
    if data is not None and not data.is_dir():
        raise NotADirectoryError(f"--data {data}: no such folder")


def console() -> Console:
    """Where tables and progress go."""
    from rich.console import Console

    return Console()
