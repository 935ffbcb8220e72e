"""The local inventories hold what their script writes, and lead to names that exist."""

from __future__ import annotations

import importlib.util
import sys
import zlib
from pathlib import Path
from types import ModuleType

import pytest

DOCS = Path(__file__).parents[2] / "docs"


def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_inventories", DOCS / "make_inventories.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


SCRIPT = script()


def names(content: bytes) -> set[str]:
    """The names in an inventory of version 2: four lines of text, then compressed lines."""
    lines = zlib.decompress(content.split(b"\n", 4)[4]).decode().splitlines()
    return {line.split()[0] for line in lines}


@pytest.mark.parametrize("project", SCRIPT.PROJECTS)
def test_what_the_script_would_write_is_committed(project: str) -> None:
    committed = (DOCS / "inventories" / f"{project}.inv").read_bytes()
    # Other versions of a project may have more names; those that we wrote must still be there.
    assert names(committed) <= names(SCRIPT.encode(project, SCRIPT.collect(project)))


def test_addresses() -> None:
    found = {
        project: {entry.name: entry.address for entry in SCRIPT.collect(project)}
        for project in SCRIPT.PROJECTS
    }
    assert found["torch"]["torch.Tensor"] == "tensors.html#$"
    assert found["torch"]["torch.nn.Linear"] == "generated/torch.nn.Linear.html#$"
    data = "torch_geometric.data.Data"
    assert found["torch_geometric"][data] == f"generated/{data}.html#$"
    assert found["python"]["ValueError"] == "library/exceptions.html#$"
    assert found["python"]["str"] == "library/stdtypes.html#$"
    where = "networkx.algorithms.link_analysis.pagerank_alg.pagerank"
    assert found["networkx"]["networkx.pagerank"] == f"reference/algorithms/generated/{where}.html"
