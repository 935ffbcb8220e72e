"""Random batches of a list of graphs."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch_geometric.data import Batch, Data

from graphcl.arguments import check_seed, check_whole


class GraphBatches:
    """Mini-batches of a list of graphs, each a ``Batch``; iterate again for the next epoch.

    The order follows from the seed and the epoch alone: call :meth:`set_epoch` (as
    :func:`graphcl.training.fit` does) or every epoch repeats the first. A last batch of a single
    graph, which nothing could be contrasted with, joins the one before.

    Args:
        graphs: The graphs, at least one.
        batch_size: Graphs in a batch, at least 1; the last batch may have fewer, or one more.
        shuffle: Draw a new order for each epoch.
        seed: From 0 to 2^32 - 1.

    Yields:
        A ``Batch``; its ``input_id`` ``[B]`` says which graphs of the list it has.

    Raises:
        TypeError: An argument of the wrong type.
        ValueError: No graphs, or an argument out of range.

    Example:
        >>> graphs = [Data(x=torch.ones(n, 1)) for n in (1, 2, 3)]
        >>> [batch.input_id.tolist() for batch in GraphBatches(graphs, batch_size=2, shuffle=False)]
        [[0, 1, 2]]
    """

    def __init__(
        self, graphs: Sequence[Data], *, batch_size: int = 128, shuffle: bool = True, seed: int = 0
    ) -> None:
        if isinstance(graphs, Data) or not isinstance(graphs, Sequence):
            raise TypeError(f"graphs must be a list of Data, got {type(graphs).__name__}")
        if len(graphs) == 0:
            raise ValueError("graphs is empty: it needs at least one graph")
        if not isinstance(shuffle, bool):
            raise TypeError(f"shuffle must be True or False, got {shuffle!r}")
        self.graphs = [_numbered(graph, place) for place, graph in enumerate(graphs)]
        self.batch_size = check_whole("batch_size", batch_size, least=1)
        self.shuffle = shuffle
        self.seed = check_seed(seed)
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Say which epoch (from 0) comes next."""
        self.epoch = check_whole("epoch", epoch, least=0)

    def __len__(self) -> int:
        """Number of batches in an epoch."""
        full, rest = divmod(len(self.graphs), self.batch_size)
        return max(1, full + (rest > 1 or (rest == 1 and self.batch_size == 1)))

    def __iter__(self) -> Iterator[Batch]:
        order = np.arange(len(self.graphs))
        if self.shuffle:
            order = np.random.default_rng([self.seed, self.epoch]).permutation(order)
        for number in range(len(self)):
            end = None if number + 1 == len(self) else (number + 1) * self.batch_size
            chosen = order[number * self.batch_size : end]
            yield Batch.from_data_list([self.graphs[place] for place in chosen])

    def __repr__(self) -> str:
        return (
            f"GraphBatches(graphs={len(self.graphs)}, batch_size={self.batch_size}, "
            f"shuffle={self.shuffle}, seed={self.seed})"
        )


def _numbered(graph: Data, place: int) -> Data:
    """A shallow copy that says where in the list it was."""
    if not isinstance(graph, Data):
        raise TypeError(f"graphs[{place}] must be a Data, got {type(graph).__name__}")
    numbered = copy.copy(graph)
    tensor = graph.get("x") if graph.get("edge_index") is None else graph.edge_index
    numbered.input_id = torch.tensor([place], device=None if tensor is None else tensor.device)
    return numbered
