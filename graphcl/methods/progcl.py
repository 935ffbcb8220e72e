"""ProGCL: GCA whose negatives weigh by how probably they are true ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphcl.methods import grace_settings
from graphcl.methods.contrast_choice import Choice
from graphcl.methods.gca import GCA
from graphcl.methods.published import PublishedSettings
from graphcl.training import TrainingSettings

PROBABLE: Mapping[str, Any] = {"name": "probable", "start": 100}


class ProGCL(GCA):
    """Probability-guided contrast of nodes (ProGCL).

    GCA by eigenvector centrality. After ``start`` steps, which are epochs where a step takes the
    whole graph, a mixture of two Beta distributions is fitted to the similarities x = (cos + 1) / 2
    of the views, once, and tells how probably a negative is a true one, p(x). From then on negative
    j of anchor i weighs ::

        w_ij = B_ij / mean over j of B_ij,    B_ij = p(x_ij) x_ij

    in the denominator of :class:`Grace`, or the negatives of largest B are mixed two by two
    (:class:`graphcl.negatives.ProbableNegatives`).

    The authors start after 400 of 1000 to 2500 epochs. By default here it is 100, half of the 200
    epochs that are GRACE's on small graphs: the mixture needs rows that are trained already.

    Source: Xia et al., ICML 2022, arXiv 2110.02027, and the authors' code, junxia97/ProGCL.

    Args:
        num_features: Width of the features, ``F``.
        centrality: As in :class:`GCA`.
        negatives: As in :class:`Grace`; ``{"name": "probable", "mode": "mix"}`` mixes negatives.
        **options: As in :class:`GCA`.

    Raises:
        TypeError: An argument of the wrong type.
        ValueError: An argument outside its range.

    Example:
        >>> import torch
        >>> from torch_geometric.data import Data
        >>> graph = Data(x=torch.eye(3), edge_index=torch.tensor([[0, 1], [1, 0]]))
        >>> method = ProGCL(3, width=4, negatives={"name": "probable", "start": 0})
        >>> method.loss(graph).isfinite()
        tensor(True)
    """

    def __init__(
        self,
        num_features: int,
        *,
        centrality: str = "eigenvector",
        negatives: Choice | None = PROBABLE,
        **options: Any,
    ) -> None:
        super().__init__(num_features, centrality=centrality, negatives=negatives, **options)


DEFAULT_TRAINING = grace_settings.DEFAULT_TRAINING
_AUTHORS = "the authors' configuration, param/ of junxia97/ProGCL, with the command line's "
_AUTHORS += "defaults (weights from epoch 400, share of false negatives .05 at first)"
_FALLBACK = "fallback, the ProGCL authors give none: GRACE's row, weights from half of its epochs"


def _published(
    dataset: str, width: int, rate: float, epochs: int, drop: tuple[float, float], mask: Any
) -> PublishedSettings:
    parameters = {
        "width": width,
        "projection_width": width,
        "activation": "rrelu",
        "temperature": 0.2,
        "drop_edges": drop,
        "mask_features": mask,
        "negatives": {"name": "probable", "start": 400},
    }
    training = TrainingSettings(epochs=epochs, learning_rate=rate, weight_decay=1e-5)
    return PublishedSettings(dataset, _AUTHORS, parameters, training)


SETTINGS = (
    *(
        PublishedSettings(row.dataset, _FALLBACK, row.parameters, row.training)
        for row in grace_settings.SETTINGS
        if row.dataset in ("Cora", "CiteSeer")
    ),
    _published("Photo", 128, 0.01, 2500, (0.6, 0.3), (0.2, 0.3)),
    _published("Computers", 128, 0.01, 2000, (0.6, 0.3), (0.2, 0.3)),
    _published("CS", 256, 1e-4, 1000, (0.3, 0.2), (0.3, 0.4)),
)
