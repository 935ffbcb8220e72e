"""The diffusion of a graph, as the second view of MVGRL."""

from __future__ import annotations

from typing import TypeAlias

import torch
from torch import Tensor
from torch_geometric.data import Batch, Data
from torch_geometric.utils import subgraph

from graphcl.augmentations import PPRDiffusion
from graphcl.methods.checks import check_flag
from graphcl.prepared import Prepared
from graphcl.sampling import num_seeds

Edges: TypeAlias = tuple[Tensor, Tensor]


class Diffused:
    """Edges and weights of a graph's personalised PageRank; those of one graph are remembered.

    Args:
        alpha: Probability of return, above 0 and at most 1.
        top_k: Entries that each node receives messages over; None: those above a threshold.
        threshold: Least entry that is kept; None: the largest ``top_k``.
        epsilon: Error of an entry (:class:`graphcl.augmentations.PPRDiffusion`); None: 1e-3 with
            ``top_k``, with ``threshold`` as the transform chooses.
        scale_columns: Divide what a node sends by its largest entry.

    Raises:
        ValueError: An argument out of range; both or none of ``top_k`` and ``threshold``.
    """

    def __init__(
        self,
        *,
        alpha: float,
        top_k: int | None,
        threshold: float | None = None,
        epsilon: float | None,
        scale_columns: bool = False,
    ) -> None:
        if epsilon is None and threshold is None:
            epsilon = 1e-3  # more entries than the transform's own choice finds, for little time
        self.transform = PPRDiffusion(
            alpha, top_k=top_k, threshold=threshold, epsilon=epsilon, normalization_out=None
        )
        self.scale_columns = check_flag("scale_columns", scale_columns)
        self._prepared = Prepared[Edges]()
        self._whole: tuple[Edges, int] | None = None

    def setup(self, data: Data) -> None:
        """Diffuse the graph whose mini-batches will come."""
        self._whole = self.of(data), len(data.x)

    def of(self, data: Data) -> Edges:
        """``[2, E']`` and ``[E']`` of a graph, of a batch of graphs or of its nodes in a batch.

        Of a mini-batch of nodes: the entries between them in the diffusion of the whole graph.
        """
        if num_seeds(data) is not None:
            return self._within(data)
        weight = data.get("edge_weight")
        sources = (data.edge_index, weight, len(data.x))
        return self._prepared.get(sources, lambda: self._diffuse(data))

    def _within(self, data: Data) -> Edges:
        nodes = data.get("n_id")
        if self._whole is None or nodes is None:
            raise ValueError(
                "a mini-batch needs setup(graph) first, and n_id, the nodes of the graph that it "
                "has (those of graphcl.sampling have it): the diffusion is that of the whole graph"
            )
        (index, weight), num_nodes = self._whole
        own, values = subgraph(nodes, index, weight, relabel_nodes=True, num_nodes=num_nodes)
        assert values is not None
        return own, values

    def _diffuse(self, data: Data) -> Edges:
        bare = Data(edge_index=data.edge_index, num_nodes=len(data.x))
        if isinstance(data, Batch):
            bare = Batch.from_data_list(
                [Data(edge_index=g.edge_index, num_nodes=len(g.x)) for g in data.to_data_list()]
            )
        elif "edge_weight" in data:
            bare.edge_weight = data.edge_weight
        found = self.transform(bare)
        index, weight = found.edge_index, found.edge_weight
        if self.scale_columns:
            largest = weight.new_zeros(len(data.x)).scatter_reduce(0, index[0], weight, "amax")
            weight = weight / largest[index[0]]
        return index, weight.to(torch.get_default_dtype())
