"""A control: what the degrees alone tell of a graph."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor
from torch_geometric.data import Batch
from torch_geometric.utils import degree, scatter

from graphcl.methods.method import Method

STATISTICS = ("nodes", "edges", "mean", "deviation", "least", "largest", "isolated")


class DegreeStatistics(Method):
    """Seven numbers of a graph's degrees, without features and training.

    Numbers of nodes and of entries of the edge index; mean, standard deviation, smallest and
    largest of the nodes' degrees (entries that lead away from them); share of isolated nodes.

    Args:
        num_features: Width of the features, which are not used.

    Example:
        >>> from torch_geometric.data import Data
        >>> path = Data(x=torch.ones(3, 1), edge_index=torch.tensor([[0, 1, 1, 2], [1, 0, 2, 1]]))
        >>> DegreeStatistics(1).embed([path])
        tensor([[3.0000, 4.0000, 1.3333, 0.4714, 1.0000, 2.0000, 0.0000]])
    """

    cost = "O(N + E) once"
    trained: ClassVar[bool] = False
    levels = frozenset({"graph"})

    def encode(self, data: Batch) -> Tensor:
        """The numbers of each graph, ``[B, 7]``."""
        degrees = degree(data.edge_index[0], data.x.size(0))
        size = data.num_graphs

        def over_nodes(values: Tensor, how: str) -> Tensor:
            return scatter(values, data.batch, dim=0, dim_size=size, reduce=how)

        mean = over_nodes(degrees, "mean")
        variance = over_nodes((degrees - mean[data.batch]).square(), "mean")
        columns = (
            over_nodes(torch.ones_like(degrees), "sum"),
            over_nodes(degrees, "sum"),
            mean,
            variance.sqrt(),
            over_nodes(degrees, "min"),
            over_nodes(degrees, "max"),
            over_nodes((degrees == 0).float(), "mean"),
        )
        return torch.stack(columns, dim=1)
