"""What the diffusion transforms share: the graph in, the sparsified diffusion matrix out."""

from __future__ import annotations

from abc import abstractmethod

import numpy as np
import scipy.sparse as sp
import torch
from numpy.typing import NDArray
from torch_geometric.data import Data
from torch_geometric.transforms import BaseTransform

from graphcl.arguments import check_number, check_whole, unknown_name
from graphcl.augmentations.edges import check_data
from graphcl.augmentations.fields import (
    fields_by_kind,
    graph_boundaries,
    is_collated,
    set_boundaries,
)
from graphcl.augmentations.sparse_rows import Floats, SparseMatrix, SparseRows, in_blocks
from graphcl.augmentations.sparsify import keep_above, keep_largest
from graphcl.augmentations.transition import (
    NORMALIZATIONS,
    Doubles,
    adjacency_matrix,
    mean_one,
    normalized,
    strengths,
)

_EDGE_FIELDS = ("refuse", "drop")


class Diffusion(BaseTransform):
    """Replace the edges by a sparsified diffusion matrix.

    A subclass knows its rows. The transforms' docstrings say what the arguments mean.
    """

    damping: float = 1.0  # factor of the transition matrix

    def __init__(
        self,
        *,
        top_k: int | None,
        threshold: float | None,
        dim: int,
        epsilon: float | None,
        normalization_in: str,
        normalization_out: str | None,
        self_loop_weight: float | None,
        edge_fields: str,
        usual_epsilon: float,
    ) -> None:
        if (top_k is None) == (threshold is None):
            raise ValueError(
                f"give either top_k or threshold, got top_k={top_k}, threshold={threshold}"
            )
        self.top_k = None if top_k is None else check_whole("top_k", top_k, least=1)
        self.threshold = None if threshold is None else _above_zero("threshold", threshold)
        if epsilon is None:
            epsilon = usual_epsilon if threshold is None else min(usual_epsilon, threshold / 10)
        self.epsilon = _above_zero("epsilon", epsilon)
        if self.threshold is not None and self.epsilon > self.threshold:
            raise ValueError(
                f"epsilon must not exceed threshold={threshold}, which it would blur, got {epsilon}"
            )
        self.dim = check_whole("dim", dim, least=0, most=1)
        self.normalization_in = _one_of("normalization_in", normalization_in, NORMALIZATIONS)
        self.normalization_out = normalization_out
        if normalization_out is not None:
            _one_of("normalization_out", normalization_out, NORMALIZATIONS)
        loops = check_number("self_loop_weight", self_loop_weight or 0)
        if loops < 0:
            raise ValueError(f"self_loop_weight must be 0 or more, or None, got {loops}")
        self.self_loop_weight = loops
        self.edge_fields = _one_of("edge_fields", edge_fields, _EDGE_FIELDS)

    @abstractmethod
    def diffusion_rows(
        self, matrix: SparseMatrix, seeds: NDArray[np.int64], limits: Floats, most: int
    ) -> SparseRows:
        """Rows of the diffusion matrix of M; `matrix` is `damping` times M."""

    def forward(self, data: Data) -> Data:
        """Replace the edges of a shallow copy (PyG's `__call__` makes it)."""
        name = type(self).__name__
        check_data(data, name)
        adjacency = adjacency_matrix(data, self_loop_weight=self.self_loop_weight, transform=name)
        num_nodes = adjacency.shape[0]
        self._drop_edge_fields(data, num_nodes)
        boundaries = graph_boundaries(data, num_nodes, name).cpu()
        transition = normalized(adjacency, self.normalization_in)
        if self.dim == 0:  # columns of S are rows of its transpose
            transition = sp.csr_matrix(transition.T)
        limits = self.epsilon * self._weights(adjacency, boundaries.numpy())
        found = self._collect(transition, limits.astype(np.float32))
        return self._with_edges(data, normalized(found, self.normalization_out), boundaries)

    def _weights(self, adjacency: sp.csr_matrix, boundaries: NDArray[np.int64]) -> Doubles:
        """The weights w of the error bound: the products w M^k stay small."""
        sums = strengths(adjacency, self.normalization_in)
        if self.normalization_in == "sym":
            return np.sqrt(mean_one(sums, boundaries))
        if (self.normalization_in == "row") == (self.dim == 1):
            return mean_one(sums, boundaries)
        return np.ones_like(sums)

    def _collect(self, transition: sp.csr_matrix, limits: Floats) -> sp.csr_matrix:
        """What is kept of the diffusion matrix, `[N, N]`."""
        size = transition.shape[0]
        damped = transition * self.damping
        damped.eliminate_zeros()
        matrix = SparseMatrix(damped)

        def compute(seeds: NDArray[np.int64], most: int) -> SparseRows:
            return self.sparsify(self.diffusion_rows(matrix, seeds, limits, most))

        seeds, others, values = [np.arange(0)], [np.arange(0)], [np.zeros(0)]
        for block, rows in in_blocks(compute, size, threads=torch.get_num_threads()):
            seeds.append(block[rows.rows])
            others.append(rows.columns.astype(np.int64))
            values.append(rows.values.astype(np.float64))
        places = [np.concatenate(seeds), np.concatenate(others)]
        row, column = places if self.dim == 1 else reversed(places)
        found = sp.csr_matrix((np.concatenate(values), (row, column)), shape=(size, size))
        found.sort_indices()
        return found

    def sparsify(self, rows: SparseRows) -> SparseRows:
        """Keep the largest entries of each row, or those above the threshold."""
        if self.top_k is not None:
            return keep_largest(rows, self.top_k)
        assert self.threshold is not None
        return keep_above(rows, self.threshold)

    def _drop_edge_fields(self, data: Data, num_nodes: int) -> None:
        _, fields = fields_by_kind(data, num_nodes)
        others = sorted(set(fields) - {"edge_index", "edge_weight"})
        if others and self.edge_fields == "refuse":
            raise ValueError(
                f"{type(self).__name__} makes new edges, which have no {', '.join(others)}; delete "
                'it from the graph, or set edge_fields="drop"'
            )
        for key in others:
            del data[key]
            for made in (f"{key}_batch", f"{key}_ptr"):
                if is_collated(data) and made in data:
                    del data[made]
        if is_collated(data):
            data._slice_dict = {k: v for k, v in data._slice_dict.items() if k not in others}
            data._inc_dict = {k: v for k, v in data._inc_dict.items() if k not in others}

    def _with_edges(self, data: Data, matrix: sp.csr_matrix, boundaries: torch.Tensor) -> Data:
        device, old = data.edge_index.device, data.get("edge_weight")
        row = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
        edges = np.stack([row, matrix.indices]).astype(np.int64)
        dtype = torch.get_default_dtype()
        if old is not None and old.is_floating_point():
            dtype = old.dtype
        data.edge_index = torch.from_numpy(edges).to(device)
        data.edge_weight = torch.from_numpy(matrix.data.astype(np.float64)).to(device, dtype)
        if is_collated(data):
            # Sorted by row, the edges of each graph are together.
            edge_boundaries = torch.from_numpy(matrix.indptr.astype(np.int64))[boundaries]
            if "edge_weight" not in data._slice_dict:
                data._slice_dict = {**data._slice_dict, "edge_weight": edge_boundaries}
                none = torch.zeros(len(boundaries) - 1, dtype=torch.int64)
                data._inc_dict = {**data._inc_dict, "edge_weight": none}
            set_boundaries(data, ["edge_index", "edge_weight"], edge_boundaries)
        return data

    def _arguments(self) -> str:
        kept = f"top_k={self.top_k}" if self.threshold is None else f"threshold={self.threshold}"
        return (
            f"{kept}, dim={self.dim}, epsilon={self.epsilon:g}, "
            f"normalization_in={self.normalization_in!r}, "
            f"normalization_out={self.normalization_out!r}, "
            f"self_loop_weight={self.self_loop_weight:g}"
        )


def _above_zero(name: str, value: float) -> float:
    if check_number(name, value) <= 0:
        raise ValueError(f"{name} must be above 0, got {value}")
    return float(value)


def _one_of(name: str, value: str, known: tuple[str, ...]) -> str:
    if value not in known:
        raise ValueError(unknown_name(name, value, known))
    return value
