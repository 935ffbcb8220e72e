from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import torch
from torch_geometric.data import Data, HeteroData

from graphcl.datasets.cache import cache_folder, read_cached, write_cached
from tests.datasets.conftest import same


def graph(nodes: int, **fields: Any) -> Data:
    edges = torch.arange(nodes).repeat(2, 1)[:, : max(nodes - 2, 0)]
    return Data(x=torch.randn(nodes, 3), edge_index=edges, y=torch.tensor([nodes]), **fields)


def heterogeneous() -> HeteroData:
    data = HeteroData()
    data["paper"].x = torch.eye(40)
    data["paper"].y = torch.arange(40)
    data["author"].num_nodes = 7
    data["author", "writes", "paper"].edge_index = torch.tensor([[0, 6], [39, 0]])
    return data


@pytest.mark.parametrize(
    "data",
    [
        graph(5),
        Data(edge_index=torch.zeros(2, 1).long(), num_nodes=9),
        heterogeneous(),
        [graph(4), graph(1), graph(7)],  # the second has no edges
        [graph(4, train_mask=torch.tensor([True])), graph(2, train_mask=torch.tensor([False]))],
    ],
)
def test_what_is_written_is_read(data: Any) -> None:
    assert read_cached("Set", "key") is None
    write_cached("Set", "key", data)
    again = read_cached("Set", "key")
    assert type(again) is type(data)
    assert same(again, data)


def test_graphs_that_are_read_share_no_memory() -> None:
    write_cached("Set", "key", [graph(4), graph(4)])
    first, second = read_cached("Set", "key") or ()
    for key in ("x", "edge_index", "y"):
        assert first[key].is_contiguous()
        storages = first[key].untyped_storage(), second[key].untyped_storage()
        assert storages[0].data_ptr() != storages[1].data_ptr()
        assert len(storages[0]) == first[key].nbytes


def test_features_that_are_mostly_zeros_take_little_room(cache: Path) -> None:
    data = Data(x=torch.eye(1000), edge_index=torch.zeros(2, 1).long())
    write_cached("Set", "key", data)
    (file,) = (cache / "processed").iterdir()
    assert file.stat().st_size < 40_000  # a hundredth of the 4 MB in memory
    again = read_cached("Set", "key")
    assert again is not None
    assert again.x.layout == torch.strided
    assert same(again, data)


@pytest.mark.parametrize(
    "content", [[1, 2], {"kind": "graph"}, {"kind": "graphs", "content": {}}, os.getcwd]
)
def test_what_is_no_cache_file_is_as_good_as_absent(content: Any, cache: Path) -> None:
    write_cached("Set", "key", graph(3))
    (file,) = (cache / "processed").iterdir()
    torch.save(content, file)
    assert read_cached("Set", "key") is None


def test_the_cache_is_the_platforms_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GRAPHCL_CACHE")
    assert cache_folder().name == "graphcl"


def test_many_may_write_and_read_the_cache_at_once() -> None:
    data = Data(x=torch.randn(200, 50), edge_index=torch.zeros(2, 3, dtype=torch.int64))

    def work(_: int) -> bool:
        write_cached("Set", "key", data)
        cached = read_cached("Set", "key")
        return cached is not None and same(cached, data)

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(64)))
    assert len(list((cache_folder() / "processed").iterdir())) == 1
