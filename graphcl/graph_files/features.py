"""Features of PyG files in the form that methods take."""

from __future__ import annotations

import torch
from torch import Tensor


def as_features(x: Tensor, notes: list[str]) -> Tensor:
    """Dense floating-point features `[N, F]`; what was changed is added to the notes."""
    if x.is_sparse or x.layout != torch.strided:
        x = x.to_dense()
    if x.dim() == 1:
        x = x[:, None]
    if not x.is_floating_point():
        notes.append(f"the features were {x.dtype}, they are float32 now")
        x = x.float()
    return x
