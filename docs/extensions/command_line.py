"""The directive ``command-line``: every command of graphcl with its options, as ``--help`` says."""

from __future__ import annotations

from typing import Any

import typer
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from graphcl.cli import app as graphcl_app


def section(path: str, command: Any) -> list[str]:
    """One command and its subcommands, in Markdown."""
    context = typer.Context(command, info_name=path)
    if hasattr(command, "commands"):
        return [line for name, sub in command.commands.items() for line in section(f"{path} {name}", sub)]
    usage = " ".join(command.collect_usage_pieces(context))
    lines = [f"## {path}", "", f"`{path} {usage}`", ""]
    lines += [*(command.help or "").split("\n"), ""]
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record is not None:
            lines += [f"`{record[0].strip()}`", f": {' '.join(record[1].split())}", ""]
    return lines


class CommandLine(SphinxDirective):
    """Write the commands of graphcl into the page."""

    def run(self) -> list[nodes.Node]:
        """The nodes of the sections."""
        lines = section("graphcl", typer.main.get_command(graphcl_app))
        container = nodes.Element()
        self.state.nested_parse(
            StringList(lines, source="graphcl --help"), 0, container, match_titles=True
        )
        return container.children


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx."""
    app.add_directive("command-line", CommandLine)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
