"""Public names: all of them are documented, and references lead to them.

A page ``api/NAME.md`` documents what ``graphcl.NAME`` exports in ``__all__``: classes and functions
by autodoc's ``automodule``, constants, which that leaves out, one by one. The text below a constant
is found where it is defined. A package without a page is a warning.

Type hints name ``graphcl.contrast.pairs.Pairs`` or ``torch_geometric.data.data.Data``; documented
are ``graphcl.contrast.Pairs`` and ``torch_geometric.data.Data``. When a reference does not resolve,
the last name is looked for in the packages above.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from typing import Any

from docutils.nodes import Element, Node
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.pycode import ModuleAnalyzer
from sphinx.util import logging

PROJECTS = ("graphcl.", "torch.", "torch_geometric.", "numpy.", "scipy.", "sklearn.")
# Hints that Sphinx cannot evaluate (imported for type checkers only) stay as they are written.
ALSO_KNOWN_AS = {
    "Data": "torch_geometric.data.Data",
    "HeteroData": "torch_geometric.data.HeteroData",
    "Path": "pathlib.Path",
    "Tensor": "torch.Tensor",
    "np.ndarray": "numpy.ndarray",
    "pathlib._local.Path": "pathlib.Path",  # CPython 3.13
}
NOT_FOR_IMPORT = {"__main__", "arguments", "checkpoint", "cli", "prepared"}

logger = logging.getLogger(__name__)


def write_api_page(app: Sphinx, page: str, source: list[str]) -> None:
    """Add what a package exports to its page."""
    folder, _, name = page.partition("/")
    if folder != "api" or name == "index":
        return
    package = f"graphcl.{name}"
    lines = [f".. automodule:: {package}", "   :members:", ""]
    for constant in _constants(package):
        lines += [f".. autodata:: {package}.{constant}", "   :no-value:", ""]
    source[0] += "\n".join(["", "```{eval-rst}", *lines, "```", ""])


def _constants(package: str) -> list[str]:
    module = importlib.import_module(package)
    values = ((name, getattr(module, name)) for name in getattr(module, "__all__", ()))
    return [name for name, v in values if not inspect.isclass(v) and not inspect.isroutine(v)]


def public_name(target: str) -> str | None:
    """The same object's name in the highest package that exports it; None: it is nowhere else."""
    if target in ALSO_KNOWN_AS:
        return ALSO_KNOWN_AS[target]
    if "." not in target:
        for module in _modules("graphcl"):
            if target in getattr(importlib.import_module(module), "__all__", ()):
                return f"{module}.{target}"
    if not target.startswith(PROJECTS):
        return None
    *path, name = target.split(".")
    for length in range(1, len(path)):
        package = ".".join(path[:length])
        try:
            if hasattr(importlib.import_module(package), name) and length > 1:
                return f"{package}.{name}"
        except ImportError:
            return None
    return None


def resolve(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, contnode: Element
) -> Node | None:
    """Try the public name; intersphinx, which comes next, sees it as well."""
    if node.get("refdomain") != "py":
        return None
    target = public_name(node.get("reftarget", ""))
    if target is None:
        return None
    node["reftarget"] = target
    return env.domains["py"].resolve_xref(
        env, node["refdoc"], app.builder, "obj", target, node, contnode
    )


def document_constant(
    app: Sphinx, what: str, name: str, value: object, options: object, lines: list[str]
) -> None:
    """Replace the docstring of a constant's type by the text below its definition."""
    if what != "data" or not name.startswith("graphcl."):
        return
    package, _, constant = name.rpartition(".")
    for module in _modules(package):
        text = ModuleAnalyzer.for_module(module).find_attr_docs().get(("", constant))
        if text is not None:
            lines[:] = text
            return


def _modules(package: str) -> list[str]:
    """A package and the modules in it, by full name."""
    paths = getattr(importlib.import_module(package), "__path__", [])
    return [package, *(module.name for module in pkgutil.iter_modules(paths, f"{package}."))]


def check_all_are_documented(app: Sphinx, env: BuildEnvironment) -> None:
    """Warn of packages without a page, and of exported names that autodoc left out."""
    documented = env.domains["py"].data["objects"]
    for module in _modules("graphcl")[1:]:
        if module.removeprefix("graphcl.") in NOT_FOR_IMPORT:
            continue
        names = getattr(importlib.import_module(module), "__all__", ())
        for name in (module, *(f"{module}.{name}" for name in names)):
            if name not in documented:
                logger.warning("%s is public, but no page of docs/api documents it", name)


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx."""
    app.connect("source-read", write_api_page)
    app.connect("missing-reference", resolve, priority=400)  # before intersphinx's 500
    app.connect("autodoc-process-docstring", document_constant)
    app.connect("env-check-consistency", check_all_are_documented)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
