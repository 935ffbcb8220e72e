from __future__ import annotations

import errno
import math
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphcl.benchmark import CellResult, ResultStore, active_run, plan_cells
from tests.benchmark.fakes import SUITE, fingerprint, result, suite

CELLS = plan_cells(suite(), fingerprint=fingerprint)


def filled(path: Path, count: int) -> ResultStore:
    with ResultStore(path) as store:
        for cell in CELLS[:count]:
            store.append(result(cell))
    return ResultStore(path)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    store = filled(tmp_path / "a" / "results.jsonl", 3)
    assert store.read() == {cell.key: result(cell) for cell in CELLS[:3]}
    assert ResultStore(tmp_path / "none.jsonl").read() == {}


def test_the_last_result_of_a_cell_counts(tmp_path: Path) -> None:
    with ResultStore(tmp_path / "r.jsonl") as store:
        store.append(CellResult(cell=CELLS[0], status="failed", message="first try"))
        store.append(result(CELLS[0]))
        assert store.read()[CELLS[0].key].done


@settings(max_examples=25, deadline=None)
@given(cut=st.integers(min_value=1, max_value=10_000))
def test_a_file_that_was_cut_anywhere_goes_on(
    tmp_path_factory: pytest.TempPathFactory, cut: int
) -> None:
    path = tmp_path_factory.mktemp("store") / "r.jsonl"
    filled(path, 3)
    content = path.read_bytes()
    kept = content[: max(0, len(content) - cut)]
    path.write_bytes(kept)
    whole = kept.count(b"\n")
    before = ResultStore(path).read()  # a line without its end may be complete, and then counts
    assert len(before) in (whole, whole + 1)
    with ResultStore(path) as store:
        assert len(store.read()) == whole
        store.append(result(CELLS[5]))
    assert len(ResultStore(path).read()) == whole + 1


def test_a_foreign_line_is_refused_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    filled(path, 1)
    good = path.read_text()
    for foreign, why in (
        ("{not json\n", "invalid JSON"),
        ('{"cell": 1}\n', "cell: "),
        ('{"status": "done"}\n', "cell: field required"),
        ("[]\n", "must be|should be"),
        (good.replace("0.5", '"much"', 1), r"metrics\.\w+: .*valid number"),
        (good.replace('"done"', '"well"', 1), "status: "),
        ("\udcff\n", "utf-8"),
    ):
        path.write_text(foreign + good, errors="surrogateescape")
        message = rf"r\.jsonl, line 1: not a result \(.*({why})"
        with pytest.raises(ValueError, match=message) as caught:
            ResultStore(path).read()
        assert "\n" not in str(caught.value)
        path.write_text(good)


def test_a_folder_that_cannot_be_written_to(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match=r"cannot be written to .*r\.jsonl \(a file stands"):
        ResultStore(tmp_path / "file" / "r.jsonl").__enter__()
    with pytest.raises(OSError, match=r"cannot be written to .* \(is a directory\); use another"):
        ResultStore(tmp_path).__enter__()


def test_what_is_no_regular_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "r.jsonl").symlink_to("/dev/full")
    with pytest.raises(OSError, match=r"cannot be written to .* \(not a regular file\)"):
        ResultStore(tmp_path / "r.jsonl").__enter__()


@pytest.mark.parametrize("written", [0, 1, 300])
def test_a_full_disk_takes_the_result_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: int
) -> None:
    path = tmp_path / "r.jsonl"
    filled(path, 2)
    before = path.read_bytes()
    write = os.write
    calls: list[int] = []

    def full(file: int, data: bytes) -> int:
        calls.append(file)
        if len(calls) > 1 or not written:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(file, data[:written])

    with ResultStore(path) as store:
        monkeypatch.setattr("graphcl.benchmark.store.os.write", full)
        message = r"cannot be written to .*r\.jsonl \(no space left on device\); the results before"
        with pytest.raises(OSError, match=message):
            store.append(result(CELLS[2]))
        monkeypatch.undo()
        assert path.read_bytes() == before
        store.append(result(CELLS[3]))  # there is room again
    assert list(ResultStore(path).read()) == [CELLS[i].key for i in (0, 1, 3)]


def test_a_disk_that_is_full_from_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: object, **options: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(OSError, match=r"results cannot be written to .* \(no space left on device"):
        ResultStore(tmp_path / "r.jsonl").__enter__()
    monkeypatch.undo()
    with ResultStore(tmp_path / "r.jsonl"):  # the lock was given back
        pass


def test_two_writers_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    assert active_run(path) is None
    with ResultStore(path):
        who = rf"another run \(process {os.getpid()} on .*, since 20.*\) is writing to"
        with pytest.raises(BlockingIOError, match=who):
            ResultStore(path).__enter__()
        assert str(active_run(path)).startswith(f"another run (process {os.getpid()} on ")
        (tmp_path / "running.json").write_text("{")
        assert active_run(path) == "another run"
    assert active_run(path) is None
    assert [file.name for file in tmp_path.iterdir()] == ["r.jsonl"]
    with ResultStore(path):  # free again
        pass


HOLD = """
import sys
from graphcl.benchmark import ResultStore
with ResultStore(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_two_processes_exclude_each_other_until_one_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(BlockingIOError, match=rf"process {other.pid} on "):
            ResultStore(path).__enter__()
        other.kill()
    assert (tmp_path / "running.json").exists()
    assert active_run(path) is None  # what a killed run left says nothing
    with ResultStore(path):
        pass


def test_append_needs_an_opened_store(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="open the store with 'with"):
        ResultStore(tmp_path / "r.jsonl").append(result(CELLS[0]))


def test_fields_of_a_later_version_are_left_out() -> None:
    line = result(CELLS[0]).to_json()
    assert CellResult.from_json('{"new": 1, ' + line[1:]) == result(CELLS[0])
    assert math.isnan(
        CellResult.from_json(
            CellResult(cell=CELLS[0], status="done", metrics={"acc": math.nan}).to_json()
        ).metrics["acc"]
    )


def keys(text: str = SUITE, **changes: object) -> set[str]:
    def changed(dataset: str, method: str, parameters: object) -> dict[str, object]:
        return {**fingerprint(dataset, method, parameters), **changes}

    return {cell.key for cell in plan_cells(suite(text), fingerprint=changed)}


def test_keys_change_with_what_determines_a_cell_and_with_nothing_else() -> None:
    assert len(keys()) == len(CELLS) == 12
    assert keys() == keys(SUITE.replace("name: small", "name: other"))
    assert keys() < keys(SUITE.replace("seeds: 3", "seeds: 4"))
    assert not keys() & keys(version=2)
    more = SUITE.replace("[raw, ssgc]", "[raw, {method: ssgc, parameters: {steps: 2}}]")
    assert len(keys() & keys(more)) == 6


def test_the_installed_fingerprint_holds_version_and_resolved_settings() -> None:
    from graphcl.benchmark.cells import installed_fingerprint

    cora = installed_fingerprint("Cora", "grace", {"epochs": 7})
    citeseer = installed_fingerprint("CiteSeer", "grace", {"epochs": 7})
    assert cora["settings"]["temperature"] == 0.4
    assert cora["settings"]["epochs"] == 7
    assert cora["method"] == ["grace", 1]
    assert citeseer["settings"]["temperature"] == 0.9
    assert "epochs" not in installed_fingerprint("Cora", "raw", {})["settings"]


def test_keys_outlive_settings_that_came_later() -> None:
    """What was finished before `steps` existed is still finished."""
    from graphcl.benchmark.cells import installed_fingerprint

    assert "steps" not in installed_fingerprint("Cora", "grace", {})["settings"]
    assert installed_fingerprint("Cora", "grace", {"steps": 9})["settings"]["steps"] == 9
