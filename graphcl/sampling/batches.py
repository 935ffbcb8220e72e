"""What the samplers share: the order of the seeds, epochs, length."""

from __future__ import annotations

import zlib
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor
from torch_geometric.data import Data

from graphcl.arguments import check_seed, check_whole
from graphcl.sampling.fields import find_fields
from graphcl.sampling.in_edges import Integers


class Batches(ABC):
    """Mini-batches of one graph, each a ``Data``; iterate again for the next epoch.

    The order, and what is sampled, follow from the seed and the epoch alone: call
    :meth:`set_epoch` (as :func:`graphcl.training.fit` does) or every epoch repeats the first.

    Args:
        data: The graph.
        batch_size: Seeds in a batch, at least 1; the last batch may have fewer.
        nodes: The nodes that are seeds: numbers ``[S]`` or a mask ``[N]``; None: all.
        shuffle: Draw a new order for each epoch.
        drop_last: Leave out a last batch that is smaller.
        seed: From 0 to 2^32 - 1.

    Raises:
        TypeError: An argument of the wrong type.
        ValueError: An argument out of range, a broken graph, an unknown number of nodes.
    """

    def __init__(
        self,
        data: Data,
        *,
        batch_size: int,
        nodes: Tensor | Sequence[int] | None,
        shuffle: bool,
        drop_last: bool,
        seed: int,
    ) -> None:
        self.data = data
        self.fields = find_fields(data)
        self.batch_size = check_whole("batch_size", batch_size, least=1)
        self.nodes = _check_nodes(nodes, self.fields.num_nodes)
        for name, value in (("shuffle", shuffle), ("drop_last", drop_last)):
            if not isinstance(value, bool):
                raise TypeError(f"{name} must be True or False, got {value!r}")
        self.shuffle, self.drop_last = shuffle, drop_last
        self.seed = check_seed(seed)
        self.epoch = 0
        if len(self) == 0:
            raise ValueError(
                f"there is no batch: {len(self.nodes)} seed nodes, batch_size {batch_size}, "
                f"drop_last={drop_last}"
            )

    @abstractmethod
    def __iter__(self) -> Iterator[Data]:
        """The batches of the present epoch."""

    def set_epoch(self, epoch: int) -> None:
        """Say which epoch (from 0) comes next."""
        self.epoch = check_whole("epoch", epoch, least=0)

    def __len__(self) -> int:
        """Number of batches in an epoch."""
        rounding = 0 if self.drop_last else self.batch_size - 1
        return (len(self.nodes) + rounding) // self.batch_size

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(self.describe())})"

    def describe(self) -> list[str]:
        """What determines the batches, beside the graph; a checkpoint of training compares it."""
        every = len(self.nodes) == self.fields.num_nodes
        digest = "" if every else f" ({zlib.crc32(self.nodes.tobytes()):08x})"
        return [
            f"nodes={len(self.nodes)} of {self.fields.num_nodes}{digest}",
            f"batch_size={self.batch_size}",
            f"shuffle={self.shuffle}",
            f"drop_last={self.drop_last}",
            f"seed={self.seed}",
        ]

    def seeds(self) -> Iterator[tuple[Integers, Integers, np.random.Generator]]:
        """For each batch its seeds, their positions in ``nodes``, and what to draw from."""
        order = np.arange(len(self.nodes))
        if self.shuffle:
            order = np.random.default_rng([self.seed, self.epoch]).permutation(order)
        for batch in range(len(self)):
            position = order[batch * self.batch_size : (batch + 1) * self.batch_size]
            # Batches draw independently of each other; 0 would be the generator of the order.
            random = np.random.default_rng([self.seed, self.epoch, batch + 1])
            yield self.nodes[position], position, random


def _check_nodes(nodes: Tensor | Sequence[int] | None, num_nodes: int) -> Integers:
    if nodes is None:
        return np.arange(num_nodes)
    given = nodes.detach().cpu() if isinstance(nodes, Tensor) else torch.as_tensor(nodes)
    if given.dtype == torch.bool:
        if given.shape != (num_nodes,):
            raise ValueError(
                f"nodes, as a mask, must have shape [{num_nodes}], got {list(given.shape)}"
            )
        return given.nonzero().squeeze(1).numpy()
    if given.dim() != 1 or given.is_floating_point() or given.is_complex():
        raise ValueError(
            f"nodes must be whole numbers [S] or a mask [N], got {given.dtype} {list(given.shape)}"
        )
    chosen = given.to(torch.int64).numpy().copy()
    if chosen.size and not 0 <= chosen.min() <= chosen.max() < num_nodes:
        raise ValueError(
            f"nodes has values from {chosen.min()} to {chosen.max()}; with {num_nodes} nodes they "
            f"must be from 0 to {num_nodes - 1}"
        )
    counts = np.bincount(chosen, minlength=num_nodes)
    if (counts > 1).any():
        raise ValueError(
            f"nodes names node {int(counts.argmax())} more than once: it would be its own negative"
        )
    return chosen
