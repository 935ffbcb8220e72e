"""Which rows of a mini-batch stand for themselves, and which only serve their neighbours."""

from __future__ import annotations

from torch_geometric.data import Data


def num_seeds(data: Data) -> int | None:
    """How many of the first nodes of a mini-batch are its seeds: anchors and candidates.

    The nodes after them were sampled to compute the seeds' rows; their own neighbourhoods are cut.

    Args:
        data: A mini-batch as our samplers and PyG's loaders make it (with ``batch_size``), or a
            whole graph.

    Returns:
        Their number; None for a whole graph.

    Example:
        >>> import torch
        >>> num_seeds(Data(x=torch.ones(5, 1), batch_size=2)), num_seeds(Data(x=torch.ones(5, 1)))
        (2, None)
    """
    size = data.get("batch_size")
    return None if size is None else int(size)
