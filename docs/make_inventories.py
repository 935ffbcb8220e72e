"""Write docs/inventories/*.inv: where other projects document the names that we refer to.

    python docs/make_inventories.py

Sphinx usually downloads such inventories. Ours must build without a network, so this script looks
at the installed packages, takes their public names and writes the address that each has in the
public documentation. The rules below say how each project builds its addresses.
"""

from __future__ import annotations

import importlib
import inspect
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

FOLDER = Path(__file__).parent / "inventories"


@dataclass(frozen=True)
class Rule:
    """Where the public names of one module are documented.

    Attributes:
        module: Full name of the module.
        page: Address below the project's root; ``{name}`` stands for the full name, ``{defined}``
            for that where it is defined.
        names: Names in the module; none: all public classes and functions.
    """

    module: str
    page: str
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Entry:
    """One line of an inventory."""

    name: str
    role: str
    address: str


EXCEPTIONS = tuple(
    name
    for name, value in vars(importlib.import_module("builtins")).items()
    if isinstance(value, type) and issubclass(value, BaseException)
)
NUMBERS = ("bool", "complex", "float", "int", "object", "slice", "type")
CONTAINERS = ("bytes", "dict", "frozenset", "list", "range", "set", "str", "tuple")
PROJECTS = {
    "python": (
        Rule("builtins", "library/exceptions.html#$", EXCEPTIONS),
        Rule("builtins", "library/functions.html#$", NUMBERS),
        Rule("builtins", "library/stdtypes.html#$", CONTAINERS),
        Rule("builtins", "library/constants.html#$", ("None",)),
        Rule("typing", "library/typing.html#$", ("Any", "ClassVar", "Literal", "NoReturn")),
        Rule("collections.abc", "library/collections.abc.html#$"),
        Rule("pathlib", "library/pathlib.html#$", ("Path", "PurePath")),
        Rule("subprocess", "library/subprocess.html#$", ("Popen", "TimeoutExpired")),
    ),
    "numpy": (
        Rule("numpy", "reference/generated/{name}.html#$", ("dtype", "ndarray", "load", "save")),
        Rule("numpy.random", "reference/random/generator.html#$", ("Generator",)),
    ),
    "networkx": (
        Rule(
            "networkx",
            "reference/algorithms/generated/{defined}.html",
            ("pagerank", "eigenvector_centrality", "core_number", "clustering"),
        ),
    ),
    "scipy": (
        Rule(
            "scipy.sparse",
            "reference/generated/{name}.html#$",
            ("csr_array", "coo_array", "load_npz", "save_npz"),
        ),
    ),
    "sklearn": tuple(
        Rule(f"sklearn.{part}", "modules/generated/{name}.html#$")
        for part in ("cluster", "linear_model", "metrics", "neighbors", "svm")
    ),
    "torch": (
        Rule("torch", "tensors.html#$", ("Tensor",)),
        Rule("torch", "tensor_attributes.html#$", ("device", "dtype")),
        Rule("torch", "generated/{name}.html#$", ("Generator", "save", "load", "no_grad")),
        Rule("torch.nn", "generated/{name}.html#$"),
        Rule("torch.optim", "generated/{name}.html#$"),
        Rule("torch.utils.data", "data.html#$", ("DataLoader", "Dataset")),
    ),
    "torch_geometric": tuple(
        Rule(f"torch_geometric.{part}", "generated/{name}.html#$")
        for part in ("data", "datasets", "loader", "nn.models", "transforms", "utils")
    ),
}


def main() -> None:
    """Write one inventory a project."""
    FOLDER.mkdir(exist_ok=True)
    for project in PROJECTS:
        entries = collect(project)
        (FOLDER / f"{project}.inv").write_bytes(encode(project, entries))
        print(f"{project}: {len(entries)} names")


def collect(project: str) -> list[Entry]:
    """The names of a project, sorted."""
    found = {}
    for rule in PROJECTS[project]:
        module = importlib.import_module(rule.module)
        for entry in _entries(rule, module):
            found[entry.name] = entry
    return sorted(found.values(), key=lambda entry: entry.name)


def encode(project: str, entries: list[Entry]) -> bytes:
    """An inventory in Sphinx's format, version 2."""
    header = (
        "# Sphinx inventory version 2\n"
        f"# Project: {project}\n"
        "# Version: \n"
        "# The remainder of this file is compressed using zlib.\n"
    )
    # "$" stands for the name: the place on the page. NetworkX's pages hold one thing each.
    lines = (f"{e.name} py:{e.role} 1 {e.address} -\n" for e in entries)
    return header.encode() + zlib.compress("".join(lines).encode(), 9)


def _entries(rule: Rule, module: ModuleType) -> Iterator[Entry]:
    prefix = "" if rule.module == "builtins" else f"{rule.module}."
    for name in rule.names or _public_names(module):
        value = None if name == "None" else getattr(module, name)
        full = f"{prefix}{name}"
        defined = f"{getattr(value, '__module__', rule.module)}.{name}"
        yield Entry(full, _role(value), rule.page.format(name=full, defined=defined))


def _public_names(module: ModuleType) -> list[str]:
    names = getattr(module, "__all__", None) or [n for n in vars(module) if n[0] != "_"]
    values = ((name, getattr(module, name)) for name in names)
    return [name for name, v in values if inspect.isclass(v) or inspect.isroutine(v)]


def _role(value: object) -> str:
    if isinstance(value, type):
        return "exception" if issubclass(value, BaseException) else "class"
    return "function" if inspect.isroutine(value) else "data"


if __name__ == "__main__":
    main()
