"""The rules of the house (CONTRIBUTING.md), checked on the source itself."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "graphcl"
FILES = sorted(PACKAGE.rglob("*.py"))

# From the top of the house to the ground: imports point downwards only. Those of one floor do not
# know each other.
FLOORS = (
    {"__main__"},
    {"cli"},
    {"benchmark"},
    {"plotting"},
    {"methods"},
    {"training"},
    {"checkpoint"},
    {"evaluation"},
    {"losses"},
    {"negatives"},
    {"augmentations"},
    {"nn"},
    {"graph_files"},
    {"datasets"},
    {"contrast", "clustering", "control", "metapaths", "sampling"},
    {"arguments", "prepared"},
    {"__init__"},
)
HEIGHT = {name: -floor for floor, names in enumerate(FLOORS) for name in names}
USES_BENCH_EXTRA = {"cli", "benchmark", "plotting", "graph_files"}
BENCH_EXTRA = {"typer", "rich", "pydantic", "matplotlib", "psutil", "threadpoolctl", "pandas"}
MOST_LINES = 400


def part_of(file: Path) -> str:
    """The folder, or the file beside the folders, that a source file belongs to."""
    return file.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(node: ast.AST) -> Iterator[ast.Import | ast.ImportFrom]:
    """All imports, also those inside functions, without those that only type checkers see."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield child
        elif not (isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)):
            yield from imports(child)


def modules(statement: ast.Import | ast.ImportFrom) -> list[str]:
    """The full names that a statement imports; `from a import b` may mean the module `a.b`."""
    if isinstance(statement, ast.Import):
        return [alias.name for alias in statement.names]
    return [f"{statement.module}.{alias.name}" for alias in statement.names]


def own_imports(file: Path, text: str | None = None) -> list[tuple[int, str, str]]:
    """(line, part, full name) of everything that a file imports from graphcl."""
    tree = ast.parse(file.read_text(encoding="utf-8") if text is None else text)
    found = []
    for statement in imports(tree):
        for name in modules(statement):
            steps = name.split(".")
            if steps[0] == "graphcl":
                part = steps[1] if len(steps) > 1 and steps[1] in HEIGHT else "__init__"
                found.append((statement.lineno, part, name))
    return found


def upward(file: Path, text: str | None = None) -> list[str]:
    here = part_of(file)
    return [
        f"{file.relative_to(ROOT)}, line {line}: {here} must not know {part}"
        for line, part, _ in own_imports(file, text)
        if part != here and HEIGHT[part] >= HEIGHT[here]
    ]


def private(file: Path, text: str | None = None) -> list[str]:
    here = part_of(file)
    return [
        f"{file.relative_to(ROOT)}, line {line}: {name} is private to another folder"
        for line, part, name in own_imports(file, text)
        if part != here and any(s[0] == "_" and s[:2] != "__" for s in name.split(".") if s)
    ]


def deep(file: Path, text: str | None = None) -> list[str]:
    here = part_of(file)
    return [
        f"{file.relative_to(ROOT)}, line {line}: {name} is not taken from graphcl.{part}"
        for line, part, name in own_imports(file, text)
        if part != here and len(name.split(".")) > 3
    ]


def heavy(file: Path, text: str | None = None) -> list[str]:
    if part_of(file) in USES_BENCH_EXTRA:
        return []
    tree = ast.parse(file.read_text(encoding="utf-8") if text is None else text)
    return [
        f"{file.relative_to(ROOT)}, line {statement.lineno}: {name} is of the bench extra"
        for statement in imports(tree)
        for name in modules(statement)
        if name.split(".")[0] in BENCH_EXTRA
    ]


def test_every_part_has_a_floor() -> None:
    assert {part_of(file) for file in FILES} == set(HEIGHT)


def test_imports_point_downwards() -> None:
    assert [line for file in FILES for line in upward(file)] == []


def test_no_private_name_of_another_folder_is_imported() -> None:
    assert [line for file in FILES for line in private(file)] == []


def test_public_names_are_imported_from_their_folder() -> None:
    assert [line for file in FILES for line in deep(file)] == []


def test_the_core_does_not_need_the_bench_extra() -> None:
    assert [line for file in FILES for line in heavy(file)] == []


def test_files_are_short() -> None:
    files = [*FILES, *ROOT.glob("tests/**/*.py"), *ROOT.glob("benchmarks/**/*.py")]
    lengths = {str(f.relative_to(ROOT)): len(f.read_text("utf-8").splitlines()) for f in files}
    assert {name: n for name, n in lengths.items() if n > MOST_LINES} == {}


@pytest.mark.parametrize(
    ("check", "text"),
    [
        (upward, "from graphcl.methods import Grace"),
        (upward, "def f():\n    import graphcl.cli"),
        (upward, "from graphcl import benchmark"),
        (upward, "from graphcl.training import fit"),
        (private, "from graphcl.contrast.rows import _tiles"),
        (private, "from graphcl.contrast._rows import tiles"),
        (deep, "from graphcl.contrast.rows import Rows"),
        (heavy, "def f():\n    from rich.table import Table"),
        (heavy, "import matplotlib.pyplot"),
    ],
)
def test_a_breach_is_found(check: Callable[[Path, str], list[str]], text: str) -> None:
    file = PACKAGE / "losses" / "new.py"
    assert len(check(file, text)) == 1
    for_types_only = "".join(f"\n    {line}" for line in text.splitlines())
    assert check(file, f"if TYPE_CHECKING:{for_types_only}") == []
    assert check(file, "from graphcl.contrast import Pairs") == []


@pytest.mark.parametrize(
    "code",
    [
        "import graphcl",
        "import sys; sys.argv = ['graphcl', '--help']\n"
        "from graphcl.cli import main\n"
        "try: main()\nexcept SystemExit as end: assert not end.code",
        # what a worker holds is measured: libraries that it does not need would count
        "import pydantic, graphcl.benchmark.nursery, sys; del sys.modules['pydantic']",
    ],
    ids=["import graphcl", "graphcl --help", "a nursery"],
)
def test_torch_is_not_imported_before_it_is_needed(code: str) -> None:
    heavy = "{'torch', 'pydantic', 'sklearn', 'matplotlib'}"
    code += f"\nimport sys; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
