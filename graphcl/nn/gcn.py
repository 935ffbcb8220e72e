"""A graph convolutional encoder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate, pairwise

import torch
from torch import Tensor, nn
from torch_geometric.nn import GCNConv

from graphcl.arguments import check_number, check_whole
from graphcl.nn.activation import make_activation
from graphcl.nn.sparse import (
    edge_matrix,
    matrix_rows,
    normalized_adjacency,
    row_blocks,
    scale_columns,
)


class GCNEncoder(nn.Module):
    """PyG's ``GCNConv`` layers with an activation after each, the last one included by default.

    All layers share one activation module unless told otherwise, as GRACE does: a ``prelu`` has one
    slope for all. The edges are normalised once per pass. The encoder always computes in the type
    of its weights, float32 as a rule: sparse products have no half-precision form on a CPU.

    Sources: Kipf and Welling, https://arxiv.org/abs/1609.02907; Zhu et al. (GRACE),
    https://arxiv.org/abs/2006.04131, section 4.1.

    Args:
        num_features: Width of the input, ``F``.
        widths: Width of each layer's output; the last one is the width of the embedding, ``d``.
        activation: A name of :data:`graphcl.nn.ACTIVATIONS`.
        last_activation: Whether it also follows the last layer.
        shared_activation: False: each layer has an activation module of its own.
        batch_norm: Normalise over the nodes before each activation; a number is the share of a
            batch's statistics in the running ones. None: no normalisation.
        normalize: False: edges have the weights they come with, and no self-loops are added
            (a diffusion as the graph).

    Raises:
        ValueError: No layer, a width below 1, an unknown activation, a share outside 0 to 1; in
            training, a single node where there is a normalisation.

    Example:
        >>> encoder = GCNEncoder(5, [8, 4])
        >>> encoder(torch.ones(3, 5), torch.tensor([[0, 1], [1, 0]])).shape
        torch.Size([3, 4])
    """

    def __init__(
        self,
        num_features: int,
        widths: Sequence[int],
        *,
        activation: str = "relu",
        last_activation: bool = True,
        shared_activation: bool = True,
        batch_norm: float | None = None,
        normalize: bool = True,
    ) -> None:
        super().__init__()
        if len(widths) == 0:
            raise ValueError("widths must name at least one layer, got none")
        sizes = [check_whole("num_features", num_features, least=1)]
        sizes += [check_whole("widths", width, least=1) for width in widths]
        self.layers = nn.ModuleList(
            GCNConv(fan_in, fan_out, normalize=False) for fan_in, fan_out in pairwise(sizes)
        )
        active = widths if last_activation else widths[:-1]
        self.activation = (
            make_activation(activation)
            if shared_activation
            else nn.ModuleList(make_activation(activation) for _ in active)
        )
        self.norms: nn.ModuleList | None = None
        if batch_norm is not None:
            if not 0 <= check_number("batch_norm", batch_norm) <= 1:
                raise ValueError(f"batch_norm must be from 0 to 1, got {batch_norm}")
            self.norms = nn.ModuleList(nn.BatchNorm1d(w, momentum=batch_norm) for w in active)
        self.last_activation = last_activation
        self._matrix = normalized_adjacency if normalize else edge_matrix

    def forward(
        self,
        x: Tensor,
        edge_index: Tensor,
        edge_weight: Tensor | None = None,
        *,
        column_scale: Tensor | None = None,
        hop_sizes: Sequence[int] | None = None,
    ) -> Tensor:
        """Encode the nodes.

        Args:
            x: ``[N, F]``, dense or sparse CSR (:func:`graphcl.nn.compress_features`), cast to the
                type of the weights.
            edge_index: ``[2, E]``, without self-loops.
            edge_weight: ``[E]`` or None.
            column_scale: Factors of the feature columns, ``[F]``; None: all 1.
            hop_sizes: Of a neighbour-sampled batch (its ``num_sampled_nodes``): number of seeds,
                which come first, then of the nodes of each hop. Only what the seeds' rows depend
                on is computed. None: a whole graph.

        Returns:
            ``[N, d]``, or with ``hop_sizes`` the rows of the seeds.
        """
        with torch.autocast(x.device.type, enabled=False):
            rows = x.to(self._dtype)
            adjacency = self._matrix(
                edge_index, x.size(0), edge_weight=edge_weight, dtype=rows.dtype
            )
            if hop_sizes is not None:
                return self._encode_seeds(rows, adjacency, column_scale, hop_sizes)
            if column_scale is not None:
                rows = scale_columns(rows, column_scale.to(rows.dtype))
            for depth, layer in enumerate(self.layers):
                rows = self._activate(layer(rows, adjacency), depth)
        return rows

    def encode_in_blocks(
        self,
        x: Tensor,
        edge_index: Tensor,
        edge_weight: Tensor | None = None,
        *,
        batch_size: int,
        prepare: Callable[[Tensor], Tensor] | None = None,
    ) -> Tensor:
        """Encode all nodes layer by layer, a block of rows at a time, with all their neighbours.

        The same rows as of ``forward`` (up to rounding) without its intermediate ``[N, width]``
        tensors: between two layers the narrower of input and output is kept. No gradients; in eval
        mode, where there is a normalisation.

        Args:
            x: ``[N, F]``, dense.
            edge_index: ``[2, E]``.
            edge_weight: ``[E]`` or None.
            batch_size: Rows of a block, at least 1.
            prepare: What to do with a block of features first; None: nothing.

        Returns:
            ``[N, d]``.
        """
        with torch.no_grad(), torch.autocast(x.device.type, enabled=False):
            adjacency = self._matrix(
                edge_index, x.size(0), edge_weight=edge_weight, dtype=self._dtype
            )
            kept = self._enter(x, batch_size, prepare)
            layers = self._convolutions
            for depth, layer in enumerate(layers):
                following = layers[depth + 1] if depth + 1 < len(layers) else None
                width = layer.out_channels if following is None else _kept_width(following)
                result = kept.new_empty(len(x), width)
                for block in row_blocks(len(x), batch_size):
                    rows = matrix_rows(adjacency, block.start, block.stop) @ kept
                    if not _narrows(layer):
                        rows = layer.lin(rows)
                    rows = self._activate(rows.add_(layer.bias), depth)
                    if following is not None and _narrows(following):
                        rows = following.lin(rows)
                    result[block] = rows
                kept = result
        return kept

    @property
    def _convolutions(self) -> list[GCNConv]:
        return list(self.layers)

    @property
    def _dtype(self) -> torch.dtype:
        return next(self.parameters()).dtype

    def _encode_seeds(
        self,
        rows: Tensor,
        adjacency: Tensor,
        column_scale: Tensor | None,
        hop_sizes: Sequence[int],
    ) -> Tensor:
        # Rows within h hops of the seeds come first and have neighbours within h + 1 hops.
        within = list(accumulate(hop_sizes))
        for depth, layer in enumerate(self._convolutions):
            size = within[min(len(self.layers) - 1 - depth, len(within) - 1)]
            step = matrix_rows(adjacency, 0, size, num_columns=len(rows))
            # Neighbours first: `size` rows are scaled and transformed instead of many more.
            dense = rows.layout == torch.strided
            rows = step @ rows if dense else rows
            if depth == 0 and column_scale is not None:
                rows = scale_columns(rows, column_scale.to(rows.dtype))
            rows = layer.lin(rows)
            rows = self._activate((rows if dense else step @ rows) + layer.bias, depth)
        return rows

    def _activate(self, rows: Tensor, depth: int) -> Tensor:
        """What follows layer ``depth``."""
        if depth == len(self.layers) - 1 and not self.last_activation:
            return rows
        if self.norms is not None:
            rows = self.norms[depth](rows)
        own = self.activation
        activated: Tensor = (own[depth] if isinstance(own, nn.ModuleList) else own)(rows)
        return activated

    def _enter(
        self, x: Tensor, batch_size: int, prepare: Callable[[Tensor], Tensor] | None
    ) -> Tensor:
        """What the first layer's neighbours are summed over: features, or their product."""
        first = self._convolutions[0]
        if prepare is None and not _narrows(first) and x.dtype == self._dtype:
            return x
        kept = x.new_empty(len(x), _kept_width(first), dtype=self._dtype)
        for block in row_blocks(len(x), batch_size):
            rows = (x[block] if prepare is None else prepare(x[block])).to(self._dtype)
            kept[block] = first.lin(rows) if _narrows(first) else rows
        return kept


def _narrows(layer: GCNConv) -> bool:
    """Whether to transform before summing over neighbours: the sum is linear, so either will do."""
    return bool(layer.out_channels < layer.in_channels)


def _kept_width(layer: GCNConv) -> int:
    """Width of what a layer sums over neighbours."""
    return int(min(layer.in_channels, layer.out_channels))
