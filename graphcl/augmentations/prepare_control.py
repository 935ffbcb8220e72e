"""Find out, once for a graph, which edges may go and which may come."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch_geometric.data import Data
from torch_geometric.transforms import BaseTransform

from graphcl import control
from graphcl.arguments import LARGEST_SEED, check_whole, unknown_name
from graphcl.augmentations.added_edges import graph_of_edges
from graphcl.augmentations.control_fields import (
    CHECK,
    FREE,
    LEADER,
    LEVELS,
    MODES,
    TOTALS,
    fingerprints,
    leaders_of,
    set_field,
    settings_code,
)
from graphcl.augmentations.edges import (
    check_data,
    check_undirected,
    edge_boundaries,
    edge_index_of,
)
from graphcl.augmentations.fields import cumulative, graph_boundaries, number_of_nodes
from graphcl.augmentations.randomness import RandomSource

GIVEN = "given"
MASK = "leader_mask"


class PrepareControl(BaseTransform):
    """Choose leaders and store what controllability-preserving views need, for every graph.

    Meant as `pre_transform` of a data set: a view then costs random numbers only. Stored are
    `control_node_leader` `[N]` (a leader's slot, -1 for followers), `control_node_levels`
    `[N, slots]` (distances, or what else decides on new edges), `control_edge_free` `[E]` (number
    of the edge among those that may go, -1 for those that may not), `control_totals` `[1, 3]`
    (edges, edges that may go, bound) and `control_check`, which tells whether they still belong to
    the graph.

    Self-loops always stay; parallel edges are one edge.

    Source: Ahmad, Said, Shabbir, Abbas and Koutsoukos, "Control-based graph embeddings with data
    augmentation for contrastive learning" (CGCL), ACC 2024, arXiv:2403.04923; the backbone: Ahmad,
    Abbas and Shabbir, CDC 2023, arXiv:2309.02649.

    Args:
        mode: what views keep, see :class:`ControllableDropEdges`: "distance" (all distances from
            the leaders), "bound" (the distance-based bound, here exact for graphs with up to
            `max_states` states and else greedy) or "zero_forcing" (the size of the derived set).
        leaders: a strategy of :func:`graphcl.control.select_leaders` ("random", "degree",
            "peripheral", "greedy"), "given" for the boolean field `leader_mask` `[N]` of the
            graph, or node ids `[m]` or a mask `[N]` for a single graph. A graph that has
            `control_node_leader` already keeps those leaders.
        num_leaders: how many in each graph: a whole number, a share of the nodes, or None, see
            :func:`graphcl.control.number_of_leaders`.
        slots: number of columns of `control_node_levels`, which graphs of one batch have to share;
            default: `num_leaders` if a whole number, 5 if None, else as many as the graph needs.
        keep_reachable: whether every node that a leader reaches stays reachable ("distance" keeps
            it anyway).
        directed: if False, the two directions of an edge belong together, and both have to be
            there. If True, each entry is an edge of its own, distances follow the edges.
        max_states: up to how many states bounds are exact, see
            :func:`graphcl.control.pmi_sequence`.
        seed: seed of random leaders.
        generator: generator to draw from, instead of a seed. With neither, torch's global
            generator.

    Shapes:
        `Data` or `Batch` with `edge_index` `[2, E]` → the same with the fields above; of a batch,
        those of its graphs one after the other. The input is not modified.

    Raises:
        TypeError: if an argument is of the wrong type, or, on use, the input no `Data` or `Batch`.
        ValueError: if an argument is out of range; on use, if the graph has no `edge_index`, does
            not tell its number of nodes, has no nodes, weights that are not positive, no leader,
            more leaders than slots, or, unless `directed`, an edge without its other direction.

    Example:
        >>> square = torch.tensor([[0, 1, 1, 2, 2, 3, 3, 0], [1, 0, 2, 1, 3, 2, 0, 3]])
        >>> graph = Data(edge_index=square, num_nodes=4)
        >>> prepared = PrepareControl(leaders=torch.tensor([0]))(graph)
        >>> prepared.control_totals.tolist()  # 4 edges, 1 of them may go, the bound is 3
        [[4, 1, 3]]
    """

    def __init__(
        self,
        mode: str = "distance",
        *,
        leaders: str | Tensor = "random",
        num_leaders: int | float | None = None,
        slots: int | None = None,
        keep_reachable: bool = False,
        directed: bool = False,
        max_states: int = 20_000,
        seed: int | None = None,
        generator: torch.Generator | None = None,
    ) -> None:
        if mode not in MODES:
            raise ValueError(f"mode: {unknown_name('mode', mode, MODES)}")
        known = (*control.LEADER_STRATEGIES, GIVEN)
        if isinstance(leaders, str):
            if leaders not in known:
                raise ValueError(f"leaders: {unknown_name('strategy', leaders, known)}")
        elif not isinstance(leaders, Tensor):
            raise TypeError(f"leaders must be a strategy or a tensor, got {leaders!r}")
        control.number_of_leaders(1, num_leaders)
        self.mode = mode
        self.leaders = leaders
        self.num_leaders = num_leaders
        self.slots = None if slots is None else check_whole("slots", slots, least=1)
        self.keep_reachable = keep_reachable
        self.directed = directed
        self.max_states = check_whole("max_states", max_states, least=0)
        self._random = RandomSource(seed=seed, generator=generator)

    def forward(self, data: Data) -> Data:
        """Prepare a shallow copy (PyG's `__call__` makes it)."""
        check_data(data, "PrepareControl")
        edge_index = edge_index_of(data, "PrepareControl")
        num_nodes = number_of_nodes(data, "PrepareControl")
        boundaries = graph_boundaries(data, num_nodes, "PrepareControl").to(edge_index.device)
        graph = graph_of_edges(edge_index, boundaries, "PrepareControl")
        if num_nodes == 0 or int(boundaries.diff().min()) == 0:
            raise ValueError("PrepareControl needs at least one node in every graph, got none")
        if not self.directed:
            numbers = self._random.integers(num_nodes, device=edge_index.device)
            check_undirected(numbers[edge_index[0]], numbers[edge_index[1]], "PrepareControl")
        _check_weights(data)
        batch = torch.repeat_interleave(boundaries.diff())
        leaders = self._leaders(data, edge_index, boundaries, batch)
        levels, kept, bounds = self._rules(edge_index, leaders, batch)
        free, edges, free_edges = _number(edge_index, ~kept, graph, len(boundaries) - 1, self)

        slot = torch.full((num_nodes,), -1, dtype=torch.int64, device=edge_index.device)
        places = (leaders >= 0).nonzero(as_tuple=True)
        slot[leaders[places]] = places[1]
        rows = torch.arange(len(boundaries))
        set_field(data, LEADER, slot, boundaries)
        set_field(data, LEVELS, levels, boundaries)
        set_field(data, FREE, free, edge_boundaries(data))
        set_field(data, TOTALS, torch.stack([edges, free_edges, bounds], dim=1), rows)
        code = settings_code(self.mode, self.keep_reachable, self.directed)
        marks = fingerprints(data, num_nodes)
        set_field(data, CHECK, torch.stack([marks, torch.full_like(marks, code)], dim=1), rows)
        return data

    def _leaders(self, data: Data, edge_index: Tensor, boundaries: Tensor, batch: Tensor) -> Tensor:
        """Leaders `[B, S]`, as many slots as the graph with most."""
        if LEADER in data:
            return leaders_of(data, boundaries)
        if isinstance(self.leaders, str) and self.leaders != GIVEN:
            seed = int(self._random.integers(1, device=torch.device("cpu"))) % LARGEST_SEED
            chosen: Tensor = control.select_leaders(
                edge_index,
                strategy=self.leaders,
                count=self.num_leaders,
                num_nodes=len(batch),
                batch=batch,
                seed=seed,
            )
            return chosen
        given: Any = self.leaders
        if isinstance(given, str):
            given = data.get(MASK)
            if not isinstance(given, Tensor) or given.dtype != torch.bool:
                raise ValueError(
                    f"leaders='given' takes the boolean field {MASK} of a graph, but it has none"
                )
        elif len(boundaries) > 2:
            raise ValueError(
                "leaders as a tensor are those of one graph; for a batch, give each graph a "
                f"boolean field {MASK} and say leaders='given'"
            )
        return _leaders_in_slots(given.to(edge_index.device), boundaries, len(batch))

    def _width(self, used: int) -> int:
        wanted = self.slots
        if wanted is None and isinstance(self.leaders, str) and self.leaders != GIVEN:
            count = self.num_leaders
            wanted = 5 if count is None else None if isinstance(count, float) else int(count)
        if self.slots is not None and used > self.slots:
            raise ValueError(f"a graph has {used} leaders, but slots is {self.slots}")
        return max(used, wanted or 0)

    def _rules(
        self, edge_index: Tensor, leaders: Tensor, batch: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Levels `[N, S]`, entries that stay `[E]`, bounds `[B]`."""
        nodes = len(batch)
        if self.mode == "zero_forcing":
            forcing = control.zero_forcing(edge_index, leaders, num_nodes=nodes)
            levels = torch.stack([forcing.turned, forcing.forced], dim=1).int()
            kept = control.forcing_backbone(edge_index, forcing, directed=self.directed)
            bounds = torch.zeros_like(leaders[:, 0]).index_add(0, batch, forcing.derived.long())
        else:
            distances = control.leader_distances(edge_index, leaders, num_nodes=nodes)
            absent = self._width(leaders.size(1)) - leaders.size(1)
            distances = torch.nn.functional.pad(distances, (0, absent), value=-1)
            sequence = control.pmi_sequence(distances, batch=batch, max_states=self.max_states)
            bounds, levels = sequence.bounds, distances
            options: dict[str, Any] = {"batch": batch, "directed": self.directed}
            if self.mode == "distance":
                kept = control.distance_backbone(edge_index, distances, **options)
            else:
                kept = control.sequence_backbone(edge_index, distances, sequence, **options)
                levels = control.truncated_distances(distances, sequence, batch=batch)
        if self.keep_reachable and self.mode != "distance":
            kept = control.reachability_backbone(
                edge_index, leaders, kept, num_nodes=nodes, batch=batch, directed=self.directed
            )
        return levels, kept | (edge_index[0] == edge_index[1]), bounds

    def __repr__(self) -> str:
        leaders = self.leaders if isinstance(self.leaders, str) else "..."
        return (
            f"PrepareControl({self.mode!r}, leaders={leaders!r}, num_leaders={self.num_leaders}, "
            f"keep_reachable={self.keep_reachable}, directed={self.directed}"
            f"{self._random.arguments()})"
        )


def _check_weights(data: Data) -> None:
    weight = data.get("edge_weight")
    if isinstance(weight, Tensor) and weight.numel() and not bool((weight > 0).all()):
        raise ValueError(
            f"PrepareControl: bounds hold for positive weights, but edge_weight has "
            f"{float(weight.min())}"
        )


def _leaders_in_slots(given: Tensor, boundaries: Tensor, num_nodes: int) -> Tensor:
    """Leaders `[B, S]` of a mask `[N]`, or of ids `[m]` of one graph in their order."""
    if given.dtype == torch.bool and given.shape != (num_nodes,):
        raise ValueError(f"leaders as a mask must have shape [{num_nodes}], got {[*given.shape]}")
    if given.dtype != torch.bool:
        return given.reshape(1, -1).long()
    nodes = given.nonzero().squeeze(1)
    graph = torch.searchsorted(boundaries, nodes, right=True) - 1
    counts = graph.bincount(minlength=len(boundaries) - 1)
    found = nodes.new_full((len(counts), max(1, int(counts.max()))), -1)
    found[graph, torch.arange(len(nodes), device=nodes.device) - cumulative(counts)[graph]] = nodes
    return found


def _number(
    edge_index: Tensor, free: Tensor, graph: Tensor, count: int, settings: PrepareControl
) -> tuple[Tensor, Tensor, Tensor]:
    """Numbers of free edges within their graphs `[E]`, edges and free edges of each graph `[B]`."""
    source, target = edge_index.cpu().numpy()
    proper = source != target
    if not settings.directed:
        source, target = np.minimum(source, target), np.maximum(source, target)
    size = int(target.max(initial=0)) + 1
    codes, place = np.unique((source * size + target)[proper], return_inverse=True)
    owner = np.zeros(len(codes), dtype=np.int64)
    owner[place] = graph.cpu().numpy()[proper]
    may_go = np.zeros(len(codes), dtype=bool)
    may_go[place] = free.cpu().numpy()[proper]
    edges = np.bincount(owner, minlength=count)
    free_edges = np.bincount(owner[may_go], minlength=count)
    # edges of one graph follow each other, as their codes do
    before = np.cumsum(may_go) - 1 - (np.cumsum(free_edges) - free_edges)[owner]
    numbers = np.full(len(proper), -1, dtype=np.int64)
    numbers[proper] = np.where(may_go, before, -1)[place]
    found = (torch.from_numpy(part).to(edge_index.device) for part in (numbers, edges, free_edges))
    return tuple(found)  # type: ignore[return-value]
