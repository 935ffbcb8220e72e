"""GRACE with the neighbours of a node among its positives."""

from __future__ import annotations

from typing import Any

from torch_geometric.data import Data

from graphcl.arguments import check_whole
from graphcl.contrast import Pairs
from graphcl.methods.grace import Grace
from graphcl.sampling import num_seeds


class GraceNeighbours(Grace):
    """GRACE, but a node and its graph neighbours are positives, and none of them a negative.

    In GRACE a neighbour, most likely of the same class, is pushed away like any other node. Here
    ``Pairs.from_edges`` takes it out of the negatives and pulls it closer; all else is GRACE. In a
    mini-batch the neighbours are those among the seeds whose edges were sampled: all of them with
    ``NodeBatches``.

    Source: the loss is SupCon's (https://arxiv.org/abs/2004.11362, equation 2) with edges in the
    place of labels.

    Args:
        num_features: Width of the features, ``F``.
        hops: Greatest distance of a positive in the graph, at least 1.
        **options: As in :class:`Grace`; ``loss`` must be one that uses pairs.

    Raises:
        TypeError: An argument of the wrong type.
        ValueError: An argument outside its range.

    Example:
        >>> import torch
        >>> graph = Data(x=torch.eye(3), edge_index=torch.tensor([[0, 1], [1, 0]]))
        >>> GraceNeighbours(3, width=4).positives(graph).num_positives()
        tensor([2, 2, 1])
    """

    def __init__(self, num_features: int, *, hops: int = 1, **options: Any) -> None:
        super().__init__(num_features, **options)
        if not self.objective.loss.takes_pairs:
            raise ValueError(
                f"loss must use pairs, to know of neighbours; {options['loss']!r} does not"
            )
        self.hops = check_whole("hops", hops, least=1)
        self.configuration["hops"] = self.hops

    def positives(self, data: Data) -> Pairs:
        """Each node and all within ``hops`` steps of it; in a mini-batch, seeds only."""
        pairs = Pairs.from_edges(data.edge_index, data.x.size(0), hops=self.hops)
        seeds = num_seeds(data)
        if seeds is None or pairs.positive is None:
            return pairs
        both = (pairs.positive < seeds).all(dim=0)
        return Pairs(seeds, seeds, pairs.positive[:, both])
