"""Results on disk: JSON lines, one line a finished cell, on the disk before the next one starts."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from graphcl.benchmark.cells import CellResult


class ResultStore:
    """An append-only file of results that survives being killed at any moment.

    A line that was cut off (killed while writing) is dropped when the store is opened for
    writing and ignored when it is read. A cell may appear more than once (failed, then done): the
    last line counts. Use it as a context manager to write; reading needs no opening.

    Args:
        path: The file; it and its folder are made when first written to.

    Example:
        >>> import tempfile
        >>> ResultStore(Path(tempfile.mkdtemp()) / "results.jsonl").read()
        {}
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._file: BinaryIO | None = None

    def __enter__(self) -> ResultStore:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            file = self.path.open("a+b")
        except OSError as error:
            blocked = isinstance(error, FileExistsError | NotADirectoryError)
            reason = "a file stands where a folder is needed" if blocked else error.strerror
            raise OSError(
                f"results cannot be written to {self.path} ({reason}); use another --results"
            ) from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            raise BlockingIOError(
                f"another run is writing to {self.path}; wait for it or use another --results"
            ) from None
        self._file = file
        _drop_unfinished_line(file)
        # The name of a new file is durable only once its folder is.
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def append(self, result: CellResult) -> None:
        """Write a result and wait until it is on the disk.

        Raises:
            RuntimeError: The store was not opened with `with`.
        """
        if self._file is None:
            raise RuntimeError("open the store with 'with ResultStore(path) as store' to append")
        self._file.write(result.to_json().encode() + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())

    def read(self) -> dict[str, CellResult]:
        """All results: cell key -> the last one written.

        Raises:
            ValueError: A line that is complete is not a result; the file was changed by others.
        """
        if not self.path.is_file():
            return {}
        lines = self.path.read_bytes().split(b"\n")
        results: dict[str, CellResult] = {}
        for number, line in enumerate(lines, start=1):
            try:
                if line.strip():
                    result = CellResult.from_json(line.decode())
                    results[result.cell.key] = result
            except ValueError as error:
                if number == len(lines):  # no line end: killed while writing
                    break
                raise ValueError(
                    f"{self.path}, line {number}: not a result ({error}); "
                    "remove the line or move the file away"
                ) from error
        return results


def _drop_unfinished_line(file: BinaryIO) -> None:
    file.seek(0)
    content = file.read()
    kept = content.rfind(b"\n") + 1
    if kept < len(content):
        file.truncate(kept)
        os.fsync(file.fileno())
    file.seek(0, os.SEEK_END)
