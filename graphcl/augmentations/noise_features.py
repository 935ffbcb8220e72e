"""Replace the features of some nodes by noise."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch_geometric.data import Data
from torch_geometric.transforms import BaseTransform

from graphcl.arguments import check_number
from graphcl.augmentations.edges import check_data
from graphcl.augmentations.randomness import RandomSource, check_probability


class NoiseFeatures(BaseTransform):
    """Replace all features of a node by normal noise, with probability `p`.

    What GraphCL calls attribute masking. The noise says nothing of the node, but its row is no row
    of zeros, which could be another node's.

    Source: You et al., "Graph Contrastive Learning with Augmentations" (GraphCL), NeurIPS 2020,
    arXiv:2010.13902; the mean and deviation are those of the authors' code, which always takes the
    same number of nodes.

    Args:
        p: probability in [0, 1] that a node's row is replaced.
        mean: of the noise.
        std: standard deviation of the noise, 0 or more.
        seed: seed of this transform's own random numbers. Give two views two seeds, or they are
            the same view.
        generator: generator to draw from, instead of a seed. With neither, torch's global
            generator. In the workers of a `DataLoader` all three differ by worker and epoch.

    Shapes:
        `Data` or `Batch` with `x` `[N, F]` → the same with a new `x` `[N, F]`. The input is not
        modified.

    Raises:
        TypeError: if an argument is no number, or, on use, the input is no `Data` or `Batch`.
        ValueError: if an argument is out of range; on use, if there is no dense floating-point `x`
            of shape `[N, F]`.

    Example:
        >>> graph = Data(x=torch.ones(3, 2), edge_index=torch.empty(2, 0, dtype=torch.int64))
        >>> (NoiseFeatures(0.5, seed=0)(graph).x == 1).all(dim=1)
        tensor([False,  True, False])
    """

    def __init__(
        self,
        p: float,
        *,
        mean: float = 0.5,
        std: float = 0.5,
        seed: int | None = None,
        generator: torch.Generator | None = None,
    ) -> None:
        self.p = check_probability(p)
        self.mean = check_number("mean", mean)
        if check_number("std", std) < 0:
            raise ValueError(f"std must be at least 0, got {std}")
        self.std = std
        self._random = RandomSource(seed=seed, generator=generator)

    def forward(self, data: Data) -> Data:
        """Replace rows of a shallow copy (PyG's `__call__` makes it)."""
        check_data(data, "NoiseFeatures")
        x = data.get("x")
        dense = isinstance(x, Tensor) and x.layout == torch.strided and x.is_floating_point()
        if not isinstance(x, Tensor) or not dense or x.dim() != 2:
            got = f"{x.dtype} {list(x.shape)}" if isinstance(x, Tensor) else type(x).__name__
            raise ValueError(
                "NoiseFeatures needs a dense floating-point x of shape [nodes, features], "
                f"got {got}"
            )
        chosen = self._random.uniform(x.size(0), device=x.device) < self.p
        noise = self._normal(int(chosen.sum()), x.size(1), device=x.device)
        replaced = x.clone()
        replaced[chosen] = (self.mean + self.std * noise).to(x.dtype)
        data.x = replaced
        return data

    def _normal(self, *size: int, device: torch.device) -> Tensor:
        """Standard normal numbers (Box and Muller)."""
        radius = torch.sqrt(-2 * torch.log1p(-self._random.uniform(*size, device=device)))
        return radius * torch.cos(2 * math.pi * self._random.uniform(*size, device=device))

    def __repr__(self) -> str:
        options = f"mean={self.mean}, std={self.std}{self._random.arguments()}"
        return f"NoiseFeatures({self.p}, {options})"
