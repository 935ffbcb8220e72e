from __future__ import annotations

import os
import pickle
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import torch
import torch_geometric.datasets
from torch_geometric.data import Data

from graphcl.datasets import DataCard, available, load, loading
from graphcl.datasets.cache import cache_folder, content_key, read_cached, write_cached
from tests.datasets.conftest import write_tiny

NAMES = ["CiteSeer", "Cora", "digit-graphs", "digits", "Photo", "planted-partition"]


def tree(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def same(one: Data, other: Data) -> bool:
    fields, others = one.to_dict(), other.to_dict()
    return fields.keys() == others.keys() and all(
        torch.equal(fields[key], others[key]) for key in fields
    )


# What is there


def test_all_cards_are_listed_by_name() -> None:
    assert [card.name for card in available()] == NAMES
    assert {card.name for card in available() if card.embedded} == {
        "digits",
        "digit-graphs",
        "planted-partition",
    }


@pytest.mark.parametrize("name", ["Cora", "CiteSeer", "Photo"])
def test_real_sets_match_their_cards(name: str, real_root: Path) -> None:
    before = tree(real_root)
    data, card = load(name, root=real_root)
    assert isinstance(data, Data)
    assert card.is_present(real_root)
    assert (data.num_nodes, data.num_edges) == (card.num_nodes, card.num_edges)
    assert data.x.dtype == torch.float32
    assert data.y.unique().tolist() == list(range(card.num_classes))
    assert data.is_undirected()
    if card.loader == "Planetoid":
        sizes = [int(data[f"{part}_mask"].sum()) for part in ("train", "val", "test")]
        assert sizes == [20 * card.num_classes, 500, 1000]
    assert tree(real_root) == before  # only read
    again, _ = load(name, root=real_root)  # from the cache
    assert isinstance(again, Data)
    assert same(data, again)


@pytest.mark.parametrize("name", ["digits", "digit-graphs", "planted-partition"])
def test_embedded_sets_need_nothing_and_are_always_the_same(name: str, cache: Path) -> None:
    data, card = load(name.upper(), root="/nowhere")
    again, _ = load(name)
    assert card.is_present("/nowhere")
    assert not cache.exists()
    for one, other in zip(
        *((x if isinstance(x, list) else [x]) for x in (data, again)), strict=True
    ):
        assert same(one, other)


def test_the_root_comes_from_the_environment_or_is_datasets(
    tiny: DataCard, tiny_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GRAPHCL_DATA", raising=False)
    monkeypatch.chdir(tiny_root.parent)
    assert not tiny.is_present()
    monkeypatch.setenv("GRAPHCL_DATA", str(tiny_root))
    assert tiny.is_present()
    assert load("tiny")[0].num_nodes == 600
    monkeypatch.delenv("GRAPHCL_DATA")
    tiny_root.rename(tiny_root.parent / "datasets")
    assert tiny.is_present()
    assert load("tiny")[0].num_nodes == 600


# Names


def test_unknown_names_get_the_nearest_and_the_list() -> None:
    with pytest.raises(
        ValueError, match=r"unknown data set 'digitz'; did you mean 'digits'\? Known: CiteSeer, "
    ):
        load("digitz")
    with pytest.raises(ValueError, match=r"unknown data set 'xyz'\. Known: "):
        load("xyz")
    with pytest.raises(TypeError, match="must be a text, got int"):
        load(3)  # type: ignore[arg-type]


# The raw folder and the cache


def test_a_folder_that_cannot_be_written_is_enough(tiny: DataCard, tiny_root: Path) -> None:
    before = tree(tiny_root)
    raw = tiny_root / "Planetoid" / "Tiny" / "raw"
    for folder in (raw, raw.parent):
        folder.chmod(0o555)
    try:
        data, _ = load("Tiny", root=tiny_root)
    finally:
        for folder in (raw.parent, raw):
            folder.chmod(0o755)
    assert data.num_edges == 1200
    assert tree(tiny_root) == before


def test_the_cache_is_used_until_a_raw_file_changes(
    tiny: DataCard, tiny_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = []
    original = loading.run_loader

    def counted(*arguments: Any) -> Data:
        runs.append(arguments)
        return original(*arguments)

    monkeypatch.setattr(loading, "run_loader", counted)
    first, _ = load("Tiny", root=tiny_root)
    assert same(load("Tiny", root=tiny_root)[0], first)
    assert len(runs) == 1

    file = tiny_root / "Planetoid/Tiny/raw/ind.tiny.ally"
    labels = pickle.loads(file.read_bytes())
    file.write_bytes(pickle.dumps(labels[:, ::-1].copy()))
    changed, _ = load("Tiny", root=tiny_root)
    assert len(runs) == 2
    assert not same(changed, first)


def test_the_key_knows_versions_and_arguments(
    tiny: DataCard, tiny_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def key(**arguments: str) -> str:
        return content_key(
            tiny.loader, {**tiny.arguments, **arguments}, tiny_root, tiny.graph_files
        )

    first = key()
    assert key() == first
    assert key(split="full") != first
    monkeypatch.setattr("torch_geometric.__version__", "9.9")
    assert key() != first


def test_a_damaged_cache_is_built_again(tiny: DataCard, tiny_root: Path, cache: Path) -> None:
    first, _ = load("Tiny", root=tiny_root)
    (file,) = (cache / "processed").iterdir()
    for content in (
        b"",
        b"nonsense",
        file.read_bytes()[:-100],
        pickle.dumps(os.getcwd, protocol=2),
    ):
        file.write_bytes(content)
        assert same(load("Tiny", root=tiny_root)[0], first)
    assert len(list((cache / "processed").iterdir())) == 1


def test_a_cache_that_cannot_be_written_is_no_reason_to_stop(
    tiny: DataCard, tiny_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = tiny_root / "a file"
    blocked.write_text("")
    monkeypatch.setenv("GRAPHCL_CACHE", str(blocked))
    assert load("Tiny", root=tiny_root)[0].num_nodes == 600


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


# What may go wrong with raw files


def test_missing_files_are_one_clear_line(tiny: DataCard, tiny_root: Path) -> None:
    (tiny_root / "Planetoid/Tiny/raw/ind.tiny.ty").unlink()
    with pytest.raises(FileNotFoundError) as caught:
        load("Tiny", root=tiny_root)
    message = str(caught.value)
    assert "\n" not in message
    for part in (
        "Tiny",
        str(tiny_root),
        "Planetoid/Tiny/raw lacks ind.tiny.ty. Put",
        "--data",
        "$GRAPHCL_DATA",
        "no network in tests",
    ):
        assert part in message
    assert "ind.tiny.allx" not in message
    assert not tiny.is_present(tiny_root)


def test_pyg_downloads_into_the_cache_where_there_is_a_network(
    tiny: DataCard, tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Connection:
        def close(self) -> None: ...

    downloads = []

    def fake(self: Any) -> None:
        downloads.append(self.raw_dir)
        shutil.rmtree(self.raw_dir)
        write_tiny(Path(self.raw_dir))

    monkeypatch.setattr(
        "graphcl.datasets.raw_files.socket.create_connection", lambda *_, **__: Connection()
    )
    monkeypatch.setattr(torch_geometric.datasets.Planetoid, "download", fake)
    root = tmp_path / "absent"
    assert load("Tiny", root=root)[0].num_nodes == 600
    assert load("Tiny", root=root)[0].num_nodes == 600
    assert len(downloads) == 1
    assert tiny.is_present(root)
    assert not root.exists()
    assert {path.name for path in (cache / "raw").iterdir()} == {"Planetoid"}


def test_a_download_that_fails_leaves_nothing(
    tiny: DataCard, tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Connection:
        def close(self) -> None: ...

    def fail(self: Any) -> None:
        Path(self.raw_dir, "ind.tiny.x").write_text("half")
        raise RuntimeError("connection lost")

    monkeypatch.setattr(
        "graphcl.datasets.raw_files.socket.create_connection", lambda *_, **__: Connection()
    )
    monkeypatch.setattr(torch_geometric.datasets.Planetoid, "download", fail)
    with pytest.raises(
        FileNotFoundError, match=r"the download failed \(RuntimeError: connection lost"
    ):
        load("Tiny", root=tmp_path)
    assert list((cache / "raw").iterdir()) == []


class _Attack:
    def __init__(self, victim: Path) -> None:
        self.victim = victim

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.victim,)


def test_a_pickle_that_would_run_code_is_refused(
    tiny: DataCard, tiny_root: Path, tmp_path: Path
) -> None:
    victim = tmp_path / "victim"
    file = tiny_root / "Planetoid/Tiny/raw/ind.tiny.graph"
    pickle.loads(pickle.dumps(_Attack(victim)))
    assert victim.exists()  # it works on the unwary
    victim.unlink()
    file.write_bytes(pickle.dumps(_Attack(victim)))
    with pytest.raises(ValueError, match=r"ind\.tiny\.graph is refused: .* but it asks for "):
        load("Tiny", root=tiny_root)
    assert not victim.exists()


@pytest.mark.parametrize(
    "content", [b"", b"no pickle", b"cnumpy.testing._private.utils\nrunstring\n."]
)
def test_damaged_pickles_are_refused(tiny: DataCard, tiny_root: Path, content: bytes) -> None:
    (tiny_root / "Planetoid/Tiny/raw/ind.tiny.tx").write_bytes(content)
    with pytest.raises(ValueError, match=r"ind\.tiny\.tx is refused"):
        load("Tiny", root=tiny_root)


def test_files_that_pyg_cannot_read_are_named(tiny: DataCard, tiny_root: Path) -> None:
    (tiny_root / "Planetoid/Tiny/raw/ind.tiny.graph").write_bytes(pickle.dumps([1, 2]))
    with pytest.raises(
        ValueError, match=r"PyG's Planetoid cannot read the raw files .*AttributeError"
    ):
        load("Tiny", root=tiny_root)


def test_data_that_contradict_their_card(tiny: DataCard, tiny_root: Path) -> None:
    file = tiny_root / "Planetoid/Tiny/raw/ind.tiny.graph"
    file.write_bytes(pickle.dumps({0: [1], 1: [0]}))
    with pytest.raises(
        ValueError, match="Tiny: the data contradict their card: num_edges is 2, the card says 1200"
    ):
        load("Tiny", root=tiny_root)


def test_features_that_are_not_finite_are_found_at_loading(tiny: DataCard, tiny_root: Path) -> None:
    file = tiny_root / "Planetoid/Tiny/raw/ind.tiny.allx"
    features = pickle.loads(file.read_bytes())
    features[3, 3] = float("nan")
    file.write_bytes(pickle.dumps(features))
    with pytest.raises(ValueError, match=r"Tiny\.x is nan at row 3, column 3"):
        load("Tiny", root=tiny_root)
