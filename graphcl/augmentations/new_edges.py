"""Draw edges that a graph does not have, uniformly, exactly, and for all graphs of a batch at once.

In each graph the edges that it could have are numbered 0, 1, 2, ...: edge (i, j) of n nodes has
number (d - 1) n + i with d = (j - i) mod n, where d starts at 1, or at 0 if self-loops are allowed
(then d, not d - 1, counts). An undirected edge has two such forms; that with the smaller d, and
i < n/2 where both are n/2, fills a range without gaps as well. The free numbers are those between
the taken ones, so that drawing distinct ranks of free numbers draws distinct new edges.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from graphcl.augmentations.fields import cumulative
from graphcl.augmentations.randomness import RandomSource


@dataclass(frozen=True)
class EdgeNumbers:
    """The numbering of all edges that the graphs of a batch could have.

    Args:
        boundaries: `[B + 1]` where the nodes of each graph begin.
        undirected: one number for both directions of an edge.
        self_loops: whether an edge may go from a node to itself.
    """

    boundaries: Tensor
    undirected: bool
    self_loops: bool

    def totals(self) -> Tensor:
        """How many edges each graph could have, `[B]`."""
        nodes = self.boundaries.diff()
        edges = nodes * (nodes - 1)
        if self.undirected:
            edges = edges // 2
        return edges + nodes if self.self_loops else edges

    def encode(self, edge_index: Tensor, graph: Tensor) -> Tensor:
        """Numbers `[E]` of edges `[2, E]` in the graphs `[E]`, one graph's after the other's."""
        starts, nodes = self.boundaries[:-1][graph], self.boundaries.diff()[graph]
        source = edge_index[0] - starts
        distance = (edge_index[1] - edge_index[0]).remainder_(nodes)
        if self.undirected:
            twice = 2 * distance
            turned = (twice > nodes) | ((twice == nodes) & (2 * source >= nodes))
            source = torch.where(turned, edge_index[1] - starts, source)
            distance = torch.where(turned, nodes - distance, distance)
        first = 0 if self.self_loops else 1
        return (distance - first) * nodes + source + cumulative(self.totals())[:-1][graph]

    def decode(self, numbers: Tensor) -> tuple[Tensor, Tensor]:
        """The edges `[2, E]` of numbers `[E]`, in one direction, and their graphs `[E]`."""
        offsets = cumulative(self.totals())
        graph = groups_of(numbers, offsets)
        starts, nodes = self.boundaries[:-1][graph], self.boundaries.diff()[graph]
        numbers = numbers - offsets[graph]
        source = numbers % nodes
        distance = numbers // nodes + (0 if self.self_loops else 1)
        target = (source + distance) % nodes
        return torch.stack([source + starts, target + starts]), graph


def groups_of(numbers: Tensor, offsets: Tensor) -> Tensor:
    """Which group each number is in; the groups begin at `offsets[:-1]`, and some may be empty."""
    if len(offsets) == 2:
        return torch.zeros_like(numbers)
    return torch.searchsorted(offsets, numbers, right=True) - 1


def draw_new_edges(
    numbering: EdgeNumbers, taken: Tensor, counts: Tensor, random: RandomSource
) -> tuple[Tensor, Tensor]:
    """Draw edges uniformly among those that are not taken.

    Args:
        numbering: what the numbers mean.
        taken: numbers `[E]` of the edges that exist, unsorted, some perhaps more than once.
        counts: how many new edges each graph gets, `[B]`; all that are left if there are fewer.
        random: where the random numbers come from.

    Returns:
        New edges `[2, K]` in one direction, sorted by graph, and their graphs `[K]`.
    """
    taken = sorted_unique(taken)
    totals = numbering.totals()
    used = groups_of(taken, cumulative(totals)).bincount(minlength=len(totals))
    free = totals - used
    ranks = draw_distinct(free, torch.minimum(counts, free), random)
    # Number k is preceded by k - (place among the taken) free ones, if it is taken itself.
    free_before = taken - torch.arange(len(taken), device=taken.device)
    return numbering.decode(ranks + torch.searchsorted(free_before, ranks, right=True))


def draw_distinct(totals: Tensor, counts: Tensor, random: RandomSource) -> Tensor:
    """Draw `counts[g]` distinct numbers out of `totals[g]` for every group g, uniformly.

    Where more than half are wanted, those that are left out are drawn instead, so that a drawn
    number is new with probability 1/2 at least.

    Args:
        totals: `[B]` how many numbers each group has.
        counts: `[B]` how many are wanted, `totals` at most.
        random: where the random numbers come from.

    Returns:
        Sorted numbers; those of each group begin after the total of the groups before it.
    """
    offsets = cumulative(totals)
    inverted = counts > totals // 2
    missing = wanted = torch.where(inverted, totals - counts, counts)
    drawn = totals.new_empty(0)
    while int(missing.sum()) > 0:
        group = torch.arange(len(totals), device=totals.device).repeat_interleave(missing)
        numbers = random.integers(len(group), device=totals.device)
        drawn = sorted_unique(torch.cat([drawn, numbers % totals[group] + offsets[group]]))
        missing = wanted - groups_of(drawn, offsets).bincount(minlength=len(totals))
    if not bool(inverted.any()):
        return drawn
    left_out = drawn[inverted[groups_of(drawn, offsets)]]
    sizes = totals[inverted]
    within = torch.arange(int(sizes.sum()), device=totals.device)
    everything = within + (offsets[:-1][inverted] - cumulative(sizes)[:-1]).repeat_interleave(sizes)
    stays = torch.ones_like(everything, dtype=torch.bool)
    stays[torch.searchsorted(everything, left_out)] = False
    others = drawn[~inverted[groups_of(drawn, offsets)]]
    return sorted_unique(torch.cat([others, everything[stays]]))


def choose_places(totals: Tensor, counts: Tensor, random: RandomSource) -> Tensor:
    """Choose `counts[g]` of the `totals[g]` places of every group g, uniformly, as marks.

    What `draw_distinct` does, without sorting, where there is room for a mark for each place.

    Args:
        totals: `[B]` how many places each group has.
        counts: `[B]` how many are chosen, `totals` at most.
        random: where the random numbers come from.

    Returns:
        `[sum of totals]` bool, one group's places after the other's.
    """
    offsets = cumulative(totals)
    inverted = counts > totals // 2
    missing = wanted = torch.where(inverted, totals - counts, counts)
    chosen = torch.zeros(int(offsets[-1]), dtype=torch.bool, device=totals.device)
    while int(missing.sum()) > 0:
        group = torch.arange(len(totals), device=totals.device).repeat_interleave(missing)
        numbers = random.integers(len(group), device=totals.device)
        chosen[numbers % totals[group] + offsets[group]] = True
        missing = wanted - cumulative(chosen)[offsets].diff()
    if not bool(inverted.any()):
        return chosen
    return chosen ^ inverted.repeat_interleave(totals)


def sorted_unique(numbers: Tensor) -> Tensor:
    """Sorted int64 numbers without repetitions; on a CPU NumPy sorts several times faster."""
    if numbers.device.type == "cpu":
        numbers = torch.from_numpy(np.sort(numbers.numpy()))
    else:
        numbers = numbers.sort().values
    first = torch.ones_like(numbers, dtype=torch.bool)
    first[1:] = numbers[1:] != numbers[:-1]
    return numbers[first]


def is_among(numbers: Tensor, others: Tensor) -> Tensor:
    """Which of some numbers are among others, which are sorted; faster where both are."""
    if len(others) == 0:
        return torch.zeros_like(numbers, dtype=torch.bool)
    if numbers.device.type == "cpu":
        place = torch.from_numpy(np.searchsorted(others.numpy(), numbers.numpy()))
    else:
        place = torch.searchsorted(others, numbers)
    return others[place.clamp(max=len(others) - 1)] == numbers
