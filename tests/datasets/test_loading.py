from __future__ import annotations

import os
import pickle
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch_geometric.datasets
from torch_geometric.data import Data

from graphcl.datasets import DataCard, available, load, loading
from graphcl.datasets.cache import content_key
from tests.datasets.conftest import same, write_tiny

EMBEDDED = {"countries", "digits", "digit-graphs", "planted-heterogeneous", "planted-partition"}


def tree(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


# What is there


def test_all_cards_are_listed_by_name() -> None:
    names = [card.name for card in available()]
    assert names == sorted(names, key=str.lower)
    assert len(names) == len({name.lower() for name in names}) == 46
    assert {card.name for card in available() if card.embedded} == EMBEDDED


@pytest.mark.parametrize(
    "name", ["Cora", "SDCN-HHAR", "HeCo-Freebase", "MUTAG", "ogbg-molfreesolv"]
)
def test_the_cache_gives_back_what_was_read(name: str, real_root: Path, cache: Path) -> None:
    data, card = load(name, root=real_root)
    assert card.is_present(real_root)
    assert len(list((cache / "processed").iterdir())) == 1
    again, _ = load(name, root=real_root)
    assert len(list((cache / "processed").iterdir())) == 1
    assert same(data, again)


@pytest.mark.parametrize("name", sorted(EMBEDDED))
def test_embedded_sets_need_nothing_and_are_always_the_same(name: str, cache: Path) -> None:
    data, card = load(name.upper(), root="/nowhere")
    again, _ = load(name)
    assert card.is_present("/nowhere")
    assert not cache.exists()
    assert same(data, again)


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
        ValueError, match=r"unknown data set 'digitz'; did you mean 'digits'\? Known: Actor, AIDS, "
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


# What may go wrong with raw files


def test_sets_that_pyg_does_not_know_cannot_be_downloaded(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        load("HeCo-ACM", root=tmp_path)
    message = str(caught.value)
    assert "HeCo/acm lacks labels.npy, pa.txt, " in message
    assert "from https://github.com/liun-online/HeCo" in message
    assert message.endswith("PyTorch Geometric has no loader for them")


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
