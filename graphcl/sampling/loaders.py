"""PyG's own sampler where its compiled library is installed, else ours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
import torch_geometric.typing
from torch import Tensor
from torch_geometric.data import Data
from torch_geometric.loader import NeighborLoader

from graphcl.sampling.batches import Batches
from graphcl.sampling.neighbours import NeighbourBatches, check_fan_out


class PyGNeighbourBatches(Batches):
    """PyG's ``NeighborLoader``, seeded by epoch; arguments and batches are those of ours."""

    def __init__(
        self,
        data: Data,
        *,
        batch_size: int = 1024,
        num_neighbours: Sequence[int] = (10, 10),
        nodes: Tensor | Sequence[int] | None = None,
        shuffle: bool = True,
        drop_last: bool = False,
        seed: int = 0,
    ) -> None:
        self.num_neighbours = check_fan_out(num_neighbours)
        super().__init__(
            data,
            batch_size=batch_size,
            nodes=nodes,
            shuffle=shuffle,
            drop_last=drop_last,
            seed=seed,
        )
        self._loader = NeighborLoader(
            data,
            num_neighbors=list(self.num_neighbours),
            input_nodes=torch.from_numpy(self.nodes),
            batch_size=batch_size,
            shuffle=shuffle,
            drop_last=drop_last,
        )

    def __iter__(self) -> Iterator[Data]:
        # It draws from torch's global generator. Between its batches the caller's state is back.
        mixed = np.random.SeedSequence([self.seed, self.epoch]).generate_state(1, np.uint64)
        own = torch.Generator().manual_seed(int(mixed[0]) & (2**63 - 1)).get_state()
        batches = None
        while True:
            outside = torch.get_rng_state()
            torch.set_rng_state(own)
            try:
                batches = iter(self._loader) if batches is None else batches
                batch = next(batches, None)
            finally:
                own = torch.get_rng_state()
                torch.set_rng_state(outside)
            if batch is None:
                return
            yield batch

    def describe(self) -> list[str]:
        """What determines the batches, beside the graph."""
        return [*super().describe(), f"num_neighbours={self.num_neighbours}"]


def neighbour_batches(
    data: Data,
    *,
    batch_size: int = 1024,
    num_neighbours: Sequence[int] = (10, 10),
    nodes: Tensor | Sequence[int] | None = None,
    shuffle: bool = True,
    drop_last: bool = False,
    seed: int = 0,
) -> Batches:
    """Neighbour-sampled mini-batches by the fastest sampler that is installed.

    PyG's ``NeighborLoader`` needs pyg-lib, which pip does not bring along; without it
    :class:`graphcl.sampling.NeighbourBatches` serves. Both follow from seed and epoch, but draw
    different samples.

    Args:
        data: The graph.
        batch_size: As :class:`graphcl.sampling.NeighbourBatches`, like all that follows.
        num_neighbours: For each hop the most edges to draw for a node; -1: all.
        nodes: The nodes that are seeds; None: all.
        shuffle: Draw a new order for each epoch.
        drop_last: Leave out a last batch that is smaller.
        seed: From 0 to 2^32 - 1.

    Raises:
        TypeError: An argument of the wrong type.
        ValueError: An argument out of range, a broken graph, an unknown number of nodes.

    Example:
        >>> graph = Data(x=torch.ones(5, 1), edge_index=torch.tensor([[0, 1], [1, 0]]))
        >>> [batch.batch_size for batch in neighbour_batches(graph, batch_size=2)]
        [2, 2, 1]
    """
    sampler = PyGNeighbourBatches if torch_geometric.typing.WITH_PYG_LIB else NeighbourBatches
    return sampler(
        data,
        batch_size=batch_size,
        num_neighbours=num_neighbours,
        nodes=nodes,
        shuffle=shuffle,
        drop_last=drop_last,
        seed=seed,
    )
