"""What a transform computed once for a graph, for as long as it sees the same graph."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from torch import Tensor

Value = TypeVar("Value")


class Prepared(Generic[Value]):
    """Remembers one value, and the tensors and settings that it was computed from.

    Tensors are the same if they are the same object and were not written to since (their version
    counter). What was remembered is neither copied nor pickled with the transform: a worker
    prepares for itself.

    Example:
        >>> import torch
        >>> rows, prepared = torch.ones(3), Prepared[float]()
        >>> for change in (0, 0, 1):
        ...     print(prepared.get((rows.add_(change) if change else rows,), lambda: rows.sum()))
        tensor(3.)
        tensor(3.)
        tensor(6.)
    """

    def __init__(self) -> None:
        self._held: tuple[tuple[Any, ...], tuple[int, ...], Value] | None = None

    def get(self, sources: tuple[Any, ...], compute: Callable[[], Value]) -> Value:
        """The value for these sources: the one remembered, or `compute()`.

        Args:
            sources: everything that the value depends on: tensors, which are compared by identity
                and version, and other values, compared by `==`.
            compute: how to get the value.
        """
        if any(isinstance(source, Tensor) and source.is_inference() for source in sources):
            return compute()  # such tensors do not count their versions
        versions = tuple(s._version if isinstance(s, Tensor) else 0 for s in sources)
        if self._held is not None:
            held, held_versions, value = self._held
            same = len(held) == len(sources) and all(map(_same, held, sources))
            if same and held_versions == versions:
                return value
        value = compute()
        self._held = (sources, versions, value)
        return value

    def __getstate__(self) -> dict[str, Any]:
        return {"_held": None}


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, Tensor) or isinstance(other, Tensor):
        return one is other
    return bool(one == other)
