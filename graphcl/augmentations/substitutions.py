"""Move one end of an edge to a node that is as far from every leader (rule R1c)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from graphcl.augmentations.fields import cumulative
from graphcl.augmentations.new_edges import EdgeNumbers, is_among, sorted_unique
from graphcl.augmentations.randomness import RandomSource, scramble

_TRIES = 4


@dataclass(frozen=True)
class Substitutions:
    """Edges that give way, each for another one.

    Attributes:
        dropped: `[E]` bool, entries that give way.
        new: `[2, K]` new edges, in one direction, sorted by graph.
        graph: `[K]` their graphs.
    """

    dropped: Tensor
    new: Tensor
    graph: Tensor


def draw_substitutions(
    edge_index: Tensor,
    graph: Tensor,
    levels: Tensor,
    eligible: Tensor,
    counts: Tensor,
    taken: Tensor,
    numbering: EdgeNumbers,
    random: RandomSource,
) -> Substitutions:
    """Draw edges u-v to become u'-v, u' as far from all leaders as u, and no distance changes.

    v keeps a neighbour on u's level. u must not need v: here v is on no shortest path to u, being
    as far as u or farther from every leader, so that all substitutions may happen together.

    Args:
        edge_index: `[2, E]`.
        graph: `[E]` the graph of each entry.
        levels: `[N, S]` distances, -1 where unreachable.
        eligible: `[E]` bool, entries that may give way.
        counts: `[B]` how many edges of each graph should, at most.
        taken: numbers of the edges that may not come, those that are there among them.
        numbering: of the edges that the graphs could have.
        random: where the random numbers come from.
    """
    far = torch.where(levels < 0, torch.iinfo(levels.dtype).max, levels)
    eligible = eligible & (edge_index[0] != edge_index[1]) & (counts > 0)[graph]
    entries = eligible.nonzero().squeeze(1)
    if numbering.undirected:
        source, target = edge_index[:, entries]
        entries = entries[(far[target] >= far[source]).all(1)]
    entries = entries[random.uniform(len(entries), device=entries.device).argsort()]
    source, target = edge_index[:, entries]
    other = _as_far(source, far, numbering, random)
    numbers = numbering.encode(torch.stack([other, target]), graph[entries])
    possible = (other != source) & (other != target) & ~is_among(numbers, sorted_unique(taken))
    entries, other, numbers = entries[possible], other[possible], numbers[possible]

    old = numbering.encode(edge_index[:, entries], graph[entries])
    once = _first_of_each(old)
    once = once[_first_of_each(numbers[once])]
    owner = graph[entries[once]]
    order = owner.argsort(stable=True)
    owner, once = owner[order], once[order]
    place = torch.arange(len(owner), device=owner.device)
    place -= cumulative(owner.bincount(minlength=len(counts)))[:-1][owner]
    fits = place < counts[owner]
    owner, once = owner[fits], once[fits]
    proper = edge_index[0] != edge_index[1]
    dropped = torch.zeros_like(proper)
    numbers = numbering.encode(edge_index[:, proper], graph[proper])
    dropped[proper] = is_among(numbers, sorted_unique(old[once]))
    new = torch.stack([other[once], edge_index[1, entries[once]]])
    return Substitutions(dropped, new, owner)


def _as_far(nodes: Tensor, far: Tensor, numbering: EdgeNumbers, random: RandomSource) -> Tensor:
    """For each node a random one of its graph with the same levels: another, if found quickly."""
    batch = torch.repeat_interleave(numbering.boundaries.diff())
    mixed = batch.clone()
    for column in far.T:
        mixed = scramble(mixed * 31 + column)
    _, bucket = np.unique(mixed.cpu().numpy(), return_inverse=True)
    group = torch.from_numpy(bucket).to(nodes.device)
    members, begins = group.argsort(stable=True), cumulative(group.bincount())
    found = nodes.clone()
    for _ in range(_TRIES):
        same = found == nodes
        own = group[nodes]
        numbers = random.integers(len(nodes), device=nodes.device)
        drawn = members[begins[own] + numbers % begins.diff()[own]]
        equal = (far[drawn] == far[nodes]).all(1) & (batch[drawn] == batch[nodes])
        found = torch.where(same & equal, drawn, found)
    return found


def _first_of_each(numbers: Tensor) -> Tensor:
    """Places of the first of equal numbers, in their order."""
    _, first = np.unique(numbers.cpu().numpy(), return_index=True)
    return torch.from_numpy(np.sort(first)).to(numbers.device)
