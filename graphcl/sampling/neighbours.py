"""Seeds and a sample of their neighbours, hop by hop."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor
from torch_geometric.data import Data

from graphcl.arguments import check_whole
from graphcl.sampling.batches import Batches
from graphcl.sampling.in_edges import Integers, find_in_edges


class NeighbourBatches(Batches):
    """Mini-batches of seeds and sampled neighbours: PyG's ``NeighborLoader`` without pyg-lib.

    Of each seed, some of the nodes with an edge TO it are drawn (messages flow from source to
    target), uniformly and without replacement; then of each of these, and so on. A node that is in
    the batch already is neither drawn from again nor repeated. As many hops as the encoder has
    layers are enough.

    Source: Hamilton, Ying and Leskovec, GraphSAGE, https://arxiv.org/abs/1706.02216, algorithm 2.

    Args:
        data: The graph, its number of nodes given by ``x`` or ``num_nodes``.
        batch_size: Seeds in a batch, at least 1; the last batch may have fewer.
        num_neighbours: For each hop the most edges to draw for a node; -1: all.
        nodes: The nodes that are seeds: numbers ``[S]`` or a mask ``[N]``; None: all.
        shuffle: Draw a new order for each epoch.
        drop_last: Leave out a last batch that is smaller.
        seed: From 0 to 2^32 - 1; with the epoch it determines everything.

    Yields:
        A ``Data`` of n nodes: the seeds first, then hop by hop. Fields with one row a node or an
        edge are cut to size, ``edge_index`` counts within the batch. ``batch_size``: number of
        seeds; ``n_id`` ``[n]``, ``e_id`` ``[e]``: which nodes and edges of the graph they are;
        ``input_id``: positions of the seeds in ``nodes``; ``num_sampled_nodes``: seeds, then new
        nodes of each hop.

    Raises:
        TypeError: An argument of the wrong type.
        ValueError: An argument out of range, a broken graph, an unknown number of nodes.

    Example:
        >>> path = Data(x=torch.ones(4, 1), edge_index=torch.tensor([[0, 1, 2], [1, 2, 3]]))
        >>> batch = next(iter(NeighbourBatches(path, nodes=[3], num_neighbours=(-1, -1))))
        >>> batch.n_id, batch.edge_index, batch.batch_size
        (tensor([3, 2, 1]), tensor([[1, 2],
                [0, 1]]), 1)
    """

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
        self._edges = find_in_edges(data.edge_index, self.fields.num_nodes)
        self._place = np.full(self.fields.num_nodes, -1, dtype=np.int64)

    def __iter__(self) -> Iterator[Data]:
        for seeds, position, random in self.seeds():
            yield self._batch(seeds, position, random)

    def describe(self) -> list[str]:
        """What determines the batches, beside the graph."""
        return [*super().describe(), f"num_neighbours={self.num_neighbours}"]

    def _batch(self, seeds: Integers, position: Integers, random: np.random.Generator) -> Data:
        place = self._place  # of a node in the batch, -1 outside; one array serves all batches
        place[seeds] = np.arange(len(seeds))
        hops, places, targets = [seeds], [], []
        before, size = 0, len(seeds)
        for count in self.num_neighbours:
            if count == -1:
                found, owner = self._edges.all_of(hops[-1])
            else:
                found, owner = self._edges.some_of(hops[-1], count, random)
            places.append(found)
            targets.append(owner + before)
            fresh = self._edges.source[found]
            fresh = fresh[place[fresh] < 0]
            # Each new node once, without sorting: the last of its copies marks the place.
            place[fresh] = np.arange(len(fresh))
            fresh = fresh[place[fresh] == np.arange(len(fresh))]
            place[fresh] = np.arange(size, size + len(fresh))
            before, size = size, size + len(fresh)
            hops.append(fresh.astype(np.int64))
        nodes, found = np.concatenate(hops), np.concatenate(places)
        edge_index = np.stack([place[self._edges.source[found]], np.concatenate(targets)])
        place[nodes] = -1
        batch = self.fields.part(
            self.data,
            torch.from_numpy(nodes),
            torch.from_numpy(self._edges.edge[found].astype(np.int64)),
            torch.from_numpy(edge_index),
        )
        batch.batch_size = len(seeds)
        batch.input_id = torch.from_numpy(position)
        batch.num_sampled_nodes = [len(hop) for hop in hops]
        return batch


def check_fan_out(num_neighbours: Sequence[int]) -> tuple[int, ...]:
    """Return the fan-out of each hop if it is a sequence of -1 and numbers from 1."""
    if not isinstance(num_neighbours, list | tuple):
        raise TypeError(
            f"num_neighbours must be one number for each hop, such as (10, 10), got "
            f"{num_neighbours!r}"
        )
    if len(num_neighbours) == 0:
        raise ValueError("num_neighbours must name at least one hop, got none")
    checked = tuple(check_whole("num_neighbours", count, least=-1) for count in num_neighbours)
    if 0 in checked:
        raise ValueError("num_neighbours must be -1 (all) or at least 1 for each hop, got 0")
    return checked
