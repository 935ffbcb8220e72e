import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from graphcl.graph_files import check_output, write_rows

ROWS = torch.tensor([[0.1, -2.0], [1e-8, 3.0]])


@pytest.mark.parametrize("ids", [["ann", 'b"o,b'], [7, 3]])
def test_csv_and_parquet_keep_ids_and_digits(tmp_path: Path, ids: list[str] | list[int]) -> None:
    for ending, read in ((".csv", pd.read_csv), (".parquet", pd.read_parquet)):
        (file,) = write_rows(tmp_path / f"rows{ending}", ROWS, ids)
        frame = read(file)
        assert list(frame.columns) == ["id", "z0", "z1"]
        assert list(frame["id"]) == ids
        found = frame[["z0", "z1"]].to_numpy().astype(np.float32)
        np.testing.assert_array_equal(found, ROWS.numpy())


def test_npy_has_its_ids_beside_it(tmp_path: Path) -> None:
    file, ids = write_rows(tmp_path / "rows.npy", ROWS, ["ann", "bob"])
    np.testing.assert_array_equal(np.load(file, allow_pickle=False), ROWS.numpy())
    assert ids.name == "rows.ids.csv"
    assert ids.read_text() == "id\nann\nbob\n"


def test_a_vector_is_one_column(tmp_path: Path) -> None:
    write_rows(tmp_path / "c.csv", torch.tensor([1, 0]), [5, 6], column_prefix="cluster")
    assert (tmp_path / "c.csv").read_text() == "id,cluster\n5,1\n6,0\n"


def test_an_interrupted_write_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "rows.csv"
    write_rows(file, ROWS, [1, 2])
    before = file.read_text()

    def full(*arguments: object, **options: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="no space left"):
        write_rows(file, 2 * ROWS, [1, 2])
    assert file.read_text() == before
    assert os.listdir(tmp_path) == ["rows.csv"]


def test_bad_rows_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="2 rows for 1 node_ids"):
        write_rows(tmp_path / "a.csv", ROWS, [1])
    with pytest.raises(ValueError, match="NaN or infinite"):
        write_rows(tmp_path / "a.csv", ROWS / 0, [1, 2])
    with pytest.raises(ValueError, match=r"\[N, d\] or \[N\]"):
        write_rows(tmp_path / "a.csv", ROWS[None], [1])
    assert not os.listdir(tmp_path)


def test_bad_paths_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match=r"unknown ending '.xls'"):
        check_output(tmp_path / "a.xls")
    with pytest.raises(ValueError, match=r"a has no ending; known endings: \.npy"):
        check_output(tmp_path / "a")
    with pytest.raises(ValueError, match="is a folder"):
        check_output(tmp_path)
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        check_output(tmp_path / "nowhere" / "a.csv")
    with pytest.raises(OSError, match=r"/proc/a.csv cannot be written: "):  # found by trying
        check_output("/proc/a.csv")
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr(os, "access", lambda place, mode: False)
    with pytest.raises(PermissionError, match="no permission to write"):
        check_output(tmp_path / "a.csv")


def test_parquet_without_pyarrow_names_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import importlib

    real = importlib.import_module

    def without(name: str) -> object:
        if name == "pyarrow":
            raise ModuleNotFoundError("No module named 'pyarrow'", name="pyarrow")
        return real(name)

    monkeypatch.setattr("importlib.import_module", without)
    with pytest.raises(ModuleNotFoundError, match=r"pyarrow .* pip install \"graphcl\[parquet\]\""):
        check_output(tmp_path / "a.parquet")
    check_output(tmp_path / "a.csv")
