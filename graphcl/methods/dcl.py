"""DCL: GRACE with the debiased estimate of the sum over negatives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphcl.methods import grace_settings
from graphcl.methods.contrast_choice import Choice
from graphcl.methods.grace import Grace

DEBIASED: Mapping[str, Any] = {"name": "nt-xent", "debias": 0.1}


class DCL(Grace):
    """Debiased contrastive learning on nodes (DCL).

    GRACE, but some of the negatives are of the anchor's class: with probability p, the class prior.
    The sum over negatives is corrected for them
    (:func:`graphcl.losses.debiased_log_sum`)::

        G = max((sum over negatives of e^(s / t) - p M e^(s+ / t)) / (1 - p), M e^(-1 / t))

    with M negatives. ``negatives="hard"`` is the debiased HCL. The loss that is called "dcl" is
    another one, decoupled contrast (``loss="dcl"`` of :class:`Grace`).

    Source: Chuang et al., NeurIPS 2020, arXiv 2007.00224, equation 8, on the views and the encoder
    of Zhu et al. (GRACE), arXiv 2006.04131.

    Args:
        num_features: Width of the features, ``F``.
        loss: As in :class:`Grace`; by default nt-xent with ``debias`` 0.1, the class prior of the
            DCL authors' code (chingyaoc/DCL).
        **options: As in :class:`Grace`.

    Raises:
        TypeError: An argument of the wrong type.
        ValueError: An argument outside its range.

    Example:
        >>> import torch
        >>> from torch_geometric.data import Data
        >>> graph = Data(x=torch.eye(3), edge_index=torch.tensor([[0, 1], [1, 0]]))
        >>> method = DCL(3, width=4, loss={"name": "nt-xent", "debias": 0.05})
        >>> method.loss(graph).isfinite()
        tensor(True)
    """

    def __init__(self, num_features: int, *, loss: Choice = DEBIASED, **options: Any) -> None:
        super().__init__(num_features, loss=loss, **options)


DEFAULT_TRAINING = grace_settings.DEFAULT_TRAINING
SETTINGS = grace_settings.taken_over("; class prior of chingyaoc/DCL")
