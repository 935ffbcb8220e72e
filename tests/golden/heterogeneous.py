"""Adapters of meta-paths, cluster weights and learned weights (`adapters.py`)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch_geometric.data import HeteroData

from graphcl.metapaths import (
    EdgeType,
    MetaPath,
    count_paths,
    normalized,
    pathsim,
    reach,
    top_neighbours,
)


def metapath_adjacency(
    *, num_nodes: Any, node_types: Any, metapaths: Any, **edges: Any
) -> dict[str, Any]:
    data = HeteroData()
    for kind, number in zip(node_types.split(","), num_nodes, strict=True):
        data[kind].num_nodes = int(number)
    for name, edge_index in edges.items():
        if edge_index is not None:
            _, source, relation, end = name.split("__")
            data[source, relation, end].edge_index = torch.from_numpy(edge_index)
    result: dict[str, Any] = {}
    for written in metapaths.split("; "):
        name, steps = written.split(": ")
        edge_types: list[EdgeType] = [tuple(s.split(" ")) for s in steps.split(", ")]  # type: ignore[misc]
        path = MetaPath.parse(edge_types, data)
        counts = count_paths(data, path, coalesce=False)
        entries = counts.to_sparse_coo().coalesce()
        result |= {
            f"{name}__counts": counts.to_dense().double(),
            f"{name}__edge_count": entries.values().double(),
            f"{name}__edge_index": entries.indices(),
        }
        for position in range(1, len(path) + 1):
            partial = count_paths(data, path.prefix(position), coalesce=False).to_dense()
            reached = reach(data, path, position).to_dense()
            assert torch.equal(reached, (partial > 0).float())
            result[f"{name}__reach_{position}"] = partial.double()
    return result


def pathsim_topk(*, incidence: Any, k: Any) -> dict[str, Any]:
    data = HeteroData()
    edge_index = torch.from_numpy(incidence).nonzero().T
    data["target"].num_nodes, data["middle"].num_nodes = incidence.shape
    data["target", "to", "middle"].edge_index = edge_index
    data["middle", "to", "target"].edge_index = edge_index.flip(0)
    counts = count_paths(data, "target-middle-target").to(torch.float64)
    kept = top_neighbours(counts, k)
    entries = counts.to_sparse_coo().coalesce()
    rows, columns = entries.indices()
    return {
        "pathsim": pathsim(counts).to_dense(),
        "keep_strict": _strictly_above(counts, k),
        "keep_with_ties": top_neighbours(counts, k, ties="all").to_dense() > 0,
        "keep_stable": kept.to_dense() > 0,
        "kept_counts_stable": kept.to_dense(),
        "norm_stable": normalized(kept).to_dense(),
        "norm_stable_authors_orientation": normalized(kept, orientation="official").to_dense(),
        "counts_row": rows,
        "counts_col": columns,
        "counts_val": entries.values(),
    }


def _strictly_above(counts: Tensor, k: int) -> Tensor:
    """Scores above the k-th, or above the last where a row has fewer: no tie can cost them."""
    scores = pathsim(counts).to_dense()
    last = scores.masked_fill(scores == 0, torch.inf).amin(dim=1, keepdim=True)
    cut = scores.sort(dim=1, descending=True).values[:, k - 1 : k]
    return scores > torch.maximum(cut, last)
