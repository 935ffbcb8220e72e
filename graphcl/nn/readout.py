"""From node rows to graph rows."""

from __future__ import annotations

from torch import Tensor
from torch_geometric.data import Batch, Data
from torch_geometric.nn import global_add_pool


def sum_readout(rows: Tensor, data: Data | Batch) -> Tensor:
    """Sum the rows of each graph of a batch; the rows of a single graph stay as they are.

    Args:
        rows: One row a node, ``[N, d]``.
        data: The graph or graphs that the rows belong to.

    Returns:
        ``[B, d]`` for a ``Batch`` of B graphs (a graph without nodes gives zero), else ``rows``.

    Example:
        >>> import torch
        >>> graphs = [Data(x=torch.ones(n, 1), num_nodes=n) for n in (1, 3)]
        >>> batch = Batch.from_data_list(graphs)
        >>> sum_readout(batch.x, batch)
        tensor([[1.],
                [3.]])
    """
    if not isinstance(data, Batch):
        return rows
    pooled: Tensor = global_add_pool(rows, data.batch, size=data.num_graphs)
    return pooled


def summary_readout(rows: Tensor) -> Tensor:
    """One row for all: the logistic function of the mean of the rows, ``[1, d]``.

    Source: Velickovic et al. (DGI), ICLR 2019, arXiv 1809.10341, equation 5.

    Args:
        rows: One row a node, ``[N, d]``, N at least 1.

    Example:
        >>> import torch
        >>> summary_readout(torch.tensor([[1.0], [-1.0]]))
        tensor([[0.5000]])
    """
    return rows.mean(0, keepdim=True).sigmoid()
