"""Apply one transform, drawn at random."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
from torch_geometric.data import Batch, Data
from torch_geometric.transforms import BaseTransform

from graphcl.augmentations.edges import check_data
from graphcl.augmentations.fields import graph_boundaries, number_of_nodes
from graphcl.augmentations.gather_graphs import gather_graphs
from graphcl.augmentations.nodes import number_nodes, renumbers_nodes
from graphcl.augmentations.randomness import RandomSource

_OF_THE_BATCH = {"batch", "ptr", "num_nodes"}  # fields that batching makes and needs no slices for


class OneOf(BaseTransform):
    """Apply one of several transforms to each graph, drawn anew for every graph and call.

    Each graph of a `Batch` draws for itself; graphs that drew the same transform go through it
    together, and come back in their old order. Where a transform drops nodes, every view has the
    field `n_id`, whichever transform it drew.

    Source: You et al., "Graph Contrastive Learning with Augmentations" (GraphCL), NeurIPS 2020,
    arXiv:2010.13902 (random choice among augmentations).

    Args:
        transforms: the transforms, at least one.
        probabilities: probability of each, summing to 1; by default all alike.
        seed: seed of the choice (the transforms have their own).
        generator: generator of the choice, instead of a seed. With neither, torch's global
            generator. In the workers of a `DataLoader` all three differ by worker and epoch.

    Raises:
        TypeError: if a transform cannot be called, or, on use, the input is no `Data` or `Batch`.
        ValueError: if there is no transform, or the probabilities are not as many as the
            transforms, negative, or do not sum to 1; on use, if the number of nodes is told neither
            by `x` nor by `num_nodes`, or a `Batch` was not made by
            `Batch.from_data_list` or got fields afterwards, and so cannot be taken apart, or the
            views of its graphs have different fields.

    Example:
        >>> from graphcl.augmentations import DropEdges, DropNodes
        >>> OneOf([DropEdges(0.2), DropNodes(0.3)], probabilities=[0.75, 0.25], seed=0)
        OneOf([DropEdges(0.2, undirected=True), DropNodes(0.3, remove=True)], [0.75, 0.25], seed=0)
    """

    def __init__(
        self,
        transforms: Sequence[Callable[[Data], Data]],
        probabilities: Sequence[float] | None = None,
        *,
        seed: int | None = None,
        generator: torch.Generator | None = None,
    ) -> None:
        self.transforms = list(transforms)
        if not self.transforms:
            raise ValueError("OneOf needs at least one transform, got none")
        for transform in self.transforms:
            if not callable(transform):
                raise TypeError(f"OneOf takes transforms, got {transform!r}")
        count = len(self.transforms)
        if probabilities is None:
            probabilities = [1 / count] * count
        self.probabilities = [float(p) for p in probabilities]
        if len(self.probabilities) != count:
            raise ValueError(
                f"OneOf has {count} transforms, but {len(self.probabilities)} probabilities"
            )
        total = math.fsum(self.probabilities)
        if not (all(p >= 0 for p in self.probabilities) and abs(total - 1) < 1e-6):
            raise ValueError(
                f"probabilities must be 0 or more and sum to 1, got {self.probabilities}"
            )
        self._random = RandomSource(seed=seed, generator=generator)

    def forward(self, data: Data) -> Data:
        """Transform a graph, or each graph of a batch."""
        check_data(data, "OneOf")
        num_nodes = number_of_nodes(data, "OneOf")  # PyG would guess it in taking a batch apart
        if any(map(renumbers_nodes, self.transforms)):  # all views need the same fields
            number_nodes(data, graph_boundaries(data, num_nodes, "OneOf"))
        if not isinstance(data, Batch):
            return self.transforms[self._draw(1)[0]](data)

        follow = _followed(data)
        choices = self._draw(data.num_graphs)
        if len(set(choices)) == 1:
            return self.transforms[choices[0]](data)
        return self._together(data, choices) or self._one_by_one(data, choices, follow)

    def _together(self, data: Batch, choices: list[int]) -> Batch | None:
        """The views of all graphs; None where the fields do not allow it, and nothing is drawn."""
        drawn = torch.tensor(choices)
        groups = {choice: (drawn == choice).nonzero().squeeze(1) for choice in sorted(set(choices))}
        parts = [
            gather_graphs([data], torch.zeros_like(places), places) for places in groups.values()
        ]
        if any(part is None for part in parts):
            return None
        views = [self.transforms[choice](part) for choice, part in zip(groups, parts, strict=True)]
        source, place = torch.empty_like(drawn), torch.empty_like(drawn)
        for number, places in enumerate(groups.values()):
            source[places], place[places] = number, torch.arange(len(places))
        made = gather_graphs(views, source, place)
        if made is not None:
            return made
        apart = [view.to_data_list() for view in views if _followed(view) is not None]
        return _joined([apart[i][j] for i, j in zip(source.tolist(), place.tolist(), strict=True)])

    def _one_by_one(self, data: Batch, choices: list[int], follow: list[str]) -> Batch:
        graphs = data.to_data_list()
        for choice in sorted(set(choices)):
            places = [place for place, drawn in enumerate(choices) if drawn == choice]
            group = Batch.from_data_list([graphs[place] for place in places], follow)
            views = self.transforms[choice](group)
            _followed(views)
            for place, view in zip(places, views.to_data_list(), strict=True):
                graphs[place] = view
        return _joined(graphs, follow)

    def _draw(self, count: int) -> list[int]:
        numbers = self._random.uniform(count, device=torch.device("cpu")).double()
        limits = torch.tensor(self.probabilities, dtype=torch.float64).cumsum(0)
        # Divided, so that the last limit is 1 exactly and no number lies above it.
        chosen: list[int] = torch.searchsorted(limits / limits[-1], numbers, right=True).tolist()
        return chosen

    def __repr__(self) -> str:
        return f"OneOf({self.transforms}, {self.probabilities}{self._random.arguments()})"


def _joined(graphs: list[Data], follow: Sequence[str] = ()) -> Batch:
    fields = {frozenset(graph.keys()) for graph in graphs}
    if len(fields) > 1:
        differing = frozenset.union(*fields) - frozenset.intersection(*fields)
        raise ValueError(
            "OneOf cannot put views together of which only some have "
            f"{', '.join(sorted(differing))}; all transforms must leave the same fields"
        )
    return Batch.from_data_list(graphs, list(follow))


def _followed(batch: Batch) -> list[str]:
    """The fields that the batch was made to follow; refuses a batch that cannot be taken apart."""
    if not hasattr(batch, "_slice_dict"):
        raise ValueError("OneOf needs a batch made by Batch.from_data_list, to take it apart")
    fields = batch._slice_dict
    follow = [key for key in fields if f"{key}_batch" in batch]
    made = {f"{key}_{suffix}" for key in follow for suffix in ("batch", "ptr")}
    added = set(batch.keys()) - set(fields) - made - _OF_THE_BATCH
    if added:
        raise ValueError(
            f"OneOf would lose fields that were set after batching: {', '.join(sorted(added))}"
        )
    return follow
