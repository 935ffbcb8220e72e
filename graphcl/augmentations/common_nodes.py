"""Find the nodes that two views have in common."""

from __future__ import annotations

import torch
from torch import Tensor
from torch_geometric.data import Data

from graphcl.augmentations.edges import check_data
from graphcl.augmentations.fields import graph_boundaries, number_of_nodes


def common_nodes(first: Data, second: Data) -> tuple[Tensor, Tensor]:
    """Rows of two views that are the same node, for contrast between nodes.

    Nodes are the same if their graphs have the same place in the batch and their `n_id` is the
    same; `n_id` is what `DropNodes` and the subgraph transforms leave, and a view without it has
    all nodes.

    Args:
        first: view of a graph or batch, N nodes.
        second: another view of the same graph or batch, M nodes.

    Returns:
        Two int64 tensors `[C]`: rows of `first`, ascending, and the rows of `second` that match.
        In a mini-batch of a neighbour sampler, `rows < batch_size` are the seeds.

    Raises:
        TypeError: if a view is no `Data` or `Batch`.
        ValueError: if a view does not tell its number of nodes, or has an `n_id` twice.

    Example:
        >>> from graphcl.augmentations import DropNodes
        >>> edge_index = torch.tensor([[0, 1, 2, 3], [1, 0, 3, 2]])
        >>> graph = Data(x=torch.arange(4.0).reshape(4, 1), edge_index=edge_index)
        >>> first, second = DropNodes(0.3, seed=1)(graph), DropNodes(0.3, seed=3)(graph)
        >>> rows, others = common_nodes(first, second)
        >>> torch.equal(first.x[rows], second.x[others])
        True
    """
    graphs_and_ids = [_graphs_and_ids(view) for view in (first, second)]
    base = max((int(ids.max()) + 1 for _, ids in graphs_and_ids if len(ids)), default=1)
    keys = [graphs * base + ids for graphs, ids in graphs_and_ids]
    _, position = torch.cat(keys).unique(return_inverse=True)
    places = [position[: len(keys[0])], position[len(keys[0]) :]]
    row_of = position.new_full((int(position.max()) + 1 if len(position) else 0,), -1)
    for place in places:
        row_of.fill_(-1)
        row_of[place] = torch.arange(len(place), device=place.device)
        if int((row_of >= 0).sum()) != len(place):
            raise ValueError("common_nodes: n_id has a node of a graph twice")
    others = row_of[places[0]]
    rows = (others >= 0).nonzero().squeeze(1)
    return rows, others[rows]


def _graphs_and_ids(view: Data) -> tuple[Tensor, Tensor]:
    """Of each row: which graph it is in, and its number in the input's graph."""
    check_data(view, "common_nodes")
    num_nodes = number_of_nodes(view, "common_nodes")
    boundaries = graph_boundaries(view, num_nodes, "common_nodes")
    places = torch.arange(len(boundaries) - 1, device=boundaries.device)
    graphs = places.repeat_interleave(boundaries.diff())
    ids = view.get("n_id")
    if not isinstance(ids, Tensor):
        ids = torch.arange(num_nodes, device=graphs.device) - boundaries[graphs]
    return graphs, ids
