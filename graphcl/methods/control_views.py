"""Views that keep what leaders control, as the methods choose them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch_geometric.data import Data

from graphcl.arguments import unknown_name
from graphcl.augmentations import (
    ControllableAddEdges,
    ControllableDropEdges,
    ControllableRewire,
    PrepareControl,
)

OPERATIONS: Mapping[str, Any] = {
    "drop": ControllableDropEdges,
    "add": ControllableAddEdges,
    "rewire": ControllableRewire,
}
_PREPARED = "control_check"


class ControlViews:
    """The preparation of a graph, and views of it with the same leaders.

    Args:
        mode: ``"distance"``, ``"bound"`` or ``"zero_forcing"``.
        operation: ``"drop"``, ``"add"`` or ``"rewire"``.
        leaders: A strategy of :func:`graphcl.control.select_leaders`, or ``"given"``.
        num_leaders: How many in each graph; None: a tenth of the nodes, from 1 to 5.

    Raises:
        ValueError: A name that is not known, a number out of range.
    """

    def __init__(
        self, *, mode: str, operation: str, leaders: str, num_leaders: int | float | None
    ) -> None:
        if operation not in OPERATIONS:
            raise ValueError(f"operation: {unknown_name('operation', operation, OPERATIONS)}")
        if not isinstance(leaders, str):
            raise TypeError(f"leaders must be the name of a strategy, got {leaders!r}")
        self.operation = operation
        self._options: dict[str, Any] = {
            "mode": mode,
            "leaders": leaders,
            "num_leaders": num_leaders,
        }
        self._prepare = PrepareControl(**self._options)

    def prepare(self, data: Data) -> Data:
        """The graph or batch with its leaders; one that is prepared already stays as it is."""
        prepared: Data = data if _PREPARED in data else self._prepare(data)
        return prepared

    def make(self, ratio: float) -> Any:
        """A transform that makes a view with a share of the edges changed."""
        rules = {} if self.operation == "drop" else {"attributes": "zeros"}
        return OPERATIONS[self.operation](ratio, **self._options, **rules)
