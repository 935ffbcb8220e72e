"""Mask feature columns, or single entries, at random."""

from __future__ import annotations

import torch
from torch import Tensor
from torch_geometric.data import Batch, Data
from torch_geometric.transforms import BaseTransform

from graphcl.arguments import unknown_name
from graphcl.augmentations.edges import check_data
from graphcl.augmentations.randomness import RandomSource, check_probability

MODES = ("columns", "entries")


class MaskFeatures(BaseTransform):
    """Set features to zero with probability `p`: columns, or every entry by itself.

    With `mode="columns"` one mask holds for all nodes of a graph; each graph of a `Batch` gets a
    mask of its own.

    Source: Zhu et al., "Deep Graph Contrastive Representation Learning" (GRACE), 2020,
    arXiv:2006.04131, section 3.2.2.

    Args:
        p: probability in [0, 1] that a column, or an entry, is masked.
        mode: "columns" (GRACE, GCA) or "entries", as dropout does, but without scaling what is
            left.
        seed: seed of this transform's own random numbers. Give two views two seeds, or they are
            the same view.
        generator: generator to draw from, instead of a seed. With neither, torch's global
            generator. In the workers of a `DataLoader` all three differ by worker and epoch.

    Shapes:
        `Data` or `Batch` with `x` `[N, F]` → the same with a new `x` `[N, F]`. The input is not
        modified.

    Raises:
        TypeError: if `p` or `seed` is no number, or, on use, the input is no `Data` or `Batch`.
        ValueError: if `p` is outside [0, 1] or the mode does not exist; on use, if there is no
            dense `x` of shape `[N, F]`.

    Example:
        >>> graph = Data(x=torch.ones(2, 4), edge_index=torch.empty(2, 0, dtype=torch.int64))
        >>> MaskFeatures(0.5, seed=0)(graph).x
        tensor([[0., 1., 0., 0.],
                [0., 1., 0., 0.]])
        >>> MaskFeatures(0.5, mode="entries", seed=0)(graph).x
        tensor([[0., 1., 1., 1.],
                [1., 0., 0., 1.]])
    """

    def __init__(
        self,
        p: float,
        *,
        mode: str = "columns",
        seed: int | None = None,
        generator: torch.Generator | None = None,
    ) -> None:
        self.p = check_probability(p)
        if mode not in MODES:
            raise ValueError(unknown_name("mode", mode, MODES))
        self.mode = mode
        self._random = RandomSource(seed=seed, generator=generator)

    def forward(self, data: Data) -> Data:
        """Mask features of a shallow copy (PyG's `__call__` makes it)."""
        check_data(data, "MaskFeatures")
        x = data.get("x")
        if not isinstance(x, Tensor) or x.layout != torch.strided or x.dim() != 2:
            what = "no x" if x is None else f"x of type {type(x).__name__}"
            if isinstance(x, Tensor):
                what = f"x of shape {list(x.shape)} and layout {x.layout}"
            raise ValueError(f"MaskFeatures needs a dense x of shape [nodes, features], got {what}")
        if self.mode == "entries":
            mask = self._random.events(self.p, *x.shape, device=x.device)
        elif isinstance(data, Batch):
            mask = self._random.uniform(data.num_graphs, x.size(1), device=x.device) < self.p
            mask = mask[data.batch]
        else:
            mask = self._random.uniform(x.size(1), device=x.device) < self.p
        # Not a product: that would keep an infinite value as NaN, and lose -0.0.
        data.x = x.masked_fill(mask, 0)
        return data

    def __repr__(self) -> str:
        return f"MaskFeatures({self.p}, mode={self.mode!r}{self._random.arguments()})"
