"""The code blocks of a page in Markdown, in order, and what each of them is for.

```python        run, in one namespace a page
```console       lines with `$ graphcl ...` are run, the lines below them are their output
```text          what the block above prints; "..." stands for anything
```{code-block} KIND with `:caption: NAME`   a file of that name
<!-- not run: REASON -->                     before a block that is not run
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

FENCE = re.compile(r"^(?P<ticks>`{3,})(?P<info>.*)$")
NOT_RUN = re.compile(r"^<!-- not run: (?P<reason>.{8,}) -->$")
# Directives that hold no code to run.
NO_CODE = ("{raw}", "{toctree}", "{eval-rst}", "{include}")
NO_CODE += ("{note}", "{tip}", "{math}", "{image}", "{figure}")


@dataclass(frozen=True)
class Block:
    """A code block.

    Attributes:
        page: The file.
        line: Line of its first line of code, from 1.
        kind: Its language: "python", "console", "text", ...
        text: The code.
        file: Name of the file that it shows, or "".
        reason: Why it is not run, or "".
    """

    page: Path
    line: int
    kind: str
    text: str
    file: str = ""
    reason: str = ""

    @property
    def place(self) -> str:
        """Where it stands, for messages."""
        return f"{self.page.name}, line {self.line}"


@dataclass(frozen=True)
class Command:
    """A line of a console block, and the output shown below it."""

    line: str
    output: str


def code_blocks(page: Path, text: str | None = None) -> list[Block]:
    """All code blocks of a page, without directives that hold no code."""
    lines = (page.read_text(encoding="utf-8") if text is None else text).splitlines()
    found, number = [], 0
    while number < len(lines):
        fence = FENCE.match(lines[number])
        if fence is None:
            number += 1
            continue
        end = number + 1
        while lines[end].strip() != fence["ticks"]:
            end += 1
        before = next((line for line in reversed(lines[:number]) if line.strip()), "")
        marker = NOT_RUN.match(before.strip())
        block = _block(page, number, fence["info"].strip(), lines[number + 1 : end])
        if block is not None:
            reason = marker["reason"] if marker else ""
            found.append(Block(**{**vars(block), "reason": reason}))
        number = end + 1
    return found


def _block(page: Path, fence: int, info: str, lines: list[str]) -> Block | None:
    if info.startswith(NO_CODE):
        return None
    options = 0
    while options < len(lines) and re.match(r"^:[a-z-]+:", lines[options]):
        options += 1
    captions = [line.split(":", 2)[2].strip() for line in lines[:options] if ":caption:" in line]
    if 0 < options < len(lines) and not lines[options]:
        options += 1  # the empty line between options and code
    kind = info.removeprefix("{code-block}").strip()
    text = "\n".join(lines[options:]) + "\n"
    return Block(page, fence + 2 + options, kind, text, captions[0] if captions else "")


def commands(block: Block) -> list[Command]:
    """The commands of a console block; a line that ends in a backslash goes on."""
    joined = block.text.replace("\\\n", " ")
    parts = re.split(r"^\$ ", joined, flags=re.M)
    if parts[0].strip():
        raise ValueError(f"{block.place}: a console block starts with '$ ', got {parts[0]!r:.40}")
    pairs = (part.partition("\n") for part in parts[1:])
    return [Command(line.strip(), output) for line, _, output in pairs]
