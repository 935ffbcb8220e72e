"""GraphCL: a graph against a randomly changed copy of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from torch_geometric.data import Batch, Data

from graphcl.arguments import unknown_name
from graphcl.augmentations import (
    DropEdges,
    DropNodes,
    MaskFeatures,
    NoiseFeatures,
    OneOf,
    RandomWalkSubgraph,
)
from graphcl.methods.checks import check_share
from graphcl.methods.contrast_choice import Choice
from graphcl.methods.graph_contrast import GraphContrast
from graphcl.methods.graph_encoding import TU_TRAINING, tu_settings

DEFAULT_TRAINING = TU_TRAINING
SETTINGS = tu_settings(
    "the authors' script for TU sets (3 layers of 32, lr .01, batch 128, 20 epochs), "
    "Shen-Lab/GraphCL unsupervised_TU; the pool of augmentations is not published: random4"
)


def _unchanged(data: Data) -> Data:
    return data


AUTHORS_LOSS: Mapping[str, Any] = {
    "name": "info-nce",
    "symmetric": False,
    "positive_in_denominator": "excluded",
}
_MAKERS: Mapping[str, Callable[[float, float], Callable[[Data], Data]]] = {
    "drop-nodes": lambda ratio, share: DropNodes(ratio),
    "drop-edges": lambda ratio, share: DropEdges(ratio, undirected=True),
    "subgraph": lambda ratio, share: RandomWalkSubgraph(share=share),
    "noise": lambda ratio, share: NoiseFeatures(ratio),
    "mask-features": lambda ratio, share: MaskFeatures(ratio),
    "none": lambda ratio, share: _unchanged,
}
AUTHORS_AUGMENTATIONS = ("drop-nodes", "subgraph", "drop-edges", "noise")


class GraphCL(GraphContrast):
    """Graph contrastive learning with augmentations (GraphCL).

    Each step changes every graph in one way, drawn from a pool: nodes or edges fall, a random walk
    cuts a subgraph out, or nodes get noise for features. A GIN with sums over the nodes and a
    projector embed the graphs and their views. The loss is the authors', by default: from graph to
    view only, without the positive in the denominator ::

        loss = - mean over i of log( e^(s_ii / t) / sum over j != i of e^(s_ij / t) )

    where s_ij is the cosine of graph i and view j. The paper's equation 3 has all of a batch's
    views as negatives, too: ``loss="nt-xent"`` with ``views="two"`` is close to it. The embedding
    is the sum of the encoder's rows over the unchanged graph, before the projector. Edge features
    are not used.

    What differs from the authors' code: batches are drawn anew each epoch, a last batch of one
    graph joins another, no self-loops are added, subgraphs are random walks (theirs stop at the
    neighbours of their first node), both directions of an edge fall together, and each node or edge
    falls by itself (theirs drop a fixed number).

    Source: You et al., NeurIPS 2020, https://arxiv.org/abs/2010.13902, and the authors' code,
    Shen-Lab/GraphCL (unsupervised_TU).

    Args:
        num_features: Width of the features, ``F``.
        augmentations: The pool, names of ``drop-nodes``, ``drop-edges``, ``subgraph``, ``noise``,
            ``mask-features`` and ``none``; one is drawn for each graph and step. By default the
            authors' pool ``random4``.
        ratio: Share of nodes, edges or feature columns that an augmentation changes, from 0 to 1.
        subgraph_share: Share of the nodes that a subgraph keeps, from 0 to 1.
        loss: A loss of two views by name, or a mapping with ``name`` and its parameters
            (:class:`graphcl.methods.ContrastChoice`). ``temperature`` is that of the loss.
        **options: ``width``, ``layers``, ``views``, ``temperature`` and ``negatives``, as in
            :class:`GraphContrast`.

    Raises:
        TypeError: An argument of the wrong type.
        ValueError: An argument outside its range. On use, a single graph: there is none to contrast
            it with.

    Example:
        >>> import torch
        >>> from torch_geometric.data import Data
        >>> edges = torch.tensor([[0, 1], [1, 0]])
        >>> graphs = [Data(x=torch.rand(4, 3), edge_index=edges) for _ in range(5)]
        >>> method = GraphCL(3, width=4, layers=2)
        >>> method.loss(graphs).shape, method.embed(graphs).shape
        (torch.Size([]), torch.Size([5, 8]))
    """

    def __init__(
        self,
        num_features: int,
        *,
        augmentations: Sequence[str] = AUTHORS_AUGMENTATIONS,
        ratio: float = 0.1,
        subgraph_share: float = 0.2,
        loss: Choice = AUTHORS_LOSS,
        **options: Any,
    ) -> None:
        if not isinstance(augmentations, Sequence):
            raise TypeError(f"augmentations must be names, got {augmentations!r}")
        names = [augmentations] if isinstance(augmentations, str) else list(augmentations)
        if not names:
            raise ValueError("augmentations must name at least one, got none")
        for name in names:
            if name not in _MAKERS:
                raise ValueError(f"augmentations: {unknown_name('name', name, _MAKERS)}")
        check_share("ratio", ratio)
        check_share("subgraph_share", subgraph_share)
        super().__init__(
            num_features,
            loss=loss,
            **options,
            augmentations=tuple(names),
            ratio=ratio,
            subgraph_share=subgraph_share,
        )
        self.changes = [_MAKERS[name](ratio, subgraph_share) for name in names]
        self._change = OneOf(self.changes)

    def view(self, batch: Batch) -> Batch:
        """Every graph changed by one augmentation of the pool."""
        changed: Batch = self._change(batch)
        return changed
