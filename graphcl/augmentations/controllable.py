"""What controllability-preserving views share: preparation, and how many edges change."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import torch
from torch import Tensor
from torch_geometric.data import Data
from torch_geometric.transforms import BaseTransform

from graphcl.augmentations.added_edges import graph_of_edges
from graphcl.augmentations.control_fields import (
    CHECK,
    FREE,
    LEADER,
    LEVELS,
    RATIO,
    TOTALS,
    described,
    fingerprints,
    is_prepared,
    set_field,
    settings_code,
)
from graphcl.augmentations.edges import check_data, edge_index_of
from graphcl.augmentations.fields import cumulative, graph_boundaries, number_of_nodes
from graphcl.augmentations.new_edges import EdgeNumbers, choose_places
from graphcl.augmentations.prepare_control import MASK, PrepareControl
from graphcl.augmentations.randomness import RandomSource
from graphcl.augmentations.safe_new_edges import draw_safe_edges, taken_numbers
from graphcl.prepared import Prepared


@dataclass(frozen=True)
class ControlledGraph:
    """A prepared graph or batch.

    Attributes:
        data: the graph with its preparation.
        boundaries: `[B + 1]` where the nodes of each graph begin.
        graph: `[E]` the graph of each entry.
        free: `[E]` number of the edge among those of its graph that may go, or -1.
        num_edges: `[B]`.
        num_free: `[B]`.
    """

    data: Data
    boundaries: Tensor
    graph: Tensor
    free: Tensor
    num_edges: Tensor
    num_free: Tensor


class ControllableView(BaseTransform):
    """The part that is the same for dropping, adding and rewiring edges (not used by itself).

    Args:
        ratio: how many edges change, over the number of edges, in [0, 1].
        mode: see :class:`ControllableDropEdges`, as all others.
        leaders: see :class:`PrepareControl`.
        num_leaders: see :class:`PrepareControl`.
        keep_reachable: see :class:`PrepareControl`.
        directed: see :class:`PrepareControl`.
        seed: seed of this transform's own random numbers.
        generator: generator to draw from, instead of a seed.
    """

    def __init__(
        self,
        ratio: float,
        *,
        mode: str = "distance",
        leaders: str | Tensor = "random",
        num_leaders: int | float | None = None,
        keep_reachable: bool = False,
        directed: bool = False,
        seed: int | None = None,
        generator: torch.Generator | None = None,
    ) -> None:
        self.ratio = check_ratio(ratio)
        self._random = RandomSource(seed=seed, generator=generator)
        self._prepare = PrepareControl(
            mode,
            leaders=leaders,
            num_leaders=num_leaders,
            keep_reachable=keep_reachable,
            directed=directed,
            # a stream of its own: whether leaders were drawn does not change the views
            seed=seed if generator is None else generator.initial_seed() & (2**63 - 1),
        )
        self._remembered = Prepared[Data]()
        self._verified = Prepared[bool]()
        self._taken = Prepared[Tensor]()
        self._warned = False

    def _open(self, data: Data) -> ControlledGraph:
        """The preparation that a graph has, or a new one."""
        name = type(self).__name__
        check_data(data, name)
        edge_index = edge_index_of(data, name)
        num_nodes = number_of_nodes(data, name)
        if is_prepared(data):
            sources = (edge_index, data[FREE], data[LEADER], data[CHECK], num_nodes)
            self._verified.get(sources, lambda: self._verify(data, num_nodes))
        else:
            self._use_new_preparation(data, edge_index, num_nodes)
        boundaries = graph_boundaries(data, num_nodes, name).to(edge_index.device)
        totals = data[TOTALS]
        return ControlledGraph(
            data=data,
            boundaries=boundaries,
            graph=graph_of_edges(edge_index, boundaries, name),
            free=data[FREE],
            num_edges=totals[:, 0],
            num_free=totals[:, 1],
        )

    def _use_new_preparation(self, data: Data, edge_index: Tensor, num_nodes: int) -> None:
        """Prepare a graph as it comes, once for as long as it is the same."""
        sources = (
            edge_index,
            data.get("batch"),
            data.get(LEADER),
            data.get("edge_weight"),
            data.get(MASK),
            num_nodes,
        )
        made = self._remembered.get(sources, lambda: self._prepare(data))
        for key in (LEADER, LEVELS, FREE, TOTALS, CHECK):
            data[key] = made[key]
        if hasattr(made, "_slice_dict"):
            data._slice_dict, data._inc_dict = dict(made._slice_dict), dict(made._inc_dict)

    def _verify(self, data: Data, num_nodes: int) -> bool:
        name = type(self).__name__
        check = data[CHECK]
        prepare = self._prepare
        code = settings_code(prepare.mode, prepare.keep_reachable, prepare.directed)
        if check.numel() and bool((check[:, 1] != code).any()):
            other = int(check[check[:, 1] != code, 1][0])
            raise ValueError(
                f"{name}({described(code)}) got a graph prepared for {described(other)}: give "
                "PrepareControl and the view the same settings"
            )
        lengths = (len(data[FREE]), len(data[LEADER]), len(data[LEVELS]))
        same = lengths == (data.edge_index.size(1), num_nodes, num_nodes)
        if not same or not torch.equal(fingerprints(data, num_nodes), check[:, 0]):
            raise ValueError(
                f"{name}: the preparation does not belong to this graph: edges, nodes or leaders "
                "changed since. Put PrepareControl behind what changes the graph"
            )
        return True

    def _wanted(self, graph: ControlledGraph) -> Tensor:
        """How many edges of each graph should change, `[B]`."""
        return (graph.num_edges.double() * self.ratio).round().long()

    def _choose(self, graph: ControlledGraph, counts: Tensor) -> Tensor:
        """`counts[g]` random edges of each graph that may go: their entries `[E]`, True."""
        begins = cumulative(graph.num_free)
        chosen = choose_places(graph.num_free, counts, self._random)
        if len(chosen) == 0:
            return torch.zeros_like(graph.free, dtype=torch.bool)
        place = graph.free if len(begins) == 2 else graph.free + begins[graph.graph]
        return chosen[place.clamp(min=0, max=len(chosen) - 1)] & (graph.free >= 0)

    def _draw(self, graph: ControlledGraph, counts: Tensor) -> tuple[Tensor, Tensor]:
        """Up to `counts[g]` random safe new edges of each graph, `[2, K]`, and their graphs."""
        return draw_safe_edges(
            graph.data.edge_index,
            graph.graph,
            graph.data[LEVELS],
            self._taken_in(graph),
            counts,
            self._numbering(graph),
            mode=self._prepare.mode,
            random=self._random,
        )

    def _numbering(self, graph: ControlledGraph) -> EdgeNumbers:
        return EdgeNumbers(graph.boundaries, not self._prepare.directed, False)

    def _taken_in(self, graph: ControlledGraph) -> Tensor:
        """Numbers of the edges that are there, remembered for as long as the graph is the same."""
        edge_index = graph.data.edge_index
        return self._taken.get(
            (edge_index, graph.data.get("batch"), int(graph.boundaries[-1])),
            lambda: taken_numbers(edge_index, graph.graph, self._numbering(graph)),
        )

    def _close(self, graph: ControlledGraph, changed: Tensor) -> Data:
        """Say what share of each graph's edges changed, and forget what held for the old ones."""
        ratio = (changed / graph.num_edges.clamp(min=1)).float()
        set_field(graph.data, RATIO, ratio, torch.arange(len(ratio) + 1))
        stuck = (changed == 0) & (self._wanted(graph) > 0)
        if bool(stuck.all()) and len(stuck) and not self._warned:
            self._warned = True
            warnings.warn(
                f"{type(self).__name__} changed nothing: no edge of {len(stuck)} graph(s) may "
                f"change (mode={self._prepare.mode!r}); trees, for instance, need every edge",
                stacklevel=4,
            )
        return graph.data

    def __repr__(self) -> str:
        prepare = self._prepare
        leaders = prepare.leaders if isinstance(prepare.leaders, str) else "..."
        return (
            f"{type(self).__name__}({self.ratio}, mode={prepare.mode!r}, leaders={leaders!r}, "
            f"num_leaders={prepare.num_leaders}, keep_reachable={prepare.keep_reachable}, "
            f"directed={prepare.directed}{self._random.arguments()})"
        )


def check_ratio(ratio: float) -> float:
    """Return a ratio if it is a number in [0, 1]; raise a TypeError or ValueError otherwise."""
    if isinstance(ratio, bool) or not isinstance(ratio, int | float):
        raise TypeError(f"ratio must be a number in [0, 1], got {ratio!r}")
    if not 0 <= ratio <= 1:
        raise ValueError(f"ratio must be in [0, 1], got {ratio}")
    return float(ratio)
