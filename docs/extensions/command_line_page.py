"""The page of the command line is written from the commands: what ``--help`` says of each."""

from __future__ import annotations

from typing import Any

import typer
from sphinx.application import Sphinx

from graphcl.cli import app as graphcl_app

PAGE = "command-line"


def section(path: str, command: Any, depth: int = 1) -> list[str]:
    """One command and its subcommands, in Markdown."""
    context = typer.Context(command, info_name=path)
    if hasattr(command, "commands"):
        lines = [] if depth == 1 else [f"{'#' * depth} {path}", "", command.help or "", ""]
        for name, subcommand in command.commands.items():
            lines += section(f"{path} {name}", subcommand, depth + 1)
        return lines
    lines = [f"{'#' * depth} {path}", "", "```text"]
    lines += [f"{path} {' '.join(command.collect_usage_pieces(context))}", "```", ""]
    lines += [*(command.help or "").split("\n"), ""]
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record is not None:
            text = " ".join(record[1].split()).replace("[", r"\[")
            lines += [f"`{record[0].strip()}`", f": {text}", ""]
    return lines


def write_page(app: Sphinx, page: str, source: list[str]) -> None:
    """Add the commands to the page."""
    if page == PAGE:
        lines = section("graphcl", typer.main.get_command(graphcl_app))
        source[0] += "\n".join(["", *lines])


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx."""
    app.connect("source-read", write_page)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
