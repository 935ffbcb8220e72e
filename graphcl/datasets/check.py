"""Is this graph fit for training? One clear error instead of a NaN an hour later."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch_geometric.data import Batch, Data, HeteroData

_MASKS = ("train_mask", "val_mask", "test_mask")
_EDGE_VALUES = ("edge_attr", "edge_weight")


def check_graph(
    data: Data | HeteroData | Sequence[Data], *, name: str = "data", features: bool = True
) -> None:
    """Check the features, edges and labels of a graph, a batch, or a list of graphs.

    Isolated nodes, a graph without edges and a single node are fine; labels and masks may be
    absent. Every graph of a list needs as many features as the first.

    Args:
        data: a graph with `x` `[N, F]` and `edge_index` `[2, E]`; optionally `y` (`[N]`; `[B]` for
            a batch of B graphs, one label for a graph of a list), masks as long as `y` (`[N]`, or
            `[N, S]` for S splits; `train_mask`, `val_mask`, `test_mask` and names that begin so,
            `train_mask_20`), and `edge_attr` or `edge_weight` with E rows. Or a sequence of such
            graphs. Or a heterogeneous graph, all of whose node and edge types are checked like
            that; its node types may lack `x` if their `num_nodes` is set.
        name: how the error message calls it.
        features: whether `x` is needed; if not, a graph without it must say its `num_nodes`.

    Raises:
        TypeError: if it is none of these, or a field is no tensor.
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
    if isinstance(data, HeteroData):
        _check_heterogeneous(data, name)
        return
    if isinstance(data, Data):
        graphs = data.num_graphs if isinstance(data, Batch) else None
        _check_one(data, name, graphs=graphs, features=features)
        return
    if not isinstance(data, Sequence) or isinstance(data, str):
        raise TypeError(
            f"{name} must be a Data, a HeteroData or a sequence of Data, got {type(data).__name__}"
        )
    if len(data) == 0:
        raise ValueError(f"{name} is empty: it needs at least one graph")
    for position, graph in enumerate(data):
        label = f"{name}[{position}]"
        if not isinstance(graph, Data):
            raise TypeError(f"{label} must be a Data, got {type(graph).__name__}")
        _check_one(graph, label, graphs=1, features=features)
        if graph.num_features != data[0].num_features:
            raise ValueError(
                f"{label}.x has {graph.num_features} features, but {name}[0].x has "
                f"{data[0].num_features}: all graphs need the same number"
            )


def _check_heterogeneous(data: HeteroData, name: str) -> None:
    if not data.node_types:
        raise ValueError(f"{name} is an empty graph: it has no node types")
    num_nodes = {}
    for kind in data.node_types:
        label = f"{name}[{kind!r}]"
        num_nodes[kind] = _check_nodes(data[kind], label, features=False)
        _check_labels(data[kind], label, allowed={num_nodes[kind]}, of="nodes")
    for kind in data.edge_types:
        label = f"{name}[{', '.join(map(repr, kind))}]"
        for end in (kind[0], kind[2]):
            if end not in num_nodes:
                known = ", ".join(num_nodes)
                raise ValueError(f"{label} joins {end!r}, which is no node type of it: {known}")
        _check_edges(data[kind], label, num_nodes=(num_nodes[kind[0]], num_nodes[kind[2]]))


def _check_one(data: Data, name: str, *, graphs: int | None, features: bool) -> None:
    num_nodes = _check_nodes(data, name, features=features)
    _check_edges(data, name, num_nodes=(num_nodes, num_nodes))
    if graphs is None:
        _check_labels(data, name, allowed={num_nodes}, of="nodes")
    else:
        _check_labels(data, name, allowed={num_nodes, graphs}, of="nodes, or of the graphs")


def _check_nodes(store: Any, name: str, *, features: bool) -> int:
    """Check the features of a graph, or of one node type of a graph, and count its nodes."""
    if features or store.get("x") is not None:
        x = _tensor(store, "x", name, "features", "; give nodes some, their degrees for example")
        _check_features(x, name)
        return x.size(0)
    num_nodes = store["num_nodes"] if "num_nodes" in store else None  # noqa: SIM401  (get guesses)
    if isinstance(num_nodes, bool) or not isinstance(num_nodes, int) or num_nodes < 1:
        raise ValueError(
            f"{name} has no features, so {name}.num_nodes must be set to its number of nodes, "
            f"got {num_nodes!r}"
        )
    return num_nodes


def _check_labels(store: Any, name: str, *, allowed: set[int], of: str) -> None:
    for key in store.keys():  # noqa: SIM118  (a store iterates over its values)
        if (key == "y" or key.startswith(_MASKS)) and store[key] is not None:
            _check_length(store, key, name, allowed=allowed, of=of)


def _check_edges(store: Any, name: str, *, num_nodes: tuple[int, int]) -> None:
    """Check the edges of a graph, or of one edge type between two types of nodes."""
    edge_index = _tensor(store, "edge_index", name, "edges")
    _check_edge_index(edge_index, num_nodes, name)
    for key in _EDGE_VALUES:
        if store.get(key) is not None:
            _check_length(store, key, name, allowed={edge_index.size(1)}, of="edges")
            _check_finite(store[key], f"{name}.{key}")


def _tensor(store: Any, key: str, name: str, what: str, advice: str = "") -> Tensor:
    value = store.get(key)
    if value is None:
        raise ValueError(f"{name} has no {what}: {name}.{key} is missing{advice}")
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


def _check_edge_index(edge_index: Tensor, num_nodes: tuple[int, int], name: str) -> None:
    if edge_index.dim() != 2 or edge_index.size(0) != 2:
        raise ValueError(
            f"{name}.edge_index must have shape [2, edges], got {list(edge_index.shape)}"
        )
    if edge_index.dtype != torch.int64:
        raise ValueError(f"{name}.edge_index must be torch.int64, got {edge_index.dtype}")
    if edge_index.numel() == 0:
        return
    for row, (ends, nodes) in enumerate(zip(edge_index, num_nodes, strict=True)):
        smallest, largest = ends.aminmax()
        if int(smallest) < 0 or int(largest) >= nodes:
            column = int(((ends < 0) | (ends >= nodes)).nonzero()[0])
            raise ValueError(
                f"{name}.edge_index[{row}, {column}] is {int(ends[column])}; "
                f"with {nodes} nodes it must be from 0 to {nodes - 1}"
            )


def _check_length(store: Any, key: str, name: str, *, allowed: set[int], of: str) -> None:
    value = store[key]
    if not isinstance(value, Tensor):
        raise TypeError(f"{name}.{key} must be a tensor, got {type(value).__name__}")
    length = 1 if value.dim() == 0 else value.size(0)
    if length not in allowed:
        wanted = " or ".join(str(size) for size in sorted(allowed))
        raise ValueError(
            f"{name}.{key} has length {length}, but it needs {wanted} (one for each of the {of})"
        )
