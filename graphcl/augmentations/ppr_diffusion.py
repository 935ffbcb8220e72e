"""Personalised PageRank diffusion."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from graphcl.arguments import check_number
from graphcl.augmentations.diffusion import Diffusion
from graphcl.augmentations.personalised_pagerank import pagerank_rows
from graphcl.augmentations.sparse_rows import Floats, SparseMatrix, SparseRows


class PPRDiffusion(Diffusion):
    """Replace the edges by the strongest ones of personalised PageRank.

    With T the normalised adjacency matrix (entry (i, j): the edge from i to j), the new edges are
    large entries of

        S = alpha (I - (1 - alpha) T)^-1,

    and `edge_weight` their values. No randomness: the same graph gives the same view.

    Source: Gasteiger, Weißenberger and Günnemann, "Diffusion improves graph learning", NeurIPS
    2019, arXiv:1911.05485; as a view of contrastive learning: Hassani and Khasahmadi, "Contrastive
    multi-view representation learning on graphs" (MVGRL), ICML 2020, arXiv:2006.05582 (alpha = 0.2,
    `normalization_out=None`). The definitions are those of `torch_geometric.transforms.GDC`, whose
    exact form inverts a dense matrix; ours pushes (Andersen, Chung and Lang, FOCS 2006) and never
    holds more than a few rows.

    Args:
        alpha: probability of return, in (0, 1].
        top_k: keep the k largest entries for each node, or all that are not 0; of equal entries the
            one of the smaller node number goes first.
        threshold: keep entries of at least this, above 0. Give either `top_k` or `threshold`.
        dim: along which axis `top_k` counts, as in PyG: 0, each column, so that every node receives
            messages over k edges; 1, each row, so that every node sends over k. They differ for
            directed results only, which `top_k` makes of any graph.
        epsilon: how much an entry may fall short before `normalization_out`, above 0. Our entry s
            of the exact S obeys, up to float32 rounding, S - epsilon * b <= s <= S, where b depends
            on the column for `dim=1`, on the row for `dim=0`. On undirected graphs b is 1 for a
            node of mean degree d' (with self-loops and weights; nodes of degree 0 do not count),
            and for a node of degree d: sqrt(d / d') for "sym"; for "row" d / d' if `dim=1` and 1 if
            `dim=0`; for "col" the reverse. On directed graphs b is w S (`dim=1`) or S w (`dim=0`),
            where w are these values with the sums that T divides by for d. The work per node is
            about proportional to 1 / (alpha * epsilon) until it reaches all nodes. Default: 0.002,
            or a tenth of `threshold` if that is less. Edges that are kept or left out wrongly
            differ from the exact choice by no more than this bound.
        normalization_in: T is D^-1/2 A D^-1/2 ("sym"), D^-1 A ("row") or A D^-1 ("col"), where D
            holds the sums of columns (of rows for "row").
        normalization_out: the same for the new edges, or None: their weights are entries of S.
        self_loop_weight: weight of the self-loop that every node gets, on top of its own ones;
            0 or None: none.
        edge_fields: what to do with other fields that have one row an edge (`edge_attr`): "refuse"
            them, or "drop" them, as the new edges have none.

    Shapes:
        `Data` or `Batch` with `edge_index` `[2, E]` and, optionally, `edge_weight` `[E]`, 0 or more
        → the same with a new `edge_index` `[2, E']`, sorted by row and column, and `edge_weight`
        `[E']` of the old one's type. Graphs of a batch stay apart. Parallel edges are summed first.
        A node without edges keeps one to itself, of weight alpha (1 with a self-loop) before
        `normalization_out`. The input is not modified. The work is done on the CPU, in as many
        threads as torch has.

    Raises:
        TypeError: if an argument is of the wrong type, or, on use, the input no `Data` or `Batch`.
        ValueError: if an argument is out of range; on use, if the graph has no `edge_index`, does
            not tell its number of nodes (`x` or `num_nodes`), has weights that are negative or not
            finite, or other fields of edges (see `edge_fields`).

    Example:
        >>> import torch
        >>> from torch_geometric.data import Data
        >>> path = Data(edge_index=torch.tensor([[0, 1, 1, 2], [1, 0, 2, 1]]), num_nodes=3)
        >>> view = PPRDiffusion(0.2, top_k=2, normalization_in="col", epsilon=1e-6)(path)
        >>> view.edge_index.tolist()
        [[0, 0, 1, 1, 1, 2], [0, 1, 0, 1, 2, 2]]
        >>> view.edge_weight
        tensor([0.5814, 0.3077, 0.4186, 0.6923, 0.4186, 0.5814])
    """

    def __init__(
        self,
        alpha: float = 0.15,
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
        self.alpha = check_number("alpha", alpha)
        if not 0 < self.alpha <= 1:
            raise ValueError(f"alpha must be above 0 and at most 1, got {alpha}")
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
        self.damping = 1 - self.alpha

    def diffusion_rows(
        self, matrix: SparseMatrix, seeds: NDArray[np.int64], limits: Floats, most: int
    ) -> SparseRows:
        """Rows of S, or of its transpose if `dim=0`."""
        return pagerank_rows(matrix, seeds, alpha=self.alpha, limits=limits, most=most)

    def __repr__(self) -> str:
        return f"PPRDiffusion({self.alpha:g}, {self._arguments()})"
