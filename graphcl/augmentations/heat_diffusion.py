"""Heat diffusion."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from graphcl.arguments import check_number
from graphcl.augmentations.diffusion import Diffusion
from graphcl.augmentations.heat_kernel import heat_rows
from graphcl.augmentations.sparse_rows import Floats, SparseMatrix, SparseRows


class HeatDiffusion(Diffusion):
    """Replace the edges by the strongest ones of the heat kernel.

    With T the normalised adjacency matrix (entry (i, j): the edge from i to j), the new edges are
    large entries of

        S = exp(-t (I - T)),

    and `edge_weight` their values. No randomness: the same graph gives the same view.

    Source: Gasteiger, Weißenberger and Günnemann, "Diffusion improves graph learning", NeurIPS
    2019, arXiv:1911.05485, which uses t from 1 to 10; definitions as in
    `torch_geometric.transforms.GDC`. Rows are computed by the Taylor series, of which what cannot
    matter is dropped level by level (compare Kloster and Gleich, KDD 2014).

    Args:
        t: time of diffusion, 0 or more; 0 leaves every node with itself alone.
        top_k: keep the k largest entries for each node, or all that are not 0; of equal entries the
            one of the smaller node number goes first.
        threshold: keep entries of at least this, above 0. Give either `top_k` or `threshold`.
        dim: along which axis `top_k` counts: see :class:`PPRDiffusion`.
        epsilon: how much an entry may fall short before `normalization_out`, above 0: S - epsilon *
            b <= s <= S, up to float32 rounding, with b as in :class:`PPRDiffusion`, except that on
            directed graphs b is the largest of w, w T, w T^2, ... (`dim=1`) or w, T w, T^2 w, ...
            (`dim=0`) in each entry. Default: 0.002, or a tenth of `threshold` if that is less.
        normalization_in: how T is made of the adjacency matrix: see :class:`PPRDiffusion`.
        normalization_out: the same for the new edges, or None: their weights are entries of S.
        self_loop_weight: weight of the self-loop that every node gets, on top of its own ones;
            0 or None: none.
        edge_fields: what to do with other fields that have one row an edge: "refuse" or "drop".

    Shapes:
        As :class:`PPRDiffusion`. A node without edges keeps one to itself, of weight exp(-t) (1
        with a self-loop) before `normalization_out`.

    Raises:
        TypeError: as :class:`PPRDiffusion`.
        ValueError: as :class:`PPRDiffusion`; if `t` is negative.

    Example:
        >>> import torch
        >>> from torch_geometric.data import Data
        >>> edge = Data(edge_index=torch.tensor([[0, 1], [1, 0]]), num_nodes=2)
        >>> HeatDiffusion(1.0, top_k=2, epsilon=1e-6)(edge).edge_weight
        tensor([0.6839, 0.3161, 0.3161, 0.6839])
    """

    def __init__(
        self,
        t: float,
        *,
        top_k: int | None = None,
        threshold: float | None = None,
        dim: int = 0,
        epsilon: float | None = None,
        normalization_in: str = "sym",
        normalization_out: str | None = "col",
        self_loop_weight: float | None = 1.0,
        edge_fields: str = "refuse",
    ) -> None:
        self.t = check_number("t", t)
        if self.t < 0:
            raise ValueError(f"t must be 0 or more, got {t}")
        super().__init__(
            top_k=top_k,
            threshold=threshold,
            dim=dim,
            epsilon=epsilon,
            normalization_in=normalization_in,
            normalization_out=normalization_out,
            self_loop_weight=self_loop_weight,
            edge_fields=edge_fields,
            usual_epsilon=2e-3,
        )

    def diffusion_rows(
        self, matrix: SparseMatrix, seeds: NDArray[np.int64], limits: Floats, most: int
    ) -> SparseRows:
        """Rows of S, or of its transpose if `dim=0`."""
        return heat_rows(matrix, seeds, time=self.t, limits=limits, most=most)

    def __repr__(self) -> str:
        return f"HeatDiffusion({self.t:g}, {self._arguments()})"
