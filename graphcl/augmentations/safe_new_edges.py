"""Draw new edges that a rule of controllability allows, for all graphs of a batch at once."""

from __future__ import annotations

import torch
from torch import Tensor

from graphcl.augmentations.control_fields import safe_pairs
from graphcl.augmentations.fields import cumulative
from graphcl.augmentations.new_edges import (
    EdgeNumbers,
    choose_places,
    groups_of,
    is_among,
    sorted_unique,
)
from graphcl.augmentations.randomness import RandomSource

_TRIALS = (2, 8, 32)  # candidates for each edge that is missing, round by round


def taken_numbers(edge_index: Tensor, graph: Tensor, numbering: EdgeNumbers) -> Tensor:
    """Sorted numbers of the edges that are there, self-loops left out."""
    once = edge_index[0] < edge_index[1] if numbering.undirected else edge_index[0] != edge_index[1]
    chosen = once.nonzero().squeeze(1)
    one_way = torch.stack([row.index_select(0, chosen) for row in edge_index])
    return sorted_unique(numbering.encode(one_way, graph.index_select(0, chosen)))


def draw_safe_edges(
    edge_index: Tensor,
    graph: Tensor,
    levels: Tensor,
    taken: Tensor,
    counts: Tensor,
    numbering: EdgeNumbers,
    *,
    mode: str,
    random: RandomSource,
) -> tuple[Tensor, Tensor]:
    """Draw pairs of nodes, and keep those that are safe, no edges yet, and not drawn before.

    Pairs are uniform within their graph, so that the new edges are uniform among the safe ones.
    Where few pairs are safe, the last rounds draw the two ends of two edges that meet, which are
    close to one another. Candidates are sampled, never listed: a graph with very few safe pairs may
    get fewer.

    Args:
        edge_index: `[2, E]`.
        graph: `[E]` the graph of each entry.
        levels: `[N, S]` of the preparation.
        taken: numbers of the edges that are there, see `taken_numbers`.
        counts: `[B]` how many new edges each graph should get.
        numbering: of the edges that the graphs could have.
        mode: which rule.
        random: where the random numbers come from.

    Returns:
        New edges `[2, K]` in one direction, sorted by graph, and their graphs `[K]`.
    """
    totals = numbering.totals()
    offsets = cumulative(totals)
    used = groups_of(taken, offsets).bincount(minlength=len(totals))
    counts = torch.minimum(counts, totals - used)
    found, missing = taken[:0], counts
    rounds = [(trials, False) for trials in _TRIALS] + [(trials, True) for trials in _TRIALS[:2]]
    for trials, meeting in rounds:
        if not bool((missing > 0).any()):
            break
        # a graph with few pairs is searched well enough with twice as many trials
        tries = torch.minimum(missing * trials + 8, 2 * totals).masked_fill_(missing == 0, 0)
        if meeting:
            numbers = _meeting(edge_index, graph, tries, numbering, random)
        else:
            group = torch.arange(len(totals), device=totals.device).repeat_interleave(tries)
            numbers = random.integers(len(group), device=totals.device) % totals[group]
            numbers += offsets[group]
        numbers = sorted_unique(numbers)
        numbers = numbers[~is_among(numbers, taken)]
        if len(found):
            numbers = numbers[~is_among(numbers, found)]
        pairs, _ = numbering.decode(numbers)
        safe = safe_pairs(levels, pairs, mode=mode, directed=not numbering.undirected)
        numbers = numbers[safe]
        there = groups_of(numbers, offsets).bincount(minlength=len(totals))
        numbers = numbers[choose_places(there, torch.minimum(there, missing), random)]
        found = sorted_unique(torch.cat([found, numbers])) if len(found) else numbers
        missing = counts - groups_of(found, offsets).bincount(minlength=len(totals))
    return numbering.decode(found)


def _meeting(
    edge_index: Tensor, graph: Tensor, tries: Tensor, numbering: EdgeNumbers, random: RandomSource
) -> Tensor:
    """Numbers of pairs u, v with edges u-w and w-v."""
    proper = edge_index[0] != edge_index[1]
    edge_index, graph = edge_index[:, proper], graph[proper]
    entries = graph.bincount(minlength=len(tries))
    tries = tries.masked_fill(entries == 0, 0)
    group = torch.arange(len(tries), device=tries.device).repeat_interleave(tries)
    by_graph = graph.argsort(stable=True)
    places = random.integers(len(group), device=group.device) % entries[group]
    first = by_graph[places + cumulative(entries)[:-1][group]]
    by_source = edge_index[0].argsort(stable=True)
    degrees = edge_index[0].bincount(minlength=int(numbering.boundaries[-1]))
    middle = edge_index[1, first]
    onward = degrees[middle] > 0
    first, middle, group = first[onward], middle[onward], group[onward]
    places = random.integers(len(group), device=group.device) % degrees[middle]
    second = by_source[places + cumulative(degrees)[:-1][middle]]
    pairs = torch.stack([edge_index[0, first], edge_index[1, second]])
    apart = pairs[0] != pairs[1]
    return numbering.encode(pairs[:, apart], group[apart])
