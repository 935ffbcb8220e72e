"""Random parts of a graph."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch_geometric.data import Data

from graphcl.sampling.batches import Batches
from graphcl.sampling.in_edges import Integers, find_in_edges


class NodeBatches(Batches):
    """A random partition of the nodes; each part is a batch, with the edges inside it.

    All nodes of a batch are seeds. A share of about 1 / (number of batches) of the edges lies
    inside a part: use large batches, or :class:`graphcl.sampling.NeighbourBatches` where
    neighbours matter.

    Source: the random partition that Chiang et al. compare with, Cluster-GCN,
    https://arxiv.org/abs/1905.07953, section 3.1.

    Args:
        data: The graph, its number of nodes given by ``x`` or ``num_nodes``.
        batch_size: Nodes in a batch, at least 1; the last batch may have fewer.
        shuffle: Draw a new partition for each epoch; False: the nodes in order.
        drop_last: Leave out a last batch that is smaller.
        seed: From 0 to 2^32 - 1; with the epoch it determines everything.

    Yields:
        A ``Data`` as of :class:`graphcl.sampling.NeighbourBatches`, ``batch_size`` its number of
        nodes, without ``num_sampled_nodes``.

    Raises:
        TypeError: An argument of the wrong type.
        ValueError: An argument out of range, a broken graph, an unknown number of nodes.

    Example:
        >>> path = Data(x=torch.ones(4, 1), edge_index=torch.tensor([[0, 1, 2], [1, 2, 3]]))
        >>> [batch.edge_index.tolist() for batch in NodeBatches(path, batch_size=2, shuffle=False)]
        [[[0], [1]], [[0], [1]]]
    """

    def __init__(
        self,
        data: Data,
        *,
        batch_size: int = 1024,
        shuffle: bool = True,
        drop_last: bool = False,
        seed: int = 0,
    ) -> None:
        super().__init__(
            data,
            batch_size=batch_size,
            nodes=None,
            shuffle=shuffle,
            drop_last=drop_last,
            seed=seed,
        )
        self._edges = find_in_edges(data.edge_index, self.fields.num_nodes)
        self._place = np.full(self.fields.num_nodes, -1, dtype=np.int64)

    def __iter__(self) -> Iterator[Data]:
        for seeds, position, _ in self.seeds():
            yield self._batch(seeds, position)

    def _batch(self, nodes: Integers, position: Integers) -> Data:
        place = self._place
        place[nodes] = np.arange(len(nodes))
        found, target = self._edges.all_of(nodes)
        source = place[self._edges.source[found]]
        place[nodes] = -1
        inside = source >= 0
        batch = self.fields.part(
            self.data,
            torch.from_numpy(nodes),
            torch.from_numpy(self._edges.edge[found[inside]].astype(np.int64)),
            torch.from_numpy(np.stack([source[inside], target[inside]])),
        )
        batch.batch_size = len(nodes)
        batch.input_id = torch.from_numpy(position)
        return batch
