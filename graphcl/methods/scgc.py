"""SCGC: deep clustering with the exact contrast of influence."""

from __future__ import annotations

from torch import Tensor

from graphcl.contrast import Influence
from graphcl.losses import NContrastLoss
from graphcl.methods.deep_clustering import DeepClustering
from graphcl.methods.published import PublishedSettings
from graphcl.training import TrainingSettings


class SCGC(DeepClustering):
    """Self-supervised contrastive graph clustering (SCGC*, without a reconstruction term).

    :class:`DeepClustering` whose contrast is :class:`graphcl.losses.NContrastLoss`: each node near
    those that influence it, W_ij, far from all others, exactly. With cosines s (0 of a node with
    itself) the loss is ::

        contrast_weight * mean over i of  - log(sum_j W_ij e^(s_ij / t) / sum_j e^(s_ij / t))
        + clustering_weight * KL(target || assignment)

    Source: Kulatilleke et al., arXiv 2204.12656, and the authors' code, gayanku/SCGC. Their figures
    are the best of 200 epochs by the labels; the last epoch is what a user gets.

    Args:
        num_features: As of the base class.
        temperature: As of the base class.
        **arguments: As of the base class.

    Example:
        >>> import torch
        >>> from torch_geometric.data import Data
        >>> graph = Data(x=torch.eye(3), edge_index=torch.tensor([[0, 1], [1, 0]]))
        >>> method = SCGC(3, num_clusters=2, width=2, hidden=(4,))
        >>> method.loss(graph).shape, method.assignment(graph).shape
        (torch.Size([]), torch.Size([3]))
    """

    cost = "all pairs: O(N^2 d) time, O(N d) memory beside a tile of 1 MB"

    def __init__(self, num_features: int, *, temperature: float = 4.0, **arguments: object) -> None:
        super().__init__(num_features, temperature=temperature, **arguments)  # type: ignore[arg-type]
        self.objective = NContrastLoss(temperature)

    def contrast(
        self,
        z: Tensor,
        clusters: Tensor,
        influence: Influence,
        *,
        anchors: int | None = None,
        nodes: Tensor | None = None,
    ) -> Tensor:
        """SCGC's loss, which needs no clusters."""
        value: Tensor = self.objective(z, influence, anchors=anchors)
        return value


_AUTHORS = "the authors' configuration of SCGC*, gayanku/PAMC (chosen on the scored labels)"


def _published(
    dataset: str,
    num_clusters: int,
    alpha: float,
    hops: int,
    learning_rate: float = 1e-3,
) -> PublishedSettings:
    return PublishedSettings(
        dataset,
        _AUTHORS,
        {
            "num_clusters": num_clusters,
            "contrast_weight": alpha,
            "clustering_weight": 0.1,
            "hops": hops,
            "temperature": 4.0,  # tau 0.25
        },
        TrainingSettings(epochs=200, learning_rate=learning_rate),
    )


DEFAULT_TRAINING = TrainingSettings(epochs=200, learning_rate=1e-3)
SETTINGS = (
    _published("SDCN-USPS", 10, 4.0, 4),
    _published("SDCN-ACM", 3, 1.0, 1),
    _published("SDCN-DBLP", 4, 1.0, 1),
    _published("SDCN-CiteSeer", 6, 1.0, 1, 1e-4),
)
