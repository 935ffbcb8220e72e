"""Is this graph fit for training? One clear error instead of a NaN an hour later."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch_geometric.data import Batch, Data

_MASKS = ("train_mask", "val_mask", "test_mask")
_EDGE_VALUES = ("edge_attr", "edge_weight")


def check_graph(data: Data | Sequence[Data], *, name: str = "data") -> None:
    """Check the features, edges and labels of a graph, a batch, or a list of graphs.

    Isolated nodes, a graph without edges and a single node are fine; labels and masks may be
    absent. Every graph of a list needs as many features as the first.

    Args:
        data: a graph with `x` `[N, F]` and `edge_index` `[2, E]`; optionally `y` (`[N]`; `[B]` for
            a batch of B graphs, one label for a graph of a list), masks `[N]`, and `edge_attr` or
            `edge_weight` with E rows. Or a sequence of such graphs.
        name: how the error message calls it.

    Raises:
        TypeError: if it is neither `Data` nor a sequence of `Data`, or a field is no tensor.
        ValueError: if it has no nodes, no features, features that are not finite or not floating
            point, an edge index of wrong shape, dtype or range, edge values that are not finite,
            or labels, masks or edge values of wrong length.

    Example:
        >>> graph = Data(x=torch.ones(2, 1), edge_index=torch.tensor([[0], [5]]))
        >>> check_graph(graph, name="toy")
        Traceback (most recent call last):
        ...
        ValueError: toy.edge_index[1, 0] is 5; with 2 nodes it must be from 0 to 1
    """
    if isinstance(data, Data):
        graphs = data.num_graphs if isinstance(data, Batch) else None
        _check_one(data, name, graphs=graphs)
        return
    if not isinstance(data, Sequence) or isinstance(data, str):
        raise TypeError(f"{name} must be a Data or a sequence of Data, got {type(data).__name__}")
    if len(data) == 0:
        raise ValueError(f"{name} is empty: it needs at least one graph")
    for position, graph in enumerate(data):
        label = f"{name}[{position}]"
        if not isinstance(graph, Data):
            raise TypeError(f"{label} must be a Data, got {type(graph).__name__}")
        _check_one(graph, label, graphs=1)
        if graph.x.size(1) != data[0].x.size(1):
            raise ValueError(
                f"{label}.x has {graph.x.size(1)} features, but {name}[0].x has "
                f"{data[0].x.size(1)}: all graphs need the same number"
            )


def _check_one(data: Data, name: str, *, graphs: int | None) -> None:
    x = _tensor(data, "x", name)
    _check_features(x, name)
    edge_index = _tensor(data, "edge_index", name)
    _check_edges(edge_index, x.size(0), name)

    allowed = {x.size(0)} if graphs is None else {x.size(0), graphs}
    if data.get("y") is not None:
        of = "nodes" if graphs is None else "nodes, or of the graphs"
        _check_length(data, "y", name, allowed=allowed, of=of)
    for key in _MASKS:
        if data.get(key) is not None:
            _check_length(data, key, name, allowed={x.size(0)}, of="nodes")
    for key in _EDGE_VALUES:
        if data.get(key) is not None:
            _check_length(data, key, name, allowed={edge_index.size(1)}, of="edges")
            _check_finite(data[key], f"{name}.{key}")


def _tensor(data: Data, key: str, name: str) -> Tensor:
    value = data.get(key)
    if value is None:
        what = "features" if key == "x" else "edges"
        raise ValueError(f"{name} has no {what}: {name}.{key} is missing")
    if not isinstance(value, Tensor):
        raise TypeError(f"{name}.{key} must be a tensor, got {type(value).__name__}")
    return value


def _check_features(x: Tensor, name: str) -> None:
    if x.dim() != 2:
        raise ValueError(f"{name}.x must have shape [nodes, features], got {list(x.shape)}")
    if x.size(0) == 0:
        raise ValueError(f"{name} is an empty graph: {name}.x has shape {list(x.shape)}")
    if x.size(1) == 0:
        raise ValueError(f"{name} has no features: {name}.x has shape {list(x.shape)}")
    if not x.is_floating_point():
        raise ValueError(f"{name}.x must be floating point, got {x.dtype}")
    _check_finite(x, f"{name}.x")


def _check_finite(values: Tensor, name: str) -> None:
    values = values if values.layout == torch.strided else values.to_dense()
    finite = values.isfinite()
    if not bool(finite.all()):
        broken = (~finite).nonzero()
        place = ", ".join(
            f"{axis} {i}" for axis, i in zip(("row", "column"), broken[0].tolist(), strict=False)
        )
        raise ValueError(
            f"{name} is {float(values[tuple(broken[0])])} at {place} "
            f"({len(broken)} of {values.numel()} values are not finite)"
        )


def _check_edges(edge_index: Tensor, num_nodes: int, name: str) -> None:
    if edge_index.dim() != 2 or edge_index.size(0) != 2:
        raise ValueError(
            f"{name}.edge_index must have shape [2, edges], got {list(edge_index.shape)}"
        )
    if edge_index.dtype != torch.int64:
        raise ValueError(f"{name}.edge_index must be torch.int64, got {edge_index.dtype}")
    if edge_index.numel() == 0:
        return
    smallest, largest = edge_index.aminmax()
    if int(smallest) < 0 or int(largest) >= num_nodes:
        row, column = ((edge_index < 0) | (edge_index >= num_nodes)).nonzero()[0].tolist()
        raise ValueError(
            f"{name}.edge_index[{row}, {column}] is {int(edge_index[row, column])}; "
            f"with {num_nodes} nodes it must be from 0 to {num_nodes - 1}"
        )


def _check_length(data: Data, key: str, name: str, *, allowed: set[int], of: str) -> None:
    value = _tensor(data, key, name)
    length = 1 if value.dim() == 0 else value.size(0)
    if length not in allowed:
        wanted = " or ".join(str(size) for size in sorted(allowed))
        raise ValueError(
            f"{name}.{key} has length {length}, but it needs {wanted} (one for each of the {of})"
        )
