"""Random walks with restart through all graphs of a batch at once, in plain torch.

After each restart a walk begins anew at its seed, independent of what was before. Its stretches
between restarts can therefore be walked side by side and put one after the other: the result is
distributed as that of a single walker, in as many steps as the longest stretch has.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from graphcl.augmentations.fields import cumulative
from graphcl.augmentations.randomness import RandomSource


@dataclass(frozen=True)
class Neighbours:
    """Where one can go from each node: `targets[starts[i] : starts[i + 1]]` from node i.

    Args:
        starts: `[N + 1]`.
        targets: `[E]`.
    """

    starts: Tensor
    targets: Tensor

    def degrees(self, nodes: Tensor) -> Tensor:
        """How many ways lead out of each node."""
        return self.starts[nodes + 1] - self.starts[nodes]

    def step(self, nodes: Tensor, random: RandomSource) -> Tensor:
        """A random neighbour of each node; parallel edges count. The nodes must have some."""
        numbers = random.integers(len(nodes), device=nodes.device)
        return self.targets[self.starts[nodes] + numbers % self.degrees(nodes)]


def neighbours_of(edge_index: Tensor, num_nodes: int, *, both_ways: bool) -> Neighbours:
    """Sort the edges by source.

    Args:
        edge_index: `[2, E]`.
        num_nodes: N.
        both_ways: whether one can walk against the direction of an edge, too.
    """
    sources, targets = edge_index
    if both_ways:
        sources, targets = torch.cat([sources, targets]), torch.cat([targets, sources])
    starts = cumulative(sources.bincount(minlength=num_nodes))
    keys = sources * num_nodes + targets
    if keys.device.type == "cpu":  # NumPy sorts several times faster
        keys = torch.from_numpy(np.sort(keys.numpy()))
    else:
        keys = keys.sort().values
    return Neighbours(starts, keys % max(num_nodes, 1))


def walk(
    neighbours: Neighbours,
    boundaries: Tensor,
    seeds: Tensor,
    wanted: Tensor,
    *,
    restart: float,
    patience: int,
    random: RandomSource,
) -> Tensor:
    """Walk in every graph until enough nodes are seen.

    Args:
        neighbours: of all nodes.
        boundaries: `[B + 1]` where the nodes of each graph begin; no graph is empty.
        seeds: `[B]` where each walk begins, and restarts.
        wanted: `[B]` how many nodes each walk is to see, its seed included.
        restart: probability of a restart before each step; at a dead end it is certain.
        patience: a walk ends, too, after that many visits for each node wanted.
        random: where the random numbers come from.

    Returns:
        `[N]` bool, the nodes seen.
    """
    device, count = seeds.device, len(seeds)
    never = torch.iinfo(torch.int64).max
    first_visit = torch.full((int(boundaries[-1]),), never, device=device)
    first_visit[seeds] = 0
    graph_of_node = torch.arange(count, device=device).repeat_interleave(boundaries.diff())
    seen = torch.ones_like(seeds)
    walked = torch.full_like(seeds, 0 if restart > 0 else 1)  # stretches begin with their seed
    stuck = neighbours.degrees(seeds) == 0
    position, stretches = seeds, 1
    while True:
        missing = wanted - seen
        left = patience * wanted - walked
        graphs = ((missing > 0) & (left > 0) & ~stuck).nonzero().squeeze(1)
        if len(graphs) == 0:
            break
        missing, left = missing[graphs], left[graphs]
        if restart > 0:
            needed = (missing * restart).ceil().long() * stretches
            graph = graphs.repeat_interleave(torch.minimum(needed, left))
            nodes, walkers = _stretches(neighbours, seeds[graph], restart, random)
            stretches *= 2
        else:
            graph = graphs
            nodes, walkers = _one_stretch(
                neighbours, position[graph], seeds[graph], int(missing.max()), random
            )
            position = position.scatter(0, graph, nodes.reshape(len(graph), -1)[:, -1])
        graph = graph[walkers]
        visits = graph.bincount(minlength=count)
        rank = torch.arange(len(nodes), device=device) - cumulative(visits)[:-1][graph]
        rank += walked[graph]
        in_time = rank < patience * wanted[graph]
        first_visit.scatter_reduce_(0, nodes[in_time], rank[in_time], "amin")
        walked = walked + visits
        seen = graph_of_node[first_visit < never].bincount(minlength=count)

    nodes = (first_visit < never).nonzero().squeeze(1)
    order = first_visit[nodes].argsort(stable=True)
    nodes = nodes[order]
    nodes = nodes[graph_of_node[nodes].argsort(stable=True)]
    graph = graph_of_node[nodes]
    place = torch.arange(len(nodes), device=device) - cumulative(seen)[:-1][graph]
    chosen = torch.zeros_like(first_visit, dtype=torch.bool)
    chosen[nodes[place < wanted[graph]]] = True
    return chosen


def _stretches(
    neighbours: Neighbours, seeds: Tensor, restart: float, random: RandomSource
) -> tuple[Tensor, Tensor]:
    """Walk from every seed until a restart; visits in order, seed by seed, and whose they are."""
    current, walkers = seeds, torch.arange(len(seeds), device=seeds.device)
    nodes, owners = [current], [walkers]
    while True:
        goes_on = random.uniform(len(current), device=seeds.device) >= restart
        goes_on &= neighbours.degrees(current) > 0
        current, walkers = current[goes_on], walkers[goes_on]
        if len(current) == 0:
            break
        current = neighbours.step(current, random)
        nodes.append(current)
        owners.append(walkers)
    all_owners = torch.cat(owners)
    order = all_owners.argsort(stable=True)
    return torch.cat(nodes)[order], all_owners[order]


def _one_stretch(
    neighbours: Neighbours, current: Tensor, seeds: Tensor, length: int, random: RandomSource
) -> tuple[Tensor, Tensor]:
    """Walk `length` steps on without restarts, but back to the seed from dead ends."""
    nodes = []
    for _ in range(length):
        dead_end = neighbours.degrees(current) == 0
        stepped = neighbours.step(torch.where(dead_end, seeds, current), random)
        current = torch.where(dead_end, seeds, stepped)
        nodes.append(current)
    walkers = torch.arange(len(seeds), device=seeds.device).repeat_interleave(length)
    return torch.stack(nodes, dim=1).flatten(), walkers
