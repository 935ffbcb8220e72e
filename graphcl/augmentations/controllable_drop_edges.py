"""Drop edges without which the leaders control as much."""

from __future__ import annotations

import torch
from torch_geometric.data import Data

from graphcl.augmentations.control_fields import forget_preparation
from graphcl.augmentations.controllable import ControllableView
from graphcl.augmentations.edges import keep_edges


class ControllableDropEdges(ControllableView):
    """Drop a share of the edges, such that a measure of what the leaders control is kept.

    In mode "distance" all distances from the leaders stay as they are (one shortest-path tree a
    leader is kept); in mode "bound" the distance-based lower bound on the dimension of the
    controllable subspace does not fall (one shortest path for every pivot of its sequence is
    kept); in mode "zero_forcing" the derived set does not shrink (the forcing edges are kept).
    These are bounds: the rank itself, with given weights, may fall as well as rise.

    A graph or batch that :class:`PrepareControl` prepared is used as it is prepared; any other is
    prepared as it comes, and remembered until another one comes (two transforms then draw leaders
    each for itself: prepare a graph whose two views should have the same). A view has the field
    `control_ratio` `[B]`, the share that was dropped: less than `ratio` where fewer edges may go
    (in a tree none, mode "distance"). It keeps its leaders (`control_node_leader`), so that
    transforms in a `Compose` keep the same ones.

    Source: Ahmad, Said, Shabbir, Abbas and Koutsoukos, "Control-based graph embeddings with data
    augmentation for contrastive learning" (CGCL), ACC 2024, arXiv:2403.04923.

    Args:
        ratio: number of edges to drop over the number of edges, in [0, 1].
        mode: "distance", "bound" or "zero_forcing".
        leaders: a strategy, "given", node ids or a mask, see :class:`PrepareControl`.
        num_leaders: how many in each graph, see :func:`graphcl.control.number_of_leaders`.
        keep_reachable: whether nodes that a leader reaches stay reachable.
        directed: if False, the two directions of an edge fall together, and both must be there.
        seed: seed of this transform's own random numbers. Give two views two seeds, or they are
            the same view.
        generator: generator to draw from, instead of a seed. With neither, torch's global
            generator. In the workers of a `DataLoader` all three differ by worker and epoch.

    Shapes:
        `Data` or `Batch` with `edge_index` `[2, E]` → the same with `[2, E']`, E' ≤ E, in the same
        order. Fields with one row an edge follow, all others are kept. The input is not modified.

    Raises:
        TypeError: if an argument is of the wrong type, or, on use, the input no `Data` or `Batch`.
        ValueError: if an argument is out of range; on use, as :class:`PrepareControl`, or if a
            preparation was made for other settings or does not belong to the graph any more.

    Example:
        >>> square = torch.tensor([[0, 1, 1, 2, 2, 3, 3, 0], [1, 0, 2, 1, 3, 2, 0, 3]])
        >>> graph = Data(edge_index=square, num_nodes=4)
        >>> view = ControllableDropEdges(0.5, leaders=torch.tensor([0]))(graph)
        >>> view.num_edges, view.control_ratio.tolist()
        (6, [0.25])
    """

    def forward(self, data: Data) -> Data:
        """Drop edges of a shallow copy (PyG's `__call__` makes it)."""
        graph = self._open(data)
        counts = torch.minimum(self._wanted(graph), graph.num_free)
        dropped = self._choose(graph, counts)
        forget_preparation(data)
        keep_edges(data, ~dropped)
        return self._close(graph, counts)
