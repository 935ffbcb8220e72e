"""Results on disk: JSON lines, one line a finished cell, on the disk before the next one starts."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import socket
import stat
import time
from pathlib import Path
from types import TracebackType

from graphcl.benchmark.cells import CellResult
from graphcl.benchmark.machine import now

SECONDS_TO_WAIT_FOR_LOCK = 0.5
"""`active_run` holds the lock for an instant; a runner that begins just then must not give up."""


class ResultStore:
    """An append-only file of results that survives being killed at any moment.

    A line that was cut off (killed while writing) is dropped when the store is opened for
    writing and ignored when it is read. A cell may appear more than once (failed, then done): the
    last line counts. Use it as a context manager to write, which excludes other writers; reading
    needs no opening.

    Args:
        path: The file; it and its folder are made when first written to.

    Example:
        >>> import tempfile
        >>> ResultStore(Path(tempfile.mkdtemp()) / "results.jsonl").read()
        {}
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._file: int | None = None

    def __enter__(self) -> ResultStore:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
        except OSError as error:
            blocked = isinstance(error, FileExistsError | NotADirectoryError)
            reason = "a file stands where a folder is needed" if blocked else _reason(error)
            raise self._unwritable(reason) from error
        try:
            if not stat.S_ISREG(os.fstat(file).st_mode):
                raise self._unwritable("not a regular file")
            if not _lock(file, seconds=SECONDS_TO_WAIT_FOR_LOCK):
                holder = active_run(self.path) or "another run"
                raise BlockingIOError(
                    f"{holder} is writing to {self.path}; wait for it or use another --results"
                )
            try:
                _drop_unfinished_line(file)
                _note(self.path).write_text(_own_note(), encoding="utf-8")
                # The name of a new file is durable only once its folder is.
                folder = os.open(self.path.parent, os.O_RDONLY)
                try:
                    os.fsync(folder)
                finally:
                    os.close(folder)
            except OSError as error:
                raise self._unwritable(_reason(error)) from error
        except BaseException:
            os.close(file)
            raise
        self._file = file
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file is not None:
            with contextlib.suppress(OSError):
                _note(self.path).unlink()
            os.close(self._file)
            self._file = None

    def append(self, result: CellResult) -> None:
        """Write a result and wait until it is on the disk.

        Raises:
            RuntimeError: The store was not opened with `with`.
            OSError: The disk is full or fails. What was written of this result is taken back, and
                the results before it stay.
        """
        if self._file is None:
            raise RuntimeError("open the store with 'with ResultStore(path) as store' to append")
        size = os.fstat(self._file).st_size
        line = result.to_json().encode() + b"\n"
        try:
            while line:
                line = line[os.write(self._file, line) :]
            os.fsync(self._file)
        except OSError as error:
            with contextlib.suppress(OSError):
                os.ftruncate(self._file, size)
            raise OSError(
                f"a result cannot be written to {self.path} ({_reason(error)}); the results before "
                "it are kept: when that is mended, the same command continues"
            ) from error

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

    def _unwritable(self, reason: str) -> OSError:
        return OSError(
            f"results cannot be written to {self.path} ({reason}); use another --results"
        )


def active_run(path: str | Path) -> str | None:
    """Who is writing to a file of results.

    Args:
        path: The file.

    Returns:
        A run in words with its process id; None where nobody is writing.
    """
    path = Path(path)
    if not path.is_file():
        return None
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        if _lock(file, seconds=0):
            return None
    finally:
        os.close(file)
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        note = json.loads(_note(path).read_text(encoding="utf-8"))
        return f"another run (process {note['process']} on {note['host']}, since {note['since']})"
    return "another run"


def _lock(file: int, *, seconds: float) -> bool:
    """Lock a file against other runs; the lock ends with the process, however that ends."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.02)
        else:
            return True


def _note(path: Path) -> Path:
    """The file that says who holds the lock. It means nothing where nobody does."""
    return path.with_name("running.json")


def _own_note() -> str:
    note = {"process": os.getpid(), "host": socket.gethostname(), "since": now()}
    return json.dumps(note) + "\n"


def _reason(error: OSError) -> str:
    text = error.strerror or str(error)
    return text[:1].lower() + text[1:]


def _drop_unfinished_line(file: int) -> None:
    size = os.fstat(file).st_size
    content = os.pread(file, size, 0)
    kept = content.rfind(b"\n") + 1
    if kept < len(content):
        os.ftruncate(file, kept)
        os.fsync(file)
