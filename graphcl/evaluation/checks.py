"""What every evaluation asks of its inputs. Private to this folder."""

from collections.abc import Sequence
from typing import TypeAlias

import torch
from torch import Tensor
from torch_geometric.data import Data, HeteroData
from torch_geometric.data.storage import NodeStorage

from graphcl.arguments import listed, unknown_name

Graphs: TypeAlias = Data | HeteroData | Sequence[Data]


def check_embeddings(embeddings: Tensor, *, num_rows: int | None = None) -> Tensor:
    """Return the embeddings `[N, d]` detached, on the CPU, float32 or float64; refuse bad ones."""
    if not isinstance(embeddings, Tensor) or not embeddings.is_floating_point():
        raise TypeError(f"embeddings must be a floating-point tensor, got {_kind(embeddings)}")
    if embeddings.dim() != 2 or 0 in embeddings.shape:
        raise ValueError(
            f"embeddings must have shape [N, d], none of them 0; got {list(embeddings.shape)}"
        )
    if num_rows is not None and len(embeddings) != num_rows:
        raise ValueError(f"embeddings have {len(embeddings)} rows for {num_rows} labels")
    finite = torch.isfinite(embeddings).all(dim=1)
    if not finite.all():
        bad = torch.nonzero(~finite).flatten()
        raise ValueError(
            f"embeddings contain NaN or infinite values in {len(bad)} of {len(embeddings)} rows, "
            f"the first in row {int(bad[0])}"
        )
    wide = torch.float64 if embeddings.dtype == torch.float64 else torch.float32
    return embeddings.detach().to("cpu", wide)


def check_integers(values: Tensor, *, name: str, length: int | None = None) -> Tensor:
    """Return an integer vector `[N]` as int64 on the CPU; refuse anything else."""
    if not isinstance(values, Tensor) or values.is_floating_point() or values.is_complex():
        raise TypeError(f"{name} must be an integer tensor, got {_kind(values)}")
    if values.dim() != 1 or values.numel() == 0:
        raise ValueError(
            f"{name} must have shape [N] with at least one entry, got {list(values.shape)}"
        )
    if length is not None and len(values) != length:
        raise ValueError(f"{name} has {len(values)} entries, expected {length}")
    return values.detach().to("cpu", torch.int64)


def check_edges(edge_index: Tensor, *, num_nodes: int) -> Tensor:
    """Return an edge index `[2, E]` as int64 on the CPU; refuse node numbers out of range."""
    if (
        not isinstance(edge_index, Tensor)
        or edge_index.is_floating_point()
        or edge_index.dim() != 2
        or len(edge_index) != 2
    ):
        given = (
            f"{edge_index.dtype} {list(edge_index.shape)}"
            if isinstance(edge_index, Tensor)
            else type(edge_index).__name__
        )
        raise ValueError(f"edge_index must be an integer tensor of shape [2, E], got {given}")
    if edge_index.numel() and not 0 <= int(edge_index.min()) <= int(edge_index.max()) < num_nodes:
        raise ValueError(
            f"edge_index must hold node numbers 0 .. {num_nodes - 1}, got "
            f"{int(edge_index.min())} .. {int(edge_index.max())}"
        )
    return edge_index.detach().to("cpu", torch.int64)


def labels_of(data: Graphs, target: str | None = None) -> Tensor:
    """Labels of a graph's nodes `[N]`, or of a list of graphs `[B]`; negative means unlabelled.

    Of a heterogeneous graph those of the target type: the one that `target` names, or the only one
    with labels.
    """
    if isinstance(data, Data | HeteroData):
        store = nodes_of(data, target)
        name = f"data[{store._key!r}].y" if isinstance(data, HeteroData) else "data.y"
        if not isinstance(store.get("y"), Tensor):
            raise ValueError(f"data has no labels: {name.removeprefix('data.')} is missing")
        labels = check_integers(_flat(store["y"]), name=name)
        if store.num_nodes is not None and len(labels) != store.num_nodes:
            raise ValueError(
                f"{name} has {len(labels)} labels for {store.num_nodes} nodes; "
                "give graph-level data as a list of graphs"
            )
    elif not isinstance(data, Sequence) or isinstance(data, str):
        raise TypeError(
            f"data must be a Data, a HeteroData or a list of Data, got {type(data).__name__}"
        )
    else:
        _refuse_target(target)
        if len(data) == 0:
            raise ValueError("data is an empty list of graphs")
        for index, graph in enumerate(data):
            if not isinstance(graph, Data):
                raise TypeError(f"graph {index} of data must be a Data, got {_kind(graph)}")
            if not isinstance(graph.y, Tensor) or graph.y.numel() != 1:
                raise ValueError(f"graph {index} of data must have exactly one label in y")
        name = "data.y"
        labels = check_integers(torch.cat([graph.y.reshape(1) for graph in data]), name=name)
    if not (labels >= 0).any():
        raise ValueError(f"{name} has no label: every entry is negative (unlabelled)")
    return labels


def nodes_of(data: Data | HeteroData, target: str | None = None) -> Data | NodeStorage:
    """Where the labels and masks of a graph are: itself, or its target type."""
    if isinstance(data, Data):
        _refuse_target(target)
        return data
    if target is not None:
        if target not in data.node_types:
            raise ValueError(unknown_name("target node type", target, data.node_types))
        return data[target]
    labelled = [kind for kind in data.node_types if isinstance(data[kind].get("y"), Tensor)]
    if len(labelled) != 1:
        found = f"{listed(labelled)} have" if labelled else "none has"
        raise ValueError(
            "a heterogeneous graph needs a target node type unless exactly one type has labels y; "
            f"of its types {listed(data.node_types)} {found} them"
        )
    return data[labelled[0]]


def _refuse_target(target: str | None) -> None:
    if target is not None:
        raise ValueError(f"target {target!r} is for heterogeneous graphs: data has one type only")


def check_part(part: Tensor, labels: Tensor, *, name: str) -> None:
    """Refuse a part of a split that is empty, out of range, or has unlabelled rows."""
    if part.numel() == 0:
        raise ValueError(f"the split has no {name} rows")
    if int(part.min()) < 0 or int(part.max()) >= len(labels):
        raise ValueError(
            f"the split's {name} rows must be 0 .. {len(labels) - 1}, got "
            f"{int(part.min())} .. {int(part.max())}"
        )
    if (labels[part] < 0).any():
        raise ValueError(f"the split's {name} rows include unlabelled ones (negative label)")


def _flat(labels: Tensor) -> Tensor:
    """OGB stores labels as `[N, 1]`."""
    return labels.flatten() if labels.dim() == 2 and labels.size(1) == 1 else labels


def _kind(value: object) -> str:
    return str(value.dtype) if isinstance(value, Tensor) else type(value).__name__
