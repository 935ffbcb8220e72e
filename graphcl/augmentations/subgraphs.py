"""Subgraphs by random walks: one of a graph, or two of one region."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch_geometric.data import Data
from torch_geometric.transforms import BaseTransform

from graphcl.arguments import check_number, check_whole, unknown_name
from graphcl.augmentations.edges import check_data, edge_index_of
from graphcl.augmentations.fields import cumulative, graph_boundaries, number_of_nodes
from graphcl.augmentations.nodes import keep_nodes
from graphcl.augmentations.random_walks import neighbours_of, walk
from graphcl.augmentations.randomness import RandomSource

STARTS = ("region", "centre")


class RandomWalkSubgraph(BaseTransform):
    """Keep the nodes that a random walk sees, and the edges between them.

    In every graph a walk starts at a random node, follows random edges and now and then restarts
    from its first node, until it has seen enough nodes. The subgraph is connected (in a directed
    graph: all is reached from the seed). It is smaller than asked for where the walk cannot see
    more: a small component, an isolated node (which stays alone), or a restart probability that
    does not let it get far. Edge weights do not steer the walk.

    Source: You et al., "Graph Contrastive Learning with Augmentations" (GraphCL), NeurIPS 2020,
    arXiv:2010.13902, section 3.1 (subgraph); random walk with restart: Qiu et al., "GCC", KDD 2020,
    arXiv:2006.09963, section 3.2.

    Args:
        num_nodes: how many nodes each subgraph is to have; or
        share: which share of the nodes of each graph, in [0, 1], at least one node. Give one of
            the two.
        restart: probability in [0, 1] of going back to the first node before each step. With 0
            the steps of one walk cannot be vectorised: slow for thousands of nodes.
        both_ways: whether to walk against the direction of edges, too; for directed graphs.
        patience: give up after that many visits for each node asked for.
        seed: seed of this transform's own random numbers. Give two views two seeds, or they are
            the same view.
        generator: generator to draw from, instead of a seed. With neither, torch's global
            generator. In the workers of a `DataLoader` all three differ by worker and epoch.

    Shapes:
        `Data` or `Batch` with N nodes and `edge_index` `[2, E]` → the same with N' ≤ N nodes and
        the E' edges between them, both in the same order, all fields with them. `n_id` has the
        numbers of the nodes in the input (each graph of a batch counts from 0), as `DropNodes`
        leaves it; see `common_nodes`. The input is not modified.

    Raises:
        TypeError: if an argument has a wrong type, or, on use, the input is no `Data` or `Batch`.
        ValueError: if both or neither of `num_nodes` and `share` are given, or an argument is
            outside its range; on use, as `DropNodes`.

    Example:
        >>> node = torch.arange(9)
        >>> forward = torch.stack([node, node + 1])
        >>> edge_index = torch.cat([forward, forward.flip(0)], dim=1)
        >>> path = Data(edge_index=edge_index, num_nodes=10)
        >>> RandomWalkSubgraph(4, seed=0)(path).n_id
        tensor([4, 5, 6, 7])
    """

    renumbers_nodes = True

    def __init__(
        self,
        num_nodes: int | None = None,
        *,
        share: float | None = None,
        restart: float = 0.2,
        both_ways: bool = False,
        patience: int = 20,
        seed: int | None = None,
        generator: torch.Generator | None = None,
    ) -> None:
        self.size = _Size(num_nodes, share)
        random = RandomSource(seed=seed, generator=generator)
        self._walker = _Walker("RandomWalkSubgraph", restart, both_ways, patience, random)

    def forward(self, data: Data) -> Data:
        """Take a subgraph of a shallow copy (PyG's `__call__` makes it)."""
        check_data(data, "RandomWalkSubgraph")
        kept = self._walker.nodes(data, self.size, self._walker.seeds(data))
        return keep_nodes(data, kept, "RandomWalkSubgraph")

    def __repr__(self) -> str:
        return f"RandomWalkSubgraph({self.size}{self._walker})"


class TwoSubgraphs(BaseTransform):
    """Draw a region around a node by a random walk, and two subgraphs of it, independently.

    The two views of a region share some nodes, but neither contains the other by construction: a
    pair for contrast between subgraphs. For whole graphs, apply `RandomWalkSubgraph` twice.

    Source: Qiu et al., "GCC: Graph Contrastive Coding for Graph Neural Network Pre-Training", KDD
    2020, arXiv:2006.09963, section 3.2 (there the region is an ego network, and both walks start
    at its centre: `starts="centre"`).

    Args:
        num_nodes: how many nodes each of the two subgraphs is to have; or
        share: which share of the region's nodes. Give one of the two.
        region: how many nodes the region is to have.
        starts: where the walk of each subgraph starts: at a node of the "region", drawn for each,
            or at the region's "centre", which both then contain.
        restart: probability in [0, 1] that a walk restarts, as for `RandomWalkSubgraph`.
        both_ways: whether to walk against the direction of edges, too; for directed graphs.
        patience: give up after that many visits for each node asked for.
        seed: seed of this transform's own random numbers.
        generator: generator to draw from, instead of a seed. With neither, torch's global
            generator. In the workers of a `DataLoader` all three differ by worker and epoch.

    Shapes:
        `Data` → two `Data`, `Batch` → two `Batch` with a region in each graph. `n_id` has the
        numbers of the nodes in the input; see `common_nodes`. The input is not modified.

    Raises:
        TypeError: if an argument has a wrong type, or, on use, the input is no `Data` or `Batch`.
        ValueError: if both or neither of `num_nodes` and `share` are given, `starts` is unknown, or
            an argument is outside its range; on use, as `DropNodes`, or if `centres` are not one
            node of each graph.

    Example:
        >>> node = torch.arange(9)
        >>> forward = torch.stack([node, node + 1])
        >>> edge_index = torch.cat([forward, forward.flip(0)], dim=1)
        >>> path = Data(edge_index=edge_index, num_nodes=10)
        >>> first, second = TwoSubgraphs(3, region=6, seed=2)(path, centres=5)
        >>> first.n_id, second.n_id
        (tensor([4, 5, 6]), tensor([2, 3, 4]))
    """

    renumbers_nodes = True

    def __init__(
        self,
        num_nodes: int | None = None,
        *,
        share: float | None = None,
        region: int,
        starts: str = "region",
        restart: float = 0.2,
        both_ways: bool = False,
        patience: int = 20,
        seed: int | None = None,
        generator: torch.Generator | None = None,
    ) -> None:
        self.size = _Size(num_nodes, share)
        self.region = _Size(check_whole("region", region, least=1), None)
        if starts not in STARTS:
            raise ValueError(f"starts: {unknown_name('place', starts, STARTS)}")
        self.starts = starts
        random = RandomSource(seed=seed, generator=generator)
        self._walker = _Walker("TwoSubgraphs", restart, both_ways, patience, random)

    def __call__(self, data: Any, centres: Tensor | int | None = None) -> tuple[Data, Data]:
        """Draw two subgraphs of one region, in every graph.

        Args:
            data: graph or batch.
            centres: the node that each region grows from, `[B]` rows of the batch, or one row of
                a graph; by default drawn.
        """
        return self.forward(copy.copy(data), centres)

    def forward(self, data: Data, centres: Tensor | int | None = None) -> tuple[Data, Data]:
        """Draw from a shallow copy."""
        check_data(data, "TwoSubgraphs")
        walker = self._walker
        seeds = walker.seeds(data) if centres is None else walker.check_seeds(data, centres)
        kept = walker.nodes(data, self.region, seeds)
        region = keep_nodes(data, kept, "TwoSubgraphs")
        starts = cumulative(kept)[seeds]
        views = []
        for _ in range(2):
            if self.starts == "region":
                starts = walker.seeds(region)
            kept = walker.nodes(region, self.size, starts)
            views.append(keep_nodes(copy.copy(region), kept, "TwoSubgraphs"))
        return views[0], views[1]

    def __repr__(self) -> str:
        region = f"region={self.region}, starts={self.starts!r}"
        return f"TwoSubgraphs({self.size}, {region}{self._walker})"


@dataclass(frozen=True)
class _Size:
    """How many nodes a subgraph is to have: a number, or a share of the graph."""

    num_nodes: int | None
    share: float | None

    def __post_init__(self) -> None:
        if (self.num_nodes is None) == (self.share is None):
            raise ValueError(
                "give either num_nodes or share, "
                f"got num_nodes={self.num_nodes} and share={self.share}"
            )
        if self.num_nodes is not None:
            check_whole("num_nodes", self.num_nodes, least=1)
        if self.share is not None:
            _check_unit("share", self.share)

    def of(self, sizes: Tensor) -> Tensor:
        """How many of the nodes of each graph, `[B]`."""
        if self.share is None:
            return sizes.clamp(max=self.num_nodes)
        return (sizes.double() * self.share).round().long().clamp(min=1)

    def __str__(self) -> str:
        return f"share={self.share}" if self.num_nodes is None else str(self.num_nodes)


@dataclass(frozen=True)
class _Walker:
    """Random walks through the graphs of a batch."""

    transform: str
    restart: float
    both_ways: bool
    patience: int
    random: RandomSource

    def __post_init__(self) -> None:
        _check_unit("restart", self.restart)
        check_whole("patience", self.patience, least=1)

    def boundaries(self, data: Data) -> Tensor:
        """Where the nodes of each graph begin, `[B + 1]`, without graphs that have none."""
        edge_index = edge_index_of(data, self.transform)
        num_nodes = number_of_nodes(data, self.transform)
        boundaries = graph_boundaries(data, num_nodes, self.transform)
        return boundaries.to(edge_index.device).unique_consecutive()

    def seeds(self, data: Data) -> Tensor:
        """A random node of each graph."""
        boundaries = self.boundaries(data)
        numbers = self.random.integers(len(boundaries) - 1, device=boundaries.device)
        return boundaries[:-1] + numbers % boundaries.diff()

    def check_seeds(self, data: Data, centres: Tensor | int) -> Tensor:
        """The nodes that the caller gave, if they are one of each graph."""
        boundaries = self.boundaries(data)
        seeds = torch.as_tensor(centres, device=boundaries.device).reshape(-1)
        valid = seeds.dtype == torch.int64 and len(seeds) == len(boundaries) - 1
        if not valid or bool(((seeds < boundaries[:-1]) | (seeds >= boundaries[1:])).any()):
            raise ValueError(
                f"{self.transform}: centres must be one node of each graph, int64 row numbers in "
                f"order of the graphs, got {centres!r} for {len(boundaries) - 1} graphs with "
                f"{int(boundaries[-1])} nodes"
            )
        return seeds

    def nodes(self, data: Data, size: _Size, seeds: Tensor) -> Tensor:
        """The nodes that walks from the seeds see, `[N]` bool."""
        boundaries = self.boundaries(data)
        num_nodes = int(boundaries[-1])
        return walk(
            neighbours_of(data.edge_index, num_nodes, both_ways=self.both_ways),
            boundaries,
            seeds,
            size.of(boundaries.diff()),
            restart=self.restart,
            patience=self.patience,
            random=self.random,
        )

    def __str__(self) -> str:
        walks = f"restart={self.restart}, both_ways={self.both_ways}, patience={self.patience}"
        return f", {walks}{self.random.arguments()}"


def _check_unit(name: str, value: float) -> float:
    if not 0 <= check_number(name, value) <= 1:
        raise ValueError(f"{name} must be in [0, 1], got {value}")
    return float(value)
