"""The spread of an evaluation over its own random starts, beside its mean."""

from __future__ import annotations

from torch import Tensor

RESTART_STD = "_restart_std"


def over_restarts(name: str, values: Tensor) -> dict[str, float]:
    """Mean of a score over restarts, and its standard deviation under a name of its own.

    Args:
        name: of the score.
        values: one a restart, `[R]`.

    Returns:
        `name`, the mean, and `name` with `_restart_std`, the sample standard deviation (0 for a
        single restart): how much the evaluation varies on the same embeddings.

    Example:
        >>> import torch
        >>> over_restarts("auc", torch.tensor([0.5, 0.5, 0.5]))
        {'auc': 0.5, 'auc_restart_std': 0.0}
    """
    values = values.double()
    spread = float(values.std()) if len(values) > 1 else 0.0
    return {name: float(values.mean()), name + RESTART_STD: spread}
