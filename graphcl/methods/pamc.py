"""PamC: deep clustering with meta-nodes as negatives."""

from __future__ import annotations

from torch import Tensor

from graphcl.contrast import Influence
from graphcl.losses import PamCLoss
from graphcl.methods.deep_clustering import DeepClustering
from graphcl.methods.published import PublishedSettings
from graphcl.training import TrainingSettings


class PamC(DeepClustering):
    """Block contrastive learning with parameter-free meta-nodes (PamC).

    :class:`DeepClustering` whose contrast is :class:`graphcl.losses.PamCLoss`: each node near those
    that influence it, clusters far from each other.

    Source: Kulatilleke et al., arXiv 2209.14067, and the authors' code, gayanku/PAMC. Their figures
    are the best of 200 epochs by the labels; the last epoch is what a user gets.

    Args:
        num_features: As of the base class.
        order: Of the loss; "official" is the published one.
        **arguments: As of the base class.

    Example:
        >>> import torch
        >>> from torch_geometric.data import Data
        >>> graph = Data(x=torch.eye(3), edge_index=torch.tensor([[0, 1], [1, 0]]))
        >>> method = PamC(3, num_clusters=2, width=2, hidden=(4,))
        >>> method.loss(graph).shape, method.assignment(graph).shape
        (torch.Size([]), torch.Size([3]))
    """

    def __init__(self, num_features: int, *, order: str = "official", **arguments: object) -> None:
        super().__init__(num_features, order=order, **arguments)  # type: ignore[arg-type]
        temperature = self.configuration["temperature"]
        self.objective = PamCLoss(temperature, order=order)  # type: ignore[arg-type]

    def contrast(self, z: Tensor, clusters: Tensor, influence: Influence) -> Tensor:
        """PamC's loss."""
        value: Tensor = self.objective(z, clusters, influence)
        return value


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
