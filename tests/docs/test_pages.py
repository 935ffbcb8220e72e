"""Every code block of the documentation is run, and shows what it prints."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from typer.testing import CliRunner

from graphcl.benchmark import load_suite
from graphcl.cli import app
from tests.docs.blocks import Block, Command, code_blocks, commands

DOCS = Path(__file__).parents[2] / "docs"
PAGES = sorted(page for page in DOCS.glob("*.md") if code_blocks(page))


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A page starts in an empty folder, and leaves no handler of Ctrl-C behind."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GRAPHCL_DATA", raising=False)
    before = signal.getsignal(signal.SIGINT)
    with torch.random.fork_rng(devices=[]):
        yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_code_of_a_page_runs(page: Path) -> None:
    run_blocks(code_blocks(page))


def run_blocks(blocks: list[Block]) -> None:
    namespace: dict[str, Any] = {"__name__": "page"}
    printed: str | None = None
    for block in blocks:
        if block.reason:
            printed = None
        elif block.file:
            write_file(block)
        elif block.kind == "python":
            printed = run_python(block, namespace)
        elif block.kind == "console":
            printed = None
            for command in commands(block):
                run_command(block, command)
        elif block.kind == "text" and printed is not None:
            check_output(block.place, block.text, printed)
            printed = None
        else:
            pytest.fail(
                f"{block.place}: a block of kind {block.kind!r} is neither run nor checked; give "
                "it a caption (a file), put it below what prints it, or say why: "
                "<!-- not run: ... -->"
            )


def write_file(block: Block) -> None:
    path = Path(block.file)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(block.text, encoding="utf-8")
    if path.suffix == ".yaml":
        load_suite(path)


def run_python(block: Block, namespace: dict[str, Any]) -> str:
    code = "\n" * (block.line - 1) + block.text  # tracebacks show the page's own line
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(code, str(block.page), "exec"), namespace)
    return out.getvalue()


def run_command(block: Block, command: Command) -> None:
    program, *arguments = shlex.split(command.line, comments=True)
    where = f"{block.place}: {command.line}"
    if program == "cat":
        output, code = Path(arguments[0]).read_text(encoding="utf-8"), 0
    elif program == "graphcl":
        result = CliRunner().invoke(app, arguments)
        output, code = result.output, result.exit_code
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise AssertionError(where) from result.exception
    else:
        pytest.fail(f"{where}: only graphcl and cat are run here")
    shows_error = any(line.startswith("graphcl: ") for line in command.output.splitlines())
    assert code == (2 if shows_error else 0), f"{where}\n{output}"
    if command.output.strip():
        check_output(where, command.output, output)


def check_output(where: str, wanted: str, got: str) -> None:
    """Compare but for white space; "..." stands for anything, also for nothing."""
    parts = (re.escape(" ".join(part.split())) for part in wanted.split("..."))
    if not re.fullmatch(r"\s*.*?\s*".join(parts), " ".join(got.split()), flags=re.S):
        pytest.fail(f"{where}\nshown:\n{wanted}\nprinted:\n{got}")


PAGE = Path("page.md")


def run_text(text: str) -> None:
    run_blocks(code_blocks(PAGE, text))


def test_a_wrong_output_is_found() -> None:
    for shown in ("2", "2...", "...", " 2 "):
        run_text(f"```python\nprint(1 + 1)\n```\n\n```text\n{shown}\n```")
    with pytest.raises(pytest.fail.Exception, match=r"page\.md, line 6"):
        run_text("```python\nprint(1 + 1)\n```\n\n```text\n3\n```")


def test_a_wrong_command_is_found() -> None:
    run_text("```console\n$ graphcl --version\ngraphcl ...\n```")
    with pytest.raises(AssertionError, match="graphcl bench"):
        run_text("```console\n$ graphcl bench nothing-of-this-name\n```")
    with pytest.raises(pytest.fail.Exception, match="only graphcl"):
        run_text("```console\n$ rm file\n```")


def test_a_broken_suite_is_found() -> None:
    with pytest.raises(ValueError, match="digitz"):
        run_text(
            "```{code-block} yaml\n:caption: mine.yaml\n"
            "name: mine\ndatasets: [digitz]\nmethods: [raw]\nevaluations: [P-CLU]\n```"
        )


def test_what_is_not_run_says_why() -> None:
    run_text("<!-- not run: it installs things -->\n```sh\npip install graphcl\n```")
    for text in ("```sh\npip install graphcl\n```", "```text\nalone\n```"):
        with pytest.raises(pytest.fail.Exception, match="neither run nor checked"):
            run_text(text)
