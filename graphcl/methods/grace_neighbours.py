"""GRACE with the neighbours of a node among its positives."""

from __future__ import annotations

from torch_geometric.data import Data

from graphcl.arguments import check_whole
from graphcl.contrast import Pairs
from graphcl.methods.checks import Rates
from graphcl.methods.contrast_choice import Choice
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
        width: As in :class:`Grace`, like all that follows.
        projection_width: Width inside the projector; None: ``width``.
        activation: After both layers.
        temperature: Divisor of the cosine, above 0.
        drop_edges: Probability of losing an edge, for both views or for each.
        mask_features: Probability of zeroing a feature column, for both views or for each.
        undirected: Whether both directions of an edge fall together.
        normalize_features: Divide the rows of the features by their sum.
        loss: A loss of two views that uses pairs.
        negatives: A negative strategy.

    Raises:
        ValueError: An argument outside its range.

    Example:
        >>> import torch
        >>> graph = Data(x=torch.eye(3), edge_index=torch.tensor([[0, 1], [1, 0]]))
        >>> GraceNeighbours(3, width=4).positives(graph).num_positives()
        tensor([2, 2, 1])
    """

    def __init__(
        self,
        num_features: int,
        *,
        hops: int = 1,
        width: int = 128,
        projection_width: int | None = None,
        activation: str = "relu",
        temperature: float = 0.5,
        drop_edges: Rates = (0.2, 0.4),
        mask_features: Rates = (0.3, 0.4),
        undirected: bool = False,
        normalize_features: bool = True,
        loss: Choice = "nt-xent",
        negatives: Choice | None = None,
    ) -> None:
        super().__init__(
            num_features,
            width=width,
            projection_width=projection_width,
            activation=activation,
            temperature=temperature,
            drop_edges=drop_edges,
            mask_features=mask_features,
            undirected=undirected,
            normalize_features=normalize_features,
            loss=loss,
            negatives=negatives,
        )
        if not self.objective.loss.takes_pairs:
            raise ValueError(f"loss must use pairs, to know of neighbours; {loss!r} does not")
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
