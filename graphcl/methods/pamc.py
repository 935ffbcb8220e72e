"""PamC: deep clustering with meta-nodes as negatives."""

from __future__ import annotations

import torch
from torch import Tensor

from graphcl.contrast import Influence
from graphcl.losses import PamCLoss
from graphcl.methods.checks import check_flag
from graphcl.methods.deep_clustering import DeepClustering
from graphcl.methods.published import PublishedSettings
from graphcl.negatives import RunningSums
from graphcl.training import TrainingSettings


class PamC(DeepClustering):
    """Block contrastive learning with parameter-free meta-nodes (PamC).

    :class:`DeepClustering` whose contrast is :class:`graphcl.losses.PamCLoss`: each node near those
    that influence it, W_ij, clusters far from each other. With cosines s and D_i, the sum over
    nodes approximated by the clusters, the loss is ::

        contrast_weight * mean over i of  (log D_i - log sum over j != i of W_ij e^(s_ij / t))
        + clustering_weight * KL(target || assignment)

    Source: Kulatilleke et al., arXiv 2209.14067, and the authors' code, gayanku/PAMC. Their figures
    are the best of 200 epochs by the labels; the last epoch is what a user gets.

    Args:
        num_features: As of the base class.
        order: Of the loss; "official" is the published one.
        running_sums: In mini-batches contrast with the meta-nodes of the whole graph, whose other
            rows are as they were last seen (:class:`graphcl.negatives.RunningSums`; O(N d) memory,
            kept with the weights); False: with those of the batch, as always with "official".
        **arguments: As of the base class.

    Example:
        >>> import torch
        >>> from torch_geometric.data import Data
        >>> graph = Data(x=torch.eye(3), edge_index=torch.tensor([[0, 1], [1, 0]]))
        >>> method = PamC(3, num_clusters=2, width=2, hidden=(4,))
        >>> method.loss(graph).shape, method.assignment(graph).shape
        (torch.Size([]), torch.Size([3]))
    """

    cost = "meta-nodes instead of pairs, K clusters: O(N K d) time, O(N d) memory"

    def __init__(
        self,
        num_features: int,
        *,
        order: str = "official",
        running_sums: bool = True,
        **arguments: object,
    ) -> None:
        super().__init__(
            num_features,
            order=order,
            running_sums=check_flag("running_sums", running_sums),
            **arguments,  # type: ignore[arg-type]
        )
        temperature = self.configuration["temperature"]
        self.objective = PamCLoss(temperature, order=order)  # type: ignore[arg-type]
        self.memory: RunningSums | None = None
        self._remembers = running_sums and order != "official"
        self._start: tuple[Tensor, Tensor] | None = None

    def remember(self, code: Tensor, clusters: Tensor) -> None:
        """Keep the first rows, in case mini-batches follow."""
        self.memory = None
        self._start = (code, clusters) if self._remembers else None

    def contrast(
        self,
        z: Tensor,
        clusters: Tensor,
        influence: Influence,
        *,
        anchors: int | None = None,
        nodes: Tensor | None = None,
    ) -> Tensor:
        """PamC's loss."""
        value: Tensor
        if nodes is None or not self._remembers:
            value = self.objective(z, clusters, influence, anchors=anchors)
            return value
        memory = self._memory()
        rest = memory.rest(nodes)
        value = self.objective(z, clusters, influence, anchors=anchors, rest=rest)
        memory.update(nodes, z, clusters)
        return value

    def _memory(self) -> RunningSums:
        """The rows of the whole graph; made with the first mini-batch, full batches need none."""
        if self.memory is None:
            if self._start is None:
                raise ValueError("mini-batches with running sums need PamC.setup(graph) first")
            code, clusters = self._start
            memory = self._empty_memory(*code.shape).to(code.device)
            memory.assign(clusters, len(self.centroids))
            memory.update(torch.arange(len(code), device=code.device), code)
            self.memory, self._start = memory, None
        return self.memory

    def _empty_memory(self, num_nodes: int, width: int) -> RunningSums:
        return RunningSums(num_nodes, width, products=self.configuration["order"] != "first")

    def _load_from_state_dict(self, state_dict, prefix, *arguments):  # type: ignore[no-untyped-def]
        """Rows that were kept belong to a resumed run, though there was no batch in it yet."""
        rows = state_dict.get(f"{prefix}memory.rows")
        if rows is not None and self.memory is None:
            self.memory = self._empty_memory(*rows.shape).to(self.centroids.device)
        super()._load_from_state_dict(state_dict, prefix, *arguments)


_AUTHORS = "the authors' configuration, gayanku/PAMC (chosen on the scored labels)"


def _published(
    dataset: str, num_clusters: int, alpha: float, beta: float, hops: int, tau: float
) -> PublishedSettings:
    return PublishedSettings(
        dataset,
        _AUTHORS,
        {
            "num_clusters": num_clusters,
            "contrast_weight": alpha,
            "clustering_weight": beta,
            "hops": hops,
            "temperature": 1 / tau,
        },
        DEFAULT_TRAINING,
    )


DEFAULT_TRAINING = TrainingSettings(epochs=200, learning_rate=1e-3)
SETTINGS = (
    _published("SDCN-USPS", 10, 2.0, 2.0, 4, 0.5),
    _published("SDCN-ACM", 3, 0.5, 0.5, 1, 0.5),
    _published("SDCN-DBLP", 4, 2.0, 2.0, 1, 1.0),
    _published("SDCN-CiteSeer", 6, 2.0, 2.5, 3, 0.5),
)
