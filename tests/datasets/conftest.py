from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
import torch
from torch_geometric.data import Data, HeteroData

from graphcl.datasets import DataCard, loading

NUM_NODES, NUM_TEST = 600, 50  # PyG's reader takes 500 validation nodes for granted


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Every test has a cache of its own, and never downloads."""

    def refuse(*_: object, **__: object) -> None:
        raise OSError("no network in tests")

    monkeypatch.setattr("graphcl.datasets.raw_files.socket.create_connection", refuse)
    monkeypatch.setenv("GRAPHCL_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def real_root() -> Path:
    """The folder of the real data sets, where there is one."""
    beside = Path(__file__).parents[3] / "shared" / "datasets"
    root = Path(os.environ.get("GRAPHCL_DATA", beside))
    if not (root / "Planetoid").is_dir():
        pytest.skip("no real data sets here")
    return root


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing may open a socket, and nothing may ask on standard input."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("this must work without network and without asking")

    monkeypatch.setattr("socket.socket", refuse)
    monkeypatch.setattr("socket.getaddrinfo", refuse)
    monkeypatch.setattr("builtins.input", refuse)


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> DataCard:
    """The card of a set in Planetoid's format, the only one that `load` knows in this test."""
    names = ("x", "tx", "allx", "y", "ty", "ally", "graph", "test.index")
    card = DataCard(
        name="Tiny",
        description="A ring.",
        level="node",
        tasks=("classification",),
        num_classes=3,
        num_nodes=NUM_NODES,
        num_edges=2 * NUM_NODES,
        num_features=4,
        num_graphs=1,
        licence="MIT",
        source="https://example.org",
        loader="Planetoid",
        arguments={"root": "Planetoid", "name": "Tiny"},
        graph_files=tuple(f"Planetoid/Tiny/raw/ind.tiny.{name}" for name in names),
    )
    monkeypatch.setattr(loading, "_cards", lambda: (card,))
    return card


@pytest.fixture
def tiny_root(tmp_path: Path) -> Path:
    """A folder with the raw files of the set `tiny`."""
    write_tiny(tmp_path / "data" / "Planetoid" / "Tiny" / "raw")
    return tmp_path / "data"


def write_tiny(folder: Path) -> None:
    folder.mkdir(parents=True)
    features = np.eye(4, dtype=np.float32)[np.arange(NUM_NODES) % 4]
    labels = np.eye(3, dtype=np.int32)[np.arange(NUM_NODES) % 3]
    known = NUM_NODES - NUM_TEST
    ring = {i: [(i + 1) % NUM_NODES, (i - 1) % NUM_NODES] for i in range(NUM_NODES)}
    contents = {
        "x": sp.csr_matrix(features[:20]),
        "allx": sp.csr_matrix(features[:known]),
        "tx": sp.csr_matrix(features[known:]),
        "y": labels[:20],
        "ally": labels[:known],
        "ty": labels[known:],
        "graph": ring,
    }
    for name, content in contents.items():
        (folder / f"ind.tiny.{name}").write_bytes(pickle.dumps(content))
    index = "\n".join(str(i) for i in range(known, NUM_NODES))
    (folder / "ind.tiny.test.index").write_text(index)


def same(one: Any, other: Any) -> bool:
    """Whether two graphs, or two lists of graphs, have the same fields with the same values."""
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, Data | HeteroData):
        return type(one) is type(other) and same(one.to_dict(), other.to_dict())
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, torch.Tensor):
        return one.dtype == other.dtype and torch.equal(one, other)
    return bool(np.array_equal(one, other))
